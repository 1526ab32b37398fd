//! What every application shares, whatever its kind.

pub mod number;
