//! A kind of record described as data: its columns, its checks and its tables.

use super::cell::{CellFormat, Reason};
use super::reference::ReferenceData;
use super::table::TargetTable;

/// A kind of record that files bring.
pub struct ImportKind {
    /// Name on the command line: `certificates`.
    pub name: &'static str,
    /// Name on screen.
    pub label: &'static str,
    /// Columns of a file, in the order of an export.
    pub columns: &'static [Column],
    /// Run in this order, once every cell of a row is valid.
    pub row_checks: &'static [RowCheck],
    /// Tables that a row fills. The record of the first one is the parent of the others.
    pub targets: &'static [TargetTable],
    /// Splits a checked row into the records of its targets.
    pub records: fn(Facts) -> Vec<TargetFacts>,
    /// SQL after `FROM`, for an export.
    pub stored: &'static str,
    /// SQL expression of type text, unique for each exported row: the order of an export.
    pub order: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Chinese header, such as 证书管理号.
    pub label: &'static str,
    /// English header, and the name of the fact.
    pub name: &'static str,
    pub format: CellFormat,
    /// Value of an empty cell or a missing column. `None`: the column is required and its cells must
    /// not be empty.
    pub default: Option<&'static str>,
    /// SQL expression of an export.
    pub stored: &'static str,
}

/// A check of a whole row, which may add facts.
pub type RowCheck = fn(&mut Facts, &ReferenceData) -> Result<(), RowProblem>;

/// Why a row is refused.
pub struct RowProblem {
    /// Name of the column to blame.
    pub column: &'static str,
    pub reason: Reason,
}

impl RowProblem {
    pub fn new(column: &'static str, reason: impl Into<Reason>) -> RowProblem {
        RowProblem { column, reason: reason.into() }
    }
}

pub const fn required(
    label: &'static str,
    name: &'static str,
    format: CellFormat,
    stored: &'static str,
) -> Column {
    Column { label, name, format, default: None, stored }
}

pub const fn optional(
    label: &'static str,
    name: &'static str,
    format: CellFormat,
    stored: &'static str,
) -> Column {
    Column { label, name, format, default: Some(""), stored }
}

impl Column {
    /// Sets the value of an empty cell.
    pub const fn or(self, default: &'static str) -> Column {
        Column { default: Some(default), ..self }
    }
}

/// Facts about one row by name: its cells in their stored form, and what row checks have added.
#[derive(Clone, Debug, Default)]
pub struct Facts(Vec<(&'static str, String)>);

impl Facts {
    /// Cells by the names of their columns; each name occurs once.
    pub fn of(cells: Vec<(&'static str, String)>) -> Facts {
        Facts(cells)
    }

    /// Empty if there is no such fact.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|fact| fact.0 == name).map_or("", |fact| &fact.1)
    }

    /// Moves a fact out and leaves it empty.
    pub fn take(&mut self, name: &str) -> String {
        self.0
            .iter_mut()
            .find(|fact| fact.0 == name)
            .map_or_else(String::new, |fact| std::mem::take(&mut fact.1))
    }

    /// Adds or replaces a fact.
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        match self.0.iter_mut().find(|fact| fact.0 == name) {
            Some(fact) => fact.1 = value.into(),
            None => self.0.push((name, value.into())),
        }
    }
}

/// Facts for one record of a target.
pub struct TargetFacts {
    /// Index into [`ImportKind::targets`].
    pub target: usize,
    pub facts: Facts,
}

/// For kinds with one target: one record a row.
pub fn one_record(facts: Facts) -> Vec<TargetFacts> {
    vec![TargetFacts { target: 0, facts }]
}
