//! The second pass: batch after batch is written, each in one transaction with the note of how far it is.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use diesel::prelude::*;

use super::check::Records;
use super::kind::Kind;
use super::pass::{CHANGED, Lot, pass};
use super::run::{BATCH, Order, Phase, Progress, Summary};
use super::source::Source;
use super::target::{Fate, Known, Record, Target};
use super::unshared::{self, Own};
use super::world::{self, World};
use super::{Error, journal};
use crate::exams::held::lock_print_numbers;
use crate::store::{Bulk, Conn, Tx};

/// A batch of longer rows is written in parts, and so is one that would have the site wait longer than this.
const MOST_BYTES: usize = 16 << 20;
const LONGEST: Duration = Duration::from_millis(500);

/// A part has at least so many rows: each costs a flush.
const FEWEST: usize = 1000;

/// Loads a checked file, but for the batches that were stopped; answers with what became of its rows.
pub(super) fn load(
    bulk: &mut Bulk,
    order: &Order,
    (source, world, stopped): (&Source, &World, &BTreeSet<u64>),
    summary: Summary,
    tell: &mut dyn FnMut(Progress),
) -> Result<Summary, Error> {
    let mut loader = Loader::begin(bulk, order, source, stopped)?;
    let resumed = loader.entry.done;
    let take = |lot: Lot<Records>| {
        lot.rows.into_iter().try_for_each(|row| loader.take(row.outcome.ok()))?;
        tell(Progress { phase: Phase::Loading, rows: loader.entry.done as u64, read: lot.read });
        Ok(())
    };
    pass(order.kind, source, world, resumed as u64, |records| records, take)?;
    loader.finish(summary.read)?;
    let (added, changed) = (loader.entry.added as u64, loader.entry.changed as u64);
    let unchanged = summary.read - loader.left_out - added - changed;
    let (resumed, left_out) = (resumed as u64, loader.left_out);
    Ok(Summary { loaded: true, resumed, left_out, added, changed, unchanged, ..summary })
}

const TAKEN: &str =
    "a print number was given to another certificate while the file was checked; run the import again";

/// Gathers rows to batches and writes them.
struct Loader<'a> {
    bulk: &'a mut Bulk,
    kind: &'static Kind,
    dry: bool,
    stopped: &'a BTreeSet<u64>,
    entry: journal::Entry,
    left_out: u64,
    waiting: Vec<Option<Records>>,
    bytes: usize,
    /// Rows that are written in the longest time, going by the last ones.
    part: usize,
}

impl<'a> Loader<'a> {
    fn begin(
        bulk: &'a mut Bulk,
        order: &Order,
        source: &Source,
        stopped: &'a BTreeSet<u64>,
    ) -> Result<Self, Error> {
        let entry = if order.dry_run {
            journal::Entry::default()
        } else {
            bulk.write(|tx| Ok::<_, Error>(journal::begin(tx, order.kind, &source.content)?))?
        };
        let waiting = Vec::with_capacity(BATCH);
        Ok(Loader {
            bulk,
            kind: order.kind,
            dry: order.dry_run,
            stopped,
            entry,
            left_out: 0,
            waiting,
            bytes: 0,
            part: FEWEST,
        })
    }

