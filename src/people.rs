//! Candidates, staff, identity documents and masking.

pub mod candidate;
pub mod document;
pub mod mask;
pub mod name;
pub mod phone;
pub mod staff;
pub mod width;
