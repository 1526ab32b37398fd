//! 证书管理: the certificates of a candidate (manual chapter 4), files of them, and links with which others verify
//! them.

pub mod copies;
pub mod detail;
pub mod inquiries;
pub mod links;
pub mod list;
