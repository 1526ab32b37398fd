//! 更正登记: corrects what staff noted when they carried out a task. The history keeps both.

use std::ops::RangeInclusive;

use super::answers::Answers;
use super::application::{By, Change};
use super::business::{Application, Business, Task};
use super::history::{Content, Event};
use super::lifecycle::{Action, Actor, Status, may};
use super::materials::{self, Received};
use super::refusal::Refusal;
use super::{history, permission, transition};
use crate::people::staff::StaffMember;
use crate::store::Tx;

/// Lengths of the reason, in characters.
pub const REASON: RangeInclusive<usize> = 2..=200;

/// The task that an event carried out or amends.
pub fn noted_task(business: &Business, event: &Event) -> Option<&'static Task> {
    let amended = Action::from_code(&event.content.amends);
    business.task(amended.unwrap_or(event.action))
}

/// The tasks that were carried out since the last submission, each with what is noted now.
pub fn carried_out(business: &Business, events: &[Event]) -> Vec<(&'static Task, Answers)> {
    let mut done: Vec<(&'static Task, Answers)> = Vec::new();
    for event in events {
        if event.action == Action::Submit {
            done.clear();
        }
        if event.action == Action::TakeBack {
            done.retain(|(task, _)| task.action.code() != event.content.amends);
        }
        let task = noted_task(business, event).filter(|task| task.action != Action::Fail);
        if let (Some(task), Some(outcome)) = (task, &event.content.outcome) {
            done.retain(|(known, _)| known.action != task.action);
            done.push((task, outcome.clone()));
        }
    }
    done
}

/// Whether what was carried out can be amended in this state.
pub fn is_open(status: Status) -> bool {
    may(status, Action::Amend, Actor::Reviewer)
}

/// Replaces what was noted of a task. Files replace the file of the task; without one it stays. Only staff read the
/// reason. `seen` has the version that the staff member saw.
///
/// # Errors
/// [`Refusal::NotTheirTask`] if another role carries it out. [`Refusal::Overtaken`] if the application changed or the
/// task was not carried out. [`Refusal::Invalid`] if nothing changes.
pub fn amend(
    tx: &mut Tx,
    task: &'static Task,
    staff: &StaffMember,
    seen: (&Application, i32),
    (noted, files, reason): (Answers, Vec<Received>, &str),
) -> Result<(), Refusal> {
    let (application, version) = seen;
    let by = By::Staff(&staff.id);
    permission::refuse_own(tx, staff, application)?;
    if !staff.duty().does(task.role, application.business.slug) {
        return Err(Refusal::NotTheirTask);
    }
    let events = history::of(tx, &application.id)?;
    let before =
        carried_out(application.business, &events).into_iter().find(|(one, _)| one.action == task.action);
    let Some((_, before)) = before.filter(|_| application.version == version) else {
        return Err(application.overtaken(by));
    };
    let mut outcome = Answers { materials: before.materials.clone(), ..noted };
    if let Some(slot) = task.file.filter(|_| !files.is_empty()) {
        materials::withdraw(tx, &application.id, before.files(slot.slot))?;
        outcome.materials.insert(slot.slot.to_owned(), materials::hand_over(tx, application, files)?);
    }
    if outcome.changes(&before).is_empty() {
        return Err(Refusal::Invalid("没有改动，不需要更正"));
    }
    let content = Content {
        outcome: Some(outcome),
        replaced: Some(before),
        amends: task.action.code().to_owned(),
        staff_note: reason.to_owned(),
        ..Content::default()
    };
    transition::step(tx, application, Action::Amend, by, Change::default(), content)
}
