//! The journal of imports: how many rows of a file are loaded. It is written in the transaction of each
//! batch, so that a killed import continues after its last batch.

use diesel::prelude::*;

use super::kind::ImportKind;
use crate::store::schema::imports::dsl as i;
use crate::store::{Error, Tx};

#[derive(Clone, Debug, Default, Queryable)]
pub struct JournalEntry {
    pub id: String,
    /// Rows from the top of the file that are loaded or left out.
    pub done: i64,
    pub added: i64,
    pub changed: i64,
}

/// Finds the entry of an interrupted import of the same content, or adds one. `content` is the SHA-256 of
/// the file.
pub fn begin(tx: &mut Tx, kind: &ImportKind, content: &str) -> Result<JournalEntry, Error> {
    let open =
        i::imports.filter(i::kind.eq(kind.name).and(i::content.eq(content)).and(i::finished_at.is_null()));
    let known =
        open.select((i::id, i::rows_done, i::rows_added, i::rows_changed)).first(tx.conn).optional()?;
    if let Some(entry) = known {
        return Ok(entry);
    }
    let entry = JournalEntry { id: tx.id(), ..JournalEntry::default() };
    let row = (
        i::id.eq(&entry.id),
        i::kind.eq(kind.name),
        i::content.eq(content),
        i::rows_done.eq(0_i64),
        i::rows_added.eq(0_i64),
        i::rows_changed.eq(0_i64),
        i::started_at.eq(tx.now),
    );
    diesel::insert_into(i::imports).values(row).execute(tx.conn)?;
    Ok(entry)
}

pub fn advance(tx: &mut Tx, entry: &JournalEntry) -> Result<(), Error> {
    let row = (i::rows_done.eq(entry.done), i::rows_added.eq(entry.added), i::rows_changed.eq(entry.changed));
    diesel::update(i::imports.find(&entry.id)).set(row).execute(tx.conn)?;
    Ok(())
}

/// Closes an entry: the next import of the same file starts from the top.
pub fn finish(tx: &mut Tx, entry: &JournalEntry) -> Result<(), Error> {
    diesel::update(i::imports.find(&entry.id)).set(i::finished_at.eq(tx.now)).execute(tx.conn)?;
    Ok(())
}
