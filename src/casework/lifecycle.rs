//! The states of an application and the table of its transitions.

use std::fmt;

use crate::store::codes;

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Status {
        /// Not submitted. Staff never see it.
        Draft = "draft", "草稿";
        /// Waiting for a reviewer.
        Submitted = "submitted", "待审核";
        /// Assigned to a reviewer.
        InReview = "in_review", "审核中";
        /// Sent back with marks, waiting for the candidate.
        Returned = "returned", "审核退回";
        Rejected = "rejected", "审核不通过";
        /// Approved. Some businesses carry it out afterwards.
        Approved = "approved", "审核通过";
        /// Carried out.
        Completed = "completed", "已完成";
        /// Closed without a decision: by the candidate, or because it was not corrected in time.
        Withdrawn = "withdrawn", "已撤销";
    }
}

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Action {
        /// 提交, and 重新提交 after a return.
        Submit = "submit", "提交申请";
        /// 修改, while it is not assigned.
        Revise = "revise", "修改申请";
        /// 撤销.
        Withdraw = "withdraw", "撤销申请";
        /// 领取.
        Take = "take", "审核员已领取";
        /// 放回.
        PutBack = "put_back", "退回待审核队列";
        /// 转交: it is assigned to another staff member.
        HandOver = "hand_over", "转交其他工作人员办理";
        /// 暂缓: the promised days stand still.
        Hold = "hold", "暂缓办理，办理期限暂停计算";
        /// 恢复: the promised days go on.
        Resume = "resume", "恢复办理";
        /// 退回, with marks.
        Return = "return", "审核退回";
        /// 不通过, with a reason.
        Reject = "reject", "审核不通过";
        /// 通过.
        Approve = "approve", "审核通过";
        /// An appeal against the rejection was upheld.
        Uphold = "uphold", "申诉通过，改为审核通过";
        /// The refund is paid, the certificate is printed or posted, or the receipt is issued.
        Fulfil = "fulfil", "办理完成";
        /// What was approved cannot be carried out until the candidate corrects something.
        Fail = "fail", "办理未成功";
        /// 退回寄件: the carrier brought the certificate back.
        ComeBack = "come_back", "快递退回";
        /// 现场领取: the certificate was collected at the counter instead of posted.
        Collect = "collect", "现场领取";
        /// 更正登记: what staff noted when they carried out a task is corrected.
        Amend = "amend", "更正办理结果";
        /// 重新办理: an administrator sends a decided one back to review.
        Reopen = "reopen", "重新审核";
        /// 逾期未补正: it was not corrected by its due day.
        Lapse = "lapse", "逾期未补正，已关闭";
    }
}

/// Who takes an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    Candidate,
    /// A staff member of any role.
    Reviewer,
    /// A change of the roster, after which the assignee does not decide it any more.
    Roster,
    /// A rule of the office that applies by itself.
    Office,
}

/// Every transition: the state before, the action, who may take it, and the state after.
const TRANSITIONS: &[(Status, Action, Actor, Status)] = &[
    (Status::Draft, Action::Submit, Actor::Candidate, Status::Submitted),
    (Status::Returned, Action::Submit, Actor::Candidate, Status::Submitted),
    (Status::Submitted, Action::Revise, Actor::Candidate, Status::Submitted),
    (Status::Submitted, Action::Withdraw, Actor::Candidate, Status::Withdrawn),
    (Status::Returned, Action::Withdraw, Actor::Candidate, Status::Withdrawn),
    (Status::Submitted, Action::Take, Actor::Reviewer, Status::InReview),
    (Status::Submitted, Action::HandOver, Actor::Reviewer, Status::InReview),
    (Status::InReview, Action::HandOver, Actor::Reviewer, Status::InReview),
    (Status::InReview, Action::PutBack, Actor::Reviewer, Status::Submitted),
    (Status::InReview, Action::PutBack, Actor::Roster, Status::Submitted),
    (Status::InReview, Action::Hold, Actor::Reviewer, Status::InReview),
    (Status::InReview, Action::Resume, Actor::Reviewer, Status::InReview),
    (Status::InReview, Action::Resume, Actor::Roster, Status::InReview),
    (Status::InReview, Action::Return, Actor::Reviewer, Status::Returned),
    (Status::InReview, Action::Reject, Actor::Reviewer, Status::Rejected),
    (Status::InReview, Action::Approve, Actor::Reviewer, Status::Approved),
    (Status::Rejected, Action::Uphold, Actor::Reviewer, Status::Approved),
    (Status::Approved, Action::Fulfil, Actor::Reviewer, Status::Completed),
    (Status::Approved, Action::Fail, Actor::Reviewer, Status::Returned),
    (Status::Approved, Action::ComeBack, Actor::Reviewer, Status::Completed),
    (Status::InReview, Action::Collect, Actor::Reviewer, Status::Completed),
    (Status::Approved, Action::Collect, Actor::Reviewer, Status::Completed),
    (Status::Approved, Action::Amend, Actor::Reviewer, Status::Approved),
    (Status::Completed, Action::Amend, Actor::Reviewer, Status::Completed),
    (Status::Approved, Action::Reopen, Actor::Reviewer, Status::Submitted),
    (Status::Rejected, Action::Reopen, Actor::Reviewer, Status::Submitted),
    (Status::Returned, Action::Lapse, Actor::Office, Status::Withdrawn),
];

