//! The parts of the queue, and which of them are the work of a staff member.

use crate::casework::business::{Business, Registry};
use crate::casework::lifecycle::Status;
use crate::people::staff::Duty;
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

/// Slugs of the businesses that are the work of a staff member in a part of the queue.
pub(super) fn businesses(registry: Registry, duty: &Duty, part: QueuePart) -> Vec<&'static str> {
    let is_work = |business: &&'static Business| match part {
        QueuePart::Waiting | QueuePart::InReview | QueuePart::Mine | QueuePart::Held => {
            business.is_decided_by(duty)
        }
        QueuePart::ToDo => awaits(business, duty),
        QueuePart::Returned | QueuePart::Decided => business.is_work_of(duty),
    };
    registry.iter().filter(is_work).map(|business| business.slug).collect()
}

/// Whether approved applications of a business wait for a task of this staff member.
fn awaits(business: &Business, duty: &Duty) -> bool {
    business.awaited_task(Status::Approved).is_some_and(|task| duty.does(task.role, business.slug))
}

/// Whether a staff member takes and decides applications.
pub(in crate::staff) fn decides(registry: Registry, duty: &Duty) -> bool {
    !businesses(registry, duty, QueuePart::Waiting).is_empty()
}

/// Whether a staff member carries out tasks.
pub(in crate::staff) fn carries_out(registry: Registry, duty: &Duty) -> bool {
    !businesses(registry, duty, QueuePart::ToDo).is_empty()
}
