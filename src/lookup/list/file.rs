//! The result of a list as a file, and an empty list to fill in.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::row::{Column, ListRow};
use crate::imports::report::{BOM, without_formula};
use crate::ui::Lang;

/// The MIME type of a workbook.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Columns of a result, with their widths in a workbook.
const WIDTHS: [f64; 9] = [16.0, 24.0, 26.0, 12.0, 40.0, 24.0, 12.0, 20.0, 14.0];

/// Digits of a number that spreadsheets store.
const EXACT: usize = 15;

fn header(lang: Lang) -> Vec<&'static str> {
    let own = Column::ALL.map(|column| column.shown(lang));
    let more = lang.pick(
        ["结果", "说明", "考试", "级别", "专业", "批准日期"],
        ["Result", "Remark", "Examination", "Level", "Specialty", "Approved on"],
    );
    own.into_iter().chain(more).collect()
}

fn cells(lang: Lang, row: &ListRow) -> Vec<String> {
    let mut cells = vec![row.name.clone(), row.document.clone(), row.number.clone()];
    cells.extend([row.outcome.word(lang).to_owned(), row.outcome.remark(lang)]);
    let matched = row.outcome.matched();
    cells.extend(matched.map_or_else(
        || std::array::from_fn(|_| String::new()),
        |found| {
            [found.exam.clone(), found.level.clone(), found.specialty.clone(), found.approved_on.to_string()]
        },
    ));
    cells
}

/// The rows in the order of the list, with the state of each.
pub fn csv(lang: Lang, rows: &[ListRow]) -> Result<Vec<u8>, csv::Error> {
    let lines = rows.iter().map(|row| cells(lang, row));
    write_csv(&header(lang), lines)
}

/// The header alone.
pub fn template(lang: Lang) -> Result<Vec<u8>, csv::Error> {
    write_csv(&Column::ALL.map(|column| column.shown(lang)), std::iter::empty())
}

fn write_csv(header: &[&str], lines: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>, csv::Error> {
    let mut file = csv::Writer::from_writer(BOM.to_vec());
    file.write_record(header)?;
    for line in lines {
        file.write_record(line.iter().map(|cell| as_text(cell)))?;
    }
    file.into_inner().map_err(|error| error.into_error().into())
}

/// A cell that a spreadsheet neither runs nor rounds. A list that is sent again may have what is added.
fn as_text(cell: &str) -> String {
    let is_long = cell.len() > EXACT && cell.bytes().all(|byte| byte.is_ascii_digit());
    if is_long { format!("{cell}\t") } else { without_formula(cell).into_owned() }
}

/// The same as a workbook. Every cell is a text, so that none is run as a formula and no number loses digits.
pub fn xlsx(lang: Lang, rows: &[ListRow]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let bold = Format::new().set_bold();
    for ((at, label), width) in (0..).zip(header(lang)).zip(WIDTHS) {
        sheet.write_string_with_format(0, at, label, &bold)?;
        sheet.set_column_width(at, width)?;
    }
    for (line, row) in (1..).zip(rows) {
        for (at, cell) in (0..).zip(cells(lang, row)) {
            sheet.write_string(line, at, cell)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    book.save_to_buffer()
}
