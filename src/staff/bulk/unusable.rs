//! Why the upload of a result was not stored.

use crate::casework::Refusal;
use crate::web::Failure;

pub(super) enum Unusable {
    /// Says in Chinese what is wrong with the file.
    File(String),
    Failure(Failure),
}

impl From<Failure> for Unusable {
    fn from(failure: Failure) -> Self {
        Unusable::Failure(failure)
    }
}

impl From<Refusal> for Unusable {
    fn from(refusal: Refusal) -> Self {
        Unusable::Failure(refusal.into())
    }
}
