//! Checks the header and the rows of a file against the columns of a kind.

use super::cell::{Cell, Reason};
use super::joined::RowPermit;
use super::kind::{Column, Facts, ImportKind, RowProblem, TargetFacts};
use super::reference::ReferenceData;
use super::report::{Refusal, masked};
use super::source::RawRow;
use super::spool::{Claim, hash};
use super::table::SEPARATOR;
use crate::people::width;

/// Capacity for the facts of any kind: its columns and what row checks add.
const MOST_FACTS: usize = 24;

/// Maps the columns of a kind to the columns of a file.
#[derive(Debug)]
pub struct Header {
    /// For each column of the kind, its index in the file.
    positions: Vec<Option<usize>>,
    /// Columns of the file.
    width: usize,
}

pub struct Checked<T> {
    /// Line of the file, or row of the sheet.
    pub line: u64,
    pub outcome: Result<T, Vec<Refusal>>,
}

/// The records of one row, parents before their children.
pub type Records = Vec<TargetValues>;

/// A row that is not refused.
pub struct Row {
    pub records: Records,
    pub permit: Option<RowPermit>,
}

/// The values of a record.
pub struct TargetValues {
    /// Index into [`ImportKind::targets`].
    pub target: usize,
    /// In the order of the target's columns.
    pub values: Vec<String>,
}

impl Header {
    /// Finds the columns of a kind by their Chinese or English names, in any order.
    ///
    /// # Errors
    /// A text with every problem and the expected columns.
    pub fn read(kind: &ImportKind, row: &RawRow) -> Result<Header, String> {
        let names: Vec<String> = row.cells.iter().map(|cell| spelled(&cell.shown())).collect();
        let mut problems = Vec::new();
        let mut positions = vec![None; kind.columns.len()];
        for (position, name) in names.iter().enumerate() {
            match kind.columns.iter().position(|column| is_called(column, name)) {
                None if name.is_empty() => problems.push(format!("column {} has no name", position + 1)),
                None => problems.push(format!("unknown column “{}”", shortened(name))),
                Some(at) if positions[at].is_some() => {
                    problems.push(format!("column “{}” is there twice", shortened(name)));
                }
                Some(at) => positions[at] = Some(position),
            }
        }
        for (column, position) in kind.columns.iter().zip(&positions) {
            if column.default.is_none() && position.is_none() {
                problems.push(format!("column “{}” ({}) is missing", column.label, column.name));
            }
        }
        if problems.is_empty() {
            Ok(Header { positions, width: names.len() })
        } else {
            Err(header_error(kind, &names, &problems))
        }
    }

    fn cell<'a>(&self, row: &'a RawRow, at: usize) -> &'a Cell {
        const NOTHING: &Cell = &Cell::Text(String::new());
        self.positions[at].and_then(|position| row.cells.get(position)).unwrap_or(NOTHING)
    }
}

fn spelled(name: &str) -> String {
    width::half(name.trim()).to_lowercase()
}

fn is_called(column: &Column, name: &str) -> bool {
    column.label == name || column.name == name
}

/// Safe to print on a terminal.
fn shortened(name: &str) -> String {
    name.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn header_error(kind: &ImportKind, names: &[String], problems: &[String]) -> String {
    let all = |required: bool| {
        let columns = kind.columns.iter().filter(|column| column.default.is_none() == required);
        columns.map(|column| column.label).collect::<Vec<_>>().join(",")
    };
    let hint = match names {
        _ if names.iter().any(|name| name.contains('\0')) => {
            "\nThere are NUL bytes in it. If it is UTF-16, save it as “CSV UTF-8”."
        }
        // `spelled` has made half-width commas of full-width ones.
        [only] if only.contains(['\t', ';', ',']) => {
            "\nThe columns must be separated by commas, and not by full-width ones."
        }
        _ if names.iter().any(|name| name.contains('\u{fffd}')) => {
            "\nThe header is neither UTF-8 nor GB18030."
        }
        _ => "",
    };
    let most = problems.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n  - ");
    let (must, may) = (all(true), all(false));
    format!(
        "the first row is not the header of {}:\n  - {most}{hint}\nIt must have: {must}\nIt may have: {may}",
        kind.name
    )
}

/// Converts a row, or gives the reasons for refusing it.
pub fn check(kind: &ImportKind, header: &Header, row: &RawRow, reference: &ReferenceData) -> Checked<Row> {
    let convert = |facts| {
        let permit = RowPermit::of(&facts);
        Row { records: records(kind, facts), permit }
    };
    Checked { line: row.line, outcome: facts(kind, header, row, reference).map(convert) }
}

fn facts(
    kind: &ImportKind,
    header: &Header,
    row: &RawRow,
    reference: &ReferenceData,
) -> Result<Facts, Vec<Refusal>> {
    let whole = |reason: Reason| vec![Refusal { column: "", value: String::new(), reason }];
    if let Some(fault) = row.fault {
        return Err(whole(fault.into()));
    }
    if row.cells.len() != header.width {
        return Err(whole(format!("有 {} 栏，表头有 {} 栏", row.cells.len(), header.width).into()));
    }
    let (mut cells, mut refusals) = (Vec::with_capacity(MOST_FACTS), Vec::new());
    for (at, column) in kind.columns.iter().enumerate() {
        let cell = header.cell(row, at);
        match read(column, cell, reference) {
            Ok(value) => cells.push((column.name, value)),
            Err(reason) => refusals.push(refusal(column, cell, reason)),
        }
    }
    let mut facts = Facts::of(cells);
    if refusals.is_empty() {
        facts.set("line", row.line.to_string());
        for row_check in kind.row_checks {
            if let Err(RowProblem { column, reason }) = row_check(&mut facts, reference) {
                let at = kind.columns.iter().position(|other| other.name == column).unwrap_or_default();
                return Err(vec![refusal(&kind.columns[at], header.cell(row, at), reason)]);
            }
        }
    }
    if refusals.is_empty() { Ok(facts) } else { Err(refusals) }
}

fn read(column: &Column, cell: &Cell, reference: &ReferenceData) -> Result<String, Reason> {
    match column.default {
        None if cell.is_empty() => Err("必须填写".into()),
        Some(default) if cell.is_empty() => Ok(default.to_owned()),
        _ => column.format.parse(cell, reference),
    }
}

fn refusal(column: &Column, cell: &Cell, reason: Reason) -> Refusal {
    Refusal { column: column.label, value: masked(column.format, &cell.shown()), reason }
}

fn records(kind: &ImportKind, facts: Facts) -> Records {
    let record = |TargetFacts { target, mut facts }| {
        let columns = kind.targets[target].columns.iter();
        TargetValues { target, values: columns.map(|column| facts.take(column.fact)).collect() }
    };
    (kind.records)(facts).into_iter().map(record).collect()
}

/// The claims of a row, see [`super::spool`]: one for each record, except that children replaced as a
/// whole belong to the claim of their parent.
pub fn claims(kind: &ImportKind, records: &Records) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for TargetValues { target: at, values } in records {
        let target = &kind.targets[*at];
        let content = hash(&target.claimed(values));
        match claims.last_mut() {
            Some(parent) if target.keep_if_set.is_some() => parent.content = hash(&(parent.content, content)),
            _ => claims.push(Claim { key: format!("{at}{SEPARATOR}{}", target.key(values)), content }),
        }
    }
    claims
}
