//! The forms of tasks on the page of a case.

use maud::{Markup, html};

use super::case::Standing;
use super::review_page::{ReviewPage, TriedTask};
use crate::casework::answers::Answers;
use crate::casework::business::{Application, Task};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::question::Problems;
use crate::pages::fields::{plain_field, plain_upload};
use crate::paths;
use crate::people::staff::Role;
use crate::ui::{self, Look};

/// Name of the checkbox that confirms a task.
pub(super) const CONFIRMED: &str = "confirmed";

impl ReviewPage<'_> {
    pub(super) fn tasks(&self) -> Markup {
        let application = &self.case.file.application;
        html! {
            @for task in self.due() { (form(task, application, self.tried.as_ref())) }
        }
    }

    /// The tasks that the reader may carry out now.
    pub(super) fn due(&self) -> Vec<&'static Task> {
        self.case.file.application.business.tasks.iter().filter(|task| self.may_carry_out(task)).collect()
    }

    fn may_carry_out(&self, task: &Task) -> bool {
        let status = self.case.file.application.status;
        let is_held = self.case.file.application.held_at.is_some();
        let taken = status != Status::InReview || (self.case.standing == Standing::Mine && !is_held);
        let slug = self.case.file.application.business.slug;
        let is_work = |role: Role| self.case.reader.does(role, slug);
        self.case.standing != Standing::Own && task.is_due(status) && taken && is_work(task.role)
    }
}

fn button_look(task: &Task) -> Look {
    if matches!(task.action, Action::Approve | Action::Fulfil) { Look::Primary } else { Look::Plain }
}

pub(super) fn anchor(task: &Task) -> String {
    format!("task-{}", task.action.code())
}

/// Key of the checkbox among the problems. It contains the action, since a page may have several tasks.
pub(super) fn confirmation_of(task: &Task) -> String {
    format!("{}-{CONFIRMED}", task.action.code())
}

/// The checkbox that confirms a task, which can be amended and not undone. It is in the form itself, since a
/// second page would lose the chosen file.
fn confirmation(task: &Task, problems: &Problems) -> Markup {
    let control = confirmation_of(task);
    let problem = problems.iter().find(|(name, _)| *name == control).map(|(_, text)| text);
    let id = format!("f-{control}");
    html! {
        div.field id=(id) data-error[problem.is_some()] {
            @if let Some(problem) = problem { p.error id={ (id) "-error" } { (problem) } }
            label.option {
                input type="checkbox" name=(CONFIRMED) value="yes" aria-invalid=[problem.map(|_| "true")];
                span { "已核对。“" (task.label) "”后考生马上可以看到；登记有误时可以更正，更正前后都留在办理过程里。" }
            }
        }
    }
}

fn form(task: &Task, application: &Application, tried: Option<&TriedTask>) -> Markup {
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
                div.actions { (ui::submit("go", "yes", task.label, button_look(task))) }
            }
        }
    }
}
