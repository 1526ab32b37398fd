//! Rows against the columns of a kind: first the header, then each row.

use super::cell::{Cell, Reason};
use super::kind::{Column, Facts, Kind};
use super::report::{Refusal, masked};
use super::source::RawRow;
use super::spool::{Claim, hash};
use super::world::World;
use crate::people::width;

/// As many as any kind's row has, its columns and what steps add.
const MOST_FACTS: usize = 24;

/// Which column of a file is which column of its kind.
#[derive(Debug)]
pub struct Header {
    /// For each column of the kind: its place in the file.
    places: Vec<Option<usize>>,
    /// How many columns the file has.
    width: usize,
}

/// A row that was checked: its line in the file, or its row of the sheet, and what it brings or what is
/// wrong with it.
pub struct Checked<T> {
    /// Line of the file, or row of the sheet.
    pub line: u64,
    /// What it brings, or what is wrong with it.
    pub outcome: Result<T, Vec<Refusal>>,
}

/// What a row brings: the place of a target, and the values of its fields.
pub type Records = Vec<(usize, Vec<String>)>;

impl Header {
    /// Finds the columns of a kind by their Chinese or English names, in any order.
    ///
    /// # Errors
    /// Everything that is wrong with the header, and what it should be.
    pub fn read(kind: &Kind, row: &RawRow) -> Result<Header, String> {
        let names: Vec<String> = row.cells.iter().map(|cell| spelled(&cell.shown())).collect();
        let mut problems = Vec::new();
        let mut places = vec![None; kind.columns.len()];
        for (place, name) in names.iter().enumerate() {
            match kind.columns.iter().position(|column| is_called(column, name)) {
                None if name.is_empty() => problems.push(format!("column {} has no name", place + 1)),
                None => problems.push(format!("unknown column “{}”", shortened(name))),
                Some(at) if places[at].is_some() => {
                    problems.push(format!("column “{}” is there twice", shortened(name)));
                }
                Some(at) => places[at] = Some(place),
            }
        }
        for (column, place) in kind.columns.iter().zip(&places) {
            if column.default.is_none() && place.is_none() {
                problems.push(format!("column “{}” ({}) is missing", column.label, column.name));
            }
        }
        if problems.is_empty() {
            Ok(Header { places, width: names.len() })
        } else {
            Err(told(kind, &names, &problems))
        }
    }

    fn cell<'a>(&self, row: &'a RawRow, at: usize) -> &'a Cell {
        const NOTHING: &Cell = &Cell::Text(String::new());
        self.places[at].and_then(|place| row.cells.get(place)).unwrap_or(NOTHING)
    }
}

fn spelled(name: &str) -> String {
    width::half(name.trim()).to_lowercase()
}

fn is_called(column: &Column, name: &str) -> bool {
    column.label == name || column.name == name
}

/// As a terminal may show it.
fn shortened(name: &str) -> String {
    name.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn told(kind: &Kind, names: &[String], problems: &[String]) -> String {
    let all = |required: bool| {
        let columns = kind.columns.iter().filter(|column| column.default.is_none() == required);
        columns.map(|column| column.label).collect::<Vec<_>>().join(",")
    };
    let hint = match names {
        _ if names.iter().any(|name| name.contains('\0')) => {
            "\nThere are NUL bytes in it. If it is UTF-16, save it as “CSV UTF-8”."
        }
        // A full-width comma is one too, in a name.
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

/// Brings a row to its stored spelling, or says what is wrong with it.
pub fn check(kind: &Kind, header: &Header, row: &RawRow, world: &World) -> Checked<Records> {
    Checked { line: row.line, outcome: facts(kind, header, row, world).map(|facts| records(kind, facts)) }
}

fn facts(kind: &Kind, header: &Header, row: &RawRow, world: &World) -> Result<Facts, Vec<Refusal>> {
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
        match read(column, cell, world) {
            Ok(value) => cells.push((column.name, value)),
            Err(reason) => refusals.push(refusal(column, cell, reason)),
        }
    }
    let mut facts = Facts::of(cells);
    if refusals.is_empty() {
        facts.set("line", row.line.to_string());
        for step in kind.steps {
            if let Err((name, reason)) = step(&mut facts, world) {
                let at = kind.columns.iter().position(|column| column.name == name).unwrap_or_default();
                return Err(vec![refusal(&kind.columns[at], header.cell(row, at), reason)]);
            }
        }
    }
    if refusals.is_empty() { Ok(facts) } else { Err(refusals) }
}

fn read(column: &Column, cell: &Cell, world: &World) -> Result<String, Reason> {
    match column.default {
        None if cell.is_empty() => Err("必须填写".into()),
        Some(default) if cell.is_empty() => Ok(default.to_owned()),
        _ => column.form.parse(cell, world),
    }
}

fn refusal(column: &Column, cell: &Cell, reason: Reason) -> Refusal {
    Refusal { column: column.label, value: masked(column.form, &cell.shown()), reason }
}

fn records(kind: &Kind, facts: Facts) -> Records {
    let record = |(target, mut facts): (usize, Facts)| {
        let fields = kind.targets[target].fields.iter();
        (target, fields.map(|field| facts.take(field.fact)).collect())
    };
    (kind.records)(facts).into_iter().map(record).collect()
}

/// What a row says about what; see [`super::spool`].
///
/// What belongs to a parent as a whole is part of what is said about the parent.
pub fn claims(kind: &Kind, records: &Records) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for (at, values) in records {
        let target = &kind.targets[*at];
        let content = hash(&target.claimed(values));
        match claims.last_mut() {
            Some(parent) if target.whole.is_some() => parent.content = hash(&(parent.content, content)),
            _ => claims.push(Claim { key: format!("{at}\u{1f}{}", target.key(values)), content }),
        }
    }
    claims
}
