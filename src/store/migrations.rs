//! The embedded migrations: one set for each database, giving the same schema.

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

/// The advisory lock of PostgreSQL under which migrations run: "kaozheng" in ASCII.
const LOCK: i64 = 0x6b61_6f7a_6865_6e67;

/// Brings the database up to date; returns how many migrations were run. On PostgreSQL it waits for
/// another program that migrates; on SQLite the caller has the writers' turn.
///
/// # Errors
/// [`Error::Ahead`] when the database is newer than this program.
pub(super) fn run(conn: &mut Conn) -> Result<usize, Error> {
    if let Conn::Postgres(conn) = conn {
        // diesel's own table is made with IF NOT EXISTS, which fails when two sessions do it at once.
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

/// Whether the database has the migrations of this program, and no others.
///
/// # Errors
/// [`Error::Behind`] or [`Error::Ahead`] when it has not.
pub(super) fn check(conn: &mut Conn) -> Result<(), Error> {
    let (known, run) = (known()?, run_on(conn)?);
    let strange: Vec<String> = run.iter().filter(|version| !known.contains(version)).cloned().collect();
    if !strange.is_empty() {
        return Err(Error::Ahead(strange.join(", ")));
    }
    if known.iter().all(|version| run.contains(version)) { Ok(()) } else { Err(Error::Behind) }
}

/// The versions of the migrations of this program, oldest first.
pub(super) fn known() -> Result<Vec<String>, Error> {
    let known = MigrationSource::<Sqlite>::migrations(&SQLITE)
        .map_err(|error| Error::Migration(error.to_string()))?;
    let mut versions: Vec<String> =
        known.iter().map(|migration| migration.name().version().to_string()).collect();
    versions.sort();
    Ok(versions)
}

/// The versions that have been run on a database, oldest first; none on an empty database.
///
/// diesel's own question would first make its table, which a reader may not.
pub(super) fn run_on(conn: &mut Conn) -> Result<Vec<String>, Error> {
    let rows =
        diesel::sql_query("SELECT version FROM __diesel_schema_migrations ORDER BY version").load(conn);
    let rows: Vec<Run> = match rows {
        // Neither database has a name of its own for a table that is not there.
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
