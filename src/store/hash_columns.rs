//! Every column that holds hashes of [`Vault::blind`](super::Vault::blind), and how a step of the turn replaces them.
//!
//! A hash stands for the same person in several tables. A step therefore replaces all hashes of a range in all columns,
//! so that at every moment a hash is stored in one form only.

use diesel::prelude::*;
use diesel::sql_types::{Array, Text};

use super::vault::end_of_hashes;
use super::{Bulk, Conn, Error, Tx};
use crate::either;

/// A column of hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashColumn {
    pub table: &'static str,
    pub column: &'static str,
    /// SQL of the rows that have a hash; empty for all.
    only: &'static str,
    /// Whether SQLite has an index that begins with it.
    is_indexed: bool,
}

const fn indexed(table: &'static str, column: &'static str) -> HashColumn {
    HashColumn { table, column, only: "", is_indexed: true }
}

const fn unindexed(table: &'static str, column: &'static str) -> HashColumn {
    HashColumn { is_indexed: false, ..indexed(table, column) }
}

pub const HASH_COLUMNS: &[HashColumn] = &[
    indexed("candidates", "document_hash"),
    indexed("candidates", "name_hash"),
    indexed("certificate_links", "token_hash"),
    indexed("certificates", "holder_hash"),
    indexed("certificates", "lookup_hash"),
    indexed("certificates", "person_hash"),
    indexed("former_documents", "document_hash"),
    indexed("former_names", "name_hash"),
    HashColumn { only: "field = 'person_hash'", ..unindexed("former_values", "value") },
    unindexed("identity_cases", "document_hash"),
    indexed("identity_cases", "key_hash"),
    unindexed("identity_cases", "subject_hash"),
    indexed("integrity_records", "holder_hash"),
    indexed("lookup_lists", "id"),
    indexed("organisations", "key_hash"),
    unindexed("portal_accounts", "subject_hash"),
    indexed("registrations", "holder_hash"),
    indexed("renewed_hashes", "former"),
    unindexed("renewed_hashes", "present"),
    indexed("staff", "document_hash"),
    indexed("violations", "holder_hash"),
];

/// Hashes of one column that a step replaces, about.
const STEP: usize = 500;

#[derive(QueryableByName)]
struct Hash {
    #[diesel(sql_type = Text)]
    hash: String,
}

/// The end of the step after `from`, which replaces hashes of `generation`. `None` for the last one.
pub fn next_end(tx: &mut Tx, from: &str, generation: u8) -> Result<Option<String>, Error> {
    let (mut end, last) = (None::<String>, end_of_hashes(generation));
    for column in HASH_COLUMNS {
        let limit = end.as_ref().unwrap_or(&last);
        if let Some(hash) = column.hash_after(tx, STEP, from, limit)? {
            end = Some(hash);
        }
    }
    Ok(end)
}

/// Replaces the hashes after `from` up to `end`, or to the last of the generation before the newest.
pub fn replace(tx: &mut Tx, from: &str, end: Option<&str>) -> Result<(), Error> {
    let newest = tx.vault.generation();
    let last = end_of_hashes(newest - 1);
    for column in HASH_COLUMNS {
        let former = column.hashes(tx, from, end.unwrap_or(&last))?;
        let present = former.iter().map(|hash| tx.vault.successor(hash, newest)).collect();
        column.replace(tx, former, present)?;
    }
    Ok(())
}

impl HashColumn {
    /// Compares byte by byte, as Rust does and whatever the database's language is.
    fn sql(&self, conn: &Conn) -> String {
        match conn {
            Conn::Sqlite(_) => self.column.to_owned(),
            Conn::Postgres(_) => format!("{}.{} COLLATE \"C\"", self.table, self.column),
        }
    }

    fn only(&self) -> String {
        if self.only.is_empty() { String::new() } else { format!(" AND {}", self.only) }
    }

