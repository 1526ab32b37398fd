//! `kaozheng migrate`.

use clap::Args;

use super::{Stop, database, holidays, stored_hashes};
use crate::casework::list_facts;
use crate::people::audit;
use crate::settings::RawSettings;

/// Run pending migrations; safe to run at any time
///
/// Computes stored hashes anew if the new program compares names in another form: a few minutes for a million
/// certificates, while the site goes on. If it is interrupted, it continues when it is run again.
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
        let tell = |done: usize| {
            if done.is_multiple_of(100_000) {
                println!("{done} certificates have a new hash of their holder's name …");
            }
        };
        let renewed = stored_hashes::renew(&store, tell).await?;
        for (count, what) in [
            (renewed.certificates, "certificates have a new hash of their holder's name."),
            (renewed.permits, "numbers of permits were compared without their count of renewals."),
            (renewed.twins.len(), "candidates or staff share a permit with another one; nothing was merged."),
        ] {
            if count > 0 {
                println!("{count} {what}");
            }
        }
        match audit::adopt_all(&store).await? {
            0 => {}
            adopted => println!("{adopted} entries of the audit were appended to its chain."),
        }
        match holidays::recount(&store).await? {
            0 => {}
            moved => println!("{moved} open applications have a later due day by the calendar of holidays."),
        }
        Ok(())
    }
}
