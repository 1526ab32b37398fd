//! The review desk: the queue, the page of a case, decisions, and tasks after an approval.

mod actions;
mod case;
mod case_request;
mod confirm;
mod count;
mod days;
mod figures;
mod filters;
mod handover;
mod header;
pub mod identities;
mod keys;
mod queue;
mod queue_page;
mod review_page;
mod rooms;
mod saved_views;
mod search;
mod sidebar;
mod task_forms;
mod tasks;
mod typed;
mod verdict;
mod view_actions;

pub use actions::{done, next, put_back, take};
pub use figures::{export_figures, show_figures};
pub use handover::hand_over;
pub use keys::switch as switch_keys;
pub use queue::{QueueFilter, QueueItem, QueuePart, list, take_next};
pub use queue_page::{home, show_queue};
pub use review_page::review;
pub use search::{begin as begin_search, show_found, show_search};
pub use tasks::carry_out;
pub use verdict::{decide, settle};
pub use view_actions::{delete as delete_view, save as save_view};

use crate::web::{Failure, Submission};

/// The version of the application when the form was shown.
fn version(sent: &Submission) -> Result<i32, Failure> {
    sent.one("version").parse().map_err(|_| Failure::BadRequest("请求的内容不完整"))
}
