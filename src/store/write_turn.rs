//! The order of writers of a SQLite database.
//!
//! SQLite has one writer and no queue. A connection that finds it busy retries with back-off, up to 100 ms, so a
//! command that writes batch after batch would starve the others. Every writer therefore locks a file beside the
//! database first and unlocks it once its transaction has begun. A process that waits for the end of a batch
//! holds the lock, so the next batch begins after its transaction.

use std::fs::File;
use std::io;

use diesel::connection::SimpleConnection;

use super::{Conn, Error};

pub(super) struct WriteTurn(File);

impl WriteTurn {
    pub(super) fn beside(path: &str) -> Result<WriteTurn, Error> {
        let queue = File::options().create(true).append(true).open(format!("{path}-turn"));
        queue.map(WriteTurn).map_err(unavailable)
    }

    /// Begins a write transaction, after the writers that already wait.
    pub(super) fn begin(&self, conn: &mut Conn) -> Result<(), Error> {
        // A transaction that begins with a read could fail to become a writer later.
        self.exclusively(|| Ok(conn.batch_execute("BEGIN IMMEDIATE")?))
    }

    /// Runs `work` while no other process begins to write.
    pub(super) fn exclusively<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        self.0.lock().map_err(unavailable)?;
        let done = work();
        self.0.unlock().map_err(unavailable)?;
        done
    }
}

fn unavailable(error: io::Error) -> Error {
    Error::Unavailable(format!("the queue of writers: {error}"))
}
