//! `kaozheng migrate`.

use clap::Args;

use super::{Stop, holidays, list};
use crate::business::ALL;
use crate::settings::{RawSettings, check_store};
use crate::store::{Clock, Ids, Store};

/// Bring the database up to date; safe to run at any time, also twice
#[derive(Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    raw: RawSettings,
}

impl Migrate {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let store = open(&self.raw).await?;
        match store.migrate().await? {
            0 => println!("The database is up to date."),
            run => println!("{run} migrations were run; the database is up to date."),
        }
        match holidays::recount(&store).await? {
            0 => {}
            moved => println!("{moved} open applications have a later due day by the calendar of holidays."),
        }
        Ok(())
    }
}

/// The store that the settings name, up to date and sealed with this key.
pub(super) async fn open_current(raw: &RawSettings) -> Result<Store, Stop> {
    let store = open(raw).await?;
    store.check_schema().await?;
    store.check_key().await?;
    Ok(store)
}

/// The store that the settings name, as it is.
pub(super) async fn open(raw: &RawSettings) -> Result<Store, Stop> {
    let (url, vault) = check_store(raw).map_err(|problems| list(&problems))?;
    Ok(Store::open(&url, vault, Clock::system(), Ids::random()).await?.attach(&ALL))
}
