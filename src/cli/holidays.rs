//! `kaozheng import holidays`: a year's holidays and make-up workdays.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{Stop, database};
use crate::casework::calendar::Calendar;
use crate::casework::calendar::arrangement::{self, Arrangement, ImportEffect, MOST_BYTES};
use crate::casework::holidays;
use crate::settings::RawSettings;
use crate::store::{Error, Store, Tx};

/// Its name in `kaozheng import`.
pub(super) const NAME: &str = "holidays";

/// Reads a file, stores it unless `dry`, and prints the changes.
pub(super) async fn import(raw: &RawSettings, file: &Path, dry: bool) -> Result<(), Stop> {
    let arrangement = read(file)?;
    let store = database::open_current(raw).await?;
    let (year, (off, worked)) = (arrangement.year, arrangement.counts());
    let outcome = if dry {
        store.read(move |tx| holidays::examine(tx, &arrangement)).await?
    } else {
        store.write(move |tx| holidays::save(tx, &arrangement)).await?
    };
    let fate = match outcome.effect {
        ImportEffect::New => "new",
        ImportEffect::Changed => "changed",
        ImportEffect::Unchanged => "unchanged",
    };
    println!("{NAME} {year}: {fate}, {off} days off and {worked} make-up workdays");
    println!("{} open applications have a later due day.", outcome.postponed);
    if dry {
        println!("Nothing was written: this was a dry run.");
    }
    Ok(())
}

fn read(file: &Path) -> Result<Arrangement, Stop> {
    let told = |why: String| Stop::from(format!("{}: {why}", file.display()));
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| told(error.to_string()))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(told(format!("it has more than {MOST_BYTES} bytes and is no holiday arrangement")));
    }
    arrangement::parse(&bytes)
        .map_err(|problems| told(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  - ")))
}

/// Recalculates the due days of open applications: a new version of the program may know more years. Returns the
/// number of those that have a later one.
pub(super) async fn recount(store: &Store) -> Result<usize, Error> {
    store.write(holidays::recount).await
}

/// Logs a warning if the holidays of a year are not known and deadlines soon need them.
pub(super) async fn warn_of_unknown(store: &Store) -> Result<(), Error> {
    let unknown = |tx: &mut Tx| {
        let calendar = Calendar::load(tx)?;
        Ok::<_, Error>(calendar.unknown_soon(tx.today()).and_then(|day| calendar.unknown_year(day)))
    };
    if let Some(year) = store.read(unknown).await? {
        tracing::warn!(
            year,
            "the holidays of this year are not known, so deadlines in it are counted as late as possible; \
             run `kaozheng import holidays FILE` when they are announced"
        );
    }
    Ok(())
}
