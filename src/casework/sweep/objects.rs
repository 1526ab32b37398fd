//! Moves stored objects without a row to quarantine, and deletes them weeks later.
//!
//! A crash between storing a file and writing its row leaves such an object. If an older database was restored
//! beside newer files, such objects are the only copies of uploads, so none is removed.

use std::collections::BTreeSet;

use chrono::Duration;

use crate::casework::materials;
use crate::casework::refusal::Refusal;
use crate::files::quarantine::Object;
use crate::files::storage::{self, Storage};
use crate::store::{Error, Store, Timestamp, meta};

/// Age at which an object without a row goes to quarantine, by its id and by its file.
const GRACE: Duration = Duration::weeks(4);

/// Time in quarantine.
const QUARANTINE: Duration = Duration::weeks(4);

/// Older objects are not checked.
const LOOK_BACK: Duration = Duration::weeks(12);

/// Interval of the checks.
const EVERY: Duration = Duration::days(1);

/// A temporary file without a write for so long belongs to an interrupted upload.
const UNFINISHED: Duration = Duration::days(1);

/// A row is written seconds after its object. If the newest object is newer than every row by more than this, the
/// objects belong to another database.
const NEWER: Duration = Duration::days(1);

/// One check removes at most [`FEW`] objects, or one in [`SHARE`] of those it checked: crashes are rare.
const FEW: usize = 20;
const SHARE: usize = 100;

/// Keys in one query.
const BATCH: usize = 500;

/// Key of the number of sweeps in `meta`.
const SWEEPS: &str = "sweeps";

/// Key of the time of the last check in `meta`.
const LOOKED_AT: &str = "objects_looked_at";

/// Counts this sweep in the database and then beside the files. Returns `false` if the database has a smaller
/// count, because it was restored from an older copy.
pub(super) async fn in_step(store: &Store, files: &Storage) -> Result<bool, Refusal> {
    let seen = files.sweeps().await?.unwrap_or(0);
    let counted = store
        .write::<_, Error, _>(move |tx| {
            let counted: u64 = meta::get(tx, SWEEPS)?.and_then(|text| text.parse().ok()).unwrap_or(0);
            if counted < seen {
                return Ok(None);
            }
            meta::set(tx, SWEEPS, &(counted + 1).to_string())?;
            Ok(Some(counted + 1))
        })
        .await?;
    let Some(counted) = counted else {
        tracing::error!(
            place = %files.objects().location(),
            "the database is older than the uploads, so nothing is removed; if both belong together, \
             remove `sweeps` from the place of uploads"
        );
        return Ok(false);
    };
    // The disk may be full, and the sweep makes room. A smaller count beside the files does no harm.
    if let Err(error) = files.store_sweeps(counted).await {
        tracing::warn!(%error, "the sweep cannot be counted beside the uploads");
    }
    Ok(true)
}

/// Checks the objects of the last weeks, once a day.
pub(super) async fn run(store: &Store, files: &Storage) -> Result<(), Refusal> {
    let now = store.clock.now();
    if !is_due(store, now).await? {
        return Ok(());
    }
    let unfinished = files.sweep_unfinished(now - UNFINISHED).await?;
    if unfinished > 0 {
        tracing::info!(files = unfinished, "files of uploads that were cut off were removed");
    }
    if belongs_elsewhere(store, files).await? {
        tracing::error!("the newest upload is much newer than the newest row, so no object is removed");
        return Ok(());
    }
    let (looked_at, unknown) = unknown(store, files, now).await?;
    if unknown.len() > FEW && unknown.len() * SHARE > looked_at {
        let unknown = unknown.len();
        tracing::error!(unknown, looked_at, "too many objects have no row, so none is removed");
        return Ok(());
    }
    for key in unknown {
        files.quarantine(&key, now.date()).await?;
        tracing::warn!(key, "an object without a row was moved to quarantine");
    }
    empty_quarantine(store, files, now).await
}

async fn is_due(store: &Store, now: Timestamp) -> Result<bool, Error> {
    store
        .write(move |tx| {
            let last = meta::get(tx, LOOKED_AT)?.and_then(|text| text.parse::<Timestamp>().ok());
            // The clock may have been set back.
            let due = last.is_none_or(|last| now - last >= EVERY || now < last);
            if due {
                meta::set(tx, LOOKED_AT, &format!("{now:?}"))?;
            }
            Ok(due)
        })
        .await
}

async fn belongs_elsewhere(store: &Store, files: &Storage) -> Result<bool, Refusal> {
    let Some(day) = files.days().await?.pop() else { return Ok(false) };
    let Some(newest) = files.on_day(day).await?.iter().map(|object| object.made).max() else {
        return Ok(false);
    };
    let row = store.read(materials::newest).await?;
    Ok(row.is_none_or(|row| newest - row > NEWER))
}

/// The number of objects checked, and the keys of those older than [`GRACE`] that have no row.
async fn unknown(store: &Store, files: &Storage, now: Timestamp) -> Result<(usize, Vec<String>), Refusal> {
    let (from, until) = ((now - LOOK_BACK).date(), (now - GRACE).date());
    let (mut looked_at, mut unknown) = (0, Vec::new());
    for day in files.days().await?.into_iter().filter(|day| (from..=until).contains(day)) {
        let objects = files.on_day(day).await?;
        looked_at += objects.len();
        let old = |object: &Object| object.touched < now - GRACE;
        let keys: Vec<String> = objects.into_iter().filter(old).map(|object| object.key).collect();
        let known = known(store, &keys).await?;
        unknown.extend(keys.into_iter().filter(|key| !known.contains(storage::owner_key(key))));
    }
    Ok((looked_at, unknown))
}

/// The owner keys of these objects that have a row.
async fn known(store: &Store, keys: &[String]) -> Result<BTreeSet<String>, Error> {
    let owners: BTreeSet<String> = keys.iter().map(|key| storage::owner_key(key).to_owned()).collect();
    let owners: Vec<String> = owners.into_iter().collect();
    let mut known = BTreeSet::new();
    for batch in owners.chunks(BATCH) {
        let batch = batch.to_vec();
        known.extend(store.read::<_, Error, _>(move |tx| materials::known(tx, &batch)).await?);
    }
    Ok(known)
}

async fn empty_quarantine(store: &Store, files: &Storage, now: Timestamp) -> Result<(), Refusal> {
    let mut over = files.quarantined().await?;
    over.retain(|file| file.since < (now - QUARANTINE).date());
    let keys: Vec<String> = over.iter().map(|file| file.key.clone()).collect();
    let known = known(store, &keys).await?;
    for file in over {
        let key = &file.key;
        if known.contains(storage::owner_key(key)) {
            files.put_back(key).await?;
        } else {
            files.delete_quarantined(&file).await?;
            tracing::warn!(key, "an object without a row was deleted from quarantine");
        }
    }
    Ok(())
}
