//! An import from beginning to end.
//!
//! The first pass writes nothing: it finds every refused row and every contradiction. Then either the whole
//! file is fit to be loaded or, with `batch`, those batches without a refused row are. The second pass loads
//! batch after batch, each in one transaction with the note of how far the import has come. So nobody waits
//! longer for the database than a batch takes, and an import that was killed goes on where it was.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use super::Error;
use super::check::{Checked, claims};
use super::kind::Kind;
use super::load::load;
use super::pass::{Lot, pass};
use super::report::{Refusal, Report, masked};
use super::source::Source;
use super::spool::{Claim, Place, Spool};
use super::unshared::{self, Own};
use super::world::World;
use crate::store::Bulk;

/// Rows that are written together.
pub const BATCH: usize = 10_000;

/// What is to be imported, and how.
pub struct Order<'a> {
    /// What the rows are.
    pub kind: &'static Kind,
    /// The file.
    pub file: &'a Path,
    /// Where refused rows are reported.
    pub report: &'a Path,
    /// A refused row stops its batch only.
    pub batch: bool,
    /// Nothing is written.
    pub dry_run: bool,
}

/// What the import is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Finding what is wrong.
    Checking,
    /// Writing.
    Loading,
}

/// How far an import is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What it is at.
    pub phase: Phase,
    /// Rows dealt with in this phase.
    pub rows: u64,
    /// The part of the file that this phase has read, 0 to 1.
    pub read: f64,
}

/// What became of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows of the file, without its header.
    pub read: u64,
    /// Rows that had something wrong.
    pub refused: u64,
    /// Rows of batches that a refused row has stopped, the refused ones among them.
    pub left_out: u64,
    /// Rows that were not there.
    pub added: u64,
    /// Rows that differed from what was there.
    pub changed: u64,
    /// Rows that were there like this.
    pub unchanged: u64,
    /// Rows that an interrupted import of the same file had dealt with.
    pub resumed: u64,
    /// Whether rows were written, or would have been without the dry run.
    pub loaded: bool,
}

/// Imports a file. Refused rows are no error: they are counted and reported.
pub fn import(bulk: &mut Bulk, order: &Order, tell: &mut dyn FnMut(Progress)) -> Result<Summary, Error> {
    let source = Source::open(order.file)?;
    let world = bulk.read(|tx| Ok::<_, Error>(World::load(tx)?))?;
    let mut findings = examine(bulk, order, &source, &world, tell)?;
    findings.report.finish().map_err(Error::io(order.report.display()))?;
    let summary = Summary { read: findings.read, refused: findings.refused, ..Summary::default() };
    if summary.refused > 0 && !order.batch {
        return Ok(summary);
    }
    load(bulk, order, (&source, &world, &findings.stopped), summary, tell)
}

/// What the first pass has found.
struct Findings {
    report: Report,
    read: u64,
    refused: u64,
    /// The batches that a refused row has stopped.
    stopped: BTreeSet<u64>,
}

impl Findings {
    fn refuse(&mut self, place: Place, refusals: &[Refusal]) -> std::io::Result<()> {
        self.refused += 1;
        self.stopped.insert(place.ordinal / BATCH as u64);
        refusals.iter().try_for_each(|refusal| self.report.refuse(place.line, refusal))
    }
}

fn examine(
    bulk: &mut Bulk,
    order: &Order,
    source: &Source,
    world: &World,
    tell: &mut dyn FnMut(Progress),
) -> Result<Findings, Error> {
    let report = Report::new(order.report).map_err(Error::io(order.report.display()))?;
    let mut findings = Findings { report, read: 0, refused: 0, stopped: BTreeSet::new() };
    let mut spool = Spool::new().map_err(Error::io("a temporary file"))?;
    pass(
        order.kind,
        source,
        world,
        0,
        |records| Said { own: unshared::of(order.kind, &records), claims: claims(order.kind, &records) },
        |lot| {
            let taken = taken(bulk, order.kind, &lot)?;
            for (row, ordinal) in lot.rows.iter().zip(lot.first..) {
                let place = Place { line: row.line, ordinal };
                let mut refuse =
                    |refusals| findings.refuse(place, refusals).map_err(Error::io(order.report.display()));
                match (&row.outcome, taken.get(&row.line)) {
                    (Ok(_), Some(refusal)) => refuse(std::slice::from_ref(refusal))?,
                    (Ok(said), None) => {
                        said.add_to(&mut spool, place).map_err(Error::io("a temporary file"))?
                    }
                    (Err(refusals), _) => refuse(refusals)?,
                }
            }
            findings.read = lot.first + lot.rows.len() as u64;
            tell(Progress { phase: Phase::Checking, rows: findings.read, read: lot.read });
            Ok(())
        },
    )?;
    // A row that contradicts two others is refused once.
    let mut refused = HashSet::new();
    spool
        .contradictions(|place, key, first| match refused.insert(place.ordinal) {
            true => findings.refuse(place, &[contradiction(order.kind, key, first)]),
            false => Ok(()),
        })
        .map_err(Error::io(order.report.display()))?;
    Ok(findings)
}

/// What a row says, to be compared with other rows and with what is stored.
struct Said {
    claims: Vec<Claim>,
    own: Vec<Own>,
}

impl Said {
    fn add_to(&self, spool: &mut Spool, place: Place) -> std::io::Result<()> {
        self.claims.iter().try_for_each(|claim| spool.add(place, claim))?;
        self.own.iter().try_for_each(|own| spool.add(place, &own.claim()))
    }
}

/// The rows, by their lines, with a value that belongs to another stored record.
fn taken(bulk: &mut Bulk, kind: &Kind, lot: &Lot<Said>) -> Result<HashMap<u64, Refusal>, Error> {
    let (lines, own): (Vec<u64>, Vec<&Own>) = lot.rows.iter().flat_map(owned).unzip();
    if own.is_empty() {
        return Ok(HashMap::new());
    }
    let taken = bulk.read(|tx| unshared::taken(tx.conn, kind, &own))?;
    let refused = lines.into_iter().zip(own).zip(taken).filter(|(_, taken)| *taken);
    Ok(refused.map(|((line, own), _)| (line, taken_by_another(kind, own))).collect())
}

/// What a row has for itself, with its line.
fn owned(row: &Checked<Said>) -> impl Iterator<Item = (u64, &Own)> {
    row.outcome.iter().flat_map(|said| &said.own).map(|own| (row.line, own))
}

fn taken_by_another(kind: &Kind, own: &Own) -> Refusal {
    refusal(kind, own.fact(kind), own.value(), "已用于另一条记录，或已在那里作废".to_owned())
}

/// A later row that says something else about the same thing, or that has what belongs to another.
fn contradiction(kind: &Kind, key: &str, first: u64) -> Refusal {
    let (place, rest) = key.split_once('\u{1f}').unwrap_or_default();
    let value = rest.split('\u{1f}').next().unwrap_or_default();
    let (target, field, reason) = match unshared::claimed(place) {
        Some((target, field)) => (target, field, format!("与第 {first} 行相同，那是另一条记录")),
        None => {
            let target = place.parse().unwrap_or_default();
            (target, 0, format!("与第 {first} 行是同一条记录，内容却不同"))
        }
    };
    refusal(kind, kind.targets[target].fields[field].fact, value, reason)
}

fn refusal(kind: &Kind, fact: &str, value: &str, reason: String) -> Refusal {
    let column = kind.columns.iter().find(|column| column.name == fact);
    Refusal {
        column: column.map_or("", |column| column.label),
        value: column.map_or_else(String::new, |column| masked(column.form, value)),
        reason: reason.into(),
    }
}
