//! The review desk: the queue, the page of a case, decisions, and tasks after an approval.

mod actions;
pub mod admin;
mod amendments;
pub mod assignments;
pub mod audit_page;
pub mod bulk;
mod case;
mod case_request;
pub mod certificates;
mod confirm;
mod count;
mod days;
mod figures;
mod filters;
mod handover;
mod header;
mod hold;
pub mod identities;
mod keys;
mod notes;
mod queue;
mod queue_page;
mod reopening;
mod review_page;
mod rooms;
mod saved_views;
mod search;
mod second_pair;
mod sidebar;
mod task_forms;
mod tasks;
mod typed;
mod uncover;
mod verdict;
mod view_actions;
mod working_marks;

pub use actions::{done, next, put_back, take};
pub use amendments::amend_outcome;
pub use figures::{export_figures, show_figures};
pub use handover::hand_over;
pub use hold::{put_on_hold, resume};
pub use keys::switch as switch_keys;
pub use notes::add as add_note;
pub use queue::{QueueFilter, QueueItem, QueuePart, list, take_next};
pub use queue_page::{home, show_queue};
pub use reopening::reopen_case;
pub use review_page::review;
pub use search::{begin as begin_search, show_found, show_search};
pub use second_pair::{answer as answer_proposal, settle as settle_proposal};
pub use tasks::carry_out;
pub use uncover::show_number;
pub use verdict::{decide, settle};
pub use view_actions::{delete as delete_view, save as save_view};
pub use working_marks::save as save_marks;

use crate::people::staff::{Role, StaffMember};
use crate::web::{Failure, Submission};

/// The version of the application when the form was shown.
fn version(sent: &Submission) -> Result<i32, Failure> {
    sent.one("version").parse().map_err(|_| Failure::BadRequest("请求的内容不完整"))
}

/// Refuses everybody but administrators. `otherwise` tells them who works here.
fn require_administrator(staff: &StaffMember, otherwise: &'static str) -> Result<(), Failure> {
    match staff.role {
        Role::Administrator => Ok(()),
        _ => Err(Failure::Forbidden(otherwise)),
    }
}
