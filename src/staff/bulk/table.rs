//! Reads the table of a result: rows of cells under known labels, from a file or a typed form.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;

use super::kind::{AMOUNT_LABEL, BATCH_LABEL, BatchKind, NUMBER_LABEL};
use crate::casework::batch::MOST;
use crate::casework::question::AnswerRule;
use crate::files::FileContent;
use crate::imports;
use crate::imports::cell::{Cell, CellFormat};
use crate::imports::reference::ReferenceData;
use crate::imports::source::{RawRow, Source};
use crate::people::width;

/// Names of further columns that are no questions.
pub(super) const NUMBER: &str = "number";
pub(super) const BATCH: &str = "batch";
pub(super) const AMOUNT: &str = "amount";

/// A row of a result, not checked yet.
#[derive(Debug, Default)]
pub(super) struct SentRow {
    /// Line of the file, or row of the sheet.
    pub line: u64,
    /// By the name of the column.
    pub cells: BTreeMap<&'static str, String>,
    /// What was typed into a form, by control. Empty if the row is from a file.
    pub typed: BTreeMap<String, String>,
    /// Why the row cannot be read, or empty.
    pub problem: String,
}

impl SentRow {
    pub fn cell(&self, name: &str) -> &str {
        self.cells.get(name).map_or("", String::as_str)
    }
}

/// A column of a result file.
struct Known {
    name: &'static str,
    label: &'static str,
    format: CellFormat,
}

const LONGEST: usize = 500;

fn columns(kind: &BatchKind) -> Vec<Known> {
    let format = |name: &str| {
        let mut questions = kind.tasks().flat_map(|task| task.questions);
        let question = questions.find(|question| question.name == name);
        match question.map(|question| question.rule) {
            Some(AnswerRule::PastDay) => CellFormat::Date,
            _ => CellFormat::Text(LONGEST),
        }
    };
    let fixed = [
        Known { name: NUMBER, label: NUMBER_LABEL, format: CellFormat::Text(LONGEST) },
        Known { name: BATCH, label: BATCH_LABEL, format: CellFormat::Text(LONGEST) },
        Known { name: AMOUNT, label: AMOUNT_LABEL, format: CellFormat::Fee },
    ];
    let results = kind.result_columns();
    let asked = results.into_iter().map(|(name, label)| Known { name, label, format: format(name) });
    fixed.into_iter().chain(asked).collect()
}

/// Labels of the columns that a result file must have.
pub(super) fn required(kind: &BatchKind) -> Vec<&'static str> {
    std::iter::once(NUMBER_LABEL).chain(kind.result_columns().into_iter().map(|(_, label)| label)).collect()
}

/// Reads a file. The error says in Chinese what to do.
///
/// It blocks.
pub(super) fn read(
    kind: &BatchKind,
    content: &mut FileContent,
    reference: &ReferenceData,
) -> Result<Vec<SentRow>, String> {
    let mut file = tempfile::NamedTempFile::new().map_err(not_read)?;
    io::copy(content, &mut file).and_then(|_| file.flush()).map_err(not_read)?;
    let source = Source::open(file.path()).map_err(|error| told(&error))?;
    let mut reader =
        TableReader { columns: columns(kind), positions: Vec::new(), reference, rows: Ok(Vec::new()) };
    let is_begun = &mut false;
    source
        .read(&mut |row, _| {
            let step = if *is_begun { reader.row(&row) } else { reader.header(kind, &row) };
            *is_begun = true;
            step
        })
        .map_err(|error| told(&error))?;
    let rows = reader.rows?;
    if rows.is_empty() { Err("文件里只有表头，没有可以登记的行。".into()) } else { Ok(rows) }
}

fn not_read(error: io::Error) -> String {
    tracing::error!(%error, "a result file cannot be read");
    "文件没有读出来，请再上传一次。".to_owned()
}

fn told(error: &imports::Error) -> String {
    tracing::info!(%error, "a result file was refused");
    "文件打不开：请上传 CSV（UTF-8 或 GB18030）或没有密码的 XLSX 文件，且文件不是空的。".to_owned()
}

struct TableReader<'a> {
    columns: Vec<Known>,
    /// For each cell of a row, the index of its column.
    positions: Vec<Option<usize>>,
    reference: &'a ReferenceData,
    rows: Result<Vec<SentRow>, String>,
}

impl TableReader<'_> {
    fn header(&mut self, kind: &BatchKind, row: &RawRow) -> ControlFlow<()> {
        let find = |cell: &Cell| {
            let label = width::half(cell.shown().trim());
            let label = label.split(['(', '（']).next().unwrap_or_default().trim().to_lowercase();
            self.columns.iter().position(|known| known.label == label || known.name == label)
        };
        self.positions = row.cells.iter().map(find).collect();
        let has = |label: &str| self.positions.iter().flatten().any(|at| self.columns[*at].label == label);
        let missing: Vec<_> = required(kind).into_iter().filter(|label| !has(label)).collect();
        let twice = self
            .positions
            .iter()
            .flatten()
            .find(|at| self.positions.iter().flatten().filter(|other| other == at).count() > 1);
        if !missing.is_empty() {
            self.rows = Err(format!("第一行应当是表头，还缺这些栏：{}。", missing.join("、")));
        } else if let Some(at) = twice {
            self.rows = Err(format!("“{}”这一栏出现了两次，请只留一栏。", self.columns[*at].label));
        }
        if self.rows.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn row(&mut self, row: &RawRow) -> ControlFlow<()> {
        let Ok(rows) = &mut self.rows else { return ControlFlow::Break(()) };
        if rows.len() >= MOST {
            self.rows = Err(format!("一个文件最多 {MOST} 行，请分成几个文件。"));
            return ControlFlow::Break(());
        }
        let mut sent = SentRow { line: row.line, ..SentRow::default() };
        sent.problem = row.fault.unwrap_or_default().to_owned();
        for (cell, at) in row.cells.iter().zip(&self.positions) {
            let Some(known) = at.map(|at| &self.columns[at]) else { continue };
            if cell.is_empty() {
                continue;
            }
            match known.format.parse(cell, self.reference) {
                Ok(value) => drop(sent.cells.insert(known.name, value)),
                Err(reason) if sent.problem.is_empty() => sent.problem = format!("{}：{reason}", known.label),
                Err(_) => {}
            }
        }
        rows.push(sent);
        ControlFlow::Continue(())
    }
}
