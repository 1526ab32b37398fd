//! 证书管理: a candidate's own certificates.

pub mod links;
