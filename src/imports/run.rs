//! An import in two passes.
//!
//! The check pass writes nothing: it finds every refused row and every contradiction. The load pass runs
//! if no row was refused; with `batch`, it skips the batches that contain a refused row. It writes each
//! batch in one transaction together with its journal entry, so that the site waits for one batch at most
//! and a killed import continues after its last batch.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Error;
use super::check::{Checked, Row, claims};
use super::job::{BATCH, ImportOptions, Phase, Progress, Summary};
use super::joined::{self, JoinedPeople, OnRecord, RowPermit};
use super::kind::ImportKind;
use super::load::load;
use super::pass::{Chunk, pass};
use super::reference::ReferenceData;
use super::report::{Refusal, Report, masked};
use super::source::Source;
use super::spool::{Claim, ClaimSpool, RowPosition};
use super::table::SEPARATOR;
use super::unique_values::{self, UniqueValue};
use crate::store::Bulk;

/// Imports a file and calls `tell` with its progress.
pub fn import(
    bulk: &mut Bulk,
    options: &ImportOptions,
    tell: &mut dyn FnMut(Progress),
) -> Result<Summary, Error> {
    let source = Source::open(options.file)?;
    let reference = bulk.read(|tx| Ok::<_, Error>(ReferenceData::load(tx)?))?;
    let mut findings = examine(bulk, options, &source, &reference, tell)?;
    findings.report.finish().map_err(Error::io(options.report.display()))?;
    let (read, refused, sheet) = (findings.read, findings.refused, source.sheet.clone());
    let joined = std::mem::take(&mut findings.joined).finish();
    let summary = Summary { read, refused, joined, sheet, ..Summary::default() };
    if summary.refused > 0 && !options.batch {
        return Ok(summary);
    }
    load(bulk, options, (&source, &reference, &findings.stopped), summary, tell)
}

/// Results of the check pass.
struct Findings {
    report: Report,
    read: u64,
    refused: u64,
    joined: JoinedPeople,
    /// Indices of the batches that contain a refused row.
    stopped: BTreeSet<u64>,
}

impl Findings {
    fn refuse(&mut self, position: RowPosition, refusals: &[Refusal]) -> std::io::Result<()> {
        self.refused += 1;
        self.stopped.insert(position.ordinal / BATCH as u64);
        refusals.iter().try_for_each(|refusal| self.report.refuse(position.line, refusal))
    }
}

fn examine(
    bulk: &mut Bulk,
    options: &ImportOptions,
    source: &Source,
    reference: &ReferenceData,
    tell: &mut dyn FnMut(Progress),
) -> Result<Findings, Error> {
    let (kind, report_path) = (options.kind, options.report.display());
    let report = Report::new(options.report).map_err(Error::io(&report_path))?;
    let (joined, stopped) = (JoinedPeople::default(), BTreeSet::new());
    let mut findings = Findings { report, read: 0, refused: 0, joined, stopped };
    let mut spool = ClaimSpool::new().map_err(Error::io("a temporary file"))?;
    pass(
        kind,
        source,
        reference,
        0,
        |Row { records, permit }| RowClaims {
            unique: unique_values::of(kind, &records),
            claims: claims(kind, &records),
            permit,
        },
        |chunk| {
            let taken = taken(bulk, kind, &chunk)?;
            let on_record = on_record(bulk, &chunk)?;
            for (row, ordinal) in chunk.rows.iter().zip(chunk.first..) {
                let position = RowPosition { line: row.line, ordinal };
                let refusals = match (&row.outcome, taken.get(&row.line)) {
                    (Ok(_), Some(refusal)) => std::slice::from_ref(refusal),
                    (Err(refusals), _) => refusals,
                    (Ok(claims), None) => {
                        let permit = claims.permit.as_ref();
                        let permit =
                            permit.and_then(|own| findings.joined.compare(&on_record, own, row.line));
                        let added = claims.add_to(&mut spool, position, permit.as_ref());
                        added.map_err(Error::io("a temporary file"))?;
                        continue;
                    }
                };
                findings.refuse(position, refusals).map_err(Error::io(&report_path))?;
            }
            findings.read = chunk.first + chunk.rows.len() as u64;
            tell(Progress { phase: Phase::Checking, rows: findings.read, read: chunk.read });
            Ok(())
        },
    )?;
    // A row that contradicts two others is refused once.
    let mut refused = HashSet::new();
    spool
        .contradictions(|found| match joined::claimed(found.key) {
            Some(holder) => {
                findings.joined.add(holder, found.position.line);
                Ok(())
            }
            None if refused.insert(found.position.ordinal) => {
                findings.refuse(found.position, &[contradiction(kind, found.key, found.first_line)])
            }
            None => Ok(()),
        })
        .map_err(Error::io(&report_path))?;
    Ok(findings)
}

