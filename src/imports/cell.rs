//! One cell of a file: what stands in it, what it must be, and its one stored spelling.

mod date;
mod text;

use std::borrow::Cow;

use chrono::NaiveDateTime;

use super::world::World;
use crate::people::name;

/// What a file holds at one place.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Text, in CSV always; empty when there is nothing.
    Text(String),
    /// A number of a workbook.
    Number(f64),
    /// A date or time of a workbook, as people in China read it.
    Time(NaiveDateTime),
    /// It could not be read, and why.
    Unreadable(&'static str),
}

/// Why a cell is refused, in Chinese.
pub type Reason = Cow<'static, str>;

/// Labels that people write, with what is stored.
pub type Choices = &'static [(&'static str, &'static str)];

/// What a column's cells must be.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A number or code of at most so many characters: stored half-width, in capitals, without spaces.
    Code(usize),
    /// Free text of at most so many characters.
    Text(usize),
    /// A person's name, see [`name::parse`].
    Name,
    /// One of a few words.
    OneOf(Choices),
    /// A day, stored `2018-03-01`.
    Date,
    /// A moment in China, stored in UTC: `2018-03-01 02:30:00`.
    Time,
    /// `2018-03`, stored `201803`.
    Month,
    /// Yuan, stored in fen.
    Fee,
    /// Several texts or amounts in one cell, with `；` between them; stored with `;`.
    List(&'static Form),
    /// A keyed hash that an export of this installation wrote.
    Hash,
}

/// Excel keeps 15 digits of a number and writes zeros for the rest.
pub const ROUNDED: &str =
    "Excel 把号码存成了数字，15 位以后的数字已经丢失；请把该列改为“文本”格式，重新填写号码";

/// The largest number of which a double keeps every digit that Excel does.
const EXACT: f64 = 1e15;

impl Cell {
    /// Whether nothing stands in it.
    pub fn is_empty(&self) -> bool {
        matches!(self, Cell::Text(text) if text.trim().is_empty())
    }

    /// The cell as text: a whole number without its decimals.
    fn text(&self) -> Result<Cow<'_, str>, Reason> {
        match self {
            Cell::Text(text) => Ok(text::unwrapped(text).into()),
            Cell::Number(number) if number.abs() >= EXACT => Err(ROUNDED.into()),
            Cell::Number(number) => Ok(number.to_string().into()),
            Cell::Time(time) => Ok(time.format("%Y-%m-%d %H:%M:%S").to_string().into()),
            Cell::Unreadable(why) => Err((*why).into()),
        }
    }

    /// The cell as somebody may read it in a report, before it is masked.
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Cell::Number(number) => number.to_string().into(),
            _ => self.text().unwrap_or_default(),
        }
    }
}

impl Form {
    /// The stored spelling of a cell that is not empty.
    pub fn parse(&self, cell: &Cell, world: &World) -> Result<String, Reason> {
        let text = cell.text()?;
        match self {
            Form::Code(longest) => text::code(&text, *longest),
            Form::Text(longest) => text::free(&text, *longest),
            Form::Name => Ok(name::parse(&text::free(&text, 200)?)?),
            Form::OneOf(choices) => one_of(&text::free(&text, 200)?, choices),
            Form::Date => date::day(cell, &text),
            Form::Time => date::moment(cell, &text),
            Form::Month => date::month(cell, &text),
            Form::Fee => text::fen(&text),
            Form::List(form) => list(&text, form, world),
            Form::Hash => world.own_hash(&text).ok_or_else(|| FOREIGN.into()),
        }
    }

    /// What an export writes for a stored value, so that [`Form::parse`] gives it back.
    pub fn show(&self, stored: &str, world: &World) -> String {
        match self {
            _ if stored.is_empty() => String::new(),
            Form::OneOf(choices) => {
                choices.iter().find(|row| row.1 == stored).map_or(stored, |row| row.0).to_owned()
            }
            Form::Time => date::shown(stored),
            Form::Fee => text::yuan(stored),
            Form::List(form) => {
                stored.split(';').map(|part| form.show(part, world)).collect::<Vec<_>>().join("；")
            }
            Form::Hash => world.marked(stored),
            Form::Code(_) | Form::Text(_) | Form::Name | Form::Date | Form::Month => stored.to_owned(),
        }
    }
}

const FOREIGN: &str = "不是本系统导出的标识；请填写证件号码";

fn one_of(text: &str, choices: Choices) -> Result<String, Reason> {
    if let Some((_, stored)) = choices.iter().find(|(label, code)| *label == text || *code == text) {
        return Ok((*stored).to_owned());
    }
    let labels: Vec<_> = choices.iter().map(|row| row.0).collect();
    Err(format!("只能是：{}", labels.join("、")).into())
}

fn list(text: &str, form: &Form, world: &World) -> Result<String, Reason> {
    let parts = text.split(['；', ';', '|', '\n']).map(str::trim).filter(|part| !part.is_empty());
    let parsed = parts.map(|part| form.parse(&Cell::Text(part.to_owned()), world));
    Ok(parsed.collect::<Result<Vec<_>, _>>()?.join(";"))
}

#[cfg(test)]
mod tests;
