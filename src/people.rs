//! Candidates, staff, identity documents and masking.

mod audit;
pub mod candidate;
pub mod credit_code;
pub mod document;
pub mod identity;
pub mod mask;
pub mod name;
pub mod phone;
pub mod region;
pub mod staff;
pub mod width;
