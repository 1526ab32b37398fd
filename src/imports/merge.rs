//! Merges the records of a batch into a table: compares them with the stored rows and writes those that
//! are new or differ.

use std::collections::{HashMap, HashSet};

use super::replaced::ReplacedValues;
use super::sql;
use super::table::{ColumnRule, SEPARATOR, TableColumn, TargetTable, WhenFilled};
use crate::store::{Conn, Error, Tx};

/// A record of a target, made by one row of a batch.
pub struct TargetRecord {
    /// Index of the row in the batch.
    pub row: usize,
    /// In the order of the target's columns.
    pub values: Vec<String>,
    /// The natural key, set once parents are found.
    key: String,
}

impl TargetRecord {
    pub fn new(row: usize, values: Vec<String>) -> TargetRecord {
        TargetRecord { row, values, key: String::new() }
    }
}

/// What a merge did with a row: the greatest outcome of its records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowOutcome {
    #[default]
    Unchanged,
    Changed,
    New,
}

/// A row of the table, with its values in the order of the target's columns.
struct Stored {
    id: String,
    values: Vec<String>,
}

impl Stored {
    fn from_line(line: &str) -> Stored {
        let mut parts = line.split(SEPARATOR).map(str::to_owned);
        Stored { id: parts.next().unwrap_or_default(), values: parts.collect() }
    }
}

type StoredByKey = HashMap<String, Stored>;

/// Ids of the records of a batch by natural key. Children reference them.
pub type IdsByKey = HashMap<String, String>;

pub struct Merge<'a> {
    pub target: &'a TargetTable,
    /// Only finds the outcomes, writes nothing.
    pub dry_run: bool,
}

