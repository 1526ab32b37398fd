//! What staff carry out, as small forms on a case: pay, print, issue, post.

use maud::{Markup, html};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::case::{Case, Standing};
use super::review_page::Shown;
use super::sidebar::Sidebar;
use super::{desk, path};
use crate::casework::answers::Answers;
use crate::casework::business::{self, Business, Registry};
use crate::casework::field::Problems;
use crate::casework::lifecycle::{Action, Status};
use crate::casework::materials;
use crate::casework::pages::form_view::{plain_field, plain_upload};
use crate::casework::record::Application;
use crate::casework::task::{self, Task};
use crate::files::Upload;
use crate::files::storage::Storage;
use crate::people::staff::{self as roster, Role, StaffMember};
use crate::store::{Store, Tx};
use crate::ui::{self, Look};
use crate::web::{Failure, Frame, Submission, see_other};

/// What was sent for a task, and what is wrong with it.
pub(super) struct Tried<'a> {
    action: Action,
    noted: &'a Answers,
    pub(super) problems: &'a Problems,
}

/// `POST /staff/applications/{number}/tasks/{action}`
#[handler]
pub async fn carry_out(
    frame: Frame,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
    Data(registry): Data<&Registry>,
    staff: StaffMember,
    Path((number, action)): Path<(String, String)>,
    Upload(sent, papers): Upload,
) -> poem::Result<Response> {
    let registry = *registry;
    let (business, task) = store.read(find(registry, &number, &action)).await?;
    let wanted = task.file.as_slice();
    let (received, refused) = materials::receive(store, files, wanted, papers).await?;
    let page = format!("{}/done", path(&number));
    let work = move |tx: &mut Tx| {
        let (noted, mut problems) = task.read(tx, &sent, !received.is_empty());
        problems.retain(|(name, _)| !refused.iter().any(|(other, _)| other == name));
        problems.extend(refused);
        if !problems.is_empty() {
            let case = Case::load(tx, registry, &staff, &number)?;
            let sidebar = Sidebar::load(tx, registry, &staff)?;
            let tried = Tried { action: task.action, noted: &noted, problems: &problems };
            let shown = Shown { tried: Some(tried), ..Shown::of(&case) };
            return Ok::<_, Failure>(Some(shown.page(&sidebar, desk(tx, registry, &staff)?)));
        }
        let application = Application::by_number(tx, &number)?;
        task::carry_out(tx, business, task, &staff, (&application, version(&sent)?), (noted, received))?;
        roster::audit(tx, &staff.id, task.action.code(), &number)?;
        Ok(None)
    };
    Ok(match store.write(work).await? {
        None => see_other(&page),
        Some(again) => frame.page_with(StatusCode::UNPROCESSABLE_ENTITY, again),
    })
}

fn version(sent: &Submission) -> Result<i32, Failure> {
    sent.one("version").parse().map_err(|_| Failure::BadRequest("请求的内容不完整"))
}

/// The task that an address names.
fn find(
    registry: Registry,
    number: &str,
    action: &str,
) -> impl FnOnce(&mut Tx) -> Result<(&'static Business, &'static Task), Failure> + Send + 'static {
    let (number, action) = (number.to_owned(), Action::from_code(action));
    move |tx| {
        let application = Application::by_number(tx, &number)?;
        let business = business::find(registry, &application.kind).ok_or(Failure::NotFound)?;
        let task = action.and_then(|action| task::find(business, action)).ok_or(Failure::NotFound)?;
        Ok((business, task))
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
        self.case.file.business.tasks.iter().filter(|task| self.may_carry_out(task)).collect()
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

fn form(task: &Task, application: &Application, tried: Option<&Tried>) -> Markup {
    let tried = tried.filter(|tried| tried.action == task.action);
    let (nothing, none) = (Answers::default(), Problems::new());
    let (noted, problems) = tried.map_or((&nothing, &none), |tried| (tried.noted, tried.problems));
    let action = format!("{}/tasks/{}", path(application.shown_number()), task.action.code());
    html! {
        section.panel id=(anchor(task)) {
            h2 { (task.label) }
            form method="post" action=(action) enctype="multipart/form-data" novalidate hx-encoding="multipart/form-data" {
                input type="hidden" name="version" value=(application.version);
                @for field in task.fields { (plain_field(field, noted, problems)) }
                @if let Some(file) = &task.file { (plain_upload(file, problems)) }
                div.actions { (ui::submit("go", "yes", task.label, look(task))) }
            }
        }
    }
}
