//! Seals every file with the newest key.

use futures_util::TryStreamExt;

use crate::files::storage::{Storage, StorageError};

/// Files that are sealed at once. Each is in memory as a whole.
const AT_ONCE: usize = 2;

/// Returns how many files were sealed with another key.
pub(super) async fn reseal(files: &Storage) -> Result<u64, StorageError> {
    let mut resealed = 0;
    for folder in Storage::STORED {
        let found = files.objects().list(Some(&folder.into())).map_err(StorageError::from);
        let outcomes = found.map_ok(|found| async move {
            match files.reseal(found.location.as_ref()).await {
                // It was deleted or moved after it was listed. What was moved is found by the next pass.
                Err(StorageError::Missing) => Ok(false),
                other => other,
            }
        });
        let mut outcomes = outcomes.try_buffer_unordered(AT_ONCE);
        while let Some(is_resealed) = outcomes.try_next().await? {
            resealed += u64::from(is_resealed);
        }
    }
    Ok(resealed)
}
