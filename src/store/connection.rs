//! One connection type for both databases.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};

use super::limits;

/// A connection to whichever database `DATABASE_URL` names.
///
/// Queries are written once against this type. What it cannot express
/// (`RETURNING`, `ON CONFLICT`) goes through [`either!`](crate::either).
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// A server, when several web processes share one database.
    Postgres(PgConnection),
    /// The embedded database.
    Sqlite(SqliteConnection),
}

/// Runs one expression on whichever connection is inside, where diesel needs to
/// know the database to build the statement.
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
    /// Settings that hold for a connection, not for the file: WAL is only set by
    /// the writer, because it is remembered by the database file.
    pub(super) fn prepare_reader(&mut self) -> QueryResult<()> {
        match self {
            Conn::Sqlite(conn) => conn.batch_execute(
                "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA query_only = ON;",
            ),
            Conn::Postgres(conn) => conn.batch_execute(&format!("SET TIME ZONE 'UTC'; {}", limits::OF_PAGES)),
        }
    }

    /// A reader for short questions on a server.
    pub(super) fn prepare_glance(&mut self) -> QueryResult<()> {
        self.prepare_reader()?;
        self.batch_execute(limits::OF_GLANCES)
    }

    /// A reader that finds pages of the database file mapped into memory (as far as SQLite maps: 2 GB), and
    /// so asks the system for nothing. It waits for nobody: only a crash of the writer could make it.
    pub(super) fn prepare_mapped(&mut self) -> QueryResult<()> {
        self.prepare_reader()?;
        self.batch_execute("PRAGMA busy_timeout = 100; PRAGMA mmap_size = 2147418112")
    }

    /// `synchronous = FULL`: a commit that was answered is on the disk. The rest is for groups:
    /// what a savepoint may have to undo stays in memory, and the log is copied into the
    /// database every 32 MB instead of every 4, which costs a flush each time.
    pub(super) fn prepare_writer(&mut self) -> QueryResult<()> {
        match self {
            Conn::Sqlite(conn) => conn.batch_execute(
                "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; \
                 PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                 PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536; \
                 PRAGMA wal_autocheckpoint = 8000;",
            ),
            Conn::Postgres(_) => self.prepare_reader(),
        }
    }

    /// A writer of many rows in few transactions: the log is copied into the database every 256 MB. Keyed
    /// hashes have no order, so rows that come together touch index pages far apart, and most of those pages
    /// are touched again soon.
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

    /// A connection for migrations, which may take as long as they need, and wait for another program's.
    pub(super) fn prepare_migrator(&mut self) -> QueryResult<()> {
        match self {
            Conn::Sqlite(conn) => conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON"),
            Conn::Postgres(conn) => {
                conn.batch_execute(&format!("SET TIME ZONE 'UTC'; {}", limits::OF_COMMANDS))
            }
        }
    }
}
