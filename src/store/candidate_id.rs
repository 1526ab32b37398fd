//! The key of a candidate.

use std::fmt;
use std::ops::Deref;

use diesel_derive_newtype::DieselNewType;
use serde::{Deserialize, Serialize};

/// The key of a row of `candidates`, a ULID. Not the hash of a document, see
/// [`holder`](crate::people::candidate::holder).
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, DieselNewType, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct CandidateId(String);

impl From<String> for CandidateId {
    fn from(id: String) -> CandidateId {
        CandidateId(id)
    }
}

impl Deref for CandidateId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CandidateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}
