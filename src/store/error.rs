//! Why a database function fails.

use super::vault::Unreadable;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A statement failed.
    #[error("database: {0}")]
    Database(diesel::result::Error),
    /// The disk is full, or the database is read-only.
    #[error("nothing can be saved: {0}")]
    NotSaved(String),
    /// The entries of the audit could not be written, so nothing of the transaction is.
    #[error("the audit cannot be written: {0}")]
    Unrecorded(String),
    /// There was no connection in time.
    #[error("no database connection: {0}")]
    Unavailable(String),
    /// The server went away or gave no answer after COMMIT was sent.
    #[error("whether the write was committed is not known: {0}")]
    InDoubt(String),
    /// `DATABASE_URL` is invalid or asks for something unsupported.
    #[error("DATABASE_URL is wrong: {0}")]
    Address(String),
    /// The program is stopping. The write was not committed.
    #[error("the write was not committed")]
    Closed,
    /// The function panicked and was rolled back.
    #[error("a database job panicked")]
    Panicked,
    #[error("migration: {0}")]
    Migration(String),
    /// Migrations of this program are missing from the database.
    #[error("the database is not up to date; run `kaozheng migrate` first")]
    Behind,
    /// The database has migrations that this program does not know.
    #[error(
        "the database is newer than this program: it has the migrations {0}; start the newer program, or \
         restore a backup that was made before the update"
    )]
    Ahead(String),
    /// Another process serves this SQLite database.
    #[error(
        "another program serves the database {0}; stop it first, or use PostgreSQL, which several can share"
    )]
    Served(String),
    /// Sealed data was written with another data key, or altered.
    #[error("sealed data cannot be opened")]
    Unreadable,
    #[error(
        "the data keys are not those of this database: one that it needs is missing, or several are new to it"
    )]
    WrongKey,
    /// Keys cannot turn while a process lacks the new one. Names where such processes run.
    #[error(
        "a process that uses this database does not have the new data key; give it both and start it again: {0}"
    )]
    OneKey(String),
    /// A stored value is unknown to this program. Names the table and column.
    #[error("unknown stored value in {0}")]
    Corrupt(&'static str),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        if cannot_save(&error) { Error::NotSaved(error.to_string()) } else { Error::Database(error) }
    }
}

impl From<Unreadable> for Error {
    fn from(_: Unreadable) -> Self {
        Error::Unreadable
    }
}

/// Whether a statement failed because the disk is full or the database is read-only. diesel has no error kind
/// for these.
fn cannot_save(error: &diesel::result::Error) -> bool {
    const MESSAGES: [&str; 4] = [
        "database or disk is full",
        "attempt to write a readonly database",
        "No space left on device",
        "read-only transaction",
    ];
    match error {
        diesel::result::Error::DatabaseError(_, about) => {
            MESSAGES.iter().any(|text| about.message().contains(text))
        }
        _ => false,
    }
}
