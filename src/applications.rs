//! The pages of an application, for every kind: list, form, check, confirmation, detail, slip.

#![allow(missing_docs)] // handlers are described by their addresses in `site`

mod address;
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
pub mod withdraw;
