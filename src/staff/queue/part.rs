//! The parts of the queue, and which of them are the work of a role.

use crate::casework::business::{Business, Registry};
use crate::casework::lifecycle::Status;
use crate::people::staff::Role;
use crate::store::codes;

codes! {
    /// The part of the work that a list shows.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum QueuePart {
        /// Nobody has taken it.
        #[default]
        Waiting = "submitted", "待审核";
        /// Somebody has taken it.
        InReview = "in_review", "审核中";
        /// The reader has taken it.
        Mine = "mine", "我领取的";
        /// Its reviewer has put it on hold.
        Held = "held", "暂缓中";
        /// It is approved, and its task is not carried out yet.
        ToDo = "todo", "待办结";
        /// The candidate is to correct it.
        Returned = "returned", "审核退回";
        /// It is decided or returned to the candidate.
        Decided = "decided", "已办理";
    }
}

impl QueuePart {
    pub(super) fn states(self) -> &'static [Status] {
        match self {
            QueuePart::Waiting => &[Status::Submitted],
            QueuePart::InReview | QueuePart::Mine | QueuePart::Held => &[Status::InReview],
            QueuePart::ToDo => &[Status::Approved],
            QueuePart::Returned => &[Status::Returned],
            QueuePart::Decided => &[Status::Returned, Status::Rejected, Status::Approved, Status::Completed],
        }
    }
}

/// Slugs of the businesses that are the work of a role in a part of the queue.
pub(super) fn businesses(registry: Registry, role: Role, part: QueuePart) -> Vec<&'static str> {
    let is_work = |business: &&'static Business| match part {
        QueuePart::Waiting | QueuePart::InReview | QueuePart::Mine | QueuePart::Held => {
            role.does(business.reviewed_by)
        }
        QueuePart::ToDo => awaits(business, role),
        QueuePart::Returned | QueuePart::Decided => business.is_work_of(role),
    };
    registry.iter().filter(is_work).map(|business| business.slug).collect()
}

/// Whether approved applications of a business wait for a task of this role.
fn awaits(business: &Business, role: Role) -> bool {
    business.awaited_task(Status::Approved).is_some_and(|task| role.does(task.role))
}

/// Whether a role takes and decides applications.
pub(in crate::staff) fn decides(registry: Registry, role: Role) -> bool {
    !businesses(registry, role, QueuePart::Waiting).is_empty()
}

/// Whether a role carries out tasks.
pub(in crate::staff) fn carries_out(registry: Registry, role: Role) -> bool {
    !businesses(registry, role, QueuePart::ToDo).is_empty()
}
