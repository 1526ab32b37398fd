//! A row of a list, its outcome, and what can be wrong with it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::people::document::{self, Document, DocumentType};
use crate::people::{name, width};
use crate::store::codes;
use crate::ui::Lang;

/// Most rows of a list.
pub const MOST: usize = 500;

/// Most characters of a cell.
const LONGEST: usize = 60;

codes! {
    /// A column of a list.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Column {
        Name = "name", "姓名";
        Document = "document", "证件号码";
        Number = "number", "证书管理号";
    }
}

impl Column {
    pub fn shown(self, lang: Lang) -> &'static str {
        let english = match self {
            Column::Name => "Name",
            Column::Document => "Document number",
            Column::Number => "Certificate number",
        };
        lang.pick(self.label(), english)
    }
}

/// Why a row is not looked up. It tells nothing about the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    Missing(Column),
    TooLong(Column),
    /// A spreadsheet has stored it as a number and lost digits.
    Rounded(Column),
    Unreadable(Column),
    /// The whole row.
    UnreadableRow,
    /// No identity document has such a number.
    WrongDocument,
    /// The row of this line has the same content.
    SameAs(u64),
    /// The document was looked up too often, in this list or before.
    TooOften,
}

impl Problem {
    pub fn code(self) -> &'static str {
        match self {
            Problem::Missing(_) => "missing",
            Problem::TooLong(_) => "too_long",
            Problem::Rounded(_) | Problem::Unreadable(_) | Problem::UnreadableRow => "unreadable",
            Problem::WrongDocument => "wrong_document",
            Problem::SameAs(_) => "duplicate",
            Problem::TooOften => "too_often",
        }
    }

    pub fn column(self) -> Option<Column> {
        match self {
            Problem::Missing(column)
            | Problem::TooLong(column)
            | Problem::Rounded(column)
            | Problem::Unreadable(column) => Some(column),
            Problem::WrongDocument | Problem::TooOften => Some(Column::Document),
            Problem::UnreadableRow | Problem::SameAs(_) => None,
        }
    }

    pub fn words(self, lang: Lang) -> String {
        let column = self.column().map_or("", |column| column.shown(lang));
        match (self, lang) {
            (Problem::Missing(_), Lang::Chinese) => format!("没有填写{column}"),
            (Problem::Missing(_), Lang::English) => format!("{column} is missing"),
            (Problem::TooLong(_), Lang::Chinese) => format!("{column}超过 {LONGEST} 个字"),
            (Problem::TooLong(_), Lang::English) => format!("{column} has more than {LONGEST} characters"),
            (Problem::Rounded(_), Lang::Chinese) => {
                format!("{column}被表格存成了数字，15 位以后已经丢失；请把该列改为“文本”格式，重新填写")
            }
            (Problem::Rounded(_), Lang::English) => {
                format!("{column} was stored as a number and lost its last digits; format the column as text")
            }
            (Problem::Unreadable(_), Lang::Chinese) => format!("{column}读不出来，请按文本重新填写"),
            (Problem::Unreadable(_), Lang::English) => format!("{column} cannot be read; enter it as text"),
            (Problem::UnreadableRow, Lang::Chinese) => "这一行读不出来".to_owned(),
            (Problem::UnreadableRow, Lang::English) => "This row cannot be read".to_owned(),
            (Problem::WrongDocument, Lang::Chinese) => "证件号码有误，请核对位数和校验码".to_owned(),
            (Problem::WrongDocument, Lang::English) => {
                "Document number is wrong; check its length and check digit".to_owned()
            }
            (Problem::SameAs(line), Lang::Chinese) => format!("与第 {line} 行相同"),
            (Problem::SameAs(line), Lang::English) => format!("Same as row {line}"),
            (Problem::TooOften, Lang::Chinese) => "这个证件号码查询太频繁，请过十分钟再查".to_owned(),
            (Problem::TooOften, Lang::English) => {
                "This document number was looked up too often; try again in ten minutes".to_owned()
            }
        }
    }
}

/// The public facts of a certificate that a list tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matched {
    pub exam: String,
    pub level: String,
    pub specialty: String,
    pub approved_on: NaiveDate,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not looked up yet.
    Waiting,
    /// Not looked up at all.
    Wrong(Vec<Problem>),
    /// No such certificate. It does not tell what is wrong.
    Nothing,
    Valid(Matched),
    /// Its print number was replaced on this day.
    Voided(NaiveDate),
    Annulled(Matched, NaiveDate),
}

