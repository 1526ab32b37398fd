//! What staff carry out, as small forms on a case: pay, print, issue, post.

use maud::{Markup, html};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::case::Standing;
use super::opened::{Opened, on_case};
use super::review_page::Shown;
use super::{verdict, version};
use crate::casework::answers::Answers;
use crate::casework::business::{Application, Task};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::number::ApplicationNumber;
use crate::casework::question::{Problems, problem};
use crate::casework::{Refusal, materials, task};
use crate::files::storage::Storage;
use crate::pages::fields::{plain_field, plain_upload};
use crate::pages::upload::Upload;
use crate::paths;
use crate::people::staff::{self as roster, Role, StaffMember};
use crate::store::{Store, Tx, clock};
use crate::ui::{self, Look};
use crate::web::{Failure, Frame, see_other};

/// Name of the box that confirms a task.
const CONFIRMED: &str = "confirmed";

/// What was sent for a task, and what is wrong with it.
pub(super) struct Tried<'a> {
    pub(super) task: &'static Task,
    pub(super) noted: &'a Answers,
    pub(super) problems: &'a Problems,
}

/// `POST /staff/applications/{number}/tasks/{action}`
#[handler]
pub async fn carry_out(
    frame: Frame,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
    staff: StaffMember,
    Path((number, action)): Path<(ApplicationNumber, String)>,
    Upload(sent, papers): Upload,
) -> Result<Response, Failure> {
    let wanted = find(staff.role, &number, &action);
    let task = on_case(store, &staff, &number, wanted).await?;
    let today = clock::china_date(store.clock.now());
    let wanted = task.file.as_slice();
    let (received, refused) = materials::receive(store, files, wanted, papers).await?;
    let page = paths::done(&number);
    let (noted, mut problems) = task.read(today, &sent.values, !received.is_empty());
    problems.retain(|(name, _)| !refused.iter().any(|(other, _)| other == name));
    problems.extend(refused);
    if sent.one(CONFIRMED) != "yes" {
        problems.push(problem(&confirmation_of(task), "请核对后勾选“已核对”，再登记"));
    }
    let seen = version(&sent)?;
    let mut refused = None;
    if problems.is_empty() {
        let (who, case, noted) = (staff.clone(), number.clone(), noted.clone());
        let work = move |tx: &mut Tx| {
            let problems = (task.check)(tx, &noted)?;
            if problems.is_empty() {
                let application = Application::by_number(tx, &case)?;
                task::carry_out(tx, task, &who, (&application, seen), (noted, received))?;
                roster::audit(tx, &who.id, task.action.code(), &case)?;
            }
            Ok(problems)
        };
        match on_case(store, &staff, &number, work).await {
            Ok(wrong) if wrong.is_empty() => return Ok(see_other(&page)),
            Ok(wrong) => problems = wrong,
            Err(Failure::Conflict { message, .. }) => refused = Some(message),
            Err(failure) => return Err(failure),
        }
    }
    let opened = Opened::load(store, files, &staff, &number).await?;
    let tried = Tried { task, noted: &noted, problems: &problems };
    let status = if refused.is_some() { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    let stopped = refused.map(|message| verdict::why(&opened, seen, message));
    let shown = Shown { tried: Some(tried), stopped, ..Shown::of(&opened.case, opened.keys) };
    let page = shown.page(&opened.sidebar, opened.desk);
    Ok(frame.page_with(status, page))
}

/// The task that an address names, if it is the work of this role.
fn find(
    role: Role,
    number: &ApplicationNumber,
    action: &str,
) -> impl FnOnce(&mut Tx) -> Result<&'static Task, Failure> + Clone + Send + 'static {
    let (number, action) = (number.clone(), Action::from_code(action));
    move |tx| {
        let application = Application::by_number(tx, &number)?;
        let task = action.and_then(|action| application.business.task(action)).ok_or(Failure::NotFound)?;
        if !role.does(task.role) {
            return Err(Refusal::NotTheirTask.into());
        }
        Ok(task)
    }
}

impl Shown<'_> {
    /// The forms of what the reader may carry out now.
    pub(super) fn tasks(&self) -> Markup {
        let application = &self.case.file.application;
        html! {
            @for task in self.due() { (form(task, application, self.tried.as_ref())) }
        }
    }

    /// What the reader may carry out now.
    pub(super) fn due(&self) -> Vec<&'static Task> {
        self.case.file.application.business.tasks.iter().filter(|task| self.may_carry_out(task)).collect()
    }

    fn may_carry_out(&self, task: &Task) -> bool {
        let status = self.case.file.application.status;
        let taken = status != Status::InReview || self.case.standing == Standing::Mine;
        let is_work = |role: Role| self.case.reader.does(role);
        self.case.standing != Standing::Own && task.is_due(status) && taken && is_work(task.role)
    }
}

/// What fails is not what one comes for.
fn look(task: &Task) -> Look {
    if task.action == Action::Fail { Look::Plain } else { Look::Primary }
}

/// Id of the form of a task.
pub(super) fn anchor(task: &Task) -> String {
    format!("task-{}", task.action.code())
}

/// What the confirming box of a task is called among the problems: a page may have several tasks.
fn confirmation_of(task: &Task) -> String {
    format!("{}-{CONFIRMED}", task.action.code())
}

/// What is carried out cannot be taken back, so that it is confirmed in the form itself: a file
/// that was chosen would not survive a question on another page.
fn confirmation(task: &Task, problems: &Problems) -> Markup {
    let control = confirmation_of(task);
    let problem = problems.iter().find(|(name, _)| *name == control).map(|(_, text)| text);
    let id = format!("f-{control}");
    html! {
        div.field id=(id) data-error[problem.is_some()] {
            @if let Some(problem) = problem { p.error id={ (id) "-error" } { (problem) } }
            label.option {
                input type="checkbox" name=(CONFIRMED) value="yes" aria-invalid=[problem.map(|_| "true")];
                span { "已核对。“" (task.label) "”后不能撤回，考生马上可以看到。" }
            }
        }
    }
}

fn form(task: &Task, application: &Application, tried: Option<&Tried>) -> Markup {
    let tried = tried.filter(|tried| tried.task.action == task.action);
    let (nothing, none) = (Answers::default(), Problems::new());
    let (noted, problems) = tried.map_or((&nothing, &none), |tried| (tried.noted, tried.problems));
    let action = paths::task(application.shown_number(), task.action.code());
    html! {
        section.panel id=(anchor(task)) {
            h2 { (task.label) }
            form method="post" action=(action) enctype="multipart/form-data" novalidate hx-encoding="multipart/form-data" {
                input type="hidden" name="version" value=(application.version);
                @for field in task.questions { (plain_field(field, noted, problems)) }
                @if let Some(file) = &task.file { (plain_upload(file, problems)) }
                (confirmation(task, problems))
                div.actions { (ui::submit("go", "yes", task.label, look(task))) }
            }
        }
    }
}
