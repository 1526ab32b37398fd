//! A connection for commands that go through millions of rows, one transaction after the other.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::{Clock, Conn, Error, Ids, Tx, Vault};

/// One connection of its own, beside those of a [`Store`](super::Store).
///
/// The writer of a store keeps in memory what each job's savepoint may have to undo, which is
/// right for submissions and wrong for ten thousand rows.
pub struct Bulk {
    conn: Conn,
    /// Seals and blinds personal data.
    pub vault: Vault,
    /// The only clock.
    pub clock: Clock,
    /// The only maker of ids.
    pub ids: Ids,
}

impl Bulk {
    /// Opens `sqlite:PATH` or `postgres://…`, which must be there and up to date.
    pub fn open(url: &str, vault: Vault, clock: Clock, ids: Ids) -> Result<Bulk, Error> {
        let target = url.strip_prefix("sqlite:").unwrap_or(url);
        let mut conn = if url.starts_with("sqlite:") {
            SqliteConnection::establish(target).map(Conn::Sqlite)
        } else {
            PgConnection::establish(target).map(Conn::Postgres)
        }
        .map_err(|error| Error::Unavailable(error.to_string()))?;
        conn.prepare_bulk()?;
        Ok(Bulk { conn, vault, clock, ids })
    }

    /// Runs `work` in one transaction; when this returns `Ok` it is on the disk.
    pub fn write<T, E: From<Error>>(&mut self, work: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        // Begun as a writer: one that reads first could find that another has written since.
        let begin = if matches!(self.conn, Conn::Sqlite(_)) { "BEGIN IMMEDIATE" } else { "BEGIN" };
        self.within(begin, work)
    }

    /// Runs `query` on what is stored at one moment, however long it takes.
    pub fn read<T, E: From<Error>>(&mut self, query: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        let sqlite = matches!(self.conn, Conn::Sqlite(_));
        self.within(if sqlite { "BEGIN" } else { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" }, query)
    }

    fn within<T, E: From<Error>>(
        &mut self,
        begin: &str,
        work: impl FnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        self.conn.batch_execute(begin).map_err(Error::Database)?;
        let now = self.clock.now();
        let mut tx = Tx { conn: &mut self.conn, vault: &self.vault, ids: &self.ids, now };
        let done = work(&mut tx);
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self.conn.batch_execute(end).map_err(Error::Database);
        let done = done?;
        ended?;
        Ok(done)
    }
}
