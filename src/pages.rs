//! Parts that the pages of several modules share: the extractors for signed-in people and uploads, the
//! responses to refusals, and views of an application.

pub mod account_notices;
pub mod arrival;
pub mod audit_entries;
pub mod cards;
pub mod controls;
pub mod fields;
mod file_name;
pub mod links;
pub mod paper_file;
pub mod refusal;
pub mod signed_in;
pub mod upload;
pub mod views;
