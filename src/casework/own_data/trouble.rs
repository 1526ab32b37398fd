//! Why a file of own data could not be made.

use crate::files::storage::StorageError;
use crate::store::Error;

#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Store(#[from] Error),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Zip(#[from] zip::result::ZipError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}
