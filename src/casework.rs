//! What every application shares, whatever its kind.
//!
//! A [`business`] brings fields, materials and a few functions; the rest is here:
//! a [`sheet`] is filled in, a [`submission`] makes it an [application](application),
//! [`lifecycle`] says what may happen to it, [`assignment`] who works on it,
//! [`decision`] what reviewers do,
//! [`task`] what staff carry out afterwards, [`history`] what happened.

pub use refusal::Refusal;

pub mod answers;
pub mod appeal;
pub mod application;
pub mod assignment;
pub mod business;
pub mod calendar;
pub mod deadline;
pub mod decision;
pub mod format;
pub mod history;
pub mod lifecycle;
pub mod materials;
pub mod number;
mod permission;
pub mod question;
pub mod refusal;
pub mod roster;
pub mod sheet;
pub mod stored;
pub mod submission;
pub mod sweep;
pub mod task;
mod transition;
