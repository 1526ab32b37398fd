//! Reads the rows of a list from a CSV or XLSX file.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use chrono::NaiveDate;

use super::row::{Column, ListRow, MOST, Outcome, Problem, ReadCell};
use crate::imports;
use crate::imports::cell::{ROUNDED, is_rounded};
use crate::imports::source::{RawRow, Source};
use crate::imports::unnamed::UnnamedFile;
use crate::people::width;
use crate::ui::Lang;

/// Bytes to which a part of a workbook may unpack.
const UNPACKED: u64 = 16 << 20;

/// Further names of the columns, in small letters.
const NAMES: &[(&str, Column)] = &[
    ("name", Column::Name),
    ("身份证件号码", Column::Document),
    ("身份证号", Column::Document),
    ("身份证号码", Column::Document),
    ("证件号", Column::Document),
    ("document", Column::Document),
    ("document number", Column::Document),
    ("管理号", Column::Number),
    ("证书编号", Column::Number),
    ("证书印制号", Column::Number),
    ("查询编号", Column::Number),
    ("number", Column::Number),
    ("certificate number", Column::Number),
];

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileProblem {
    NotChosen,
    TooLarge,
    /// In English and Chinese.
    NoTable(String, String),
    /// The header lacks these columns.
    Lacks(Vec<Column>),
    Twice(Column),
    NoRows,
    TooManyRows,
}

impl FileProblem {
    pub fn words(&self, lang: Lang) -> String {
        let labels = |columns: &[Column]| {
            let labels: Vec<&str> = columns.iter().map(|column| column.shown(lang)).collect();
            labels.join(lang.pick("、", ", "))
        };
        match (self, lang) {
            (FileProblem::NotChosen, _) => lang.pick("请选择文件", "Choose a file").to_owned(),
            (FileProblem::TooLarge, Lang::Chinese) => "文件超过 512 KB，请只保留需要的列和行".to_owned(),
            (FileProblem::TooLarge, Lang::English) => {
                "The file has more than 512 KB; keep only the rows and columns that are needed".to_owned()
            }
            (FileProblem::NoTable(_, chinese), Lang::Chinese) => chinese.clone(),
            (FileProblem::NoTable(english, _), Lang::English) => english.clone(),
            (FileProblem::Lacks(columns), Lang::Chinese) => {
                format!("第一行应当是列名，没有找到：{}", labels(columns))
            }
            (FileProblem::Lacks(columns), Lang::English) => {
                format!("The first row has to name the columns. Not found: {}", labels(columns))
            }
            (FileProblem::Twice(column), Lang::Chinese) => {
                format!("“{}”这一列出现了两次，请只留一列", column.label())
            }
            (FileProblem::Twice(column), Lang::English) => {
                format!("The column “{}” is there twice; keep one", column.shown(lang))
            }
            (FileProblem::NoRows, _) => {
                lang.pick("文件里只有列名，没有要查的行", "The file has no rows below the header").to_owned()
            }
            (FileProblem::TooManyRows, Lang::Chinese) => {
                format!("一次最多 {MOST} 行，请分成几个文件")
            }
            (FileProblem::TooManyRows, Lang::English) => {
                format!("A list has at most {MOST} rows; divide it into several files")
            }
        }
    }
}

/// Reads a file, and checks each row. `folder` takes a temporary file. It blocks.
pub fn read(folder: &Path, bytes: &[u8], today: NaiveDate) -> Result<Vec<ListRow>, FileProblem> {
    let file = UnnamedFile::with(folder, bytes).map_err(no_table)?;
    let source = Source::open_within(&file.path(), UNPACKED).map_err(no_table)?;
    let mut table = Table { columns: Vec::new(), today, rows: Ok(Vec::new()) };
    let mut is_begun = false;
    let read = source.read(&mut |row, _| {
        let step = if is_begun { table.row(&row) } else { table.header(&row) };
        is_begun = true;
        step
    });
    read.map_err(no_table)?;
    let mut rows = table.rows?;
    if rows.is_empty() {
        return Err(FileProblem::NoRows);
    }
    refuse_repeated(&mut rows);
    Ok(rows)
}

fn no_table(error: imports::Error) -> FileProblem {
    let english = match &error {
        imports::Error::File(why) => why.clone(),
        imports::Error::Io(..) | imports::Error::Store(_) => {
            tracing::error!(%error, "a list cannot be read");
            "the file was not read; please send it again".to_owned()
        }
    };
    FileProblem::NoTable(english, error.chinese())
}

/// A row with the content of an earlier one is not looked up.
fn refuse_repeated(rows: &mut [ListRow]) {
    let mut first: HashMap<[String; 3], u64> = HashMap::new();
    for row in rows.iter_mut().filter(|row| row.is_waiting()) {
        match first.get(&row.content()) {
            Some(line) => row.outcome = Outcome::Wrong(vec![Problem::SameAs(*line)]),
            None => drop(first.insert(row.content(), row.line)),
        }
    }
}

