//! One cell of a file, its format and its stored form.

mod date;
mod text;

use std::borrow::Cow;

use chrono::NaiveDateTime;

use super::reference::{HashKind, ReferenceData};
use crate::people::{name, width};

#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// CSV has only texts. An empty cell is an empty text.
    Text(String),
    /// Of a workbook.
    Number(Number),
    /// Of a workbook, in China's time.
    Time(NaiveDateTime),
    /// With the reason, in Chinese.
    Unreadable(&'static str),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// As the spreadsheet shows it.
    pub shown: String,
    /// As a date: days since 1899-12-30.
    pub serial: f64,
}

/// Why a cell is refused, in Chinese.
pub type Reason = Cow<'static, str>;

/// A label that people write, and the stored code.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    pub label: &'static str,
    pub code: &'static str,
}

pub type Choices = &'static [Choice];

/// The format that a column requires of its cells.
#[derive(Clone, Copy, Debug)]
pub enum CellFormat {
    /// At most so many characters. Stored half-width, in capitals, without spaces.
    Code(usize),
    /// At most so many characters.
    Text(usize),
    /// See [`name::given`].
    Name,
    OneOf(Choices),
    /// Stored `2018-03-01`.
    Date,
    /// China's time, stored in UTC: `2018-03-01 02:30:00`.
    Time,
    /// `2018-03`, stored `201803`.
    Month,
    /// A date, or 长期 for none. Stored as a date, or as an empty text.
    LastDay,
    /// A whole number from 0 up to this one, or one of the words, which are stored as an empty text.
    Whole(u32, &'static [&'static str]),
    /// Yuan, stored in fen.
    Fee,
    /// Several items separated by `；`. Stored with `;`.
    List(&'static CellFormat),
    /// See [`ReferenceData::exported_hash`].
    Hash(HashKind),
}

/// Excel stores 15 digits of a number and replaces the rest with zeros.
pub const ROUNDED: &str =
    "Excel 把号码存成了数字，15 位以后的数字已经丢失；请把该列改为“文本”格式，重新填写号码";

/// Whether a spreadsheet has written a long number as `1.10105E+17`.
pub fn is_rounded(text: &str) -> bool {
    text::is_scientific(&width::compact(text))
}

/// A number from here on has more than the 15 digits that Excel stores.
const EXACT: f64 = 1e15;

impl Cell {
    pub fn is_empty(&self) -> bool {
        matches!(self, Cell::Text(text) if text.trim().is_empty())
    }

    /// The text as people see it, or why it cannot be used, in Chinese.
    pub fn text(&self) -> Result<Cow<'_, str>, Reason> {
        match self {
            Cell::Text(text) => Ok(text::unwrapped(text).into()),
            Cell::Number(number) if number.serial.abs() >= EXACT => Err(ROUNDED.into()),
            Cell::Number(number) => Ok((&*number.shown).into()),
            Cell::Time(time) => Ok(time.format("%Y-%m-%d %H:%M:%S").to_string().into()),
            Cell::Unreadable(why) => Err((*why).into()),
        }
    }

    /// The text for a report, not masked.
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Cell::Number(number) => (&*number.shown).into(),
            _ => self.text().unwrap_or_default(),
        }
    }
}

impl CellFormat {
    /// The stored form of a cell that is not empty.
    pub fn parse(&self, cell: &Cell, reference: &ReferenceData) -> Result<String, Reason> {
        let text = cell.text()?;
        match self {
            CellFormat::Code(longest) => text::code(&text, *longest),
            CellFormat::Text(longest) => text::free(&text, *longest),
            CellFormat::Name => Ok(name::given(&text::free(&text, 200)?).ok_or("没有可见的文字")?),
            CellFormat::OneOf(choices) => one_of(&text::free(&text, 200)?, choices),
            CellFormat::Date => date::day(cell, &text),
            CellFormat::Time => date::moment(cell, &text),
            CellFormat::Month => date::month(cell, &text),
            CellFormat::LastDay => date::last_day(cell, &text),
            CellFormat::Whole(most, words) => text::whole(&text, *most, words),
            CellFormat::Fee => text::fen(&text),
            CellFormat::List(format) => list(&text, format, reference),
            CellFormat::Hash(kind) => reference.own_hash(*kind, &text).ok_or_else(|| FOREIGN.into()),
        }
    }

    /// The text of an export for a stored value. [`CellFormat::parse`] is its inverse.
    pub fn show(&self, stored: &str, reference: &ReferenceData) -> String {
        match self {
            CellFormat::LastDay if stored.is_empty() => date::ENDLESS[0].to_owned(),
            CellFormat::Whole(_, [word, ..]) if stored.is_empty() => (*word).to_owned(),
            _ if stored.is_empty() => String::new(),
            CellFormat::OneOf(choices) => choices
                .iter()
                .find(|choice| choice.code == stored)
                .map_or(stored, |choice| choice.label)
                .to_owned(),
            CellFormat::Time => date::shown(stored),
            CellFormat::Fee => text::yuan(stored),
            CellFormat::List(format) => {
                stored.split(';').map(|part| format.show(part, reference)).collect::<Vec<_>>().join("；")
            }
            CellFormat::Hash(kind) => reference.exported_hash(*kind, stored),
            CellFormat::Code(_)
            | CellFormat::Text(_)
            | CellFormat::Name
            | CellFormat::Date
            | CellFormat::Month
            | CellFormat::LastDay
            | CellFormat::Whole(..) => stored.to_owned(),
        }
    }
}

const FOREIGN: &str = "不是本系统导出的标识；请填写证件号码";

fn one_of(text: &str, choices: Choices) -> Result<String, Reason> {
    if let Some(choice) = choices.iter().find(|choice| choice.label == text || choice.code == text) {
        return Ok(choice.code.to_owned());
    }
    let labels: Vec<_> = choices.iter().map(|choice| choice.label).collect();
    Err(format!("只能是：{}", labels.join("、")).into())
}

fn list(text: &str, format: &CellFormat, reference: &ReferenceData) -> Result<String, Reason> {
    let parts = text.split(['；', ';', '|', '\n']).map(str::trim).filter(|part| !part.is_empty());
    let parsed = parts.map(|part| format.parse(&Cell::Text(part.to_owned()), reference));
    Ok(parsed.collect::<Result<Vec<_>, _>>()?.join(";"))
}

#[cfg(test)]
mod tests;
