//! The applications that wait at the desk. Lists do not decrypt forms.
//!
//! Every statement begins at an index that has the applications of a state and a business in the order of the
//! queue, so a page costs the same however many applications there are. [`selection`] writes that SQL.

mod count;
mod counts;
mod filter;
mod list;
mod next;
mod part;
mod position;
mod selection;
mod sql;
mod time;
mod titles;

pub(super) use count::waiting;
pub(super) use counts::Counts;
pub use filter::QueueFilter;
pub use list::{QueueItem, list};
pub(super) use list::{first, list_of, numbers};
pub use next::take_next;
pub use part::QueuePart;
pub(super) use part::{carries_out, decides};
#[cfg(test)]
pub(super) use position::Position;
pub(super) use sql::{Sql, Value};
pub use time::TimeFilter;
pub(super) use titles::Titles;
