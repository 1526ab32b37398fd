//! A table that an import fills, described as data.

use std::borrow::Cow;

use super::replaced::{CORRECTED, REISSUED, ReplacedValues};
use crate::people::name;
use crate::store::{Error, Tx};

/// Separates the columns of a row that is read as one text. No import accepts this control character.
pub(super) const SEPARATOR: char = '\u{1f}';

/// A table and the columns that an import fills. Its primary key is `id`.
pub struct TargetTable {
    pub table: &'static str,
    /// What a row is, in Chinese, for the reason of a refusal.
    pub label: &'static str,
    /// The first one needs an index: stored rows are searched by it.
    pub columns: &'static [TableColumn],
    /// Set if a file names all rows of a parent: the import deletes the others, except those with a value
    /// in the column of this index.
    pub keep_if_set: Option<usize>,
}

#[derive(Clone, Copy)]
pub struct TableColumn {
    pub name: &'static str,
    /// Name of the fact that is stored in it.
    pub fact: &'static str,
    pub column_type: ColumnType,
    pub rule: ColumnRule,
    /// No two records may have the same value, and no record may have a replaced value of another.
    pub unique: bool,
    /// Names are equal in every spelling, see [`name::key`].
    is_name: bool,
    /// An empty value of a file leaves the stored one.
    pub kept_if_empty: bool,
    pub when_filled: Option<WhenFilled>,
}

/// Called with the `id` of a stored row after a file has filled a column that was empty. A new row does not count.
pub type WhenFilled = fn(&mut Tx, &str) -> Result<(), Error>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Not null; may be empty.
    Text,
    /// Key of another row, or null.
    Reference,
    Integer,
    Date,
    /// UTC.
    Time,
}

impl ColumnType {
    pub(super) fn postgres(self) -> &'static str {
        match self {
            ColumnType::Text | ColumnType::Reference => "text",
            ColumnType::Integer => "integer",
            ColumnType::Date => "date",
            ColumnType::Time => "timestamp",
        }
    }
}

/// What happens to a stored value when a file brings another one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ColumnRule {
    /// Part of the natural key.
    Key,
    /// Part of the natural key: the file has the parent's natural key, the table its `id`.
    Parent,
    /// The file's value replaces it.
    Replace,
    /// The stored value stays.
    Keep,
    /// The file's value replaces it only while the stored value is this one.
    Until(&'static str),
    /// The file's value replaces it, unless the site has replaced the file's value since. In that case
    /// all columns of the named group keep their stored values.
    Unless(&'static ReplacedValues, &'static str),
}

const fn column(name: &'static str, rule: ColumnRule) -> TableColumn {
    TableColumn {
        name,
        fact: name,
        column_type: ColumnType::Text,
        rule,
        unique: false,
        is_name: false,
        kept_if_empty: false,
        when_filled: None,
    }
}

pub const fn key(name: &'static str) -> TableColumn {
    column(name, ColumnRule::Key)
}

/// Reference to the record of the first target.
pub const fn parent(name: &'static str) -> TableColumn {
    column(name, ColumnRule::Parent)
}

pub const fn value(name: &'static str) -> TableColumn {
    column(name, ColumnRule::Replace)
}

/// Only a new row takes the file's value.
pub const fn once(name: &'static str) -> TableColumn {
    column(name, ColumnRule::Keep)
}

pub const fn until(name: &'static str, stored: &'static str) -> TableColumn {
    column(name, ColumnRule::Until(stored))
}

/// A print number, which a reissue replaces.
pub const fn print_number(name: &'static str) -> TableColumn {
    let column = column(name, ColumnRule::Unless(&REISSUED, name));
    TableColumn { unique: true, kept_if_empty: true, ..column }
}

/// The name of a person, which a correction replaces together with the document.
pub const fn corrected_name(name: &'static str) -> TableColumn {
    TableColumn { is_name: true, ..corrected(name, "person") }
}

/// A column that a correction replaces together with its group.
pub const fn corrected(name: &'static str, group: &'static str) -> TableColumn {
    column(name, ColumnRule::Unless(&CORRECTED, group))
}

impl TableColumn {
    /// Sets the name of the fact, if it differs from the column's.
    pub const fn from(self, fact: &'static str) -> TableColumn {
        TableColumn { fact, ..self }
    }

    /// No two records may have the same value.
    pub const fn unique(self) -> TableColumn {
        TableColumn { unique: true, ..self }
    }

    /// An empty value of a file leaves the stored one.
    pub const fn kept_if_empty(self) -> TableColumn {
        TableColumn { kept_if_empty: true, ..self }
    }

    /// What follows, in the same transaction, when a file fills the empty column of a stored row.
    pub const fn when_filled(self, follow: WhenFilled) -> TableColumn {
        TableColumn { when_filled: Some(follow), ..self }
    }

    /// Sets the type, if it is not text.
    pub const fn is(self, column_type: ColumnType) -> TableColumn {
        TableColumn { column_type, ..self }
    }

    /// The form in which two values are compared.
    pub fn compared<'a>(&self, value: &'a str) -> Cow<'a, str> {
        if self.is_name { name::key(value).into() } else { value.into() }
    }

    fn is_key(&self) -> bool {
        matches!(self.rule, ColumnRule::Key | ColumnRule::Parent)
    }
}

impl TargetTable {
    /// The natural key of a record, as one text. `values` are in the order of the columns.
    pub fn key(&self, values: &[String]) -> String {
        let mut key = String::with_capacity(64);
        for (_, value) in self.columns.iter().zip(values).filter(|(column, _)| column.is_key()) {
            key.push_str(value);
            key.push(SEPARATOR);
        }
        key.pop();
        key
    }

    /// The values on which two rows with one natural key must agree.
    pub fn claimed<'a>(&self, values: &'a [String]) -> Vec<Cow<'a, str>> {
        let claimed = self.columns.iter().zip(values).filter(|(column, _)| column.rule != ColumnRule::Keep);
        claimed.map(|(column, value)| column.compared(value)).collect()
    }

    /// Indices of the columns with a rule.
    pub fn columns_under(&self, rule: ColumnRule) -> Vec<usize> {
        (0..self.columns.len()).filter(|at| self.columns[*at].rule == rule).collect()
    }
}