struct Table {
    /// For each cell of a row, its column. Other columns of a file are left out.
    columns: Vec<Option<Column>>,
    today: NaiveDate,
    rows: Result<Vec<ListRow>, FileProblem>,
}

impl Table {
    fn header(&mut self, row: &RawRow) -> ControlFlow<()> {
        self.columns = row.cells.iter().map(|cell| column_called(&cell.shown())).collect();
        let count = |column: Column| self.columns.iter().filter(|known| **known == Some(column)).count();
        let lacks: Vec<Column> = Column::ALL.into_iter().filter(|column| count(*column) == 0).collect();
        let twice = Column::ALL.into_iter().find(|column| count(*column) > 1);
        match (lacks.is_empty(), twice) {
            (false, _) => self.stop(FileProblem::Lacks(lacks)),
            (true, Some(column)) => self.stop(FileProblem::Twice(column)),
            (true, None) => ControlFlow::Continue(()),
        }
    }

    fn stop(&mut self, problem: FileProblem) -> ControlFlow<()> {
        self.rows = Err(problem);
        ControlFlow::Break(())
    }

    fn row(&mut self, row: &RawRow) -> ControlFlow<()> {
        let Ok(rows) = &mut self.rows else { return ControlFlow::Break(()) };
        if rows.len() >= MOST {
            return self.stop(FileProblem::TooManyRows);
        }
        rows.push(match row.fault {
            Some(_) => ListRow::unreadable(row.line),
            None => {
                let cells = Column::ALL.map(|column| read_cell(&self.columns, row, column));
                ListRow::checked(row.line, cells, self.today)
            }
        });
        ControlFlow::Continue(())
    }
}

fn column_called(label: &str) -> Option<Column> {
    let label = width::half(label.trim());
    let label = label.split('(').next().unwrap_or_default().trim().to_lowercase();
    let own = Column::ALL.into_iter().find(|column| column.label() == label);
    own.or_else(|| NAMES.iter().find(|(name, _)| *name == label).map(|(_, column)| *column))
}

fn read_cell(columns: &[Option<Column>], row: &RawRow, column: Column) -> ReadCell {
    let at = columns.iter().position(|known| *known == Some(column));
    let Some(cell) = at.and_then(|at| row.cells.get(at)) else { return Ok(String::new()) };
    match cell.text() {
        Ok(text) if text.contains(char::REPLACEMENT_CHARACTER) => Err(Problem::Unreadable(column)),
        Ok(text) if column != Column::Name && is_rounded(&text) => Err(Problem::Rounded(column)),
        Ok(text) => Ok(visible(&text)),
        Err(reason) if reason == ROUNDED => Err(Problem::Rounded(column)),
        Err(_) => Err(Problem::Unreadable(column)),
    }
}

/// Without control characters, which no name and no number has.
fn visible(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<ListRow>, FileProblem> {
        let folder = tempfile::tempdir().unwrap();
        read(folder.path(), text.as_bytes(), "2026-04-01".parse().unwrap())
    }

    #[test]
    fn columns_are_found_by_their_names_in_any_order() {
        let good = rows("备注,证书编号,身份证号（必填）,Name\n无,SF02,440300199003072616,张小三\n").unwrap();
        assert_eq!(good.len(), 1);
        assert_eq!((&*good[0].name, &*good[0].number, good[0].line), ("张小三", "SF02", 2));
        assert_eq!(rows("姓名,证书管理号\n"), Err(FileProblem::Lacks(vec![Column::Document])));
        assert_eq!(rows("姓名,证件号码,证件号,管理号\n"), Err(FileProblem::Twice(Column::Document)));
        assert_eq!(rows("姓名,证件号码,管理号\n,,\n"), Err(FileProblem::NoRows));
        assert!(matches!(rows(""), Err(FileProblem::NoTable(..))));
        assert!(matches!(rows("%PDF-1.4"), Err(FileProblem::NoTable(..))));
        let many = format!("姓名,证件号码,管理号\n{}", "甲,H12345678,1\n".repeat(MOST + 1));
        assert_eq!(rows(&many), Err(FileProblem::TooManyRows));
    }

    #[test]
    fn what_a_spreadsheet_has_spoilt_is_named() {
        let text = "姓名,证件号码,管理号\n张\u{fffd}三,4.40300199003073E+17,'2024104403\t\n";
        let row = &rows(text).unwrap()[0];
        let spoilt = vec![Problem::Unreadable(Column::Name), Problem::Rounded(Column::Document)];
        assert_eq!((&row.outcome, &*row.number), (&Outcome::Wrong(spoilt), "2024104403"));
    }

    #[test]
    fn repeated_row_is_not_looked_up() {
        let text = "姓名,证件号码,管理号\n买买提·艾力,H12345678,sf1\n甲,H12345678,sf1\n买买提-艾力,h12345678, SF１\n";
        let outcomes: Vec<Outcome> = rows(text).unwrap().into_iter().map(|row| row.outcome).collect();
        assert_eq!(outcomes, [Outcome::Waiting, Outcome::Waiting, Outcome::Wrong(vec![Problem::SameAs(2)])]);
    }
}
