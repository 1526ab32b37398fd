//! What a kind of record is: its columns, its rules and its tables, as data.

use super::cell::{Form, Reason};
use super::target::Target;
use super::world::World;

/// A kind of record that files bring.
pub struct Kind {
    /// As the command line calls it: `certificates`.
    pub name: &'static str,
    /// The columns that a file may have, in the order of an export.
    pub columns: &'static [Column],
    /// What is checked once every cell is right, one after the other.
    pub steps: &'static [Step],
    /// Where it goes; the first is what a row is about.
    pub targets: &'static [Target],
    /// The records that a row makes.
    pub records: fn(Facts) -> Vec<(usize, Facts)>,
    /// The tables that an export reads, after `FROM`.
    pub stored: &'static str,
    /// A text by which the exported rows are in order, each with its own.
    pub order: &'static str,
}

/// A column of a file.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The header, as in 证书管理号.
    pub label: &'static str,
    /// The same in English; the name of the fact.
    pub name: &'static str,
    /// What its cells must be.
    pub form: Form,
    /// What an empty cell or a missing column means; none: it must be there and be filled in.
    pub default: Option<&'static str>,
    /// What an export asks the database for.
    pub stored: &'static str,
}

/// A check of a row as a whole, which may add facts. A refusal names the column that it is about.
pub type Step = fn(&mut Facts, &World) -> Result<(), (&'static str, Reason)>;

/// A column that must be filled in.
pub const fn required(label: &'static str, name: &'static str, form: Form, stored: &'static str) -> Column {
    Column { label, name, form, default: None, stored }
}

/// A column that may be left out or be empty.
pub const fn optional(label: &'static str, name: &'static str, form: Form, stored: &'static str) -> Column {
    Column { label, name, form, default: Some(""), stored }
}

impl Column {
    /// What an empty cell means.
    pub const fn or(self, default: &'static str) -> Column {
        Column { default: Some(default), ..self }
    }
}

/// What is known of one row, by name: the cells in their stored spelling, and what steps found out.
#[derive(Clone, Debug, Default)]
pub struct Facts(Vec<(&'static str, String)>);

impl Facts {
    /// With the cells of a row, each of its own name.
    pub fn of(cells: Vec<(&'static str, String)>) -> Facts {
        Facts(cells)
    }

    /// The fact of a name; empty when it is not known.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|fact| fact.0 == name).map_or("", |fact| &fact.1)
    }

    /// The fact of a name, which is not known any more.
    pub fn take(&mut self, name: &str) -> String {
        self.0
            .iter_mut()
            .find(|fact| fact.0 == name)
            .map_or_else(String::new, |fact| std::mem::take(&mut fact.1))
    }

    /// Adds a fact, or replaces it.
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        match self.0.iter_mut().find(|fact| fact.0 == name) {
            Some(fact) => fact.1 = value.into(),
            None => self.0.push((name, value.into())),
        }
    }
}

/// One row, one record.
pub fn one(facts: Facts) -> Vec<(usize, Facts)> {
    vec![(0, facts)]
}
