//! How far each import has come: kept in the transaction of each batch, so that one that was killed goes on
//! after the last batch that is on the disk.

use diesel::prelude::*;

use super::kind::Kind;
use crate::store::schema::imports::dsl as i;
use crate::store::{Error, Tx};

/// An import that has begun.
#[derive(Clone, Debug, Default, Queryable)]
pub struct Entry {
    /// Key of the row.
    pub id: String,
    /// So many rows from the top are dealt with.
    pub done: i64,
    /// How many of them were new.
    pub added: i64,
    /// How many differed from what was stored.
    pub changed: i64,
}

/// Begins an import of a file's content, or finds the one that was interrupted.
pub fn begin(tx: &mut Tx, kind: &Kind, content: &str) -> Result<Entry, Error> {
    let open =
        i::imports.filter(i::kind.eq(kind.name).and(i::content.eq(content)).and(i::finished_at.is_null()));
    let known =
        open.select((i::id, i::rows_done, i::rows_added, i::rows_changed)).first(tx.conn).optional()?;
    if let Some(entry) = known {
        return Ok(entry);
    }
    let entry = Entry { id: tx.id(), ..Entry::default() };
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

/// Notes how far it has come.
pub fn advance(tx: &mut Tx, entry: &Entry) -> Result<(), Error> {
    let row = (i::rows_done.eq(entry.done), i::rows_added.eq(entry.added), i::rows_changed.eq(entry.changed));
    diesel::update(i::imports.find(&entry.id)).set(row).execute(tx.conn)?;
    Ok(())
}

/// Notes that it is finished: the same file begins anew next time.
pub fn finish(tx: &mut Tx, entry: &Entry) -> Result<(), Error> {
    diesel::update(i::imports.find(&entry.id)).set(i::finished_at.eq(tx.now)).execute(tx.conn)?;
    Ok(())
}
