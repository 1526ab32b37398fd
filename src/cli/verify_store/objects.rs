//! Whether every stored upload has a row.

use std::collections::BTreeSet;

use chrono::Duration;
use diesel::prelude::*;

use super::{Faults, PAGE};
use crate::cli::Stop;
use crate::files::quarantine::Object;
use crate::files::storage::{self, Storage};
use crate::store::schema::{attachments::dsl as f, files_to_delete::dsl as d};
use crate::store::{Error, Store, Tx};

/// A younger file may belong to an upload whose row is about to be written.
const GRACE: Duration = Duration::days(1);

/// Returns the number of stored uploads and of those in quarantine. One day of them is in memory at a time.
pub(super) async fn check(store: &Store, files: &Storage, faults: &mut Faults) -> Result<(u64, u64), Stop> {
    let (mut checked, before) = (0, store.clock.now() - GRACE);
    for day in files.days().await? {
        let objects = files.on_day(day).await?;
        checked += objects.len() as u64;
        let old: Vec<Object> = objects.into_iter().filter(|object| object.touched < before).collect();
        for page in old.chunks(PAGE as usize) {
            let known = known(store, page).await?;
            for object in page.iter().filter(|object| !known.contains(storage::owner_key(&object.key))) {
                faults.add("files without a row", object.key.clone());
            }
        }
    }
    Ok((checked, files.quarantined().await?.len() as u64))
}

/// The keys that have a row, or whose deletion is due.
async fn known(store: &Store, objects: &[Object]) -> Result<BTreeSet<String>, Error> {
    let keys: Vec<String> = objects.iter().map(|object| storage::owner_key(&object.key).to_owned()).collect();
    let read = move |tx: &mut Tx| {
        let rows = f::attachments.filter(f::storage_key.eq_any(&keys)).select(f::storage_key);
        let due = d::files_to_delete.filter(d::storage_key.eq_any(&keys)).select(d::storage_key);
        let mut known: BTreeSet<String> = rows.load(tx.conn)?.into_iter().collect();
        known.extend(due.load::<String>(tx.conn)?);
        Ok(known)
    };
    store.read(read).await
}
