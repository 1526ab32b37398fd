//! A connection for commands that go through millions of rows, one transaction after the other.

use diesel::connection::SimpleConnection;

use super::target::Target;
use super::turn::Turn;
use super::{Clock, Conn, Error, Ids, Tx, Vault};

/// One connection of its own, beside those of a [`Store`](super::Store).
///
/// The writer of a store keeps in memory what each job's savepoint may have to undo, which is
/// right for submissions and wrong for ten thousand rows.
pub struct Bulk {
    conn: Conn,
    /// Its relay carries the connection.
    _target: Target,
    /// In the queue of SQLite's writers; PostgreSQL has its own.
    turn: Option<Turn>,
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
        let target = Target::parse(url)?;
        let conn = target.connect(Conn::prepare_bulk)?;
        let turn = match &target {
            Target::Sqlite(path) => Some(Turn::beside(path)?),
            Target::Postgres(_) => None,
        };
        Ok(Bulk { conn, turn, _target: target, vault, clock, ids })
    }

    /// Runs `work` in one transaction; when this returns `Ok` it is on the disk. On SQLite everybody who waits
    /// to write comes before the next one.
    pub fn write<T, E: From<Error>>(&mut self, work: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        match &self.turn {
            Some(turn) => turn.begin(&mut self.conn)?,
            None => self.conn.batch_execute("BEGIN").map_err(Error::from)?,
        }
        self.end(work)
    }

    /// Runs `query` on what is stored at one moment, however long it takes.
    pub fn read<T, E: From<Error>>(&mut self, query: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        let sqlite = matches!(self.conn, Conn::Sqlite(_));
        let begin = if sqlite { "BEGIN" } else { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" };
        self.conn.batch_execute(begin).map_err(Error::from)?;
        self.end(query)
    }

    /// Runs `work` in the transaction that was begun, and ends it.
    fn end<T, E: From<Error>>(&mut self, work: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        let now = self.clock.now();
        let mut tx = Tx { conn: &mut self.conn, vault: &self.vault, ids: &self.ids, now, attached: &() };
        let done = work(&mut tx);
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self.conn.batch_execute(end).map_err(Error::from);
        let done = done?;
        ended?;
        Ok(done)
    }
}
