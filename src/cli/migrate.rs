//! `kaozheng migrate`.

use clap::Args;

use super::{Stop, database, holidays};
use crate::casework::list_facts;
use crate::settings::RawSettings;

/// Run pending migrations; safe to run at any time
#[derive(Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    raw: RawSettings,
}

impl Migrate {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let store = database::open(&self.raw).await?;
        match store.migrate().await? {
            0 => println!("The database is up to date."),
            run => println!("{run} migrations were run; the database is up to date."),
        }
        match list_facts::fill(&store).await? {
            0 => {}
            filled => println!("{filled} applications were prepared for the lists of candidates."),
        }
        match holidays::recount(&store).await? {
            0 => {}
            moved => println!("{moved} open applications have a later due day by the calendar of holidays."),
        }
        Ok(())
    }
}
