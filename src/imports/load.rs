//! The load pass: writes batch after batch, each with its journal entry in one transaction.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use diesel::prelude::*;

use super::check::{Row, TargetValues};
use super::job::{BATCH, ImportOptions, Phase, Progress, Summary};
use super::kind::ImportKind;
use super::merge::{IdsByKey, Merge, Parent, RowOutcome, TargetRecord};
use super::pass::{CHANGED, Chunk, pass};
use super::reference::{self, ReferenceData};
use super::source::Source;
use super::table::{TableColumn, TargetTable};
use super::unique_values::{self, UniqueValue};
use super::{Error, journal};
use crate::exams::held::lock_print_numbers;
use crate::exams::permit_hashes;
use crate::people::document::permit;
use crate::store::{Bulk, Conn, Tx, Vault};

/// A batch is split into parts of at most so many bytes, each of which takes about [`LONGEST`] at most:
/// the site cannot write meanwhile.
const MOST_BYTES: usize = 16 << 20;
const LONGEST: Duration = Duration::from_millis(500);

/// Rows of the smallest part: each part costs a flush of the disk.
const FEWEST: usize = 1000;

/// Loads a checked file except for the `stopped` batches, and completes the summary of the check pass.
pub(super) fn load(
    bulk: &mut Bulk,
    options: &ImportOptions,
    (source, reference, stopped): (&Source, &ReferenceData, &BTreeSet<u64>),
    summary: Summary,
    tell: &mut dyn FnMut(Progress),
) -> Result<Summary, Error> {
    let mut loader = Loader::begin(bulk, options, source, stopped)?;
    let resumed = loader.entry.done;
    let take = |chunk: Chunk<Row>| {
        chunk.rows.into_iter().try_for_each(|row| loader.take(row.outcome.ok()))?;
        tell(Progress { phase: Phase::Loading, rows: loader.entry.done as u64, read: chunk.read });
        Ok(())
    };
    pass(options.kind, source, reference, resumed as u64, |row| row, take)?;
    loader.finish(summary.read)?;
    let (added, changed) = (loader.entry.added as u64, loader.entry.changed as u64);
    let unchanged = summary.read - loader.left_out - added - changed;
    let (resumed, left_out) = (resumed as u64, loader.left_out);
    Ok(Summary { loaded: true, resumed, left_out, added, changed, unchanged, ..summary })
}

const TAKEN: &str =
    "a print number was given to another certificate while the file was checked; run the import again";

/// Collects rows into batches and writes them.
struct Loader<'a> {
    bulk: &'a mut Bulk,
    kind: &'static ImportKind,
    dry_run: bool,
    /// Indices of the batches to skip.
    stopped: &'a BTreeSet<u64>,
    entry: journal::JournalEntry,
    left_out: u64,
    /// Rows that are not written yet; `None` for a refused one.
    waiting: Vec<Option<Row>>,
    bytes: usize,
    /// Rows that are written within [`LONGEST`], estimated from the last part.
    part: usize,
}

impl<'a> Loader<'a> {
    fn begin(
        bulk: &'a mut Bulk,
        options: &ImportOptions,
        source: &Source,
        stopped: &'a BTreeSet<u64>,
    ) -> Result<Self, Error> {
        let (kind, dry_run) = (options.kind, options.dry_run);
        let entry = if dry_run {
            journal::JournalEntry::default()
        } else {
            bulk.write(|tx| Ok::<_, Error>(journal::begin(tx, kind, &source.content)?))?
        };
        let waiting = Vec::with_capacity(BATCH);
        Ok(Loader { bulk, kind, dry_run, stopped, entry, left_out: 0, waiting, bytes: 0, part: FEWEST })
    }

    fn take(&mut self, row: Option<Row>) -> Result<(), Error> {
        self.bytes += row
            .iter()
            .flat_map(|row| &row.records)
            .flat_map(|record| &record.values)
            .map(String::len)
            .sum::<usize>();
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
        let rows = if stopped { Vec::new() } else { rows };
        let (kind, dry_run, entry) = (self.kind, self.dry_run, &mut self.entry);
        let work = |tx: &mut Tx| {
            let outcomes = write(tx, kind, rows, dry_run)?;
            let count = |outcome| outcomes.iter().filter(|other| **other == outcome).count() as i64;
            entry.added += count(RowOutcome::New);
            entry.changed += count(RowOutcome::Changed);
            if dry_run { Ok(()) } else { Ok::<_, Error>(journal::advance(tx, entry)?) }
        };
        let began = Instant::now();
        // A dry run uses a read transaction, so that the site can write meanwhile.
        if dry_run { self.bulk.read(work) } else { self.bulk.write(work) }?;
        let fits = count as f64 * LONGEST.as_secs_f64() / began.elapsed().as_secs_f64();
        self.part = (fits as usize).clamp(FEWEST, BATCH);
        Ok(())
    }

    fn finish(&mut self, expected: u64) -> Result<(), Error> {
        if !self.waiting.is_empty() {
            self.flush()?;
        }
        if self.entry.done as u64 != expected {
            return Err(Error::File(CHANGED.into()));
        }
        if self.dry_run {
            return Ok(());
        }
        let (entry, kind) = (&self.entry, self.kind);
        self.bulk.write(|tx| Ok::<_, Error>(journal::finish(tx, entry)?))?;
        self.bulk.write(|tx| analyze(tx, kind))
    }
}

