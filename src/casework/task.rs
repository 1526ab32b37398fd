//! What staff do besides deciding: pay a refund, print a certificate, issue a receipt, post.

use chrono::NaiveDate;

use super::answers::Answers;
use super::business::{Business, Material};
use super::field::{Choices, Field, Problems, problem};
use super::history::{Content, Mark};
use super::lifecycle::{Action, Status};
use super::materials::{self, Received};
use super::record::{Application, By, Change};
use super::{assignment, decision};
use super::{deadline, lifecycle};
use crate::people::staff::{Role, StaffMember};
use crate::store::{Error, Tx};
use crate::web::{Failure, Submission};

/// A step of staff with a small form of its own.
pub struct Task {
    /// The step; it is offered in the state that it leaves.
    pub action: Action,
    /// The button, such as 登记退款.
    pub label: &'static str,
    /// What an application is called that waits for it, such as 待退款; empty where another
    /// task says so.
    pub waiting: &'static str,
    /// What it is called afterwards, such as 已退款.
    pub result: &'static str,
    /// Whose work it is.
    pub role: Role,
    /// What is noted.
    pub fields: &'static [Field],
    /// A file that goes to the candidate.
    pub file: Option<Material>,
    /// What else is wrong with what is noted, such as a number that is taken.
    pub check: fn(&mut Tx, &Answers) -> Result<Problems, Error>,
    /// After a failure, what the candidate has to mend; the reason is the first field's answer.
    pub mends: &'static [&'static str],
}

impl Task {
    /// The `check` of a task without one.
    pub const UNCHECKED: fn(&mut Tx, &Answers) -> Result<Problems, Error> = |_, _| Ok(Vec::new());

    /// Whether an application in this state can have it done.
    pub fn is_due(&self, status: Status) -> bool {
        lifecycle::may(status, self.action, lifecycle::Actor::Reviewer)
    }

    /// What somebody sent for it, and what is wrong with that.
    pub fn read(&self, today: NaiveDate, sent: &Submission, has_file: bool) -> (Answers, Problems) {
        let mut noted = Answers::default();
        for field in self.fields {
            noted.fields.insert(field.name.to_owned(), field.normalise(sent.all(field.name)));
        }
        let wrong = |field: &Field| Some(problem(field.name, field.problem(&noted, &Choices::new(), today)?));
        let mut problems: Problems = self.fields.iter().filter_map(wrong).collect();
        if let Some(file) = self.file.filter(|file| !has_file && !file.optional) {
            problems.push(problem(file.slot, format!("请上传{}", file.label)));
        }
        (noted, problems)
    }
}

/// The task of an action.
pub fn find(business: &Business, action: Action) -> Option<&'static Task> {
    business.tasks.iter().find(|task| task.action == action)
}

/// The task that an application waits for.
pub fn awaited(business: &Business, status: Status) -> Option<&'static Task> {
    business.tasks.iter().find(|task| task.is_due(status) && !task.waiting.is_empty())
}

/// Does a task. `version` is the one that the member of staff was looking at.
///
/// # Errors
/// [`Failure::Forbidden`] when it is not their work; [`Failure::Conflict`] when somebody was faster.
pub fn carry_out(
    tx: &mut Tx,
    business: &'static Business,
    task: &'static Task,
    staff: &StaffMember,
    seen: (&Application, i32),
    noted: (Answers, Vec<Received>),
) -> Result<(), Failure> {
    let ((application, version), (mut outcome, files)) = (seen, noted);
    assignment::refuse_own(staff, application)?;
    if !staff.role.does(task.role) {
        return Err(Failure::Forbidden("这一步不由您的岗位办理。"));
    }
    if application.version != version || !task.is_due(application.status) {
        return Err(application.overtaken(By::Staff(&staff.id)));
    }
    if application.status == Status::InReview {
        assignment::refuse_others(staff, application)?;
    }
    if let Some(slot) = task.file {
        outcome.materials.insert(slot.slot.to_owned(), materials::hand_over(tx, application, files)?);
    }
    let content = Content {
        marks: marks(business, task, application, &outcome),
        outcome: Some(outcome),
        told: task.result.to_owned(),
        ..Content::default()
    };
    let change = change(tx, task)?;
    decision::step(tx, business, application, task.action, By::Staff(&staff.id), change, content)
}

fn change(tx: &mut Tx, task: &Task) -> Result<Change, Error> {
    let mend_by = deadline::working_days_from_today(tx, deadline::MEND)?;
    Ok(Change {
        result: Some(task.result.to_owned()),
        due_on: Some((task.action == Action::Fail).then_some(mend_by)),
        decided_at: Some(tx.now),
        ..Change::default()
    })
}

/// Marks what has to be mended, and only what was asked.
fn marks(business: &Business, task: &Task, application: &Application, outcome: &Answers) -> Vec<Mark> {
    let reason = task.fields.first().map_or("", |field| outcome.one(field.name));
    let form = application.form.clone().unwrap_or_default();
    let mark =
        |name: &&str| Mark { name: business.place_of(name, &form).to_owned(), reason: reason.to_owned() };
    task.mends.iter().map(mark).collect()
}

/// Whether what is approved of a kind waits for a task that is this role's work.
pub fn waits_for(business: &Business, role: Role) -> bool {
    awaited(business, Status::Approved).is_some_and(|task| role.does(task.role))
}
