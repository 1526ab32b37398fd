//! What a reviewer does with an application.

use super::business::{self, Registry};
use super::deadline;
use super::history::{Content, Mark};
use super::lifecycle::{Action, Status};
use super::record::{Application, Change};
use crate::people::staff::StaffMember;
use crate::store::Tx;
use crate::web::Failure;

/// How a review ends.
pub enum Verdict {
    /// 通过, with a word to the candidate that may be empty.
    Approve(String),
    /// 退回: at least one mark.
    Return(Vec<Mark>),
    /// 不通过, with the reason.
    Reject(String),
}

/// Takes an application from the queue.
pub fn take(tx: &mut Tx, staff: &StaffMember, application: &Application) -> Result<(), Failure> {
    refuse_own(staff, application)?;
    let change = Change { assignee_id: Some(Some(staff.id.clone())), ..Change::default() };
    application.advance(tx, Action::Take, Some(&staff.id), change, &Content::default())
}

/// Puts a taken application back into the queue.
pub fn put_back(tx: &mut Tx, staff: &StaffMember, application: &Application) -> Result<(), Failure> {
    refuse_others(staff, application)?;
    let change = Change { assignee_id: Some(None), ..Change::default() };
    application.advance(tx, Action::PutBack, Some(&staff.id), change, &Content::default())
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
    refuse_others(staff, application)?;
    if application.version != version {
        return Err(application.overtaken(Some(&staff.id)));
    }
    let by = Some(staff.id.as_str());
    let final_change = Change { decided_at: Some(tx.now), due_on: Some(None), ..Change::default() };
    match verdict {
        Verdict::Return(marks) => {
            let due_on = deadline::working_days_after(tx.today(), deadline::MEND);
            let change = Change { due_on: Some(Some(due_on)), ..Change::default() };
            let content = Content { marks, ..Content::default() };
            application.advance(tx, Action::Return, by, change, &content)
        }
        Verdict::Reject(note) => {
            application.advance(tx, Action::Reject, by, final_change, &Content { note, ..Content::default() })
        }
        Verdict::Approve(note) => {
            let content = Content { note, ..Content::default() };
            application.advance(tx, Action::Approve, by, final_change, &content)?;
            let business = business::find(registry, &application.kind).ok_or(Failure::NotFound)?;
            (business.on_approved)(tx, application, &staff.id)
        }
    }
}

/// The rejection falls: the appealed application is approved after all.
pub fn uphold_appeal(tx: &mut Tx, appeal: &Application, staff: &str) -> Result<(), Failure> {
    let rejected = Application::by_id(tx, &appeal.parent_id)?;
    let change = Change { decided_at: Some(tx.now), ..Change::default() };
    let note = format!("申诉 {} 通过", appeal.shown_number());
    rejected.advance(tx, Action::Uphold, Some(staff), change, &Content { note, ..Content::default() })
}

/// Takes an application back at the candidate's wish.
pub fn withdraw(tx: &mut Tx, application: &Application) -> Result<(), Failure> {
    let change = Change { working: Some(None), due_on: Some(None), ..Change::default() };
    application.advance(tx, Action::Withdraw, None, change, &Content::default())
}

fn refuse_own(staff: &StaffMember, application: &Application) -> Result<(), Failure> {
    if application.candidate_id == staff.candidate {
        return Err(Failure::Forbidden("这是您本人的申请，请由其他审核员办理。"));
    }
    if !staff.role.reviews() {
        return Err(Failure::Forbidden("您的岗位不办理审核，请联系管理员。"));
    }
    Ok(())
}

/// Only who took it may go on with it.
fn refuse_others(staff: &StaffMember, application: &Application) -> Result<(), Failure> {
    refuse_own(staff, application)?;
    let mine = application.assignee_id.as_deref() == Some(&staff.id);
    if application.status == Status::InReview && mine {
        return Ok(());
    }
    Err(application.overtaken(Some(&staff.id)))
}