/// Refreshes what the database knows of the imported tables, by which it chooses indexes. SQLite looks at a
/// thousand rows of each index, PostgreSQL at a sample.
fn analyze(tx: &mut Tx, kind: &ImportKind) -> Result<(), Error> {
    if let Conn::Sqlite(conn) = &mut *tx.conn {
        diesel::sql_query("PRAGMA analysis_limit = 1000").execute(conn)?;
    }
    for target in kind.targets {
        diesel::sql_query(format!("ANALYZE {}", target.table)).execute(tx.conn)?;
    }
    tx.conn.announce_statistics()?;
    Ok(())
}

/// Writes a batch, parents before their children.
fn write(
    tx: &mut Tx,
    kind: &ImportKind,
    rows: Vec<Option<Row>>,
    dry_run: bool,
) -> Result<Vec<RowOutcome>, Error> {
    if !dry_run {
        lock_imports(tx)?;
        renew_permits(tx, &rows)?;
        refuse_taken(tx, kind, &rows)?;
    }
    let mut outcomes = vec![RowOutcome::default(); rows.len()];
    let corrected = reference::corrected_holders(tx)?;
    let records = by_target(kind, rows, tx.vault, &corrected)?;
    let mut parents = IdsByKey::new();
    for (target, records) in kind.targets.iter().zip(records) {
        let merge = Merge { target, dry_run };
        let parent_key = |record: &TargetRecord| (record.row, record.values[0].clone());
        let named: Vec<_> = match target.keep_if_set {
            Some(_) => records.iter().map(parent_key).collect(),
            None => Vec::new(),
        };
        let ids = merge.apply(tx, records, &parents, &mut outcomes)?;
        let named = named.iter().filter_map(|(row, key)| Some(Parent { row: *row, id: parents.get(key)? }));
        merge.remove_others(tx, &named.collect::<Vec<_>>(), &ids, &mut outcomes)?;
        if parents.is_empty() {
            parents = ids;
        }
    }
    Ok(outcomes)
}

/// Gives the records of the batch's permits their present hashes, by which the merge finds them.
fn renew_permits(tx: &mut Tx, rows: &[Option<Row>]) -> Result<(), Error> {
    let permits = rows.iter().flatten().filter_map(|row| row.permit.as_ref());
    let numbers: BTreeSet<&str> = permits.map(|row| permit::lifelong(&row.number)).collect();
    if numbers.is_empty() || !permit_hashes::is_possible(tx)? {
        return Ok(());
    }
    for number in numbers {
        permit_hashes::renew(tx, number)?;
    }
    Ok(())
}

/// Stops the import if the site gave a print number to another certificate since the check pass.
fn refuse_taken(tx: &mut Tx, kind: &ImportKind, rows: &[Option<Row>]) -> Result<(), Error> {
    let unique: Vec<UniqueValue> =
        rows.iter().flatten().flat_map(|row| unique_values::of(kind, &row.records)).collect();
    if unique.is_empty() {
        return Ok(());
    }
    lock_print_numbers(tx)?;
    let unique: Vec<&UniqueValue> = unique.iter().collect();
    let any = unique_values::taken(tx.conn, kind, &unique)?.contains(&true);
    if any { Err(Error::File(TAKEN.into())) } else { Ok(()) }
}

/// Columns of hashes.
const HOLDER: &str = "holder_hash";
const PERSON: &str = "person_hash";

/// The records of each target, with the hashes that are stored at the moment. `corrected` maps the holders whose document was corrected since the check
/// pass to their present hash.
fn by_target(
    kind: &ImportKind,
    rows: Vec<Option<Row>>,
    vault: &Vault,
    corrected: &HashMap<String, String>,
) -> Result<Vec<Vec<TargetRecord>>, Error> {
    let is_hash = |column: &TableColumn| matches!(column.name, HOLDER | PERSON);
    let hashes = |target: &TargetTable| {
        let columns = target.columns.iter().enumerate().filter(|(_, column)| is_hash(column));
        columns.map(|(at, _)| at).collect::<Vec<_>>()
    };
    let hashes: Vec<Vec<usize>> = kind.targets.iter().map(hashes).collect();
    let mut by_target: Vec<Vec<TargetRecord>> = kind.targets.iter().map(|_| Vec::new()).collect();
    for (row, found) in rows.into_iter().enumerate() {
        let found = found.ok_or_else(|| Error::File(CHANGED.into()))?;
        for TargetValues { target, mut values } in found.records {
            for at in &hashes[target] {
                let present = vault.present_hash(&values[*at]);
                // Only the hash of a document is a key of `corrected`.
                values[*at] = corrected.get(&present).cloned().unwrap_or(present);
            }
            by_target[target].push(TargetRecord::new(row, values));
        }
    }
    Ok(by_target)
}

/// Serialises imports: two at once could both find a record missing. SQLite has one writer anyway.
fn lock_imports(tx: &mut Tx) -> Result<(), Error> {
    const IMPORTS: i64 = 0x6b61_6f7a_6865_6e67;
    if let Conn::Postgres(conn) = tx.conn {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(IMPORTS)
            .execute(conn)?;
    }
    Ok(())
}
