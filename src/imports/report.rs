//! The report of refused rows: a CSV file without personal data.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::cell::{CellFormat, Reason};
use crate::people::mask;

#[derive(Debug)]
pub struct Refusal {
    /// Label of the column; empty for the whole row.
    pub column: &'static str,
    /// Masked.
    pub value: String,
    /// In Chinese.
    pub reason: Reason,
}

/// Characters of a value that are shown.
const SHOWN: usize = 20;

/// A value with more digits may be a document number and is masked. A time has up to 14.
const PERSONAL: usize = 8;
const MOMENT: usize = 14;

/// Byte order mark, by which spreadsheets recognise UTF-8.
pub const BOM: &[u8] = "\u{feff}".as_bytes();

/// Masks and shortens a value for a report.
pub fn masked(format: CellFormat, value: &str) -> String {
    let value = value.trim();
    match format {
        CellFormat::Name => mask::name(value),
        CellFormat::Code(_) | CellFormat::Hash(_) => mask::number(&start(value)),
        // A document number may stand in the wrong column.
        _ if digits(value) > if is_date(format) { MOMENT } else { PERSONAL } => mask::number(&start(value)),
        _ => start(value),
    }
}

fn is_date(format: CellFormat) -> bool {
    matches!(format, CellFormat::Date | CellFormat::Time | CellFormat::Month)
}

fn digits(value: &str) -> usize {
    value.chars().filter(|c| c.is_numeric()).count()
}

fn start(value: &str) -> String {
    let visible = value.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let mut start: String = visible.take(SHOWN).collect();
    if value.chars().nth(SHOWN).is_some() {
        start.push('…');
    }
    start
}

const COLUMNS: [&str; 4] = ["line", "column", "value", "reason"];

const TAKEN: &str = "this is there and is no report of refused rows; name another file with --report";

/// Whether a file is a report, also a truncated one.
fn is_report(path: &Path) -> io::Result<bool> {
    if !fs::metadata(path)?.is_file() {
        return Ok(false);
    }
    let begins = [BOM, COLUMNS.join(",").as_bytes()].concat();
    let mut start = Vec::new();
    File::open(path)?.take(begins.len() as u64).read_to_end(&mut start)?;
    Ok(begins.starts_with(&start))
}

/// The first refusal creates the file.
pub struct Report {
    path: PathBuf,
    file: Option<csv::Writer<File>>,
}

impl Report {
    /// Deletes the report of an earlier run.
    ///
    /// # Errors
    /// `path` exists and is not a report.
    pub fn new(path: &Path) -> io::Result<Report> {
        if path.try_exists()? {
            if !is_report(path)? {
                return Err(io::Error::new(ErrorKind::AlreadyExists, TAKEN));
            }
            fs::remove_file(path)?;
        }
        Ok(Report { path: path.to_owned(), file: None })
    }

    pub fn refuse(&mut self, line: u64, refusal: &Refusal) -> io::Result<()> {
        if self.file.is_none() {
            let mut file = File::create_new(&self.path)?;
            file.write_all(BOM)?;
            let mut report = csv::Writer::from_writer(file);
            report.write_record(COLUMNS)?;
            self.file = Some(report);
        }
        let Some(report) = &mut self.file else { return Ok(()) };
        let line = line.to_string();
        report.write_record([&line, refusal.column, &*without_formula(&refusal.value), &*refusal.reason])?;
        Ok(())
    }

    pub fn finish(&mut self) -> io::Result<()> {
        match &mut self.file {
            Some(report) => report.flush(),
            None => Ok(()),
        }
    }
}

/// Adds an apostrophe to a text that a spreadsheet would run as a formula. An import removes it.
pub fn without_formula(value: &str) -> std::borrow::Cow<'_, str> {
    if value.starts_with(['=', '+', '-', '@', '\t', '\'']) {
        format!("'{value}").into()
    } else {
        value.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_masks_names_and_numbers() {
        let cases = [
            (CellFormat::Name, "张小三", "张*三"),
            (CellFormat::Code(40), "11010519491231002X", "110***********002X"),
            (CellFormat::Name, "11010519491231002X", "1*****************"),
            (CellFormat::Text(40), "11010519491231002X", "110***********002X"),
            (CellFormat::Date, "11010519491231002X", "110***********002X"),
            (CellFormat::Text(40), "建筑工程", "建筑工程"),
            (CellFormat::Date, "2018-13-01", "2018-13-01"),
            (
                CellFormat::Text(40),
                "一二三四五六七八九十一二三四五六七八九十一二",
                "一二三四五六七八九十一二三四五六七八九十…",
            ),
        ];
        for (format, value, shown) in cases {
            assert_eq!(masked(format, value), shown, "{format:?}");
        }
    }

    #[test]
    fn formula_gets_an_apostrophe() {
        assert_eq!(without_formula("=HYPERLINK(\"http://x\")"), "'=HYPERLINK(\"http://x\")");
        assert_eq!(without_formula("建筑工程"), "建筑工程");
    }
}
