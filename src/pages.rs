//! What the pages of several rooms share: who is signed in, uploads, how a refusal is told, and
//! pieces of an application.

pub mod account_notices;
pub mod arrival;
pub mod cards;
pub mod controls;
pub mod fields;
pub mod links;
pub mod refusal;
mod signed_in;
pub mod upload;
pub mod views;
