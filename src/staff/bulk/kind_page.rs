//! The pages before a batch: the rooms, what waits for a batch of a kind, and making one.

use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use super::approval;
use super::kind::{BatchKind, KINDS, Papers, amount};
use super::request::{BulkRequest, kind_for, listed};
use crate::casework::batch::{self, Batch, Counts, MOST, Waiting};
use crate::casework::business::Application;
use crate::casework::lifecycle::Action;
use crate::casework::number::{self, ApplicationNumber};
use crate::casework::{Refusal, assignment};
use crate::exams::yuan;
use crate::paths;
use crate::people::mask;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::clock::china;
use crate::store::{Error, Tx};
use crate::ui::{self, Icon, ListRow, Look, Page, Tone};
use crate::web::{Failure, Submission, see_other};

/// Applications to choose from on one page.
const SHOWN: usize = 100;

/// Earlier batches that the page of a kind shows.
const BATCHES: i64 = 20;

/// `GET /staff/batches`: the kinds of the reader's role, with how many applications wait for each.
#[handler]
pub async fn rooms(request: BulkRequest) -> Result<Response, Failure> {
    let load = |tx: &mut Tx, staff: &StaffMember| {
        let own = KINDS.into_iter().filter(|kind| kind.is_work_of(staff));
        let waiting =
            own.map(|kind| Ok((kind, batch::count_waiting(tx, staff, (kind.business, kind.from))?)));
        let waiting = waiting.collect::<Result<Vec<_>, Error>>()?;
        Ok((Vec::new(), (waiting, approval::is_open_to(tx, staff)?)))
    };
    let ((waiting, approves), desk) = request.read(load).await?;
    let row = |(kind, count): &(&BatchKind, i64)| ListRow {
        title: html! { (kind.label) },
        detail: kind.about.to_owned(),
        href: paths::batch_kind(kind.code),
        trailing: html! { (count) " 件待办" },
    };
    let mut rows: Vec<ListRow> = waiting.iter().map(row).collect();
    if approves {
        rows.push(ListRow {
            title: html! { "批量通过" },
            detail: "一次核对并通过多件申请。先显示每件的内容，确认后才生效。".into(),
            href: paths::APPROVALS.into(),
            trailing: html! {},
        });
    }
    let main = html! {
        (ui::heading("", "批量办理", ""))
        @if rows.is_empty() { (ui::empty(Icon::List, "没有可以批量办理的事项", "您的岗位没有批量办理的业务。", None)) }
        @else { (ui::rows(&rows)) }
    };
    Ok(request.frame.page(Page::new("批量办理", main).own_heading().wide().desk(desk)))
}

struct KindPage {
    kind: &'static BatchKind,
    waiting: Vec<Waiting>,
    all: i64,
    batches: Vec<(Batch, Counts)>,
}

/// `GET /staff/batches/{kind}`
#[handler]
pub async fn show_waiting(request: BulkRequest, Path(code): Path<String>) -> Result<Response, Failure> {
    show_kind(&request, code, "").await
}

/// `problem` says why no batch was made; empty if none was asked for.
async fn show_kind(request: &BulkRequest, code: String, problem: &str) -> Result<Response, Failure> {
    let load = move |tx: &mut Tx, staff: &StaffMember| {
        let kind = kind_for(staff, &code)?;
        let scope = (kind.business, kind.from);
        let waiting = batch::waiting(tx, staff, scope, SHOWN)?;
        let views = listed(waiting.iter().map(|one| one.application.shown_number()));
        let all = batch::count_waiting(tx, staff, scope)?;
        Ok((views, KindPage { kind, waiting, all, batches: batch::newest(tx, kind.code, BATCHES)? }))
    };
    let (page, desk) = request.read(load).await?;
    let main = page.show(problem);
    let title = page.kind.label;
    let page = Page::new(title, main).own_heading().wide().desk(desk);
    let status =
        if problem.is_empty() { poem::http::StatusCode::OK } else { poem::http::StatusCode::CONFLICT };
    Ok(request.frame.page_with(status, page))
}

impl KindPage {
    fn show(&self, problem: &str) -> Markup {
        html! {
            (ui::heading("批量办理", self.kind.label, self.kind.about))
            @if !problem.is_empty() { (ui::answer(Tone::Warn, problem, html! {})) }
            @if self.waiting.is_empty() {
                (ui::empty(Icon::Check, "没有等待的申请", "新的申请到了这一步会出现在这里；已在批次里、暂缓的和您本人的不列出。", None))
            } @else { (self.choice()) }
            @if !self.batches.is_empty() { (self.earlier()) }
        }
    }

