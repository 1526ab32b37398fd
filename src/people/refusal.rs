//! The refusals of `people`.

use crate::store;

/// The caller rolls back the transaction.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No candidate has this id.
    #[error("no such candidate")]
    NoCandidate,
    /// The new document belongs to another candidate.
    #[error("the document is taken")]
    DocumentTaken,
    /// Another candidate has the same permit and owns the records of both, which a change would take away.
    #[error("the document is shared")]
    DocumentShared,
    /// The audit entry for a view of personal data could not be written.
    #[error("the audit cannot be written: {0}")]
    Unrecorded(store::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<diesel::result::Error> for Refusal {
    fn from(error: diesel::result::Error) -> Self {
        Refusal::Store(error.into())
    }
}
