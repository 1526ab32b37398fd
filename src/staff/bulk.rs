//! 批量办理: what is carried out for many applications at once.
//!
//! A [`kind`] of batch is data: its business, its task, and the columns of its file. Staff choose applications that
//! wait and make a batch. The bank, the carrier or the printer gets the [`file`](export), and its answer comes back as
//! [`results`]: a file is checked, shown, and applied when it is confirmed. Each row goes through
//! `casework::task::carry_out`, like the form on the page of a case.
//!
//! [`approval`] approves several applications of a business at once.

mod apply;
mod approval;
mod approval_page;
mod batch_page;
mod drop;
mod export;
mod kind;
mod kind_page;
mod labels;
mod picks;
mod preview;
mod receipts;
mod request;
mod results;
mod table;
mod typed;
mod unusable;

pub use apply::confirm_result;
pub use approval_page::{approve, choose_approvals, preview_approvals};
pub use batch_page::show;
pub use drop::{choose_dropped, drop_rows};
pub use export::download;
pub use kind_page::{make, rooms, show_waiting};
pub use labels::print_labels;
pub use picks::list_picks;
pub use preview::{check_file, show_result};
pub use typed::{check_typed, type_results};
