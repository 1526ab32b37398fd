//! Why `people` does not do what it was asked, as data.

use crate::store;

/// A reason to refuse. Whoever gets one rolls back the transaction.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No candidate has this key.
    #[error("no such candidate")]
    NoCandidate,
    /// The new document belongs to another candidate.
    #[error("the document is taken")]
    DocumentTaken,
    /// The audit entry for a look at personal data could not be written.
    #[error("the audit cannot be written: {0}")]
    Unrecorded(store::Error),
    /// The database did not do its part.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<diesel::result::Error> for Refusal {
    fn from(error: diesel::result::Error) -> Self {
        Refusal::Store(error.into())
    }
}
