//! A table where rows go, and how ten thousand of them get there: compared with what is stored, and only
//! what is new or differs is written.

use std::collections::{HashMap, HashSet};

use super::former::{CORRECTED, Former, REISSUED};
use super::sql::{self, SEPARATOR};
use crate::store::{Conn, Error, Tx};

/// A table, with the columns that an import fills.
pub struct Target {
    /// Name of the table; its primary key is `id`.
    pub table: &'static str,
    /// The first must have an index: stored rows are looked for by it.
    pub fields: &'static [Field],
    /// Set where a file names all rows of a parent: those it does not name are removed, unless the field
    /// of this place is filled in.
    pub whole: Option<usize>,
}

/// A column that an import fills.
#[derive(Clone, Copy)]
pub struct Field {
    /// Name of the column.
    pub name: &'static str,
    /// The fact that goes there.
    pub fact: &'static str,
    /// Its type.
    pub sql: Sql,
    /// What becomes of a stored value.
    pub rule: Rule,
    /// No other record may have or have had the same value.
    pub unshared: bool,
}

/// Types of columns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sql {
    /// Never empty in the database.
    Text,
    /// The key of another row, or nothing.
    Reference,
    /// A whole number.
    Integer,
    /// A day.
    Date,
    /// A moment, UTC.
    Time,
}

impl Sql {
    pub(super) fn postgres(self) -> &'static str {
        match self {
            Sql::Text | Sql::Reference => "text",
            Sql::Integer => "integer",
            Sql::Date => "date",
            Sql::Time => "timestamp",
        }
    }
}

/// What becomes of a stored value when a file brings another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// With the other keys it says which row it is.
    Key,
    /// A key: the file has the parent's natural key, the table its id.
    Parent,
    /// The file is right.
    Replace,
    /// What is stored stays.
    Keep,
    /// The file is right as long as this is stored; then the portal is.
    Until(&'static str),
    /// The file is right, unless it brings a value that the portal has replaced since: then it is older than
    /// that, and all columns of this name's group stay as they are stored.
    Unless(&'static Former, &'static str),
}

const fn field(name: &'static str, rule: Rule) -> Field {
    Field { name, fact: name, sql: Sql::Text, rule, unshared: false }
}

/// A part of the natural key.
pub const fn key(name: &'static str) -> Field {
    field(name, Rule::Key)
}

/// The reference to the record of the first target, found by its natural key.
pub const fn parent(name: &'static str) -> Field {
    field(name, Rule::Parent)
}

/// What a file may change.
pub const fn value(name: &'static str) -> Field {
    field(name, Rule::Replace)
}

/// What only a new row takes from a file.
pub const fn once(name: &'static str) -> Field {
    field(name, Rule::Keep)
}

/// What a file may change as long as `stored` is there.
pub const fn until(name: &'static str, stored: &'static str) -> Field {
    field(name, Rule::Until(stored))
}

/// A print number, which a reissue may have made void.
pub const fn print_number(name: &'static str) -> Field {
    Field { unshared: true, ..field(name, Rule::Unless(&REISSUED, name)) }
}

/// What a correction may have replaced. A file that is older in one column is so in all of its group.
pub const fn corrected(name: &'static str, group: &'static str) -> Field {
    field(name, Rule::Unless(&CORRECTED, group))
}

impl Field {
    /// The fact that goes there, when it is called otherwise.
    pub const fn from(self, fact: &'static str) -> Field {
        Field { fact, ..self }
    }

    /// Its type, when it is not text.
    pub const fn is(self, sql: Sql) -> Field {
        Field { sql, ..self }
    }

    fn is_key(&self) -> bool {
        matches!(self.rule, Rule::Key | Rule::Parent)
    }
}

/// The values of a target's fields, made by one row of a batch.
pub struct Record {
    /// Which row of the batch.
    pub row: usize,
    /// As many as the target has fields.
    pub values: Vec<String>,
    /// The natural key, once parents are found.
    key: String,
}

impl Record {
    /// Of a row of the batch.
    pub fn new(row: usize, values: Vec<String>) -> Record {
        Record { row, values, key: String::new() }
    }
}

/// What becomes of a row; the greatest of its records' counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It was there like this.
    #[default]
    Unchanged,
    /// It was there and differed.
    Changed,
    /// It was not there.
    New,
}

