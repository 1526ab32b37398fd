//! Opens the database and the uploads of the settings, for commands.

use super::{Stop, list};
use crate::business::ALL;
use crate::files::storage::Storage;
use crate::settings::{Location, RawSettings, check_store};
use crate::store::{Bulk, Clock, Ids, Store};

/// Opens the store. Checks neither migrations nor key.
pub(super) async fn open(raw: &RawSettings) -> Result<Store, Stop> {
    let (url, vault) = check_store(raw).map_err(|problems| list(&problems))?;
    Ok(Store::open(&url, vault, Clock::system(), Ids::random()).await?.attach(&ALL))
}

/// Opens the store, and checks its migrations and key.
pub(super) async fn open_current(raw: &RawSettings) -> Result<Store, Stop> {
    let store = open(raw).await?;
    store.check_schema().await?;
    store.check_key().await?;
    Ok(store)
}

/// Opens the uploads of a store. Fails if they are in a folder that does not exist.
pub(super) fn open_files(place: &Location, store: &Store) -> Result<Storage, Stop> {
    if let Some(folder) = place.folder().filter(|folder| !folder.is_dir()) {
        return Err(format!("there is no folder of uploads at {}", folder.display()).into());
    }
    Ok(Storage::open(place, (*store.vault).clone())?)
}

/// Opens a connection for many rows, and checks migrations and key.
pub(super) async fn open_bulk(raw: &RawSettings) -> Result<Bulk, Stop> {
    let store = open_current(raw).await?;
    let url = raw.database_url.as_deref().unwrap_or_default().trim();
    Ok(Bulk::open(url, (*store.vault).clone(), store.clock, store.ids)?.attach(&ALL))
}
