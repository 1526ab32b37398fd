//! The key of a candidate.

use derive_more::{Deref, Display, From};
use diesel_derive_newtype::DieselNewType;
use serde::{Deserialize, Serialize};

/// The key of a row of `candidates`, a ULID. Not the hash of a document, see
/// [`holder`](crate::people::holder_hash::holder).
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Hash, Deref, Display, From, DieselNewType, Serialize, Deserialize,
)]
#[deref(forward)]
#[serde(transparent)]
pub struct CandidateId(String);
