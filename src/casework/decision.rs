//! Decisions on applications.

use super::application::{By, Change};
use super::business::Application;
use super::deadline::Due;
use super::history::{Content, Mark, Proposed};
use super::hold;
use super::lifecycle::Action;
use super::permission::{refuse_others, refuse_undecidable};
use super::proposal;
use super::refusal::Refusal;
use super::rules::Rule;
use super::transition::step;
use crate::people::staff::StaffMember;
use crate::store::Tx;

/// A decision of a reviewer.
#[derive(Clone)]
pub enum Verdict {
    /// 通过: an index of [`Verdicts::approve`](super::business::Verdicts::approve), and a note that may be empty.
    Approve(usize, String),
    /// 退回: at least one mark.
    Return(Vec<Mark>),
    /// 不通过, with the reason.
    Reject(String),
}

/// Decides an application. `version` is the one that the reviewer saw.
pub fn decide(
    tx: &mut Tx,
    staff: &StaffMember,
    application: &Application,
    version: i32,
    verdict: Verdict,
) -> Result<(), Refusal> {
    let business = application.business;
    refuse_undecidable(tx, staff, application)?;
    refuse_others(staff, application)?;
    hold::refuse_held(application)?;
    let by = By::Staff(&staff.id);
    if application.version != version {
        return Err(application.overtaken(by));
    }
    if application.proposed_by.is_some() {
        return Err(application.is_proposed(by));
    }
    let mut decided = |action, result: &str| Change::decided(tx, business, action, result);
    let (action, change, content) = match verdict {
        Verdict::Return(marks) => {
            let due = Due::by_rule(tx, Rule::MendDays, business)?;
            (Action::Return, Change::default().due(due), Content { marks, ..Content::default() })
        }
        Verdict::Reject(note) => {
            let result = business.verdicts.rejected;
            (
                Action::Reject,
                decided(Action::Reject, result)?,
                Content { note, result: result.to_owned(), ..Content::default() },
            )
        }
        Verdict::Approve(way, note) => {
            let approval = business.verdicts.approve.get(way).ok_or(Refusal::Invalid("请求的内容不完整"))?;
            let result = approval.result;
            (
                Action::Approve,
                decided(Action::Approve, result)?,
                Content { note, result: result.to_owned(), ..Content::default() },
            )
        }
    };
    if action != Action::Return && proposal::is_needed(tx, application)? {
        return proposal::propose(tx, application, by, Proposed::new(action, content));
    }
    step(tx, application, action, by, change, content)
}

/// Overturns the rejection that an appeal is about. The event names the reviewer of the appeal.
pub fn uphold_appeal(tx: &mut Tx, appeal: &Application) -> Result<(), Refusal> {
    let staff = appeal.assignee_id.as_deref().ok_or(Refusal::NotFound)?;
    let rejected = Application::by_id(tx, &appeal.parent_id)?;
    let change = Change { decided_at: Some(Some(tx.now)), appeal_until: Some(None), ..Change::default() };
    let note = format!("申诉 {} 通过", appeal.shown_number());
    rejected.advance(tx, Action::Uphold, By::Staff(staff), change, &Content { note, ..Content::default() })
}

/// Withdraws an application for the candidate.
pub fn withdraw(tx: &mut Tx, application: &Application) -> Result<(), Refusal> {
    let change = Change { working: Some(None), result: Some(String::new()), ..Change::default().not_due() };
    step(tx, application, Action::Withdraw, By::Candidate, change, Content::default())
}
