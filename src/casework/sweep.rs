//! Deletes old drafts, files whose retention has ended, and files that no application uses.

mod objects;

use chrono::Duration;
use diesel::prelude::*;

use super::lifecycle::Status;
use super::materials;
use super::retention;
use super::rules::{self, Rule};
use crate::casework::refusal::Refusal;
use crate::files::storage::{self, Storage, StorageError};
use crate::store::schema::{applications::dsl as a, attachments::dsl as f, files_to_delete::dsl as d};
use crate::store::{Error, Store, Tx};

/// Age at which an unused file is deleted. Its sender may only have lost the network.
const STRAYS: Duration = Duration::hours(24);

/// Largest number of files that one sweep deletes.
const AT_ONCE: i64 = 10_000;

/// Age at which an unchanged draft is deleted with its files.
pub fn draft_age(tx: &mut Tx) -> Result<Duration, Error> {
    Ok(Duration::days(rules::value(tx, Rule::DraftDays, None)?.into()))
}

/// Deletes old drafts, unused files, and stored objects without a row. Deletes nothing if the database is older
/// than the files.
pub async fn run(store: &Store, files: &Storage) -> Result<(), Refusal> {
    if !objects::in_step(store, files).await? {
        return Ok(());
    }
    let now = store.clock.now();
    store.write::<_, Error, _>(drop_old_drafts).await?;
    retention::run(store).await?;
    store.write::<_, Error, _>(move |tx| materials::forget_strays(tx, now - STRAYS)).await?;
    delete_dropped(store, files).await?;
    objects::run(store, files).await
}

/// Deletes the objects of deleted rows. The next sweep retries those that fail.
async fn delete_dropped(store: &Store, files: &Storage) -> Result<(), Refusal> {
    let keys = d::files_to_delete.select(d::storage_key).order(d::dropped_at).limit(AT_ONCE);
    let keys: Vec<String> = store.read::<_, Error, _>(move |tx| Ok(keys.load(tx.conn)?)).await?;
    let (mut deleted, mut failed) = (Vec::new(), None);
    for key in keys {
        match delete(files, &key).await {
            Ok(()) => deleted.push(key),
            Err(error) => failed = Some((key, error)),
        }
    }
    if let Some((key, error)) = failed {
        tracing::error!(%error, key, "a file that nothing uses cannot be deleted; it is tried again");
    }
    let rows = d::files_to_delete.filter(d::storage_key.eq_any(deleted));
    store.write::<_, Error, _>(move |tx| Ok(diesel::delete(rows).execute(tx.conn)?)).await?;
    Ok(())
}

async fn delete(files: &Storage, key: &str) -> Result<(), StorageError> {
    files.delete(key).await?;
    files.delete(&storage::thumb_key(key)).await
}

fn drop_old_drafts(tx: &mut Tx) -> Result<(), Error> {
    let cutoff = tx.now - draft_age(tx)?;
    let old = a::status.eq(Status::Draft.code()).and(a::updated_at.lt(cutoff));
    let ids: Vec<String> = a::applications.filter(old).select(a::id).load(tx.conn)?;
    if !ids.is_empty() {
        tracing::info!(drafts = ids.len(), "old drafts were deleted");
    }
    discard(tx, &ids)
}

/// Deletes drafts by their keys and unbinds their files.
pub fn discard(tx: &mut Tx, ids: &[String]) -> Result<(), Error> {
    let draft = a::id.eq_any(ids).and(a::status.eq(Status::Draft.code()));
    let files = f::attachments.filter(f::application_id.eq_any(ids)).filter(f::submitted_at.is_null());
    diesel::update(files).set(f::application_id.eq(None::<String>)).execute(tx.conn)?;
    diesel::delete(a::applications.filter(draft)).execute(tx.conn)?;
    Ok(())
}
