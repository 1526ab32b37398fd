//! 证书管理: a candidate's own certificates (manual chapter 4).

pub mod detail;
pub mod list;
