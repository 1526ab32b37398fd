//! The options, the progress and the result of an import.

use std::path::Path;

use super::kind::ImportKind;
use super::source::Sheet;

/// Rows of one batch, which is one transaction unless its rows are long or slow to write.
pub const BATCH: usize = 10_000;

pub struct ImportOptions<'a> {
    pub kind: &'static ImportKind,
    pub file: &'a Path,
    /// Path of the report of refused rows.
    pub report: &'a Path,
    /// A refused row stops its batch only, not the whole file.
    pub batch: bool,
    /// Checks and compares, but writes nothing.
    pub dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Checking,
    Loading,
}

#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub phase: Phase,
    /// Rows done in this phase.
    pub rows: u64,
    /// Share of the file that this phase has read, 0 to 1.
    pub read: f64,
}

/// Counts of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows of the file, without its header.
    pub read: u64,
    pub refused: u64,
    /// Rows of batches that a refused row has stopped, including the refused ones.
    pub left_out: u64,
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Rows that an interrupted import of the same file had loaded.
    pub resumed: u64,
    /// Whether the load pass ran, also as a dry run.
    pub loaded: bool,
    pub joined: JoinedRows,
    /// The sheet that was read, if the file is a workbook.
    pub sheet: Option<Sheet>,
}

/// Rows whose permit is on record, or in an earlier row, with another number of the same permit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JoinedRows {
    pub count: u64,
    pub people: u64,
    /// Lines of the file, in order; not all of them if there are many.
    pub lines: Vec<u64>,
}