/// A stored row.
struct Stored {
    id: String,
    values: Vec<String>,
}

/// The ids of a batch's records by natural key: what children refer to.
pub type Known = HashMap<String, String>;

impl Target {
    /// The natural key of a record's values, as one text.
    pub fn key(&self, values: &[String]) -> String {
        let mut key = String::with_capacity(64);
        for (_, value) in self.fields.iter().zip(values).filter(|(field, _)| field.is_key()) {
            key.push_str(value);
            key.push(SEPARATOR);
        }
        key.pop();
        key
    }

    /// The values that two rows about one thing must agree on.
    pub fn claimed<'a>(&self, values: &'a [String]) -> Vec<&'a str> {
        let claimed = self.fields.iter().zip(values).filter(|(field, _)| field.rule != Rule::Keep);
        claimed.map(|(_, value)| &**value).collect()
    }

    /// Brings the records of one batch into the table, or with `dry` only finds out what would become of
    /// them. No two have one key with different values. `fates` has a place for each row.
    pub fn apply(
        &self,
        tx: &mut Tx,
        mut records: Vec<Record>,
        parents: &Known,
        dry: bool,
        fates: &mut [Fate],
    ) -> Result<Known, Error> {
        self.find_keys(&mut records, parents);
        let mut stored = self.load(tx.conn, &records, false)?;
        if !dry && records.iter().any(|record| Self::differs(&stored, record)) {
            // What will be updated is read again and locked, so that nothing the portal does meanwhile is lost.
            records.sort_by(|a, b| a.values[0].cmp(&b.values[0]));
            stored = self.load(tx.conn, &records, true)?;
        }
        self.keep_what_is_the_portals(tx.conn, &stored, &mut records)?;
        let (mut known, mut new, mut changed) = (Known::new(), Vec::new(), Vec::new());
        for record in records {
            if known.contains_key(&record.key) {
                continue; // the same once more
            }
            let found = stored.remove(&record.key);
            let fate = match &found {
                None => Fate::New,
                Some(row) if row.values == record.values => Fate::Unchanged,
                Some(_) => Fate::Changed,
            };
            let id = found.map_or_else(|| tx.id(), |row| row.id);
            known.insert(record.key.clone(), id.clone());
            fates[record.row] = fates[record.row].max(self.fate_of_row(fate));
            match fate {
                Fate::New => new.push((id, record)),
                Fate::Changed => changed.push((id, record)),
                Fate::Unchanged => {}
            }
        }
        if !dry {
            sql::insert(tx.conn, self, &rows(&new))?;
            sql::update(tx.conn, self, &rows(&changed))?;
        }
        Ok(known)
    }

    /// A part that is new changes the row that it belongs to.
    fn fate_of_row(&self, fate: Fate) -> Fate {
        if self.whole.is_some() { fate.min(Fate::Changed) } else { fate }
    }

    fn find_keys(&self, records: &mut [Record], parents: &Known) {
        let parent = self.fields.iter().position(|field| field.rule == Rule::Parent);
        for record in records {
            if let Some(at) = parent
                && let Some(id) = parents.get(&record.values[at])
            {
                record.values[at].clone_from(id);
            }
            record.key = self.key(&record.values);
        }
    }

    /// The stored rows of the records, by natural key.
    fn load(
        &self,
        conn: &mut Conn,
        records: &[Record],
        lock: bool,
    ) -> Result<HashMap<String, Stored>, Error> {
        let keys: HashSet<&str> = records.iter().map(|record| &*record.key).collect();
        let leads = records.iter().map(|record| &*record.values[0]).collect();
        self.load_under(conn, leads, lock, |key| keys.contains(key))
    }

    /// The stored rows that have one of these values in the first field, by natural key; of them only those
    /// whose key is `wanted`, since all rows of the table may be one person's.
    fn load_under(
        &self,
        conn: &mut Conn,
        mut leads: Vec<&str>,
        lock: bool,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<HashMap<String, Stored>, Error> {
        leads.sort_unstable();
        leads.dedup();
        let names = std::iter::once("id").chain(self.fields.iter().map(|field| field.name));
        let lock = if lock && matches!(conn, Conn::Postgres(_)) { " FOR UPDATE" } else { "" };
        let (line, table, lead) = (sql::line_of(names), self.table, self.fields[0].name);
        let select = format!("SELECT {line} AS line FROM {table} WHERE {lead} {{}}{lock}");
        let mut found = HashMap::new();
        sql::lines_in(conn, &select, &leads, |line| {
            let row = stored(&line);
            let key = self.key(&row.values);
            if wanted(&key) {
                found.insert(key, row);
            }
        })?;
        Ok(found)
    }

    fn differs(stored: &HashMap<String, Stored>, record: &Record) -> bool {
        stored.get(&record.key).is_some_and(|row| row.values != record.values)
    }

    fn keep_what_is_the_portals(
        &self,
        conn: &mut Conn,
        stored: &HashMap<String, Stored>,
        records: &mut [Record],
    ) -> Result<(), Error> {
        for record in records.iter_mut() {
            let Some(row) = stored.get(&record.key) else { continue };
            for (at, field) in self.fields.iter().enumerate() {
                let (old, new) = (&row.values[at], &mut record.values[at]);
                match field.rule {
                    Rule::Keep => new.clone_from(old),
                    Rule::Until(open) if old != open => new.clone_from(old),
                    _ => {}
                }
            }
        }
        for (at, field) in self.fields.iter().enumerate() {
            let Rule::Unless(former, _) = field.rule else { continue };
            let places = self.under(field.rule);
            // A group is looked at once, wherever its fields stand.
            if places.first() == Some(&at) {
                self.keep_replaced(conn, former, &places, stored, records)?;
            }
        }
        Ok(())
    }

    /// The places of the fields under a rule.
    fn under(&self, rule: Rule) -> Vec<usize> {
        (0..self.fields.len()).filter(|at| self.fields[*at].rule == rule).collect()
    }

    fn keep_replaced(
        &self,
        conn: &mut Conn,
        former: &Former,
        places: &[usize],
        stored: &HashMap<String, Stored>,
        records: &mut [Record],
    ) -> Result<(), Error> {
        let mut changed: Vec<(&Stored, &mut Record)> = records
            .iter_mut()
            .filter_map(|record| Some((stored.get(&record.key)?, record)))
            .filter(|(row, record)| places.iter().any(|at| row.values[*at] != record.values[*at]))
            .collect();
        let ids: Vec<&str> = changed.iter().map(|(row, _)| &*row.id).collect();
        let replaced = former.values(conn, &ids)?;
        for (row, record) in &mut changed {
            let is_replaced = |at: &usize| {
                let (field, value) = (self.fields[*at].name, &record.values[*at]);
                replaced.contains(&format!("{}{SEPARATOR}{field}{SEPARATOR}{value}", row.id))
            };
            if places.iter().any(is_replaced) {
                places.iter().for_each(|at| record.values[*at].clone_from(&row.values[*at]));
            }
        }
        Ok(())
    }

    /// Removes the rows of these parents that the batch did not name, where the target says so.
    pub fn remove_others(
        &self,
        tx: &mut Tx,
        parents: &[(usize, &str)],
        known: &Known,
        dry: bool,
        fates: &mut [Fate],
    ) -> Result<(), Error> {
        let Some(kept_by) = self.whole else { return Ok(()) };
        let rows: HashMap<&str, usize> = parents.iter().map(|(row, id)| (*id, *row)).collect();
        let leads = parents.iter().map(|(_, id)| *id).collect();
        let stored = self.load_under(tx.conn, leads, false, |key| !known.contains_key(key))?;
        let others: Vec<&Stored> = stored.values().filter(|row| row.values[kept_by].is_empty()).collect();
        for other in &others {
            if let Some(row) = rows.get(&*other.values[0]) {
                fates[*row] = fates[*row].max(Fate::Changed);
            }
        }
        let ids: Vec<&str> = others.iter().map(|row| &*row.id).collect();
        if !dry && !ids.is_empty() {
            sql::execute_in(tx.conn, &format!("DELETE FROM {} WHERE id {{}}", self.table), &ids)?;
        }
        Ok(())
    }
}

fn rows(records: &[(String, Record)]) -> Vec<Vec<&str>> {
    records
        .iter()
        .map(|(id, record)| record.values.iter().chain([id]).map(String::as_str).collect())
        .collect()
}

fn stored(line: &str) -> Stored {
    let mut parts = line.split(SEPARATOR).map(str::to_owned);
    Stored { id: parts.next().unwrap_or_default(), values: parts.collect() }
}
