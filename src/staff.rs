//! The desk: the queue, one case at a time, the decision, and what is carried out afterwards.

mod actions;
mod case;
pub mod identities;
mod queue;
mod queue_page;
mod review_page;
mod sidebar;
mod tasks;
mod typed;

pub use actions::{decide, done, next, put_back, settle, take};
pub use queue::{Filter, Item, Show, list, take_next};
pub use queue_page::{home, show_queue};
pub use review_page::review;
pub use tasks::carry_out;

use crate::casework::business::Registry;
use crate::people::staff::StaffMember;
use crate::store::{Error, Tx};
use crate::ui::Desk;

/// Where the desk shows an application.
fn path(number: &str) -> String {
    format!("/staff/applications/{number}")
}

/// The frame of the desk's pages.
fn desk(tx: &mut Tx, registry: Registry, staff: &StaffMember) -> Result<Desk, Error> {
    let who = format!("{} · {}", staff.name, staff.role.label());
    Ok(Desk { who, waiting: queue::count_waiting(tx, registry, staff.role)? })
}
