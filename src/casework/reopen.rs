//! 重新办理: an administrator sends a decided application back to review, or takes back that a task was carried out.

use std::ops::RangeInclusive;

use super::amend;
use super::appeal;
use super::application::{By, Change};
use super::business::Application;
use super::deadline::Due;
use super::history::{self, Content};
use super::lifecycle::{Action, Actor, Status, may};
use super::materials;
use super::permission::refuse_own;
use super::refusal::Refusal;
use super::rules::Rule;
use super::transition::step;
use crate::people::staff::{Role, StaffMember};
use crate::store::Tx;

/// Lengths of the reason and of the sentence for the candidate, in characters.
pub const WORDS: RangeInclusive<usize> = 5..=300;

/// What reopens an application in this state.
pub fn action(status: Status) -> Option<Action> {
    [Action::Reopen, Action::TakeBack].into_iter().find(|action| may(status, *action, Actor::Reviewer))
}

/// Reopens an application for a `reason` that staff read and with a sentence that the candidate reads. What the
/// decision changed is undone. `version` is the one that the administrator saw.
///
/// # Errors
/// [`Refusal::CannotReopen`] if something follows from the decision that cannot be undone.
pub fn reopen(
    tx: &mut Tx,
    staff: &StaffMember,
    (application, version): (&Application, i32),
    (reason, told): (&str, &str),
) -> Result<(), Refusal> {
    let by = By::Staff(&staff.id);
    refuse_own(tx, staff, application)?;
    if staff.role != Role::Administrator {
        return Err(Refusal::AdministratorsOnly);
    }
    let action = action(application.status).filter(|_| application.version == version);
    let action = action.ok_or_else(|| application.overtaken(by))?;
    let content = Content { note: told.to_owned(), staff_note: reason.to_owned(), ..Content::default() };
    if action == Action::TakeBack {
        return take_back(tx, by, application, content);
    }
    refuse_appealed(tx, application)?;
    refuse_second(tx, application)?;
    (application.business.undo)(tx, application)?;
    let change = Change {
        result: Some(String::new()),
        assignee_id: Some(None),
        decided_at: Some(None),
        appeal_until: Some(None),
        ..Change::default()
    };
    let change = change.due(Due::by_rule(tx, Rule::ReviewDays, application.business)?);
    step(tx, application, action, by, change, content)
}

/// Takes back the last task, so that it waits to be carried out again.
fn take_back(tx: &mut Tx, by: By, application: &Application, content: Content) -> Result<(), Refusal> {
    let business = application.business;
    let events = history::of(tx, &application.id)?;
    let Some((task, outcome)) = amend::carried_out(business, &events).pop() else {
        return Err(application.overtaken(by));
    };
    if task.action != Action::Fulfil {
        return Err(
            application.not_reopened(format!("已登记{}，不能撤回；登记有误的，请更正登记", task.result))
        );
    }
    refuse_second(tx, application)?;
    (business.undo)(tx, application)?;
    materials::withdraw(tx, &application.id, &outcome.all_files())?;
    // Posted by a task, or approved by a reviewer.
    let result = business.task(Action::Approve).map_or("", |task| task.result);
    let change = Change { result: Some(result.to_owned()), ..Change::default() };
    let content = Content { amends: task.action.code().to_owned(), ..content };
    step(tx, application, Action::TakeBack, by, change, content)
}

/// An appeal stands on the decision, or has replaced it.
fn refuse_appealed(tx: &mut Tx, application: &Application) -> Result<(), Refusal> {
    let events = history::of(tx, &application.id)?;
    if events.iter().any(|event| event.action == Action::Uphold) {
        return Err(application.not_reopened("这件申请因申诉通过而改为审核通过，申诉结果不能再改"));
    }
    match appeal::made_against(tx, &application.candidate_id, &application.id)? {
        Some(made) => {
            let number = &made.number;
            Err(application.not_reopened(format!("考生已对这件申请提出申诉，请办理申诉 {number}")))
        }
        None => Ok(()),
    }
}

/// The candidate may have applied again.
fn refuse_second(tx: &mut Tx, application: &Application) -> Result<(), Refusal> {
    let business = application.business;
    let (candidate, subject) = (&application.candidate_id, &application.subject);
    let open = Application::open_about(tx, candidate, business.slug, subject, &business.open_states())?;
    match open.filter(|number| application.number.as_ref() != Some(number)) {
        Some(number) => {
            Err(application.not_reopened(format!("考生已就同一事项另外提交 {number}，请办理那一件")))
        }
        None => Ok(()),
    }
}

impl Application {
    /// The refusal if what followed from the decision cannot be undone.
    pub fn not_reopened(&self, why: impl Into<String>) -> Refusal {
        Refusal::CannotReopen { number: self.shown_number().to_owned().into(), why: why.into() }
    }
}
