//! The first visible sheet of a workbook (Office Open XML).
//!
//! calamine streams the cells of a sheet, but loads all shared texts, and each cell and tag, into memory. A
//! workbook of a few kilobytes can unpack to gigabytes of these. So [`check_limits`] unpacks the workbook
//! once, discards the result and refuses what is too large for calamine.

use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxCellReader, XlsxError, open_workbook};
use zip::ZipArchive;

use super::number_format::{formatted, plain};
use super::xml_guard::XmlGuard;
use super::{BUFFER, RawRow, Sheet, Sink};
use crate::imports::cell::{Cell, Number};

/// Most bytes that a part of a workbook may unpack to, by a piece of its name. calamine needs twice as much
/// memory for shared texts. Excel's largest sheet, 1,048,576 rows, fits. Pictures are not read.
const LIMITS: [(&str, u64); 4] =
    [("sharedstrings.xml", 40 << 20), ("worksheets/", 8 << 30), ("media/", 8 << 30), ("", 16 << 20)];

const NO_WORKBOOK: &str = "this is no workbook that can be read";
const TOO_LARGE: &str = "is too large unpacked, or not what a spreadsheet writes; save the sheet as CSV, which may be of any size";

/// Refuses a workbook that would need too much memory, or with a part that unpacks to more than `most` bytes.
pub(super) fn check_limits(path: &Path, most: u64) -> Result<(), String> {
    let told = |error: &dyn std::fmt::Display| format!("{NO_WORKBOOK}: {error}");
    let file = File::open(path).map_err(|error| told(&error))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| told(&error))?;
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|error| told(&error))?;
        let name = part.name().map_err(|error| told(&error))?.to_lowercase();
        let limit = LIMITS.iter().find(|(within, _)| name.contains(within)).map_or(0, |limit| limit.1);
        let is_xml = !name.contains("media/") && !name.ends_with(".bin");
        unpack(&mut part, limit.min(most), is_xml).map_err(|why| format!("{NO_WORKBOOK}: {name} {why}"))?;
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

type Workbook = Xlsx<BufReader<File>>;

/// The first visible sheet. People do not see the hidden ones, which often hold lists for drop-down cells.
pub(super) fn sheet(path: &Path) -> Result<Sheet, String> {
    let sheets = guarded(|| Ok(open(path)?.sheets_metadata().to_vec()))?;
    let visible =
        |sheet: &calamine::Sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible;
    let mut names = sheets.into_iter().filter(visible).map(|sheet| sheet.name);
    let name = names.next().ok_or("the workbook has no visible sheet")?;
    Ok(Sheet { name, others: names.collect() })
}

/// Sends every row of a sheet to `sink`, beginning with the header.
pub(super) fn read(path: &Path, sheet: &str, sink: Sink) -> Result<(), String> {
    guarded(|| read_cells(path, sheet, sink))
}

/// A panic of calamine is an error.
fn guarded<T>(work: impl FnOnce() -> Result<T, XlsxError>) -> Result<T, String> {
    let done = catch_unwind(AssertUnwindSafe(work)).map_err(|_| NO_WORKBOOK.to_owned())?;
    done.map_err(|error| format!("{NO_WORKBOOK}: {error}"))
}

fn open(path: &Path) -> Result<Workbook, XlsxError> {
    open_workbook(path)
}

fn read_cells(path: &Path, sheet: &str, sink: Sink) -> Result<(), XlsxError> {
    let mut workbook = open(path)?;
    let epoch = if workbook.has_1904_epoch() { DAYS_TO_1904 } else { 0.0 };
    let mut cells = workbook.worksheet_cells_reader(sheet)?;
    let formats = cells.styles().iter().map(number_format).collect::<Vec<_>>();
    let mut second = if formats.iter().any(Option::is_some) { Some(open(path)?) } else { None };
    let styles = second.as_mut().map(|workbook| workbook.worksheet_cells_reader(sheet)).transpose()?;
    let mut styles = Styles { cells: styles, formats: &formats, next: None };
    let last = f64::from(cells.dimensions().end.0.max(1));
    let mut rows = Rows::default();
    while let Some(cell) = cells.next_cell_with_formula_metadata()? {
        let (row, column) = cell.pos;
        let value = match cell.value {
            DataRef::Empty if cell.formula.is_some() => Cell::Unreadable(NO_RESULT),
            DataRef::Int(number) => numeric(number as f64, styles.format_at(cell.pos)?, epoch),
            DataRef::Float(number) => numeric(number, styles.format_at(cell.pos)?, epoch),
            other => converted(&other),
        };
        if let Some(whole) = rows.add(row, column as usize, value)
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

/// The code of a style's number format, if it changes how a number is shown.
fn number_format(style: &calamine::Style) -> Option<String> {
    let code = &style.number_format.as_ref()?.format_code;
    formatted(0.0, code).map(|_| code.clone())
}

/// The number formats of cells. calamine does not give a cell's formula and its style at once, so a second reader of
/// the same sheet follows the first.
struct Styles<'a> {
    /// `None` if no style has a format that matters.
    cells: Option<XlsxCellReader<'a, BufReader<File>>>,
    /// By style id.
    formats: &'a [Option<String>],
    /// Row, column and style id of the next cell with a style.
    next: Option<(u32, u32, usize)>,
}

impl<'a> Styles<'a> {
    /// The format of the cell at a position. Positions are asked for in the order of the sheet.
    fn format_at(&mut self, position: (u32, u32)) -> Result<Option<&'a str>, XlsxError> {
        let Some(cells) = &mut self.cells else { return Ok(None) };
        while self.next.is_none_or(|(row, column, _)| (row, column) < position) {
            self.next = cells.next_style_id()?;
            if self.next.is_none() {
                self.cells = None;
                return Ok(None);
            }
        }
        let here = self.next.filter(|(row, column, _)| (*row, *column) == position);
        Ok(here.and_then(|(.., id)| self.formats.get(id)?.as_deref()))
    }
}

/// Collects cells into rows that are at least as wide as the first one.
#[derive(Default)]
struct Rows {
    row: Option<RawRow>,
    width: usize,
}

impl Rows {
    /// Adds a cell. Returns the previous row if this cell begins the next one.
    fn add(&mut self, row: u32, column: usize, value: Cell) -> Option<RawRow> {
        let line = u64::from(row) + 1;
        let begins = self.row.as_ref().is_none_or(|row| row.line != line);
        let whole = if begins { self.finish() } else { None };
        let row = self.row.get_or_insert_with(|| RawRow { line, ..RawRow::default() });
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

/// Days from 1899-12-30 to 1904-01-01, with which some workbooks begin to count.
const DAYS_TO_1904: f64 = 1462.0;

fn numeric(value: f64, format: Option<&str>, epoch: f64) -> Cell {
    let shown = format.and_then(|code| formatted(value, code)).unwrap_or_else(|| plain(value));
    Cell::Number(Number { shown, serial: value + epoch })
}

fn converted(value: &DataRef) -> Cell {
    match value {
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Cell::Text(text.clone())
        }
        DataRef::Bool(value) => Cell::Text(value.to_string()),
        DataRef::DateTime(time) => time.as_datetime().map_or(Cell::Unreadable(BAD_DATE), Cell::Time),
        DataRef::Error(_) => Cell::Unreadable("单元格里是公式错误"),
        DataRef::Empty | DataRef::Int(_) | DataRef::Float(_) => Cell::Text(String::new()),
    }
}

const BAD_DATE: &str = "日期有误";
const NO_RESULT: &str = "公式没有保存结果：请用 Excel 或 WPS 打开并保存文件，或把公式粘贴为数值";
