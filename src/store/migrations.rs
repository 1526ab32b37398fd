//! The embedded migrations: one set for each database, giving the same schema.

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
pub(super) fn pending(conn: &mut Conn) -> Result<bool, Error> {
    let pending = match conn {
        Conn::Sqlite(conn) => conn.has_pending_migration(SQLITE),
        Conn::Postgres(conn) => conn.has_pending_migration(POSTGRES),
    };
    pending.map_err(|error| Error::Migration(error.to_string()))
}
