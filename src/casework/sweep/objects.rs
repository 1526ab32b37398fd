//! Stored objects that no row knows: moved away after weeks, deleted after more weeks, and not at all
//! where that would be a mistake.
//!
//! They are what a crash leaves between storing a file and writing its row. But after an older database
//! was restored beside newer files, they are the only copies of what people sent.

use std::collections::BTreeSet;

use chrono::Duration;

use crate::casework::materials;
use crate::casework::refusal::Refusal;
use crate::files::quarantine::Object;
use crate::files::storage::{self, Storage};
use crate::store::{Error, Store, Timestamp, meta};

/// How old an object without a row is when it goes to quarantine, by its id and by its file.
const GRACE: Duration = Duration::weeks(4);

/// How long it stays there before it is deleted.
const QUARANTINE: Duration = Duration::weeks(4);

/// Objects older than this are not looked at any more.
const LOOK_BACK: Duration = Duration::weeks(12);

/// How often all of this is done.
const EVERY: Duration = Duration::days(1);

/// A staged file that was not written for so long belongs to an upload that was cut off.
const UNFINISHED: Duration = Duration::days(1);

/// A row is written seconds after its file; objects that are newer than every row by more than this
/// belong to another database.
const NEWER: Duration = Duration::days(1);

/// So many objects may go at once. Beyond it only one in a hundred may: crashes are rare.
const FEW: usize = 20;
const SHARE: usize = 100;

/// Keys that are asked about in one query.
const BATCH: usize = 500;

/// Name of the number of sweeps, in the database.
const SWEEPS: &str = "sweeps";

/// Name of the time at which objects were last looked at.
const LOOKED_AT: &str = "objects_looked_at";

/// Whether files and database belong together. Both count the sweeps, the database first: a database
/// that has counted fewer than the files was restored from an older copy. Counts this one.
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
            folder = %files.root().display(),
            "the database is older than the uploads, so nothing is removed; if both belong together, \
             remove the file `sweeps` from the folder of uploads"
        );
        return Ok(false);
    };
    // On a full disk the sweep makes room, and files that have counted fewer do no harm.
    if let Err(error) = files.store_sweeps(counted).await {
        tracing::warn!(%error, "the sweep cannot be counted beside the uploads");
    }
    Ok(true)
}

/// Looks at the objects of the last weeks, once a day.
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
            // A clock that went back is no reason to wait until it is there again.
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

/// How many objects were looked at, and the keys of those past their grace that no row knows.
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

/// The keys to which a row refers, of those to whom these objects belong.
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
