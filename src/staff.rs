//! The review desk: the queue, one case at a time, and the decision.

mod actions;
mod case;
mod queue;
mod queue_page;
mod review_page;
mod sidebar;
mod typed;

use poem::{FromRequest, Request, RequestBody};

pub use actions::{decide, done, next, put_back, settle, take};
pub use queue::{Filter, Item, Show, list, take_next};
pub use queue_page::{home, show_queue};
pub use review_page::review;

use crate::people::staff::StaffMember;
use crate::store::{Error, Tx};
use crate::ui::Desk;
use crate::web::Failure;

/// A signed-in member of staff whose role decides applications.
pub struct Reviewer(pub StaffMember);

impl<'a> FromRequest<'a> for Reviewer {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let staff = StaffMember::from_request(req, body).await?;
        if !staff.role.reviews() {
            return Err(Failure::Forbidden("您的岗位不办理审核，请联系管理员。").into());
        }
        Ok(Reviewer(staff))
    }
}

/// Where the desk shows an application.
fn path(number: &str) -> String {
    format!("/staff/applications/{number}")
}

/// The frame of the desk's pages.
fn desk(tx: &mut Tx, staff: &StaffMember) -> Result<Desk, Error> {
    let who = format!("{} · {}", staff.name, staff.role.label());
    Ok(Desk { who, waiting: queue::count_waiting(tx)? })
}
