//! The embedded migrations: one set for each database, with the same resulting schema.

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::result::DatabaseErrorKind;
use diesel::result::Error::DatabaseError;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, Error};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Advisory lock of PostgreSQL for migrations: "kaozheng" in ASCII.
const LOCK: i64 = 0x6b61_6f7a_6865_6e67;

/// Runs pending migrations and returns their number. On PostgreSQL it waits for another process that migrates;
/// on SQLite the caller holds the [`WriteTurn`](super::write_turn::WriteTurn).
///
/// # Errors
/// [`Error::Ahead`] if the database is newer than this program.
pub(super) fn run(conn: &mut Conn) -> Result<usize, Error> {
    if let Conn::Postgres(conn) = conn {
        // CREATE TABLE IF NOT EXISTS, by which diesel makes its table, fails in two sessions at once.
        conn.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))?;
    }
    let done = run_pending(conn);
    if let Conn::Postgres(conn) = conn {
        conn.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK})"))?;
    }
    done
}

fn run_pending(conn: &mut Conn) -> Result<usize, Error> {
    match check(conn) {
        Ok(()) => return Ok(0),
        Err(Error::Behind) => {}
        Err(other) => return Err(other),
    }
    let run = match conn {
        Conn::Sqlite(conn) => conn.run_pending_migrations(SQLITE).map(|done| done.len()),
        Conn::Postgres(conn) => conn.run_pending_migrations(POSTGRES).map(|done| done.len()),
    };
    run.map_err(|error| Error::Migration(error.to_string()))
}

/// Checks that the database has exactly the migrations of this program.
///
/// # Errors
/// [`Error::Behind`] or [`Error::Ahead`].
pub(super) fn check(conn: &mut Conn) -> Result<(), Error> {
    let (known, run) = (known()?, run_on(conn)?);
    let unknown: Vec<String> = run.iter().filter(|version| !known.contains(version)).cloned().collect();
    if !unknown.is_empty() {
        return Err(Error::Ahead(unknown.join(", ")));
    }
    if known.iter().all(|version| run.contains(version)) { Ok(()) } else { Err(Error::Behind) }
}

/// Versions of the migrations of this program, oldest first.
pub(super) fn known() -> Result<Vec<String>, Error> {
    let known = MigrationSource::<Sqlite>::migrations(&SQLITE)
        .map_err(|error| Error::Migration(error.to_string()))?;
    let mut versions: Vec<String> =
        known.iter().map(|migration| migration.name().version().to_string()).collect();
    versions.sort();
    Ok(versions)
}

/// Versions of the migrations of a database, oldest first. Empty for an empty database.
///
/// diesel's own function would create its table first, which a reader cannot.
pub(super) fn run_on(conn: &mut Conn) -> Result<Vec<String>, Error> {
    let rows =
        diesel::sql_query("SELECT version FROM __diesel_schema_migrations ORDER BY version").load(conn);
    let rows: Vec<Run> = match rows {
        // diesel has no error kind for a missing table.
        Err(DatabaseError(DatabaseErrorKind::Unknown, error)) if is_no_table(error.message()) => {
            return Ok(Vec::new());
        }
        other => other?,
    };
    Ok(rows.into_iter().map(|row| row.version).collect())
}

fn is_no_table(message: &str) -> bool {
    message.contains("__diesel_schema_migrations")
}

#[derive(QueryableByName)]
struct Run {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}