    /// The hash that comes `count` rows after `from`, if it is before `limit`.
    fn hash_after(
        &self,
        tx: &mut Tx,
        count: usize,
        from: &str,
        limit: &str,
    ) -> Result<Option<String>, Error> {
        let (HashColumn { table, column, .. }, sql) = (self, self.sql(tx.conn));
        // `$1` is a parameter in both databases.
        let query = format!(
            "SELECT {column} AS hash FROM {table} WHERE {sql} > $1 AND {sql} < $2{} ORDER BY {sql} \
             LIMIT 1 OFFSET {}",
            self.only(),
            count - 1
        );
        let query = diesel::sql_query(query).bind::<Text, _>(from).bind::<Text, _>(limit);
        let found: Option<Hash> = either!(tx.conn, conn => query.get_result(conn)).optional()?;
        Ok(found.map(|row| row.hash))
    }

    fn hashes(&self, tx: &mut Tx, from: &str, end: &str) -> Result<Vec<String>, Error> {
        let (HashColumn { table, column, .. }, sql) = (self, self.sql(tx.conn));
        let query = format!(
            "SELECT DISTINCT {column} AS hash FROM {table} WHERE {sql} > $1 AND {sql} <= $2{}",
            self.only()
        );
        let query = diesel::sql_query(query).bind::<Text, _>(from).bind::<Text, _>(end);
        let found: Vec<Hash> = either!(tx.conn, conn => query.load(conn))?;
        Ok(found.into_iter().map(|row| row.hash).collect())
    }

    fn replace(&self, tx: &mut Tx, former: Vec<String>, present: Vec<String>) -> Result<(), Error> {
        let (HashColumn { table, column, .. }, sql) = (self, self.sql(tx.conn));
        match tx.conn {
            Conn::Sqlite(conn) => {
                let query = format!("UPDATE {table} SET {column} = $1 WHERE {column} = $2{}", self.only());
                for (former, present) in former.into_iter().zip(present) {
                    let query = diesel::sql_query(&query).bind::<Text, _>(present).bind::<Text, _>(former);
                    query.execute(conn)?;
                }
            }
            Conn::Postgres(conn) => {
                let query = format!(
                    "UPDATE {table} SET {column} = new.present FROM unnest($1, $2) AS new (former, present) \
                     WHERE {sql} = new.former{}",
                    self.only()
                );
                let query = diesel::sql_query(query);
                query.bind::<Array<Text>, _>(former).bind::<Array<Text>, _>(present).execute(conn)?;
            }
        }
        Ok(())
    }

    fn index(&self) -> String {
        format!("turning_{}_{}", self.table, self.column)
    }
}

/// Makes the indexes that the steps need, beside the site's.
pub fn make_indexes(bulk: &mut Bulk) -> Result<(), Error> {
    // An interrupted run leaves some, of which the last may be invalid.
    drop_indexes(bulk)?;
    for column in HASH_COLUMNS {
        let (HashColumn { table, column: sql, .. }, name) = (column, column.index());
        match bulk.is_postgres() {
            true => {
                bulk.run(&format!("CREATE INDEX CONCURRENTLY {name} ON {table} ({sql} COLLATE \"C\")"))?
            }
            false if column.is_indexed => {}
            false => bulk.run(&format!("CREATE INDEX {name} ON {table} ({sql})"))?,
        }
    }
    Ok(())
}

pub fn drop_indexes(bulk: &mut Bulk) -> Result<(), Error> {
    for column in HASH_COLUMNS {
        let concurrently = if bulk.is_postgres() { "CONCURRENTLY " } else { "" };
        bulk.run(&format!("DROP INDEX {concurrently}IF EXISTS {}", column.index()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chain of the audit is authenticated, not searched.
    const AUDIT: [&str; 3] = ["audit_cuts", "audit_entries", "audit_head"];

    #[test]
    fn every_column_that_is_called_a_hash_is_in_the_list() {
        let (mut table, mut found) = ("", 0);
        for line in include_str!("schema.rs").lines() {
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                [name, .., "{"] if name != "diesel::table!" => table = name,
                [column, "->", ..] if column.ends_with("hash") && !AUDIT.contains(&table) => {
                    found += 1;
                    let is_known = |known: &HashColumn| known.table == table && known.column == column;
                    assert!(HASH_COLUMNS.iter().any(is_known), "{table}.{column}");
                }
                _ => {}
            }
        }
        assert!(found > 15);
    }
}
