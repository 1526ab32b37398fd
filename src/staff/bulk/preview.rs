//! The upload of a result, and the page that shows what it will do before it takes effect.

use std::sync::Arc;

use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::batch_page::{BatchPath, page_of};
use super::kind::{BatchKind, Papers, amount};
use super::receipts;
use super::request::{BulkRequest, batch_for, listed};
use super::results;
use super::table::{self, SentRow};
use super::unusable::Unusable;
use crate::casework::batch::results::{self as stored, ResultRow};
use crate::casework::batch::{self, Batch};
use crate::casework::business::Task;
use crate::casework::lifecycle::Action;
use crate::exams::yuan;
use crate::files::SentFile;
use crate::imports::reference::ReferenceData;
use crate::pages::upload::Upload;
use crate::paths;
use crate::people::mask;
use crate::people::staff::{StaffMember, View};
use crate::store::Tx;
use crate::ui::{self, Look, Page, Tone};
use crate::web::form::MAX_FILE_MEGABYTES;
use crate::web::{Failure, see_other};

const TOO_LARGE: &str = "文件太大，请分成几个文件上传。";

/// `POST /staff/batch/{id}/results`: checks a file and stores what it will do.
#[handler]
pub async fn check_file(
    request: BulkRequest,
    Path(path): Path<BatchPath>,
    Upload(_, files): Upload,
) -> Result<Response, Failure> {
    let id = path.id;
    let wanted = id.clone();
    let (kind, reference) = request
        .write(move |tx, staff| Ok((batch_for(tx, staff, &wanted)?.1, ReferenceData::load(tx)?)))
        .await?;
    let Some(file) = files.into_iter().next() else {
        return page_of(&request, id, 0, "请先选择文件。").await;
    };
    let checked = match kind.papers {
        Papers::Pdfs => receipts::check(&request, &id, kind, reference, file).await,
        Papers::Nothing | Papers::Parcels => check_table(&request, &id, kind, reference, file).await,
    };
    match checked {
        Ok(result) => Ok(see_other(&paths::batch_result(id, result))),
        Err(Unusable::File(problem)) => page_of(&request, id, 0, &problem).await,
        Err(Unusable::Failure(failure)) => Err(failure),
    }
}

async fn check_table(
    request: &BulkRequest,
    batch: &str,
    kind: &'static BatchKind,
    reference: ReferenceData,
    file: SentFile,
) -> Result<String, Unusable> {
    let is_small = file.size <= (MAX_FILE_MEGABYTES as u64) << 20;
    let content = file.content.filter(|_| is_small);
    let mut content = content.ok_or_else(|| Unusable::File(TOO_LARGE.into()))?;
    let read = spawn_blocking(move || table::read(kind, &mut content, &reference)).await;
    let rows = read.map_err(|_| Unusable::File("文件打不开。".into()))?.map_err(Unusable::File)?;
    Ok(store_checked(request, batch, rows).await?)
}

