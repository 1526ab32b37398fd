//! The page of a batch: its files, the upload of a result, and its rows.

use maud::{Markup, html};
use poem::http::StatusCode;
use poem::web::Path;
use poem::{Response, handler};
use serde::Deserialize;

use super::kind::{BatchKind, Papers, amount};
use super::kind_page::{facts, shown};
use super::labels::Sheet;
use super::request::{BulkRequest, batch_for, listed};
use super::table;
use crate::casework::batch::{self, Batch, BatchRow, Counts, RowState};
use crate::exams::yuan;
use crate::pages::views;
use crate::paths;
use crate::people::mask;
use crate::people::staff::StaffMember;
use crate::store::Tx;
use crate::store::clock::china;
use crate::ui::{self, Fact, ListRow, Look, Page, Tone};
use crate::web::Failure;

/// Rows on one page. The files have all of them.
const PAGE: usize = 100;

#[derive(Deserialize)]
pub(super) struct BatchPath {
    pub id: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Position {
    page: usize,
}

/// `GET /staff/batch/{id}`
#[handler]
pub async fn show(
    request: BulkRequest,
    Path(path): Path<BatchPath>,
    poem::web::Query(Position { page }): poem::web::Query<Position>,
) -> Result<Response, Failure> {
    page_of(&request, path.id, page, "").await
}

/// The page of a batch. `problem` says what is wrong with an uploaded file; empty if there is none.
pub(super) async fn page_of(
    request: &BulkRequest,
    id: String,
    page: usize,
    problem: &str,
) -> Result<Response, Failure> {
    let load = move |tx: &mut Tx, staff: &StaffMember| {
        let (batch, kind) = batch_for(tx, staff, &id)?;
        let (mut rows, counts) = (batch::rows(tx, &batch.id)?, batch::counts(tx, &batch.id)?);
        let sum = rows.iter().filter_map(|row| amount(row.application.form.as_ref()?)).sum();
        let all = rows.len();
        rows.drain(..(page.min(all / PAGE) * PAGE));
        rows.truncate(PAGE);
        let views = listed(rows.iter().map(|row| row.application.shown_number()));
        Ok((views, BatchPage { batch, kind, rows, counts, all, sum, page }))
    };
    let (view, desk) = request.read(load).await?;
    let main = view.show(problem);
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let title = format!("{} {}", view.kind.label, view.batch.number);
    Ok(request.frame.page_with(status, Page::new(&title, main).own_heading().wide().desk(desk)))
}

struct BatchPage {
    batch: Batch,
    kind: &'static BatchKind,
    /// Those of the page.
    rows: Vec<BatchRow>,
    counts: Counts,
    all: usize,
    /// In fen.
    sum: i64,
    page: usize,
}

impl BatchPage {
    fn show(&self, problem: &str) -> Markup {
        let has_open = self.counts.iter().any(|(state, _)| *state == RowState::Open);
        html! {
            (ui::heading(self.kind.label, &self.batch.number, ""))
            (ui::panel("", ui::facts(&self.facts())))
            (ui::panel("文件", self.files()))
            @if has_open { (ui::panel("结果", self.upload(problem))) }
            h2 { "申请" }
            div #items {
                (ui::page_mark(i64::try_from(self.page).unwrap_or_default()))
                (ui::rows(&self.rows.iter().map(row).collect::<Vec<_>>()))
                @if (self.page + 1) * PAGE < self.all {
                    @let next = format!("{}?page={}", paths::batch(&self.batch.id), self.page + 1);
                    (ui::more(&next, &next))
                }
            }
            @if has_open {
                div.actions { (ui::link_button(&paths::batch_drop(&self.batch.id), "移出申请", Look::Plain)) }
            }
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![
            Fact::of("制作", format!("{} · {}", self.batch.made_by, china(self.batch.made_at))),
            Fact::of("件数", format!("{} 件", self.all)),
        ];
        if self.kind.has_amount() {
            facts.push(Fact::of("合计金额", yuan(self.sum)));
        }
        facts.push(Fact::of("进度", shown(&self.counts)));
        facts
    }

    fn files(&self) -> Markup {
        let file = paths::batch_file(&self.batch.id);
        html! {
            p.muted { "文件含个人信息，每次下载都会逐件记录。用完请删除。" }
            div.actions {
                (ui::download_button(&file, "下载 CSV（UTF-8）", Look::Plain))
                (ui::download_button(&format!("{file}?encoding=gb18030"), "下载 CSV（GB18030）", Look::Plain))
                @if self.kind.papers == Papers::Parcels {
                    (ui::link_button(&paths::batch_picks(&self.batch.id), "拣货单", Look::Plain))
                    @for sheet in Sheet::ALL {
                        (ui::download_button(&paths::batch_labels(&self.batch.id, sheet.code()), sheet.label(), Look::Plain))
                    }
                }
            }
        }
    }

    fn upload(&self, problem: &str) -> Markup {
        let is_zip = self.kind.papers == Papers::Pdfs;
        let (label, accept) = match is_zip {
            true => ("票据（ZIP：PDF 文件和一份清单）", ".zip"),
            false => ("结果文件（CSV 或 XLSX）", ".csv,.xlsx"),
        };
        html! {
            @if !problem.is_empty() { (ui::answer(Tone::Danger, problem, html! {})) }
            form method="post" action=(paths::batch_results(&self.batch.id)) enctype="multipart/form-data"
                hx-encoding="multipart/form-data" {
                div.field #f-file data-error[!problem.is_empty()] {
                    label.label for="i-file" { (label) }
                    p.hint {
                        "第一行是表头，可以直接在下载的文件里填写。要有这些栏：" (table::required(self.kind).join("、"))
                        "。其他栏会忽略。"
                    }
                    input.input #i-file type="file" name="file.results" accept=(accept) required;
                }
                div.actions {
                    @if !is_zip { (ui::link_button(&paths::batch_typed(&self.batch.id), "逐件填写", Look::Plain)) }
                    (ui::submit("go", "check", "检查文件", Look::Primary))
                }
                p.muted.small { "上传后先显示每一行会怎样登记，确认后才生效。" }
            }
        }
    }
}

fn row(row: &BatchRow) -> ListRow {
    let application = &row.application;
    let changed = row.has_changed().then(|| "做成批次后有变动，请单独办理".to_owned());
    let note = Some(row.note.clone()).filter(|note| !note.is_empty());
    let detail = [Some(facts(application)), changed, note].into_iter().flatten();
    let tag = match row.state {
        RowState::Open => ui::tag("due", row.state.label()),
        RowState::Dropped => ui::tag("", row.state.label()),
        RowState::Done | RowState::Failed => {
            views::state_tag(application.business, application.status, &application.result)
        }
    };
    ListRow {
        title: html! { (row.position) ". " (mask::name(&row.name)) " · " (ui::words(&application.title)) },
        detail: detail.collect::<Vec<_>>().join(" · "),
        href: paths::case(application.shown_number()),
        trailing: tag,
    }
}
