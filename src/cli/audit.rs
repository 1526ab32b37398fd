//! `kaozheng audit`: checks and copies the record of who has looked at personal data.

use std::fmt::Display;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::{Stop, database, export as output};
use crate::people::audit::chain::Head;
use crate::people::audit::check::{self, Check};
use crate::people::audit::cut::Cut;
use crate::people::audit::export::{self, Comparison, Heads};
use crate::people::staff;
use crate::settings::RawSettings;
use crate::store::{Error, Tx, data_keys};

/// Check or copy the audit: who has looked at or changed whose data
///
/// The entries of each day are numbered, and each has a keyed hash of itself and of the one before it. Without the data
/// key nobody can change, remove or insert one unnoticed. Only the newest entries could be cut off; an earlier export
/// shows that.
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(super) enum Audit {
    Verify(Verify),
    Export(Export),
}

/// Find changed, missing and inserted entries; fails if there are any
///
/// Without FILE it checks the database. With FILE it checks an export, for which neither the database nor the
/// data key is needed.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Verify {
    /// An export of `kaozheng audit export`
    file: Option<PathBuf>,
    /// An earlier export: its entries must all be there and unchanged
    #[arg(long, value_name = "EARLIER")]
    against: Option<PathBuf>,
    #[command(flatten)]
    raw: RawSettings,
}

/// Write the entries of some days as JSON Lines, with SHA-256 links that others can check
///
/// Keep exports, or their lines with a "head", where those who can change the database cannot change them. Every
/// export is itself an entry.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Export {
    /// First day in China, such as 2026-11-01 [default: the first of all]
    #[arg(long)]
    from: Option<NaiveDate>,
    /// Last day in China [default: today]
    #[arg(long)]
    to: Option<NaiveDate>,
    /// A file that is not there yet
    file: PathBuf,
    #[command(flatten)]
    raw: RawSettings,
}

impl Audit {
    pub(super) async fn run(self) -> Result<(), Stop> {
        match self {
            Audit::Verify(verify) => verify.run().await,
            Audit::Export(export) => export.run().await,
        }
    }
}

impl Verify {
    async fn run(self) -> Result<(), Stop> {
        let earlier = heads(self.against.as_deref())?;
        let Found { entries, faults, cut } = match &self.file {
            Some(file) => in_file(file, earlier)?,
            None => {
                let mut bulk = database::open_bulk(&self.raw).await?;
                let work = move || bulk.read(|tx| in_database(tx, earlier));
                tokio::task::spawn_blocking(work).await??
            }
        };
        for fault in &faults {
            println!("{fault}");
        }
        if let Some(cut) = cut {
            println!(
                "The {} entries up to {} were removed at the end of their retention; the check begins after them.",
                cut.entries, cut.place
            );
        }
        match faults.len() {
            0 => println!("{entries} entries were checked; none was changed, removed or inserted."),
            count => {
                return Err(
                    format!("the audit does not hold: {count} of its entries are listed above").into()
                );
            }
        }
        Ok(())
    }
}

struct Found {
    entries: u64,
    /// What is wrong.
    faults: Vec<String>,
    /// What was removed before the first entry.
    cut: Option<Cut>,
}

/// The heads of an earlier export; none without one.
fn heads(earlier: Option<&Path>) -> Result<Heads, Stop> {
    let Some(path) = earlier else { return Ok(Heads::default()) };
    let heads = export::heads(open(path)?)?;
    if heads.is_empty() {
        return Err(format!("{} is no export of the audit", path.display()).into());
    }
    Ok(heads)
}

fn open(path: &Path) -> Result<BufReader<File>, Stop> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(BufReader::new(file))
}

fn in_file(path: &Path, earlier: Heads) -> Result<Found, Stop> {
    let (entries, deviations) = export::check(open(path)?, earlier)?;
    Ok(Found { entries, faults: sentences(deviations), cut: None })
}

fn in_database(tx: &mut Tx, earlier: Heads) -> Result<Found, Error> {
    let (vault, head, unchained) = (tx.vault.clone(), Head::read(tx)?, check::unchained(tx)?);
    let cut = Cut::read(tx)?;
    let (mut check, mut comparison) = (Check::after(&vault, cut.as_ref()), Comparison::with(earlier));
    check::walk(tx, EVERY_DAY, |_, link| {
        check.take(&link);
        comparison.take(&link);
        Ok::<_, Error>(())
    })?;
    check.check_keys(&head, cut.as_ref(), data_keys::replaced_all(tx)?);
    let (entries, faults) = check.end(&head, unchained);
    let mut faults = sentences(faults);
    let (first, last) = EVERY_DAY;
    faults.extend(sentences(comparison.end((after(cut.as_ref(), first), last))));
    Ok(Found { entries, faults, cut })
}

/// The first day of which entries can be there: the one after a cut.
fn after(cut: Option<&Cut>, day: NaiveDate) -> NaiveDate {
    cut.and_then(|cut| cut.place.day.succ_opt()).map_or(day, |kept| kept.max(day))
}

fn sentences(faults: Vec<impl Display>) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

impl Export {
    async fn run(self) -> Result<(), Stop> {
        let mut bulk = database::open_bulk(&self.raw).await?;
        tokio::task::spawn_blocking(move || {
            let mut file = output::open(Some(&self.file))?;
            let today = crate::store::clock::china_date(bulk.clock.now());
            let (from, to) = (self.from.unwrap_or(FIRST_DAY), self.to.unwrap_or(today));
            // The audit entry comes first: there is no export without one.
            bulk.write(|tx| staff::audit_command(tx, "audit_export", &format!("{from}..{to}")))?;
            let count = bulk.read(|tx| {
                let from = after(Cut::read(tx)?.as_ref(), from);
                export::write(tx, (from, to), &mut *file)
            })?;
            file.flush()?;
            eprintln!("{count} entries were exported.");
            Ok(())
        })
        .await?
    }
}

/// Both databases store these days.
const EVERY_DAY: (NaiveDate, NaiveDate) = (FIRST_DAY, NaiveDate::from_ymd_opt(9999, 12, 31).unwrap());

/// Before every entry.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap();
