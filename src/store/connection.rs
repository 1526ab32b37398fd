//! One connection type for both databases.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};

use super::limits;

/// A connection to either database.
///
/// Queries are written against this type. `RETURNING` and `ON CONFLICT`, which it cannot express, use
/// [`either!`](crate::either).
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Runs an expression on the connection inside a `Conn`, for statements that diesel builds for one database.
#[macro_export]
macro_rules! either {
    ($conn:expr, $inner:ident => $body:expr) => {
        match $conn {
            $crate::store::Conn::Sqlite($inner) => $body,
            $crate::store::Conn::Postgres($inner) => $body,
        }
    };
}

impl Conn {
    /// A connection of [`Store::read`](super::Store::read), which refuses writes. WAL is not among the settings: the
    /// file stores it, and the writer sets it. A reader waits for no lock, except after a crash of the writer.
    ///
    /// The file is not mapped into memory: SQLite unmaps it after each write of another connection, and a reader
    /// then waits until all its pages are mapped again.
    pub(super) fn prepare_reader(&mut self) -> QueryResult<()> {
        match self {
            Conn::Sqlite(conn) => conn.batch_execute(
                "PRAGMA busy_timeout = 100; PRAGMA query_only = ON; PRAGMA cache_size = -8192; \
                 PRAGMA mmap_size = 0;",
            ),
            Conn::Postgres(conn) => {
                let settings = "SET TIME ZONE 'UTC'; SET default_transaction_read_only = on";
                conn.batch_execute(&format!("{settings}; {}", limits::OF_READS))
            }
        }
    }

    /// With `synchronous = FULL` a commit is on the disk when it returns. `temp_store` keeps the undo data of
    /// savepoints in memory. The log is checkpointed every 32 MB instead of 4, because a checkpoint costs a
    /// flush.
    pub(super) fn prepare_writer(&mut self) -> QueryResult<()> {
        match self {
            Conn::Sqlite(conn) => conn.batch_execute(
                "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; \
                 PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                 PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536; \
                 PRAGMA wal_autocheckpoint = 8000;",
            ),
            Conn::Postgres(conn) => {
                conn.batch_execute(&format!("SET TIME ZONE 'UTC'; {}", limits::OF_WRITES))
            }
        }
    }

    /// A writer of many rows in few transactions. The log is checkpointed every 256 MB: keyed hashes are in
    /// random order, so one batch touches many index pages, most of which the next batch touches again.
    pub(super) fn prepare_bulk(&mut self) -> QueryResult<()> {
        match self {
            Conn::Sqlite(conn) => conn.batch_execute(
                "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; \
                 PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                 PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 65536;",
            ),
            Conn::Postgres(conn) => {
                let settings = "SET TIME ZONE 'UTC'; SET DateStyle = 'ISO, YMD'";
                conn.batch_execute(&format!("{settings}; {}", limits::OF_COMMANDS))
            }
        }
    }

    /// Lets the open connections of SQLite read its statistics anew, which they do only when the schema has changed. With
    /// those of a small table they would read all of a large one. PostgreSQL's connections need nothing.
    pub fn announce_statistics(&mut self) -> QueryResult<()> {
        match self {
            Conn::Sqlite(conn) => {
                conn.batch_execute("CREATE TABLE new_statistics (x); DROP TABLE new_statistics")
            }
            Conn::Postgres(_) => Ok(()),
        }
    }

    /// A connection for migrations, without time limits.
    pub(super) fn prepare_migrator(&mut self) -> QueryResult<()> {
        match self {
            Conn::Sqlite(conn) => conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON"),
            Conn::Postgres(conn) => {
                conn.batch_execute(&format!("SET TIME ZONE 'UTC'; {}", limits::OF_COMMANDS))
            }
        }
    }
}
