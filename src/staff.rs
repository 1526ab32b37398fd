//! The review desk: the queue, the page of a case, decisions, and tasks after an approval.

mod actions;
mod case;
mod case_request;
pub mod certificates;
mod confirm;
mod days;
mod handover;
mod header;
pub mod identities;
mod keys;
mod queue;
mod queue_page;
mod review_page;
mod rooms;
mod sidebar;
mod task_forms;
mod tasks;
mod typed;
mod verdict;

pub use actions::{done, next, put_back, take};
pub use handover::hand_over;
pub use keys::switch as switch_keys;
pub use queue::{QueueFilter, QueueItem, QueuePart, list, take_next};
pub use queue_page::{home, show_queue};
pub use review_page::review;
pub use tasks::carry_out;
pub use verdict::{decide, settle};

use crate::web::{Failure, Submission};

/// The version of the application when the form was shown.
fn version(sent: &Submission) -> Result<i32, Failure> {
    sent.one("version").parse().map_err(|_| Failure::BadRequest("请求的内容不完整"))
}
