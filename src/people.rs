//! Candidates, staff, identity documents and masking.

pub mod width;
