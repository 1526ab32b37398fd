//! Whether the files of every row are there and open.

use diesel::dsl::exists;
use diesel::prelude::*;
use futures_util::{StreamExt, stream};

use super::{Faults, PAGE};
use crate::casework::own_data;
use crate::files::storage::{self, Storage, StorageError};
use crate::store::schema::{attachments::dsl as f, data_exports::dsl as d, import_jobs::dsl as j};
use crate::store::{Error, Store, Tx};

/// Files that are read at once. Each is in memory as a whole.
const AT_ONCE: usize = 2;

/// Returns the number of files.
pub(super) async fn check(store: &Store, files: &Storage, faults: &mut Faults) -> Result<u64, Error> {
    let mut checked = check_uploads(store, files, faults).await?;
    let imports = j::import_jobs.filter(j::storage_key.ne("")).select(j::storage_key);
    let imports = store.read::<_, Error, _>(move |tx| Ok(imports.load::<String>(tx.conn)?)).await?;
    let exports = d::data_exports.filter(d::ready_at.is_not_null()).select((d::id, d::pieces));
    let exports = store.read::<_, Error, _>(move |tx| Ok(exports.load::<(String, i32)>(tx.conn)?)).await?;
    let pieces = exports.iter().flat_map(|(id, pieces)| (0..*pieces).map(|piece| own_data::key(id, piece)));
    let keys: Vec<String> = imports.into_iter().chain(pieces).collect();
    checked += keys.len() as u64;
    open_all(store, files, keys, faults).await?;
    Ok(checked)
}

async fn check_uploads(store: &Store, files: &Storage, faults: &mut Faults) -> Result<u64, Error> {
    let (mut checked, mut after) = (0, String::new());
    loop {
        let page = f::attachments.filter(f::removed_at.is_null()).filter(f::id.gt(after));
        let page = page.order(f::id).limit(PAGE.into()).select((f::id, f::storage_key, f::width));
        let read = store.read::<_, Error, _>(move |tx| Ok(page.load::<(String, String, i32)>(tx.conn)?));
        let page = read.await?;
        let Some((last, ..)) = page.last() else { return Ok(checked) };
        after = last.clone();
        let keys: Vec<String> = page
            .iter()
            .flat_map(|(_, key, width)| {
                std::iter::once(key.clone()).chain((*width > 0).then(|| storage::thumb_key(key)))
            })
            .collect();
        checked += keys.len() as u64;
        open_all(store, files, keys, faults).await?;
    }
}

async fn open_all(
    store: &Store,
    files: &Storage,
    keys: Vec<String>,
    faults: &mut Faults,
) -> Result<(), Error> {
    let opened = stream::iter(keys).map(|key| {
        let files = files.clone();
        async move {
            let opened = files.get(&key).await.map(drop);
            (key, opened)
        }
    });
    let mut opened = opened.buffer_unordered(AT_ONCE);
    while let Some((key, opened)) = opened.next().await {
        let kind = match opened {
            Ok(()) => continue,
            Err(StorageError::Missing) => "files that are missing",
            Err(StorageError::Unreadable(_)) => "files that do not open",
            Err(_) => "files that could not be read",
        };
        // The row may have been deleted since, and then its file.
        if is_wanted(store, &key).await? {
            faults.add(kind, key);
        }
    }
    Ok(())
}

/// Whether a row still refers to a file.
async fn is_wanted(store: &Store, key: &str) -> Result<bool, Error> {
    let owner = storage::owner_key(key).to_owned();
    let id = key.rsplit(['/', '-']).nth(1).unwrap_or_default().to_owned();
    let read = move |tx: &mut Tx| {
        let upload = f::attachments.filter(f::storage_key.eq(&owner)).filter(f::removed_at.is_null());
        let import = j::import_jobs.filter(j::storage_key.eq(&owner));
        let export = d::data_exports.filter(d::id.eq(&id));
        Ok(diesel::select(exists(upload).or(exists(import)).or(exists(export))).get_result(tx.conn)?)
    };
    store.read::<_, Error, _>(read).await
}