/// What a row says, to be compared with other rows and with the database.
struct RowClaims {
    claims: Vec<Claim>,
    unique: Vec<UniqueValue>,
    permit: Option<RowPermit>,
}

impl RowClaims {
    fn add_to(
        &self,
        spool: &mut ClaimSpool,
        position: RowPosition,
        permit: Option<&Claim>,
    ) -> std::io::Result<()> {
        self.claims.iter().chain(permit).try_for_each(|claim| spool.add(position, claim))?;
        self.unique.iter().try_for_each(|value| spool.add(position, &value.claim()))
    }
}

/// Refusals, by line, of the rows whose unique value belongs to another stored record.
fn taken(
    bulk: &mut Bulk,
    kind: &ImportKind,
    chunk: &Chunk<RowClaims>,
) -> Result<HashMap<u64, Refusal>, Error> {
    let (lines, unique): (Vec<u64>, Vec<&UniqueValue>) = chunk.rows.iter().flat_map(unique_values_of).unzip();
    if unique.is_empty() {
        return Ok(HashMap::new());
    }
    let taken = bulk.read(|tx| unique_values::taken(tx.conn, kind, &unique))?;
    let refused = lines.into_iter().zip(unique).zip(taken).filter(|(_, taken)| *taken);
    Ok(refused.map(|((line, value), _)| (line, taken_by_another(kind, value))).collect())
}

fn on_record(bulk: &mut Bulk, chunk: &Chunk<RowClaims>) -> Result<OnRecord, Error> {
    let valid = chunk.rows.iter().filter_map(|row| row.outcome.as_ref().ok());
    bulk.read(|tx| Ok(OnRecord::load(tx, valid.filter_map(|claims| claims.permit.as_ref()))?))
}

/// The unique values of a row, each with its line.
fn unique_values_of(row: &Checked<RowClaims>) -> impl Iterator<Item = (u64, &UniqueValue)> {
    row.outcome.iter().flat_map(|claims| &claims.unique).map(|value| (row.line, value))
}

fn taken_by_another(kind: &ImportKind, value: &UniqueValue) -> Refusal {
    refusal(kind, value.fact(kind), value.value(), "已用于另一条记录，或已在那里作废".to_owned())
}

/// Refuses a row that contradicts the row at line `first`: it has the same natural key and other values,
/// or the same unique value and another natural key. `key` is the key of a [`Claim`].
fn contradiction(kind: &ImportKind, key: &str, first: u64) -> Refusal {
    let (subject, rest) = key.split_once(SEPARATOR).unwrap_or_default();
    let value = rest.split(SEPARATOR).next().unwrap_or_default();
    let (target, column, reason) = match unique_values::claimed_column(subject) {
        Some((target, column)) => (target, column, format!("与第 {first} 行相同，那是另一条记录")),
        None => {
            let target: usize = subject.parse().unwrap_or_default();
            let label = kind.targets[target].label;
            (target, 0, format!("与第 {first} 行是同一条记录（{label}），内容却不同"))
        }
    };
    refusal(kind, kind.targets[target].columns[column].fact, value, reason)
}

fn refusal(kind: &ImportKind, fact: &str, value: &str, reason: String) -> Refusal {
    let column = kind.columns.iter().find(|column| column.name == fact);
    Refusal {
        column: column.map_or("", |column| column.label),
        value: column.map_or_else(String::new, |column| masked(column.format, value)),
        reason: reason.into(),
    }
}
