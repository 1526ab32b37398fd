//! 证书管理: a candidate's own certificates (manual chapter 4), and links to show them.

pub mod detail;
pub mod links;
pub mod list;
