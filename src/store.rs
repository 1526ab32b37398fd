//! Databases, schema, clock, ids and the encryption of personal data.

pub mod clock;
pub mod ids;
pub mod vault;
