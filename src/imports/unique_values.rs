//! Values that no two records may share, such as the print numbers of certificates.
//!
//! A unique index cannot enforce this: old records may break the rule, and replaced values count too.

use std::collections::{HashMap, HashSet};

use super::check::{Records, TargetValues};
use super::kind::ImportKind;
use super::spool::{Claim, hash};
use super::table::{ColumnRule, SEPARATOR, TargetTable};
use super::{Error, sql};
use crate::store::Conn;

pub struct UniqueValue {
    /// Index of the record's target.
    target: usize,
    /// Index of the column in the target.
    column: usize,
    value: String,
    key: String,
}

/// Marks the claim of a unique value: it begins `TARGET#COLUMN`, that of a record with `TARGET` alone.
const MARK: char = '#';

/// The unique values of a row's records.
pub fn of(kind: &ImportKind, records: &Records) -> Vec<UniqueValue> {
    let mut found = Vec::new();
    for TargetValues { target, values } in records {
        let table = &kind.targets[*target];
        let columns = table.columns.iter().zip(values).enumerate();
        let unique = columns.filter(|(_, (column, value))| column.unique && !value.is_empty());
        found.extend(unique.map(|(column, (_, value))| UniqueValue {
            target: *target,
            column,
            value: value.clone(),
            key: table.key(values),
        }));
    }
    found
}

impl UniqueValue {
    /// Contradicts the claim of the same value by a record with another natural key.
    pub fn claim(&self) -> Claim {
        let key = format!("{}{MARK}{}{SEPARATOR}{}", self.target, self.column, self.value);
        Claim { key, content: hash(&self.key) }
    }

    pub fn fact(&self, kind: &ImportKind) -> &'static str {
        kind.targets[self.target].columns[self.column].fact
    }

    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Indices of the target and the column of a [`UniqueValue::claim`], from the part of its key before the
/// separator. `None` for the claim of a record.
pub fn claimed_column(subject: &str) -> Option<(usize, usize)> {
    let (target, column) = subject.split_once(MARK)?;
    Some((target.parse().ok()?, column.parse().ok()?))
}

/// Whether each value belongs, or belonged, to another stored record.
pub fn taken(conn: &mut Conn, kind: &ImportKind, unique: &[&UniqueValue]) -> Result<Vec<bool>, Error> {
    let mut values: HashMap<(usize, usize), Vec<&str>> = HashMap::new();
    for one in unique {
        values.entry((one.target, one.column)).or_default().push(&one.value);
    }
    let mut owned = HashMap::new();
    for ((target, column), values) in values {
        owned.insert((target, column), owners(conn, &kind.targets[target], column, &values)?);
    }
    let is_taken = |one: &&UniqueValue| {
        let keys = owned.get(&(one.target, one.column)).and_then(|owners| owners.get(&one.value));
        keys.is_some_and(|keys| !keys.contains(&one.key))
    };
    Ok(unique.iter().map(is_taken).collect())
}

/// The natural keys of the records that have or had each value.
fn owners(
    conn: &mut Conn,
    target: &TargetTable,
    column: usize,
    values: &[&str],
) -> Result<HashMap<String, HashSet<String>>, Error> {
    let column = &target.columns[column];
    let keys = target.columns_under(ColumnRule::Key);
    let keys: Vec<String> = keys.into_iter().map(|at| format!("r.{}", target.columns[at].name)).collect();
    let line = |value: &str| sql::line_of([value].into_iter().chain(keys.iter().map(String::as_str)));
    let (table, name) = (target.table, format!("r.{}", column.name));
    let mut selects = vec![format!("SELECT {} AS line FROM {table} r WHERE {name} {{}}", line(&name))];
    if let ColumnRule::Unless(replaced, _) = column.rule {
        let value = format!("f.{}", replaced.value);
        let from = format!("{table} r JOIN {} f ON f.{} = r.id", replaced.table, replaced.record);
        selects.push(format!("SELECT {} AS line FROM {from} WHERE {value} {{}}", line(&value)));
    }
    let mut owners: HashMap<String, HashSet<String>> = HashMap::new();
    for select in selects {
        sql::lines_in(conn, &select, values, |line| {
            if let Some((value, key)) = line.split_once(SEPARATOR) {
                owners.entry(value.to_owned()).or_default().insert(key.to_owned());
            }
        })?;
    }
    Ok(owners)
}
