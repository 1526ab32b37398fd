//! How a review ends.

use super::assignment::{decided_by, refuse_others};
use super::business::{Business, Registry, Step};
use super::deadline;
use super::history::{Content, Mark};
use super::lifecycle::Action;
use super::record::{Application, By, Change};
use crate::people::staff::StaffMember;
use crate::store::Tx;
use crate::web::Failure;

/// How a review ends.
#[derive(Clone)]
pub enum Verdict {
    /// 通过, in which of the kind's ways, with a word to the candidate that may be empty.
    Approve(usize, String),
    /// 退回: at least one mark.
    Return(Vec<Mark>),
    /// 不通过, with the reason.
    Reject(String),
}

/// Ends a review; what the business changes on approval is part of the same transaction.
/// `version` is the one the reviewer was looking at.
pub fn decide(
    tx: &mut Tx,
    registry: Registry,
    staff: &StaffMember,
    application: &Application,
    version: i32,
    verdict: Verdict,
) -> Result<(), Failure> {
    let business = decided_by(tx, registry, staff, application)?;
    refuse_others(staff, application)?;
    let by = By::Staff(&staff.id);
    if application.version != version {
        return Err(application.overtaken(by));
    }
    let decided = |result: &str| Change {
        result: Some(result.to_owned()),
        decided_at: Some(tx.now),
        due_on: Some(None),
        ..Change::default()
    };
    let (action, change, content) = match verdict {
        Verdict::Return(marks) => {
            let due_on = deadline::working_days_from_today(tx, deadline::MEND)?;
            let change = Change { due_on: Some(Some(due_on)), ..Change::default() };
            (Action::Return, change, Content { marks, ..Content::default() })
        }
        Verdict::Reject(note) => {
            let told = business.verdicts.rejected;
            (Action::Reject, decided(told), Content { note, told: told.to_owned(), ..Content::default() })
        }
        Verdict::Approve(way, note) => {
            let approval =
                business.verdicts.approve.get(way).ok_or(Failure::BadRequest("请求的内容不完整"))?;
            let told = approval.result;
            (Action::Approve, decided(told), Content { note, told: told.to_owned(), ..Content::default() })
        }
    };
    step(tx, business, application, action, by, change, content)
}

/// Takes a step and lets the business do what follows from it.
pub(super) fn step(
    tx: &mut Tx,
    business: &Business,
    application: &Application,
    action: Action,
    by: By,
    change: Change,
    content: Content,
) -> Result<(), Failure> {
    application.advance(tx, action, by, change, &content)?;
    let application = &Application::by_id(tx, &application.id)?;
    (business.after)(tx, &Step { application, action, content: &content })
}

/// The rejection falls: the appealed application is approved after all. It is told as the work of who decided the appeal.
pub fn uphold_appeal(tx: &mut Tx, appeal: &Application) -> Result<(), Failure> {
    let staff = appeal.assignee_id.as_deref().ok_or(Failure::NotFound)?;
    let rejected = Application::by_id(tx, &appeal.parent_id)?;
    let change = Change { decided_at: Some(tx.now), ..Change::default() };
    let note = format!("申诉 {} 通过", appeal.shown_number());
    rejected.advance(tx, Action::Uphold, By::Staff(staff), change, &Content { note, ..Content::default() })
}

/// Takes an application back at the candidate's wish.
pub fn withdraw(tx: &mut Tx, business: &Business, application: &Application) -> Result<(), Failure> {
    let change =
        Change { working: Some(None), due_on: Some(None), result: Some(String::new()), ..Change::default() };
    step(tx, business, application, Action::Withdraw, By::Candidate, change, Content::default())
}