impl Outcome {
    pub fn code(&self) -> &'static str {
        match self {
            Outcome::Waiting => "waiting",
            Outcome::Wrong(_) => "invalid",
            Outcome::Nothing => "not_found",
            Outcome::Valid(_) => "valid",
            Outcome::Voided(_) => "void",
            Outcome::Annulled(..) => "annulled",
        }
    }

    pub fn word(&self, lang: Lang) -> &'static str {
        match self {
            Outcome::Waiting => lang.pick("等待查询", "Waiting"),
            Outcome::Wrong(_) => lang.pick("填写有误", "Not looked up"),
            Outcome::Nothing => lang.pick("查无记录", "No record"),
            Outcome::Valid(_) => lang.pick("有效", "Valid"),
            Outcome::Voided(_) => lang.pick("已作废", "Void"),
            Outcome::Annulled(..) => lang.pick("已撤销", "Annulled"),
        }
    }

    /// What is wrong, or since when the certificate is not valid; often empty.
    pub fn remark(&self, lang: Lang) -> String {
        match self {
            Outcome::Wrong(problems) => {
                let words = problems.iter().map(|problem| problem.words(lang));
                words.collect::<Vec<_>>().join(lang.pick("；", "; "))
            }
            Outcome::Voided(on) => match lang {
                Lang::Chinese => format!("这个印制号因补发于 {on} 作废，请以补发后的证书为准"),
                Lang::English => format!("Replaced by a reissue on {on}"),
            },
            Outcome::Annulled(_, on) => match lang {
                Lang::Chinese => format!("{on} 撤销"),
                Lang::English => format!("Annulled on {on}"),
            },
            Outcome::Waiting | Outcome::Nothing | Outcome::Valid(_) => String::new(),
        }
    }

    pub fn matched(&self) -> Option<&Matched> {
        match self {
            Outcome::Valid(matched) | Outcome::Annulled(matched, _) => Some(matched),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRow {
    /// Line of the file, or row of the sheet.
    pub line: u64,
    pub name: String,
    pub document: String,
    pub number: String,
    pub outcome: Outcome,
}

/// A cell, or why it cannot be read.
pub type ReadCell = Result<String, Problem>;

impl ListRow {
    /// Checks the cells of a row: name, document number and certificate number.
    pub fn checked(line: u64, cells: [ReadCell; 3], today: NaiveDate) -> ListRow {
        let mut problems = Vec::new();
        for (cell, column) in cells.iter().zip(Column::ALL) {
            match cell {
                Err(problem) => problems.push(*problem),
                Ok(text) if width::is_blank(text) => problems.push(Problem::Missing(column)),
                Ok(text) if text.chars().count() > LONGEST => problems.push(Problem::TooLong(column)),
                Ok(text) if column == Column::Document && !can_be_document(text, today) => {
                    problems.push(Problem::WrongDocument);
                }
                Ok(_) => {}
            }
        }
        let text = |cell: ReadCell| cell.unwrap_or_default().chars().take(LONGEST).collect::<String>();
        let [name, document, number] = cells.map(|cell| text(cell).trim().to_owned());
        let outcome = if problems.is_empty() { Outcome::Waiting } else { Outcome::Wrong(problems) };
        ListRow { line, name, document, number, outcome }
    }

    /// A row that cannot be read at all.
    pub fn unreadable(line: u64) -> ListRow {
        let empty = String::new;
        let outcome = Outcome::Wrong(vec![Problem::UnreadableRow]);
        ListRow { line, name: empty(), document: empty(), number: empty(), outcome }
    }

    pub fn is_waiting(&self) -> bool {
        self.outcome == Outcome::Waiting
    }

    /// What two rows about the same certificate share.
    pub fn content(&self) -> [String; 3] {
        [name::key(&self.name), document::normalise(&self.document), document::normalise(&self.number)]
    }
}

/// Whether some identity document can have the number. One with the shape of a resident's has to have the right check
/// digit, although a document of another kind might have any number.
fn can_be_document(text: &str, today: NaiveDate) -> bool {
    let number = document::normalise(text);
    let (digits, last) = number.split_at_checked(17).unwrap_or_default();
    let is_resident_like =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && matches!(last.as_bytes(), [b'0'..=b'9' | b'X']);
    let is_checked = |kind: &DocumentType| {
        !is_resident_like || !matches!(kind, DocumentType::Passport | DocumentType::Other)
    };
    let mut kinds = DocumentType::ALL.into_iter().filter(is_checked);
    kinds.any(|kind| Document::parse(kind, &number, today).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(cells: [&str; 3]) -> Outcome {
        let cells = cells.map(|cell| Ok(cell.to_owned()));
        ListRow::checked(2, cells, "2026-04-01".parse().unwrap()).outcome
    }

    #[test]
    fn every_mistake_of_a_row_is_named() {
        let wrong = Outcome::Wrong;
        let good = ["张小三", "440300199003072616", "SF02000000"];
        assert_eq!(outcome(good), Outcome::Waiting);
        assert_eq!(outcome([" O’NEIL ", "19AV12345", "ｓｆ02"]), Outcome::Waiting);
        assert_eq!(outcome(["甲", "军字第12345678号", "1"]), Outcome::Waiting);
        assert_eq!(
            outcome(["", "440300199003072616", "　"]),
            wrong(vec![Problem::Missing(Column::Name), Problem::Missing(Column::Number)])
        );
        for number in
            ["440300199003072617", "44030019900307261", "440300199013072616", "1", "44030019900307261é"]
        {
            let outcome = outcome(["张小三", number, "1"]);
            let expected =
                if number.len() == 17 { Outcome::Waiting } else { wrong(vec![Problem::WrongDocument]) };
            if number.ends_with('é') {
                assert_eq!(outcome, Outcome::Waiting, "letters of other documents");
            } else {
                assert_eq!(outcome, expected, "{number}");
            }
        }
        let long = "字".repeat(61);
        assert_eq!(outcome([&long, "440300199003072616", "1"]), wrong(vec![Problem::TooLong(Column::Name)]));
    }
}