    fn take(&mut self, row: Option<Records>) -> Result<(), Error> {
        self.bytes += row.iter().flatten().flat_map(|(_, values)| values).map(String::len).sum::<usize>();
        self.waiting.push(row);
        let ends = (self.entry.done as usize + self.waiting.len()).is_multiple_of(BATCH);
        let full = self.waiting.len() >= self.part || self.bytes > MOST_BYTES;
        if ends || full { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        let stopped = self.stopped.contains(&(self.entry.done as u64 / BATCH as u64));
        let rows = std::mem::replace(&mut self.waiting, Vec::with_capacity(BATCH));
        let count = rows.len();
        (self.entry.done, self.bytes) = (self.entry.done + count as i64, 0);
        if stopped {
            self.left_out += count as u64;
        }
        let brought = if stopped { Vec::new() } else { rows };
        let (kind, dry, entry) = (self.kind, self.dry, &mut self.entry);
        let work = |tx: &mut Tx| {
            let fates = write(tx, kind, brought, dry)?;
            let count = |fate| fates.iter().filter(|f| **f == fate).count() as i64;
            entry.added += count(Fate::New);
            entry.changed += count(Fate::Changed);
            if dry { Ok(()) } else { Ok::<_, Error>(journal::advance(tx, entry)?) }
        };
        let began = Instant::now();
        // A dry run only reads, so that nobody waits for it.
        if dry { self.bulk.read(work) } else { self.bulk.write(work) }?;
        let fits = count as f64 * LONGEST.as_secs_f64() / began.elapsed().as_secs_f64();
        self.part = (fits as usize).clamp(FEWEST, BATCH);
        Ok(())
    }

    /// Writes what is left, and notes that it is finished.
    fn finish(&mut self, expected: u64) -> Result<(), Error> {
        if !self.waiting.is_empty() {
            self.flush()?;
        }
        if self.entry.done as u64 != expected {
            return Err(Error::File(CHANGED.into()));
        }
        if self.dry {
            return Ok(());
        }
        let entry = &self.entry;
        self.bulk.write(|tx| Ok::<_, Error>(journal::finish(tx, entry)?))
    }
}

/// Writes a batch, parents before what refers to them.
fn write(tx: &mut Tx, kind: &Kind, rows: Vec<Option<Records>>, dry: bool) -> Result<Vec<Fate>, Error> {
    if !dry {
        alone(tx)?;
        refuse_taken(tx, kind, &rows)?;
    }
    let mut fates = vec![Fate::default(); rows.len()];
    let records = by_target(kind, rows, &world::moved(tx)?)?;
    let mut parents = Known::new();
    for (target, records) in kind.targets.iter().zip(records) {
        let parent = |record: &Record| (record.row, record.values[0].clone());
        let rows: Vec<_> = target.whole.iter().flat_map(|_| records.iter().map(parent)).collect();
        let known = target.apply(tx, records, &parents, dry, &mut fates)?;
        let whole: Vec<(usize, &str)> =
            rows.iter().filter_map(|(row, parent)| Some((*row, &**parents.get(parent)?))).collect();
        target.remove_others(tx, &whole, &known, dry, &mut fates)?;
        if parents.is_empty() {
            parents = known;
        }
    }
    Ok(fates)
}

/// A print number that was given to another certificate while the file was checked stops the import.
fn refuse_taken(tx: &mut Tx, kind: &Kind, rows: &[Option<Records>]) -> Result<(), Error> {
    let own: Vec<Own> = rows.iter().flatten().flat_map(|records| unshared::of(kind, records)).collect();
    if own.is_empty() {
        return Ok(());
    }
    lock_print_numbers(tx)?;
    let own: Vec<&Own> = own.iter().collect();
    let any = unshared::taken(tx.conn, kind, &own)?.contains(&true);
    if any { Err(Error::File(TAKEN.into())) } else { Ok(()) }
}

/// The records of each target. Whose document was corrected after the file was checked, is `moved` by now.
fn by_target(
    kind: &Kind,
    rows: Vec<Option<Records>>,
    moved: &HashMap<String, String>,
) -> Result<Vec<Vec<Record>>, Error> {
    let holder = |target: &Target| target.fields.iter().position(|field| field.name == "holder_hash");
    let holders: Vec<Option<usize>> = kind.targets.iter().map(holder).collect();
    let mut records: Vec<Vec<Record>> = kind.targets.iter().map(|_| Vec::new()).collect();
    for (row, brought) in rows.into_iter().enumerate() {
        for (target, mut values) in brought.ok_or_else(|| Error::File(CHANGED.into()))? {
            if let Some(at) = holders[target]
                && let Some(now) = moved.get(&values[at])
            {
                values[at].clone_from(now);
            }
            records[target].push(Record::new(row, values));
        }
    }
    Ok(records)
}

/// Two imports at once would both find a record missing. SQLite has one writer anyway.
fn alone(tx: &mut Tx) -> Result<(), Error> {
    const IMPORTS: i64 = 0x6b61_6f7a_6865_6e67;
    if let Conn::Postgres(conn) = tx.conn {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(IMPORTS)
            .execute(conn)?;
    }
    Ok(())
}
