//! The pages of an application, for every kind: list, form, check, confirmation, detail, slip.

#![allow(missing_docs)] // handlers are described by their addresses in `site`

mod arrival;
pub mod detail;
pub mod files;
pub mod form;
pub mod form_view;
mod kind;
pub mod list;
pub mod notice;
pub mod review;
pub mod slip;
pub mod withdraw;