impl Merge<'_> {
    /// Merges the records of one batch. Records with equal natural keys must have equal values.
    /// `outcomes` has an item for each row of the batch.
    pub fn apply(
        &self,
        tx: &mut Tx,
        mut records: Vec<TargetRecord>,
        parents: &IdsByKey,
        outcomes: &mut [RowOutcome],
    ) -> Result<IdsByKey, Error> {
        self.find_keys(&mut records, parents);
        let mut stored = self.load(tx.conn, &records, false)?;
        if !self.dry_run && records.iter().any(|record| differs(&stored, record)) {
            // Rows to update are read again and locked, so that no concurrent change of the site is lost.
            records.sort_by(|a, b| a.values[0].cmp(&b.values[0]));
            stored = self.load(tx.conn, &records, true)?;
        }
        self.keep_values_of_the_site(tx.conn, &stored, &mut records)?;
        let (mut ids, mut new, mut changed) = (IdsByKey::new(), Vec::new(), Vec::new());
        let mut filled = Vec::new();
        for record in records {
            if ids.contains_key(&record.key) {
                continue; // a repeated record
            }
            let found = stored.remove(&record.key);
            let outcome = match &found {
                None => RowOutcome::New,
                Some(row) if row.values == record.values => RowOutcome::Unchanged,
                Some(_) => RowOutcome::Changed,
            };
            filled.extend(found.iter().flat_map(|row| self.filled(row, &record)));
            let id = found.map_or_else(|| tx.id(), |row| row.id);
            ids.insert(record.key.clone(), id.clone());
            outcomes[record.row] = outcomes[record.row].max(self.outcome_of_row(outcome));
            match outcome {
                RowOutcome::New => new.push((id, record)),
                RowOutcome::Changed => changed.push((id, record)),
                RowOutcome::Unchanged => {}
            }
        }
        if !self.dry_run {
            sql::insert(tx.conn, self.target, &rows(&new))?;
            sql::update(tx.conn, self.target, &rows(&changed))?;
            for (follow, id) in filled {
                follow(tx, &id)?;
            }
        }
        Ok(ids)
    }

    /// What follows from the empty columns of a stored row that a record fills, with the id of the row.
    fn filled(&self, row: &Stored, record: &TargetRecord) -> Vec<(WhenFilled, String)> {
        let values = row.values.iter().zip(&record.values);
        let filled = self
            .target
            .columns
            .iter()
            .zip(values)
            .filter(|(_, (old, new))| old.is_empty() && !new.is_empty());
        filled.filter_map(|(column, _)| Some((column.when_filled?, row.id.clone()))).collect()
    }

    /// A new child changes the row of its parent.
    fn outcome_of_row(&self, outcome: RowOutcome) -> RowOutcome {
        if self.target.keep_if_set.is_some() { outcome.min(RowOutcome::Changed) } else { outcome }
    }

    fn find_keys(&self, records: &mut [TargetRecord], parents: &IdsByKey) {
        let parent = self.target.columns.iter().position(|column| column.rule == ColumnRule::Parent);
        for record in records {
            if let Some(at) = parent
                && let Some(id) = parents.get(&record.values[at])
            {
                record.values[at].clone_from(id);
            }
            record.key = self.target.key(&record.values);
        }
    }

    fn load(&self, conn: &mut Conn, records: &[TargetRecord], lock: bool) -> Result<StoredByKey, Error> {
        let keys: HashSet<&str> = records.iter().map(|record| &*record.key).collect();
        let leads = records.iter().map(|record| &*record.values[0]).collect();
        self.load_under(conn, leads, lock, |key| keys.contains(key))
    }

    /// The stored rows with one of these values in the first column. Rows whose natural key is not
    /// `wanted` are dropped while reading: one person may own every row of the table.
    fn load_under(
        &self,
        conn: &mut Conn,
        mut leads: Vec<&str>,
        lock: bool,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<StoredByKey, Error> {
        leads.sort_unstable();
        leads.dedup();
        let columns = self.target.columns;
        let names = std::iter::once("id").chain(columns.iter().map(|column| column.name));
        let lock = if lock && matches!(conn, Conn::Postgres(_)) { " FOR UPDATE" } else { "" };
        let (line, table, lead) = (sql::line_of(names), self.target.table, columns[0].name);
        let select = format!("SELECT {line} AS line FROM {table} WHERE {lead} {{}}{lock}");
        let mut found = HashMap::new();
        sql::lines_in(conn, &select, &leads, |line| {
            let row = Stored::from_line(&line);
            let key = self.target.key(&row.values);
            if wanted(&key) {
                found.insert(key, row);
            }
        })?;
        Ok(found)
    }

    /// Puts the stored value back into a record where a column's rule prefers it.
    fn keep_values_of_the_site(
        &self,
        conn: &mut Conn,
        stored: &StoredByKey,
        records: &mut [TargetRecord],
    ) -> Result<(), Error> {
        for record in records.iter_mut() {
            let Some(row) = stored.get(&record.key) else { continue };
            for (at, column) in self.target.columns.iter().enumerate() {
                let (old, new) = (&row.values[at], &mut record.values[at]);
                match column.rule {
                    _ if new.is_empty() && column.kept_if_empty => new.clone_from(old),
                    ColumnRule::Keep => new.clone_from(old),
                    ColumnRule::Until(open) if old != open => new.clone_from(old),
                    _ => {}
                }
            }
        }
        for (at, column) in self.target.columns.iter().enumerate() {
            let ColumnRule::Unless(replaced, _) = column.rule else { continue };
            let group = self.target.columns_under(column.rule);
            // The first column of a group stands for all of it.
            if group.first() == Some(&at) {
                self.keep_replaced(conn, replaced, &group, stored, records)?;
            }
        }
        Ok(())
    }

    fn keep_replaced(
        &self,
        conn: &mut Conn,
        replaced: &ReplacedValues,
        group: &[usize],
        stored: &StoredByKey,
        records: &mut [TargetRecord],
    ) -> Result<(), Error> {
        let mut changed: Vec<(&Stored, &mut TargetRecord)> = records
            .iter_mut()
            .filter_map(|record| Some((stored.get(&record.key)?, record)))
            .filter(|(row, record)| group.iter().any(|at| row.values[*at] != record.values[*at]))
            .collect();
        let ids: Vec<&str> = changed.iter().map(|(row, _)| &*row.id).collect();
        let columns = group.iter().map(|at| &self.target.columns[*at]).collect::<Vec<_>>();
        let replaced = replaced_lines(conn, replaced, &columns, &ids)?;
        for (row, record) in &mut changed {
            let is_replaced = |at: &usize| {
                let column = &self.target.columns[*at];
                let (name, value) = (column.name, column.compared(&record.values[*at]));
                replaced.contains(&format!("{}{SEPARATOR}{name}{SEPARATOR}{value}", row.id))
            };
            if group.iter().any(is_replaced) {
                group.iter().for_each(|at| record.values[*at].clone_from(&row.values[*at]));
            }
        }
        Ok(())
    }

    /// Deletes the rows of these parents that are not in `ids`, if the target says so.
    pub fn remove_others(
        &self,
        tx: &mut Tx,
        parents: &[Parent],
        ids: &IdsByKey,
        outcomes: &mut [RowOutcome],
    ) -> Result<(), Error> {
        let Some(keep_if_set) = self.target.keep_if_set else { return Ok(()) };
        let rows: HashMap<&str, usize> = parents.iter().map(|parent| (parent.id, parent.row)).collect();
        let leads = parents.iter().map(|parent| parent.id).collect();
        let stored = self.load_under(tx.conn, leads, false, |key| !ids.contains_key(key))?;
        let others: Vec<&Stored> = stored.values().filter(|row| row.values[keep_if_set].is_empty()).collect();
        for other in &others {
            if let Some(row) = rows.get(&*other.values[0]) {
                outcomes[*row] = outcomes[*row].max(RowOutcome::Changed);
            }
        }
        let others: Vec<&str> = others.iter().map(|row| &*row.id).collect();
        if !self.dry_run && !others.is_empty() {
            let delete = format!("DELETE FROM {} WHERE id {{}}", self.target.table);
            sql::execute_in(tx.conn, &delete, &others)?;
        }
        Ok(())
    }
}

