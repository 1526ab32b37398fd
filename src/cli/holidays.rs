//! `kaozheng import holidays`: a year's holidays and make-up workdays.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{Stop, database};
use crate::casework::calendar::Calendar;
use crate::casework::calendar::arrangement::{self, Arrangement, ImportEffect};
use crate::casework::deadline;
use crate::settings::RawSettings;
use crate::store::{Error, Store, Tx};

/// Its name in `kaozheng import`.
pub(super) const NAME: &str = "holidays";

/// A year's file has about 5,000 bytes.
const MOST_BYTES: u64 = 1 << 20;

/// The result of an import or of its dry run.
struct Outcome {
    fate: ImportEffect,
    postponed: usize,
}

/// Reads a file, stores it unless `dry`, and prints the changes.
pub(super) async fn import(raw: &RawSettings, file: &Path, dry: bool) -> Result<(), Stop> {
    let arrangement = read(file)?;
    let store = database::open_current(raw).await?;
    let (year, (off, worked)) = (arrangement.year, arrangement.counts());
    let outcome = if dry {
        store.read(move |tx| Ok::<_, Error>(examine(tx, &arrangement)?.0)).await?
    } else {
        store.write(move |tx| save(tx, &arrangement)).await?
    };
    let fate = match outcome.fate {
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
    arrangement::parse(&bytes).map_err(|problems| told(problems.join("\n  - ")))
}

fn examine(tx: &mut Tx, arrangement: &Arrangement) -> Result<(Outcome, Vec<deadline::Postponement>), Error> {
    let fate = arrangement::effect(tx, arrangement)?;
    let calendar = Calendar::load(tx)?.with(arrangement.clone());
    let early = deadline::postponements(tx, &calendar)?;
    Ok((Outcome { fate, postponed: early.len() }, early))
}

fn save(tx: &mut Tx, arrangement: &Arrangement) -> Result<Outcome, Error> {
    let (outcome, early) = examine(tx, arrangement)?;
    if outcome.fate != ImportEffect::Unchanged {
        arrangement::save(tx, arrangement)?;
    }
    deadline::postpone(tx, &early)?;
    Ok(outcome)
}

/// Recalculates the due days of open applications: a new version of the program may know more years. Returns the
/// number of those that have a later one.
pub(super) async fn recount(store: &Store) -> Result<usize, Error> {
    let recount = |tx: &mut Tx| {
        let calendar = Calendar::load(tx)?;
        let early = deadline::postponements(tx, &calendar)?;
        deadline::postpone(tx, &early)?;
        Ok(early.len())
    };
    store.write(recount).await
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
