//! Whether the stored files of an application can still be opened.
//!
//! A missing or truncated file is found at once, and so is a small damaged one. A large damaged file is found when
//! somebody opens it. `attachments.unreadable_since` has the result until the file can be opened again.

use diesel::prelude::*;
use futures_util::{StreamExt, stream};

use super::materials::Attachment;
use super::refusal::Refusal;
use super::scans;
use crate::files::scanner::Scan;
use crate::files::storage::{Storage, StorageError, thumb_key};
use crate::store::schema::attachments::dsl as f;
use crate::store::{Store, Tx};

/// Files that are checked at once.
const AT_ONCE: usize = 4;

/// Whether the place of the files answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Answers,
    /// Nothing is known about some files. Their last known state is shown.
    Silent,
}

/// Checks every file, and stores what changed. A lost file is shown as unreadable, so that the rest of the page can
/// be read.
pub async fn check(store: &Store, storage: &Storage, attachments: &mut [Attachment]) -> Place {
    let kept = attachments.iter().enumerate().filter(|(_, file)| !file.removed && !file.harmful);
    let wanted: Vec<_> =
        kept.map(|(at, file)| (at, file.storage_key.clone(), file.size.unsigned_abs())).collect();
    let checks = stream::iter(wanted).map(|(at, key, size)| {
        let storage = storage.clone();
        async move { (at, storage.check(&key, size).await) }
    });
    let mut checks = checks.buffer_unordered(AT_ONCE);
    while let Some((at, found)) = checks.next().await {
        match found {
            Ok(true) => note(store, &mut attachments[at], None).await,
            Ok(false) => {}
            Err(error) => {
                note(store, &mut attachments[at], Some(&error)).await;
                if !error.is_loss() {
                    // The others would wait as long.
                    return Place::Silent;
                }
            }
        }
    }
    Place::Answers
}

/// Stores whether a file can be opened. Nothing is known if its place did not answer.
pub async fn note(store: &Store, file: &mut Attachment, error: Option<&StorageError>) {
    if let Some(error) = error.filter(|error| !error.is_loss()) {
        tracing::error!(attachment = file.id, %error, "the place of a stored file does not answer");
        return;
    }
    let unreadable = error.is_some();
    if file.unreadable == unreadable {
        return;
    }
    file.unreadable = unreadable;
    match error {
        Some(error) => tracing::error!(attachment = file.id, %error, "a stored file cannot be opened"),
        None => tracing::info!(attachment = file.id, "a stored file can be opened again"),
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
