//! Candidates, staff, identity documents and masking.

pub mod document;
pub mod mask;
pub mod name;
pub mod phone;
pub mod width;
