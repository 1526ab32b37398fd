//! What every application shares, whatever its kind.

pub mod answers;
pub mod field;
pub mod lifecycle;
pub mod number;
