//! The pages of an application of any business: list, notice, form, review, detail and slip.

mod address;
mod conflict;
pub mod decision;
pub mod detail;
pub mod files;
pub mod form;
pub mod form_view;
pub mod list;
pub mod mailing;
pub mod notice;
pub mod request;
pub mod review;
pub mod slip;
mod spent;
mod unsaved;
pub mod withdraw;
