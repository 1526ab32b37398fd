//! The first sheet of a workbook (Office Open XML).
//!
//! calamine streams the cells of a sheet, but loads all shared texts, and each cell and tag, into memory. A
//! workbook of a few kilobytes can unpack to gigabytes of these. So [`check_limits`] unpacks the workbook
//! once, discards the result and refuses what is too large for calamine.

use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{DataRef, Reader, Xlsx, open_workbook};
use zip::ZipArchive;

use super::xml_guard::XmlGuard;
use super::{BUFFER, RawRow, Sink};
use crate::imports::cell::Cell;

/// Most bytes that a part of a workbook may unpack to, by a piece of its name. calamine needs twice as much
/// memory for shared texts. Excel's largest sheet, 1,048,576 rows, fits. Pictures are not read.
const LIMITS: [(&str, u64); 4] =
    [("sharedstrings.xml", 40 << 20), ("worksheets/", 8 << 30), ("media/", 8 << 30), ("", 16 << 20)];

const NO_WORKBOOK: &str = "this is no workbook that can be read";
const TOO_LARGE: &str = "is too large unpacked, or not what a spreadsheet writes; save the sheet as CSV, which may be of any size";

/// Refuses a workbook that would need too much memory.
pub(super) fn check_limits(path: &Path) -> Result<(), String> {
    let told = |error: &dyn std::fmt::Display| format!("{NO_WORKBOOK}: {error}");
    let file = File::open(path).map_err(|error| told(&error))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| told(&error))?;
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|error| told(&error))?;
        let name = part.name().map_err(|error| told(&error))?.to_lowercase();
        let limit = LIMITS.iter().find(|(within, _)| name.contains(within)).map_or(0, |limit| limit.1);
        let is_xml = !name.contains("media/") && !name.ends_with(".bin");
        unpack(&mut part, limit, is_xml).map_err(|why| format!("{NO_WORKBOOK}: {name} {why}"))?;
    }
    Ok(())
}

fn unpack(part: &mut impl Read, limit: u64, is_xml: bool) -> Result<(), String> {
    let (mut buffer, mut total, mut xml_guard) = (vec![0; BUFFER], 0, XmlGuard::default());
    loop {
        let length = part.read(&mut buffer).map_err(|error| error.to_string())?;
        if length == 0 {
            return Ok(());
        }
        total += length as u64;
        if total > limit || is_xml && !xml_guard.allows(&buffer[..length]) {
            return Err(TOO_LARGE.into());
        }
    }
}

/// Sends every row to `sink`, beginning with the header. A panic of calamine is an error.
pub(super) fn read(path: &Path, sink: Sink) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| read_cells(path, sink))).unwrap_or_else(|_| Err(NO_WORKBOOK.into()))
}

fn read_cells(path: &Path, sink: Sink) -> Result<(), String> {
    let told = |error: &dyn std::fmt::Display| format!("{NO_WORKBOOK}: {error}");
    let mut workbook: Xlsx<_> = open_workbook(path).map_err(|error: calamine::XlsxError| told(&error))?;
    let sheet = workbook.sheet_names().first().cloned().ok_or("the workbook has no sheet")?;
    let mut cells = workbook.worksheet_cells_reader(&sheet).map_err(|error| told(&error))?;
    let last = f64::from(cells.dimensions().end.0.max(1));
    let mut rows = Rows::default();
    while let Some(cell) = cells.next_cell().map_err(|error| told(&error))? {
        let (row, column) = cell.get_position();
        if let Some(whole) = rows.add(row, column as usize, cell.get_value())
            && sink(whole, f64::from(row) / last).is_break()
        {
            return Ok(());
        }
    }
    if let Some(whole) = rows.finish() {
        let _ = sink(whole, 1.0);
    }
    Ok(())
}

/// Collects cells into rows that are at least as wide as the first one.
#[derive(Default)]
struct Rows {
    row: Option<RawRow>,
    width: usize,
}

impl Rows {
    /// Adds a cell. Returns the previous row if this cell begins the next one.
    fn add(&mut self, row: u32, column: usize, value: &DataRef) -> Option<RawRow> {
        let line = u64::from(row) + 1;
        let begins = self.row.as_ref().is_none_or(|row| row.line != line);
        let whole = if begins { self.finish() } else { None };
        let row = self.row.get_or_insert_with(|| RawRow { line, ..RawRow::default() });
        let value = converted(value);
        if column >= MOST_COLUMNS {
            row.fault = Some(TOO_MANY);
        } else if !value.is_empty() {
            row.cells.resize(row.cells.len().max(column + 1), Cell::Text(String::new()));
            row.cells[column] = value;
        }
        whole
    }

    fn finish(&mut self) -> Option<RawRow> {
        let mut row = self.row.take()?;
        if row.cells.is_empty() && row.fault.is_none() {
            return None;
        }
        if self.width == 0 {
            self.width = row.cells.len();
        }
        let width = self.width.max(row.cells.len());
        row.cells.resize(width, Cell::Text(String::new()));
        Some(row)
    }
}

const MOST_COLUMNS: usize = 256;
const TOO_MANY: &str = "这一行超过 256 栏";

fn converted(value: &DataRef) -> Cell {
    match value {
        DataRef::Empty => Cell::Text(String::new()),
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Cell::Text(text.clone())
        }
        DataRef::Bool(value) => Cell::Text(value.to_string()),
        DataRef::DateTime(time) => time.as_datetime().map_or(Cell::Unreadable(BAD_DATE), Cell::Time),
        DataRef::Error(_) => Cell::Unreadable("单元格里是公式错误"),
    }
}

const BAD_DATE: &str = "日期有误";