/// Checks rows and stores the result. Returns its key.
pub(super) async fn store_checked(
    request: &BulkRequest,
    batch: &str,
    rows: Vec<SentRow>,
) -> Result<String, Failure> {
    let (id, rows) = (batch.to_owned(), Arc::new(rows));
    request
        .write(move |tx, staff| {
            let (batch, kind) = batch_for(tx, staff, &id)?;
            let checked = results::check(tx, staff, (&batch, kind), &rows)?;
            Ok(stored::store(tx, staff, &batch.id, &checked)?)
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct ResultPath {
    pub id: String,
    pub result: String,
}

/// What the page of a checked result shows.
struct Preview {
    /// Key of the result.
    id: String,
    batch: Batch,
    kind: &'static BatchKind,
    rows: Vec<Line>,
}

struct Line {
    checked: ResultRow,
    /// Masked, and empty if the application is unknown.
    name: String,
    /// In fen.
    amount: Option<i64>,
}

impl Line {
    fn task(&self, kind: &BatchKind) -> Option<&'static Task> {
        kind.business().task(Action::from_code(&self.checked.action)?)
    }
}

/// `GET /staff/batch/{id}/results/{result}`
#[handler]
pub async fn show_result(request: BulkRequest, Path(path): Path<ResultPath>) -> Result<Response, Failure> {
    let ResultPath { id, result } = path;
    let (wanted, of) = (result.clone(), id.clone());
    let load = move |tx: &mut Tx, staff: &StaffMember| load(tx, staff, &of, &wanted);
    let (page, desk) = request.read(load).await?;
    let Some(page) = page else { return Ok(see_other(&paths::batch(id))) };
    let main = page.show(&paths::batch_result(&id, &result));
    let title = format!("核对结果 {}", page.batch.number);
    Ok(request.frame.page(Page::new(&title, main).own_heading().wide().back(paths::batch(id)).desk(desk)))
}

/// The views for the audit, and the page. `None` if the result was applied.
type Loaded = (Vec<View>, Option<Preview>);

fn load(tx: &mut Tx, staff: &StaffMember, batch: &str, result: &str) -> Result<Loaded, Failure> {
    let (batch, kind) = batch_for(tx, staff, batch)?;
    let found = stored::load(tx, staff, &batch.id, result)?;
    if found.applied_at.is_some() {
        return Ok((Vec::new(), None));
    }
    let known = batch::rows(tx, &batch.id)?;
    let line = |checked: ResultRow| {
        let row = known.iter().find(|row| row.application.id == checked.application);
        let form = row.and_then(|row| row.application.form.as_ref());
        Line {
            name: row.map(|row| mask::name(&row.name)).unwrap_or_default(),
            amount: form.and_then(amount),
            checked,
        }
    };
    let rows: Vec<Line> = found.rows.into_iter().map(line).collect();
    let shown = rows.iter().filter(|line| !line.name.is_empty()).map(|line| &*line.checked.number);
    let views = listed(shown);
    Ok((views, Some(Preview { id: result.to_owned(), batch, kind, rows })))
}

impl Preview {
    fn show(&self, action: &str) -> Markup {
        let valid = self.rows.iter().filter(|line| line.checked.is_valid()).count();
        let wrong = self.rows.len() - valid;
        html! {
            (ui::heading(self.kind.label, "核对结果", &format!("批次 {}", self.batch.number)))
            (self.sums(valid))
            @if wrong > 0 {
                (ui::banner(Tone::Warn, &format!("{wrong} 行不能登记"), html! {
                    ul {
                        @for line in self.rows.iter().filter(|line| !line.checked.is_valid()) { (problem(line)) }
                    }
                    p { "改好后可以再检查一次；已登记的行不会重复登记。" }
                }))
            }
            @if valid > 0 {
                (ui::panel("将要登记", html! {
                    ul.bulk-lines {
                        @for line in self.rows.iter().filter(|line| line.checked.is_valid()) { (self.line(line)) }
                    }
                }))
            }
            form.bulk-form method="post" action=(action) {
                div.actions {
                    (self.back())
                    @if valid > 0 {
                        (ui::submit("confirm", "yes", &format!("确认登记 {valid} 件"), Look::Primary))
                    }
                }
            }
        }
    }

    /// What was typed can be changed; a file is changed outside.
    fn back(&self) -> Markup {
        if self.rows.iter().all(|line| line.checked.typed.is_empty()) {
            return ui::link_button(&paths::batch(&self.batch.id), "返回，不登记", Look::Plain);
        }
        let form = format!("{}?from={}", paths::batch_typed(&self.batch.id), self.id);
        ui::link_button(&form, "返回修改", Look::Plain)
    }

    fn sums(&self, valid: usize) -> Markup {
        let of = |task: &Task| {
            let lines = self.rows.iter().filter(|line| line.checked.is_valid());
            let lines: Vec<_> = lines
                .filter(|line| line.task(self.kind).is_some_and(|own| own.action == task.action))
                .collect();
            let sum: i64 = lines.iter().filter_map(|line| line.amount).sum();
            (
                lines.len(),
                if self.kind.has_amount() { format!("，合计 {}", yuan(sum)) } else { String::new() },
            )
        };
        let title =
            if valid == 0 { "没有可以登记的行".to_owned() } else { format!("将登记 {valid} 件") };
        ui::banner(
            Tone::Info,
            &title,
            html! {
                @if valid > 0 {
                    ul {
                        @for task in self.kind.tasks() {
                            @let (count, sum) = of(task);
                            @if count > 0 { li { (task.result) " " (count) " 件" (sum) } }
                        }
                    }
                    p { "确认后立即生效，考生马上可以看到。" }
                }
            },
        )
    }

    fn line(&self, line: &Line) -> Markup {
        let Some(task) = line.task(self.kind) else { return html! {} };
        let noted = task.questions.iter().map(|question| question.display(&line.checked.noted));
        let noted: Vec<String> = noted.filter(|text| !text.is_empty()).collect();
        let sum = line.amount.map(yuan);
        html! {
            li {
                a href=(paths::case(&line.checked.number)) { (line.checked.number) }
                " " (line.name) " " (task.result) @if let Some(sum) = sum { " " (sum) }
                span.muted.small { (ui::words(&noted.join(" · "))) }
            }
        }
    }
}

fn problem(line: &Line) -> Markup {
    let ResultRow { line: at, number, problem, .. } = &line.checked;
    html! {
        li {
            "第 " (at) " 行"
            @if !number.is_empty() { " " (number.chars().take(40).collect::<String>()) }
            "：" (ui::words(problem))
        }
    }
}
