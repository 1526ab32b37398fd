//! Everything that applications of all businesses share.
//!
//! A [`business`] is data: questions, materials and a few functions. A candidate fills in a [`sheet`], and a
//! [`submission`] turns it into an [application](application). [`lifecycle`] is the table of states.
//! [`assignment`], [`decision`] and [`task`] are what staff do, and [`history`] records all of it. [`listing`] reads
//! pages of applications.

pub use refusal::Refusal;

pub mod amend;
pub mod announcement;
pub mod annulment;
pub mod answers;
pub mod appeal;
pub mod application;
pub mod assignment;
pub mod backlog;
pub mod batch;
pub mod business;
pub mod calendar;
mod change;
pub mod deadline;
pub mod decision;
pub mod deletion;
pub mod exam_changes;
pub mod format;
pub mod history;
pub mod hold;
pub mod holidays;
pub mod lapse;
pub mod lifecycle;
pub mod list_facts;
pub mod listing;
pub mod materials;
pub mod messages;
pub mod notes;
pub mod number;
pub mod own_data;
pub mod paging;
pub mod permission;
pub mod proposal;
pub mod question;
mod received;
pub mod refusal;
pub mod reopen;
pub mod retention;
pub mod roster;
pub mod rules;
mod scans;
pub mod service;
pub mod sheet;
pub mod sight;
pub mod stored;
pub mod submission;
pub mod sweep;
pub mod task;
pub mod texts;
mod transition;
pub mod working_copy;
