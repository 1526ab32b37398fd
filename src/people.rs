//! Candidates, staff, identity documents, masking and the audit.

pub use refusal::Refusal;

pub mod audit;
pub mod candidate;
pub mod consent;
pub mod credit_code;
pub mod day;
pub mod document;
pub mod holder_hash;
pub mod identity;
pub mod mask;
pub mod name;
pub mod name_hash;
pub mod permit_hashes;
pub mod person;
pub mod phone;
pub mod refusal;
pub mod region;
pub mod staff;
pub mod width;
