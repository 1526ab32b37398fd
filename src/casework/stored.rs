//! Whether the stored files of an application can still be opened.
//!
//! A missing or truncated file is found at once, and so is a small damaged one. A large damaged file is found when
//! somebody opens it. `attachments.unreadable_since` has the result until the file can be opened again.

use diesel::prelude::*;

use super::materials::Attachment;
use super::refusal::Refusal;
use super::scans;
use crate::files::scanner::Scan;
use crate::files::storage::{Storage, StorageError, thumb_key};
use crate::store::schema::attachments::dsl as f;
use crate::store::{Store, Tx};

/// Checks every file, and stores what changed. A file that cannot be checked is shown as unreadable, so that the
/// rest of the page can be read.
pub async fn check(store: &Store, storage: &Storage, attachments: &mut [Attachment]) {
    for file in attachments.iter_mut().filter(|file| !file.removed && !file.harmful) {
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

/// Scans a stored file before staff open it, if it was stored while there was no scanner. A file in which something is
/// found is removed for good.
///
/// # Errors
/// [`Refusal::NotScanned`] while the scanner does not answer, [`Refusal::Harmful`] after a finding.
pub async fn scan(store: &Store, storage: &Storage, file: &Attachment, bytes: &[u8]) -> Result<(), Refusal> {
    let Some(scanner) = storage.scanner().filter(|_| !file.scanned) else { return Ok(()) };
    let (id, key) = (file.id.clone(), file.storage_key.clone());
    match scanner.scan(bytes).await {
        Err(_) => Err(Refusal::NotScanned),
        Ok(Scan::Clean) => Ok(store.write(move |tx: &mut Tx| scans::passed(tx, &id)).await?),
        Ok(Scan::Found(finding)) => {
            tracing::warn!(attachment = file.id, finding, "the scanner found something in a stored file");
            store.write(move |tx: &mut Tx| scans::give_up(tx, &id, &key, &finding)).await?;
            for key in [file.storage_key.clone(), thumb_key(&file.storage_key)] {
                if let Err(error) = storage.delete(&key).await {
                    tracing::error!(%error, attachment = file.id, "a harmful file is deleted by the next sweep");
                }
            }
            Err(Refusal::Harmful)
        }
    }
}