impl Status {
    /// Whether an application in this state is submitted and not decided.
    pub fn is_pending(self) -> bool {
        matches!(self, Status::Submitted | Status::InReview | Status::Returned)
    }
}

/// The state after an action. `None` if this state does not allow it.
pub fn next(status: Status, action: Action, actor: Actor) -> Option<Status> {
    let transition =
        TRANSITIONS.iter().find(|(from, what, who, _)| (*from, *what, *who) == (status, action, actor));
    transition.map(|(.., to)| *to)
}

/// Whether a state allows an action. Pages show no other buttons.
pub fn may(status: Status, action: Action, actor: Actor) -> bool {
    next(status, action, actor).is_some()
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The transitions again, written by actor and state.
    fn expected(status: Status, action: Action, actor: Actor) -> Option<Status> {
        use Action::*;
        match (actor, status) {
            (Actor::Candidate, Status::Draft) => (action == Submit).then_some(Status::Submitted),
            (Actor::Candidate, Status::Submitted) => match action {
                Revise => Some(Status::Submitted),
                Withdraw => Some(Status::Withdrawn),
                _ => None,
            },
            (Actor::Candidate, Status::Returned) => match action {
                Submit => Some(Status::Submitted),
                Withdraw => Some(Status::Withdrawn),
                _ => None,
            },
            (Actor::Reviewer, Status::Submitted) => {
                matches!(action, Take | HandOver).then_some(Status::InReview)
            }
            (Actor::Roster, Status::InReview) => match action {
                PutBack => Some(Status::Submitted),
                Resume => Some(Status::InReview),
                _ => None,
            },
            (Actor::Reviewer, Status::InReview) => match action {
                HandOver | Hold | Resume => Some(Status::InReview),
                PutBack => Some(Status::Submitted),
                Return => Some(Status::Returned),
                Reject => Some(Status::Rejected),
                Approve => Some(Status::Approved),
                Collect => Some(Status::Completed),
                _ => None,
            },
            (Actor::Reviewer, Status::Rejected) => match action {
                Uphold => Some(Status::Approved),
                Reopen => Some(Status::Submitted),
                _ => None,
            },
            (Actor::Reviewer, Status::Approved) => match action {
                Fulfil | ComeBack | Collect => Some(Status::Completed),
                Fail => Some(Status::Returned),
                Amend => Some(Status::Approved),
                Reopen => Some(Status::Submitted),
                _ => None,
            },
            (Actor::Reviewer, Status::Completed) => (action == Amend).then_some(Status::Completed),
            (Actor::Office, Status::Returned) => (action == Lapse).then_some(Status::Withdrawn),
            _ => None,
        }
    }

    #[test]
    fn every_state_action_and_actor_has_the_expected_result() {
        let mut tried = 0;
        for status in Status::ALL {
            for action in Action::ALL {
                for actor in [Actor::Candidate, Actor::Reviewer, Actor::Roster, Actor::Office] {
                    let next = next(status, action, actor);
                    assert_eq!(next, expected(status, action, actor), "{status:?} {action:?} {actor:?}");
                    tried += 1;
                }
            }
        }
        assert_eq!(tried, Status::ALL.len() * Action::ALL.len() * 4);
    }

    #[test]
    fn candidate_cannot_change_a_decided_application() {
        for status in [Status::Approved, Status::Completed, Status::Rejected, Status::Withdrawn] {
            for action in Action::ALL {
                assert_eq!(next(status, action, Actor::Candidate), None);
            }
        }
    }
}
