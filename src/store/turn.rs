//! Who writes next to SQLite.
//!
//! SQLite has one writer and no queue. Who finds it busy asks again now and then, in the end every 100 ms,
//! and a command that writes one batch after the other is busy whenever it is asked. So everybody takes the
//! turn first, a lock on a file beside the database, and gives it back once their transaction has begun:
//! whoever waits for a batch to end has the turn, and the next batch begins after them.

use std::fs::File;
use std::io;

use diesel::connection::SimpleConnection;

use super::{Conn, Error};

/// A place in the queue of writers to one database.
pub(super) struct Turn(File);

impl Turn {
    /// In the queue of the database at `path`.
    pub(super) fn beside(path: &str) -> Result<Turn, Error> {
        let queue = File::options().create(true).append(true).open(format!("{path}-turn"));
        queue.map(Turn).map_err(unavailable)
    }

    /// Begins to write, after whoever has waited longer.
    pub(super) fn begin(&self, conn: &mut Conn) -> Result<(), Error> {
        // As a writer: one that reads first could find that another has written since.
        self.alone(|| Ok(conn.batch_execute("BEGIN IMMEDIATE")?))
    }

    /// Runs `work` while nobody else begins to write.
    pub(super) fn alone<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        self.0.lock().map_err(unavailable)?;
        let done = work();
        self.0.unlock().map_err(unavailable)?;
        done
    }
}

fn unavailable(error: io::Error) -> Error {
    Error::Unavailable(format!("the queue of writers: {error}"))
}
