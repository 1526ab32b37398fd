//! What a reviewer does with an application.

use super::business::{self, Business, Registry, Step};
use super::deadline;
use super::history::{Content, Mark};
use super::lifecycle::{Action, Status};
use super::record::{Application, Change};
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

/// Takes an application from the queue.
pub fn take(
    tx: &mut Tx,
    registry: Registry,
    staff: &StaffMember,
    application: &Application,
) -> Result<(), Failure> {
    let business = decided_by(registry, staff, application)?;
    let change = Change { assignee_id: Some(Some(staff.id.clone())), ..Change::default() };
    step(tx, business, application, Action::Take, Some(&staff.id), change, Content::default())
}

/// Puts a taken application back into the queue.
pub fn put_back(
    tx: &mut Tx,
    registry: Registry,
    staff: &StaffMember,
    application: &Application,
) -> Result<(), Failure> {
    let business = decided_by(registry, staff, application)?;
    refuse_others(staff, application)?;
    let change = Change { assignee_id: Some(None), ..Change::default() };
    step(tx, business, application, Action::PutBack, Some(&staff.id), change, Content::default())
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
    let business = decided_by(registry, staff, application)?;
    refuse_others(staff, application)?;
    if application.version != version {
        return Err(application.overtaken(Some(&staff.id)));
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
    step(tx, business, application, action, Some(&staff.id), change, content)
}

/// Takes a step and lets the business do what follows from it.
pub(super) fn step(
    tx: &mut Tx,
    business: &Business,
    application: &Application,
    action: Action,
    by: Option<&str>,
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
    rejected.advance(tx, Action::Uphold, Some(staff), change, &Content { note, ..Content::default() })
}

/// Takes an application back at the candidate's wish.
pub fn withdraw(tx: &mut Tx, business: &Business, application: &Application) -> Result<(), Failure> {
    let change =
        Change { working: Some(None), due_on: Some(None), result: Some(String::new()), ..Change::default() };
    step(tx, business, application, Action::Withdraw, None, change, Content::default())
}

/// The kind of an application that this member of staff decides.
fn decided_by(
    registry: Registry,
    staff: &StaffMember,
    application: &Application,
) -> Result<&'static Business, Failure> {
    refuse_own(staff, application)?;
    let business = business::find(registry, &application.kind).ok_or(Failure::NotFound)?;
    if !staff.role.does(business.reviewed_by) {
        return Err(Failure::Forbidden("您的岗位不办理这类申请，请联系管理员。"));
    }
    Ok(business)
}

/// Nobody works on their own application.
pub(super) fn refuse_own(staff: &StaffMember, application: &Application) -> Result<(), Failure> {
    if application.candidate_id == staff.candidate {
        return Err(Failure::Forbidden("这是您本人的申请，请由其他工作人员办理。"));
    }
    Ok(())
}

/// Only who took it may go on with it.
fn refuse_others(staff: &StaffMember, application: &Application) -> Result<(), Failure> {
    let mine = application.assignee_id.as_deref() == Some(&staff.id);
    if application.status == Status::InReview && mine {
        return Ok(());
    }
    Err(application.overtaken(Some(&staff.id)))
}