/// A stored parent and the row of the batch that names its children.
pub struct Parent<'a> {
    pub row: usize,
    pub id: &'a str,
}

fn differs(stored: &StoredByKey, record: &TargetRecord) -> bool {
    stored.get(&record.key).is_some_and(|row| row.values != record.values)
}

/// Record, column and value of everything that was replaced on these records, as lines. The values are in the form in
/// which they are compared.
fn replaced_lines(
    conn: &mut Conn,
    replaced: &ReplacedValues,
    columns: &[&TableColumn],
    records: &[&str],
) -> Result<HashSet<String>, Error> {
    let mut found = HashSet::new();
    if records.is_empty() {
        return Ok(found);
    }
    let line = sql::line_of([replaced.record, replaced.column, replaced.value]);
    let select = format!("SELECT {line} AS line FROM {} WHERE {} {{}}", replaced.table, replaced.record);
    sql::lines_in(conn, &select, records, |line| {
        let mut parts = line.splitn(3, SEPARATOR);
        let [record, name, value] = std::array::from_fn(|_| parts.next().unwrap_or_default());
        let value = match columns.iter().find(|column| column.name == name) {
            Some(column) => column.compared(value),
            None => value.into(),
        };
        found.insert(format!("{record}{SEPARATOR}{name}{SEPARATOR}{value}"));
    })?;
    Ok(found)
}

/// The values of each record, followed by its id.
fn rows(records: &[(String, TargetRecord)]) -> Vec<Vec<&str>> {
    records
        .iter()
        .map(|(id, record)| record.values.iter().chain([id]).map(String::as_str).collect())
        .collect()
}
