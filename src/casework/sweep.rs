//! Cleaning up after forms that were begun and never submitted.

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

use super::lifecycle::Status;
use super::materials;
use crate::files::storage::{self, Storage};
use crate::store::schema::{applications::dsl as a, attachments::dsl as f};
use crate::store::{Error, Store, Tx};
use crate::web::Failure;

/// A file that no form uses is kept this long: its sender may only have lost the network.
const STRAYS: Duration = Duration::hours(24);

/// A draft that nobody touches is kept this long, with its files.
const DRAFTS: Duration = Duration::days(30);

/// Days whose uploads are looked at for objects that no row refers to: what a crash
/// between storing a file and noting it leaves behind.
const DAYS: i64 = 3;

/// Removes old drafts, files that nothing uses, and stored objects that no row knows.
pub async fn run(store: &Store, files: &Storage) -> Result<(), Failure> {
    let now = store.clock.now();
    store.write::<_, Error, _>(move |tx| drop_drafts(tx, now - DRAFTS)).await?;
    let strays = store.write::<_, Error, _>(move |tx| materials::forget_strays(tx, now - STRAYS)).await?;
    for key in strays {
        delete(files, &key).await?;
    }
    for days in 1..=DAYS {
        let prefix = storage::day_prefix(now - Duration::days(days));
        for key in files.list_older(&prefix, now - STRAYS).await? {
            let owner = storage::owner_key(&key).to_owned();
            if !store.read(move |tx| materials::is_known(tx, &owner)).await? {
                files.delete(&key).await?;
            }
        }
    }
    Ok(())
}

async fn delete(files: &Storage, key: &str) -> Result<(), Failure> {
    files.delete(key).await?;
    files.delete(&storage::thumb_key(key)).await?;
    Ok(())
}

/// The files of a dropped draft become strays, and go with the next step.
fn drop_drafts(tx: &mut Tx, cutoff: NaiveDateTime) -> Result<(), Error> {
    let old = a::status.eq(Status::Draft.code()).and(a::updated_at.lt(cutoff));
    let ids: Vec<String> = a::applications.filter(old).select(a::id).load(tx.conn)?;
    discard(tx, &ids)
}

/// Removes drafts by their keys and lets go of their files.
pub(super) fn discard(tx: &mut Tx, ids: &[String]) -> Result<(), Error> {
    let draft = a::id.eq_any(ids).and(a::status.eq(Status::Draft.code()));
    let files = f::attachments.filter(f::application_id.eq_any(ids)).filter(f::submitted_at.is_null());
    diesel::update(files).set(f::application_id.eq(None::<String>)).execute(tx.conn)?;
    diesel::delete(a::applications.filter(draft)).execute(tx.conn)?;
    Ok(())
}
