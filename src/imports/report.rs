//! The report of refused rows: a CSV beside the file, with nothing in it that would tell who somebody is.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::cell::{Form, Reason};
use crate::people::mask;

/// Why a row was refused.
#[derive(Debug)]
pub struct Refusal {
    /// Label of the column; empty for the row as a whole.
    pub column: &'static str,
    /// What stands there, masked.
    pub value: String,
    /// What is wrong, in Chinese.
    pub reason: Reason,
}

/// So many characters of a value are shown, and so many digits are no number of anybody's.
const SHOWN: usize = 20;
const PERSONAL: usize = 8;
const MOMENT: usize = 14;

/// Spreadsheets tell UTF-8 by it.
pub(super) const BOM: &[u8] = "\u{feff}".as_bytes();

/// A value as a report may show it.
pub fn masked(form: Form, value: &str) -> String {
    let value = value.trim();
    match form {
        Form::Name => mask::name(value),
        Form::Code(_) | Form::Hash => mask::number(&start(value)),
        // A number in the wrong column is still somebody's.
        _ if digits(value) > if is_date(form) { MOMENT } else { PERSONAL } => mask::number(&start(value)),
        _ => start(value),
    }
}

fn is_date(form: Form) -> bool {
    matches!(form, Form::Date | Form::Time | Form::Month)
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

/// Whether a file begins as a report does, also one that was cut off.
fn is_report(path: &Path) -> io::Result<bool> {
    if !fs::metadata(path)?.is_file() {
        return Ok(false);
    }
    let begins = [BOM, COLUMNS.join(",").as_bytes()].concat();
    let mut start = Vec::new();
    File::open(path)?.take(begins.len() as u64).read_to_end(&mut start)?;
    Ok(begins.starts_with(&start))
}

/// A report that is made when the first row is refused.
pub struct Report {
    path: PathBuf,
    file: Option<csv::Writer<File>>,
}

impl Report {
    /// At `path`. The report of an earlier run is gone, so that none is taken for this run's; nothing else is.
    pub fn new(path: &Path) -> io::Result<Report> {
        if path.try_exists()? {
            if !is_report(path)? {
                return Err(io::Error::new(ErrorKind::AlreadyExists, TAKEN));
            }
            fs::remove_file(path)?;
        }
        Ok(Report { path: path.to_owned(), file: None })
    }

    /// Adds what is wrong with the row at `line`.
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
        report.write_record([&line, refusal.column, &*inert(&refusal.value), &*refusal.reason])?;
        Ok(())
    }

    /// Everything is on the disk when this returns.
    pub fn finish(&mut self) -> io::Result<()> {
        match &mut self.file {
            Some(report) => report.flush(),
            None => Ok(()),
        }
    }
}

/// A text that no spreadsheet takes for a formula. An import takes the apostrophe off again.
pub(super) fn inert(value: &str) -> std::borrow::Cow<'_, str> {
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
    fn a_report_tells_nobody_who_it_is() {
        let cases = [
            (Form::Name, "张小三", "张*三"),
            (Form::Code(40), "11010519491231002X", "110***********002X"),
            (Form::Name, "11010519491231002X", "1*****************"),
            (Form::Text(40), "11010519491231002X", "110***********002X"),
            (Form::Date, "11010519491231002X", "110***********002X"),
            (Form::Text(40), "建筑工程", "建筑工程"),
            (Form::Date, "2018-13-01", "2018-13-01"),
            (
                Form::Text(40),
                "一二三四五六七八九十一二三四五六七八九十一二",
                "一二三四五六七八九十一二三四五六七八九十…",
            ),
        ];
        for (form, value, shown) in cases {
            assert_eq!(masked(form, value), shown, "{form:?}");
        }
    }

    #[test]
    fn no_value_is_a_formula() {
        assert_eq!(inert("=HYPERLINK(\"http://x\")"), "'=HYPERLINK(\"http://x\")");
        assert_eq!(inert("建筑工程"), "建筑工程");
    }
}
