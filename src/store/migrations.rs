//! The embedded migrations: one set for each database, giving the same schema.

use diesel::RunQueryDsl;
use diesel::migration::{MigrationSource, MigrationVersion};
use diesel::result::DatabaseErrorKind;
use diesel::result::Error::DatabaseError;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, Error};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Brings the database up to date; returns how many migrations were run.
pub(super) fn run(conn: &mut Conn) -> Result<usize, Error> {
    let run = match conn {
        Conn::Sqlite(conn) => conn.run_pending_migrations(SQLITE).map(|done| done.len()),
        Conn::Postgres(conn) => conn.run_pending_migrations(POSTGRES).map(|done| done.len()),
    };
    run.map_err(|error| Error::Migration(error.to_string()))
}

/// Whether some migration of this program has not been run on the database.
///
/// diesel's own question would first make its table, which a reader may not.
pub(super) fn pending(conn: &mut Conn) -> Result<bool, Error> {
    let run: Vec<Run> = match diesel::sql_query("SELECT version FROM __diesel_schema_migrations").load(conn) {
        // Neither database has a name of its own for a table that is not there.
        Err(DatabaseError(DatabaseErrorKind::Unknown, _)) => return Ok(true),
        other => other?,
    };
    let known = MigrationSource::<Sqlite>::migrations(&SQLITE)
        .map_err(|error| Error::Migration(error.to_string()))?;
    let has_run = |version: MigrationVersion| run.iter().any(|row| row.version == version.to_string());
    Ok(known.iter().any(|migration| !has_run(migration.name().version())))
}

#[derive(diesel::QueryableByName)]
struct Run {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}
