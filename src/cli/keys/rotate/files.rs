//! Seals every file with the newest key.

use futures_util::TryStreamExt;

use super::Pass;
use crate::files::storage::{Storage, StorageError};

/// Files that are sealed at once. Each is in memory as a whole.
const AT_ONCE: usize = 2;

enum Outcome {
    Sealed,
    Kept,
    Damaged,
}

/// Seals the files that another key has sealed.
pub(super) async fn reseal(files: &Storage) -> Result<Pass, StorageError> {
    let mut pass = Pass::default();
    for folder in Storage::STORED {
        let found = files.objects().list(Some(&folder.into())).map_err(StorageError::from);
        let outcomes = found.map_ok(|found| async move {
            match files.reseal(found.location.as_ref()).await {
                // It was deleted or moved after it was listed. What was moved is found by the next pass.
                Err(StorageError::Missing) | Ok(false) => Ok(Outcome::Kept),
                Err(StorageError::Unreadable(_)) => Ok(Outcome::Damaged),
                Ok(true) => Ok(Outcome::Sealed),
                Err(other) => Err(other),
            }
        });
        let mut outcomes = outcomes.try_buffer_unordered(AT_ONCE);
        while let Some(outcome) = outcomes.try_next().await? {
            match outcome {
                Outcome::Sealed => pass.done += 1,
                Outcome::Damaged => pass.damaged += 1,
                Outcome::Kept => {}
            }
        }
    }
    Ok(pass)
}