    fn choice(&self) -> Markup {
        let shown = self.waiting.len();
        let all = usize::try_from(self.all).unwrap_or(MOST).min(MOST);
        html! {
            form method="post" action=(paths::batch_kind(self.kind.code)) {
                fieldset {
                    legend.label {
                        "等待的申请，共 " (self.all) " 件"
                        @if shown < all { "；下面是最早的 " (shown) " 件" }
                    }
                    div.options data-long {
                        @for one in &self.waiting { (option(one)) }
                    }
                }
                div.actions {
                    (ui::submit("which", "chosen", "把选中的做成一批", Look::Primary))
                    @if shown < all {
                        (ui::submit("which", "all", &format!("把最早的 {all} 件做成一批"), Look::Plain))
                    }
                }
            }
        }
    }

    fn earlier(&self) -> Markup {
        let row = |(batch, counts): &(Batch, Counts)| ListRow {
            title: html! { (batch.number) },
            detail: format!("{} · {} · {}", batch.made_by, china(batch.made_at), shown(counts)),
            href: paths::batch(&batch.id),
            trailing: html! {},
        };
        html! {
            h2 { "最近的批次" }
            (ui::rows(&self.batches.iter().map(row).collect::<Vec<_>>()))
        }
    }
}

/// `等待结果 3 件，已登记 2 件`
pub(super) fn shown(counts: &Counts) -> String {
    let one = |(state, count): &(batch::RowState, i64)| format!("{} {count} 件", state.label());
    counts.iter().map(one).collect::<Vec<_>>().join("，")
}

fn option(one: &Waiting) -> Markup {
    let application = &one.application;
    html! {
        label.option {
            input type="checkbox" name="number" value=(application.shown_number()) checked;
            span {
                (mask::name(&one.name)) " · " (ui::words(&application.title))
                span.muted.small { (ui::words(&facts(application))) }
            }
        }
    }
}

/// Number, sum and what else tells applications apart.
pub(super) fn facts(application: &Application) -> String {
    let sum = application.form.as_ref().and_then(amount).map(yuan);
    let facts = [Some(application.shown_number().to_owned()), Some(application.summary.clone()), sum];
    facts.into_iter().flatten().filter(|fact| !fact.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// What became of a request for a batch.
enum Made {
    Batch(String),
    Nothing(&'static str),
}

/// `POST /staff/batches/{kind}`: makes a batch of what was chosen. What changed or went into another batch meanwhile
/// is left out.
#[handler]
pub async fn make(
    request: BulkRequest,
    Path(code): Path<String>,
    sent: Submission,
) -> Result<Response, Failure> {
    let wanted = (sent.one("which") != "all").then(|| {
        let numbers = sent.all("number").iter().filter_map(|text| number::parse(text));
        numbers.take(MOST).collect::<Vec<ApplicationNumber>>()
    });
    let asked = code.clone();
    let made = request.write(move |tx, staff| make_batch(tx, staff, &asked, wanted)).await?;
    match made {
        Made::Batch(id) => Ok(see_other(&paths::batch(id))),
        Made::Nothing(why) => show_kind(&request, code, why).await,
    }
}

fn make_batch(
    tx: &mut Tx,
    staff: &StaffMember,
    code: &str,
    wanted: Option<Vec<ApplicationNumber>>,
) -> Result<Made, Failure> {
    let kind = kind_for(staff, code)?;
    if wanted.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Made::Nothing("请先选择申请"));
    }
    let mut chosen = batch::waiting(tx, staff, (kind.business, kind.from), MOST)?;
    if let Some(wanted) = &wanted {
        chosen.retain(|one| one.application.number.as_ref().is_some_and(|number| wanted.contains(number)));
    }
    if chosen.is_empty() {
        return Ok(Made::Nothing("选中的申请刚才有变动，没有可以做成批次的"));
    }
    let batch = batch::begin(tx, staff, kind.code, kind.prefix)?;
    let mut position = 0;
    for one in chosen {
        let application = match kind.papers {
            Papers::Parcels => match take(tx, staff, &one.application) {
                Err(Refusal::Overtaken { .. }) => continue, // the candidate changed it in this moment
                taken => taken?,
            },
            Papers::Nothing | Papers::Pdfs => one.application,
        };
        if batch::add(tx, &batch, &application, position + 1)? {
            position += 1;
        }
    }
    roster::audit(tx, &staff.id, "batch", &batch.number)?;
    if position == 0 {
        Err(Refusal::Invalid("选中的申请刚才进了另一批").into())
    } else {
        Ok(Made::Batch(batch.id))
    }
}

/// Takes a posting, so that the candidate does not change the address any more.
fn take(tx: &mut Tx, staff: &StaffMember, application: &Application) -> Result<Application, Refusal> {
    assignment::take(tx, staff, application)?;
    roster::audit(tx, &staff.id, Action::Take.code(), application.shown_number())?;
    Application::by_id(tx, &application.id)
}
