//! Whether the stored files of an application can still be opened.
//!
//! A missing or truncated file is found at once, and so is a small damaged one. A large damaged file is found when
//! somebody opens it. `attachments.unreadable_since` has the result until the file can be opened again.

use diesel::prelude::*;

use super::materials::Attachment;
use crate::files::storage::{Storage, StorageError};
use crate::store::Store;
use crate::store::schema::attachments::dsl as f;

/// Checks every file, and stores what changed. A file that cannot be checked is shown as unreadable, so that the
/// rest of the page can be read.
pub async fn check(store: &Store, storage: &Storage, attachments: &mut [Attachment]) {
    for file in attachments.iter_mut().filter(|file| !file.removed) {
        let found = storage.check(&file.storage_key, file.size.unsigned_abs()).await;
        match found {
            Ok(opened) if opened => note(store, file, None).await,
            Ok(_) => {}
            Err(error) => note(store, file, Some(&error)).await,
        }
    }
}

/// Stores whether a file can be opened.
pub async fn note(store: &Store, file: &mut Attachment, error: Option<&StorageError>) {
    let unreadable = error.is_some();
    if file.unreadable == unreadable {
        return;
    }
    file.unreadable = unreadable;
    match error {
        Some(error) => tracing::error!(attachment = file.id, %error, "a stored file cannot be opened"),
        None => tracing::info!(attachment = file.id, "a stored file can be opened again"),
    }
    if matches!(error, Some(error) if !error.is_loss()) {
        return;
    }
    let id = file.id.clone();
    let written = store.write::<_, crate::store::Error, _>(move |tx| {
        let since = unreadable.then_some(tx.now);
        diesel::update(f::attachments.find(&id)).set(f::unreadable_since.eq(since)).execute(tx.conn)?;
        Ok(())
    });
    if let Err(error) = written.await {
        tracing::warn!(%error, "the state of a stored file could not be noted");
    }
}
