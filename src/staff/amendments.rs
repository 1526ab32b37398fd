//! 更正登记 at a case: the form of a task that was carried out, with what is noted now.

use maud::{Markup, html};
use poem::http::StatusCode;
use poem::web::Path;
use poem::{Response, handler};
use serde::Deserialize;

use super::case::Standing;
use super::case_request::CaseRequest;
use super::review_page::{ReviewPage, TriedTask};
use super::{verdict, version};
use crate::casework::amend::{self, REASON};
use crate::casework::answers::Answers;
use crate::casework::business::{Application, Task};
use crate::casework::history;
use crate::casework::lifecycle::Action;
use crate::casework::number::ApplicationNumber;
use crate::casework::question::{Problems, problem};
use crate::casework::{Refusal, materials, task};
use crate::pages::fields::{plain_field, plain_upload};
use crate::pages::upload::Upload;
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::{Tx, clock};
use crate::ui::{self, Look};
use crate::web::{Failure, see_other};

/// Name of the control for the reason. A page may have the forms of several tasks.
fn why_of(task: &Task) -> String {
    format!("amend_reason_{}", task.action.code())
}

#[derive(Deserialize)]
struct AmendPath {
    action: String,
}

/// `POST /staff/applications/{number}/amend/{action}`.
#[handler]
pub async fn amend_outcome(
    request: CaseRequest,
    Path(AmendPath { action }): Path<AmendPath>,
    Upload(sent, papers): Upload,
) -> Result<Response, Failure> {
    let found = request.run(move |tx, staff, number| find(tx, staff, number, &action)).await?;
    let (task, before) = found;
    let today = clock::china_date(request.store.clock.now());
    let (received, refused) =
        materials::receive(&request.store, &request.files, task.file.as_slice(), papers).await?;
    let (noted, mut problems) = task.read(today, &sent.values, true);
    let is_same = received.is_empty() && noted.fields == before.fields;
    let why = why_of(task);
    let reason = sent.one(&why).trim().to_owned();
    problems.extend(refused);
    if problems.is_empty() && is_same {
        let first = task.questions.first().map_or("", |question| question.name);
        problems.push(problem(first, "没有改动，不需要更正"));
    }
    if !REASON.contains(&reason.chars().count()) {
        problems
            .push(problem(&why, format!("请写明更正的原因，{} 到 {} 个字", REASON.start(), REASON.end())));
    }
    let seen = version(&sent)?;
    let mut conflict = None;
    if problems.is_empty() {
        let noted = noted.clone();
        let work = move |tx: &mut Tx, staff: &StaffMember, number: &ApplicationNumber| {
            let application = Application::by_number(tx, number)?;
            let problems = changed_problems(tx, (task, &application), &before, &noted)?;
            if problems.is_empty() {
                amend::amend(tx, task, staff, (&application, seen), (noted, received, &reason))?;
                roster::audit(tx, &staff.id, &format!("amend:{}", task.action.code()), number)?;
            }
            Ok(problems)
        };
        match request.run(work).await {
            Ok(wrong) if wrong.is_empty() => return Ok(see_other(&paths::case(&request.number))),
            Ok(wrong) => problems = wrong,
            Err(Failure::Conflict { message, .. }) => conflict = Some(message),
            Err(failure) => return Err(failure),
        }
    }
    let opened = request.open().await?;
    let amended = Some(TriedTask { task, noted: &noted, problems: &problems });
    let status = if conflict.is_some() { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    let stopped = conflict.map(|message| verdict::why(&opened, seen, message));
    let page = ReviewPage { amended, stopped, sent: Some(&sent), ..ReviewPage::of(&opened) };
    Ok(request.frame.page_with(status, page.page()))
}

/// The task of an action's code that was carried out, and what is noted. Only for the role that carries it out.
fn find(
    tx: &mut Tx,
    staff: &StaffMember,
    number: &ApplicationNumber,
    action: &str,
) -> Result<(&'static Task, Answers), Failure> {
    let application = Application::by_number(tx, number)?;
    let action = Action::from_code(action);
    let task = action.and_then(|action| application.business.task(action)).ok_or(Failure::NotFound)?;
    if !staff.duty().does(task.role, application.business.slug) {
        return Err(Refusal::NotTheirTask.into());
    }
    let events = history::of(tx, &application.id)?;
    let carried_out = amend::carried_out(application.business, &events);
    carried_out.into_iter().find(|(one, _)| one.action == task.action).ok_or(Failure::NotFound)
}

/// The problems that the database shows, of the answers that change.
fn changed_problems(
    tx: &mut Tx,
    (task, application): (&Task, &Application),
    before: &Answers,
    noted: &Answers,
) -> Result<Problems, Failure> {
    let mut problems = task::problems(tx, task, application, noted)?;
    problems.retain(|(name, _)| noted.all(name) != before.all(name));
    Ok(problems)
}

impl ReviewPage<'_> {
    /// A form for each task that the reader may amend.
    pub(super) fn amendments(&self) -> Markup {
        let file = &self.case.file;
        let application = &file.application;
        if self.case.standing == Standing::Own || !amend::is_open(application.status) {
            return html! {};
        }
        let mut done = amend::carried_out(application.business, &file.events);
        done.retain(|(task, _)| self.case.reader.does(task.role, application.business.slug));
        html! { @for (task, noted) in &done { (self.amendment(task, noted)) } }
    }

    fn amendment(&self, task: &'static Task, noted: &Answers) -> Markup {
        let application = &self.case.file.application;
        let tried = self.amended.as_ref().filter(|tried| tried.task.action == task.action);
        let none = Problems::new();
        let (noted, problems) = tried.map_or((noted, &none), |tried| (tried.noted, tried.problems));
        let control = why_of(task);
        let wrong = problems.iter().find(|(name, _)| *name == control).map(|(_, text)| text.as_str());
        let why = ui::FormField {
            hint: "考生看不到",
            error: wrong,
            ..ui::FormField::new(
                &control,
                "更正原因",
                ui::Control::Text {
                    value: tried.map_or("", |_| self.sent_of(&control)),
                    mode: ui::TextMode::Text,
                    max: *REASON.end(),
                    suffix: "",
                },
            )
        };
        let path = paths::amend(application.shown_number(), task.action.code());
        html! {
            details.panel open[tried.is_some()] {
                summary { "更正：" (task.label) }
                form method="post" action=(path) enctype="multipart/form-data" novalidate hx-encoding="multipart/form-data" {
                    input type="hidden" name="version" value=(application.version);
                    @for field in task.questions { (plain_field(field, noted, problems)) }
                    @if let Some(file) = &task.file { (plain_upload(file, problems)) p.hint { "不选文件则保留原来的文件。" } }
                    (ui::field(&why))
                    p.muted.small { "考生会看到更正后的结果，办理过程里保留更正前后的内容。" }
                    div.actions { (ui::submit("go", "amend", "更正", Look::Plain)) }
                }
            }
        }
    }
}
