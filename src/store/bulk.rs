//! A connection for commands that process millions of rows in many transactions.

use std::any::Any;

use diesel::connection::SimpleConnection;

use super::data_keys::{self, OneKeyLock, Purpose};
use super::database::Database;
use super::write_turn::WriteTurn;
use super::{Clock, Conn, Error, Ids, Tx, Vault};

/// A connection beside those of a [`Store`](super::Store).
///
/// A store's writer keeps the undo data of each savepoint in memory, which is too much for ten thousand rows.
pub struct Bulk {
    conn: Conn,
    /// Owns the TLS relay of the connection.
    _database: Database,
    /// SQLite only.
    turn: Option<WriteTurn>,
    /// SQLite with one key only.
    _one_key: Option<OneKeyLock>,
    pub vault: Vault,
    pub clock: Clock,
    pub ids: Ids,
    attached: &'static (dyn Any + Send + Sync),
}

impl Bulk {
    /// Opens `sqlite:PATH` or `postgres://…`, which must exist and be up to date.
    pub fn open(url: &str, vault: Vault, clock: Clock, ids: Ids) -> Result<Bulk, Error> {
        Bulk::of(Database::parse(url)?, vault, clock, ids)
    }

    pub(super) fn of(database: Database, vault: Vault, clock: Clock, ids: Ids) -> Result<Bulk, Error> {
        let mut conn = database.connect(Conn::prepare_bulk)?;
        data_keys::announce(&vault, &mut conn)?;
        let (turn, one_key) = match &database {
            Database::Sqlite(path) => {
                let one_key = (!vault.may_turn()).then(|| OneKeyLock::hold(path)).transpose()?;
                (Some(WriteTurn::beside(path)?), one_key)
            }
            Database::Postgres(_) => (None, None),
        };
        Ok(Bulk { conn, turn, _one_key: one_key, _database: database, vault, clock, ids, attached: &() })
    }

    /// Like [`Store::attach`](super::Store::attach).
    pub fn attach(self, data: &'static (dyn Any + Send + Sync)) -> Bulk {
        Bulk { attached: data, ..self }
    }

    /// Runs `work` in one transaction, which is on the disk when this returns `Ok`. On SQLite, waiting writers
    /// come before the next call.
    pub fn write<T, E: From<Error>>(&mut self, work: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        match &self.turn {
            Some(turn) => turn.begin(&mut self.conn)?,
            None => self.conn.batch_execute("BEGIN").map_err(Error::from)?,
        }
        self.end(work, Purpose::Write)
    }

    /// Runs `query` on one snapshot.
    pub fn read<T, E: From<Error>>(&mut self, query: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        let sqlite = matches!(self.conn, Conn::Sqlite(_));
        let begin = if sqlite { "BEGIN" } else { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" };
        self.conn.batch_execute(begin).map_err(Error::from)?;
        self.end(query, Purpose::Read)
    }

    pub(super) fn is_postgres(&self) -> bool {
        matches!(self.conn, Conn::Postgres(_))
    }

    /// Runs a statement that no transaction may contain. On SQLite it waits for its turn to write.
    pub(super) fn run(&mut self, statement: &str) -> Result<(), Error> {
        let conn = &mut self.conn;
        match &self.turn {
            Some(turn) => turn.exclusively(|| Ok(conn.batch_execute(statement)?)),
            None => Ok(conn.batch_execute(statement)?),
        }
    }

    /// Runs `work` in the open transaction and ends it.
    fn end<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&mut Tx) -> Result<T, E>,
        purpose: Purpose,
    ) -> Result<T, E> {
        let now = self.clock.now();
        let vault = data_keys::in_transaction(&self.vault, &mut self.conn, purpose);
        let done = vault.map_err(E::from).and_then(|vault| {
            Tx::new(&mut self.conn, (&vault, &self.ids), now, self.attached).complete(work)
        });
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self.conn.batch_execute(end).map_err(Error::from);
        let done = done?;
        ended?;
        Ok(done)
    }
}
