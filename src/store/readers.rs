//! Readers for the short question that very many ask at once.
//!
//! To hand a question to a thread and to wake its asker costs more than to answer it. So a
//! reader keeps its connection, and the statements prepared on it, and takes as many questions
//! as wait. On SQLite they share one read transaction, because its locks cost as much as a
//! lookup; a server is asked one by one, on several connections at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tokio::sync::oneshot;

use super::{Conn, Error};

/// Questions that may wait; beyond it the site is overrun and says so at once.
const QUEUE: usize = 4096;

/// Readers of SQLite: they need a core each, and its locks are shared.
const OF_SQLITE: Crew = Crew { readers: 2, batch: 64 };

/// Readers of PostgreSQL: each waits for the server most of the time.
const OF_POSTGRES: Crew = Crew { readers: 6, batch: 1 };

#[derive(Clone, Copy)]
struct Crew {
    readers: usize,
    /// Most questions in one read transaction.
    batch: usize,
}

/// Answers one question; says whether the connection is still good.
type Job = Box<dyn FnOnce(&mut Conn) -> bool + Send>;

/// A handle on the readers' threads; they end when the last handle is dropped.
#[derive(Clone)]
pub(super) struct Readers {
    jobs: Sender<Job>,
}

impl Readers {
    /// Starts the threads; each connects to `target` when it is first asked.
    pub(super) fn start(target: &str, sqlite: bool) -> std::io::Result<Readers> {
        let crew = if sqlite { OF_SQLITE } else { OF_POSTGRES };
        let (jobs, queue) = bounded(QUEUE);
        for _ in 0..crew.readers {
            let reader = Reader { target: target.to_owned(), conn: None };
            let (queue, batch) = (queue.clone(), crew.batch);
            std::thread::Builder::new().name("reader".into()).spawn(move || reader.serve(&queue, batch))?;
        }
        Ok(Readers { jobs })
    }

    /// Runs `query` on one of the readers' connections.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many wait or the database cannot be reached.
    pub(super) async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let outcome = catch_unwind(AssertUnwindSafe(|| query(conn)))
                .unwrap_or_else(|_| Err(Error::Panicked.into()));
            let good = outcome.is_ok();
            // An asker that went away no longer needs its answer.
            let _ = reply.send(outcome);
            good
        });
        let unavailable = |why: &str| E::from(Error::Unavailable(why.to_owned()));
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => unavailable("too many lookups wait"),
            TrySendError::Disconnected(_) => unavailable("no reader is left"),
        })?;
        answer.await.map_err(|_| unavailable("a reader has no connection"))?
    }
}

struct Reader {
    target: String,
    conn: Option<Conn>,
}

impl Reader {
    fn serve(mut self, queue: &Receiver<Job>, batch: usize) {
        while let Ok(first) = queue.recv() {
            // Jobs that are dropped here tell their askers so.
            let Some(mut conn) = self.conn.take().or_else(|| self.connect()) else { continue };
            let more = queue.try_iter().take(batch - 1);
            if answer(&mut conn, std::iter::once(first).chain(more)) {
                self.conn = Some(conn);
            }
        }
    }

    fn connect(&self) -> Option<Conn> {
        let ready = Conn::establish(&self.target).map_err(|error| error.to_string()).and_then(|mut conn| {
            conn.prepare_reader().map_err(|error| error.to_string())?;
            Ok(conn)
        });
        ready.inspect_err(|error| tracing::error!(%error, "a reader cannot connect")).ok()
    }
}

/// Answers all; says whether the connection may be used again. Asking it after a failure only
/// finds a lost server just as well as asking before every question.
fn answer(conn: &mut Conn, jobs: impl Iterator<Item = Job>) -> bool {
    let mut all_good = true;
    let run = |conn: &mut Conn| jobs.for_each(|job| all_good &= job(conn));
    match conn {
        Conn::Postgres(_) => run(conn),
        Conn::Sqlite(_) => {
            if conn.batch_execute("BEGIN").is_err() {
                return false;
            }
            run(conn);
            if conn.batch_execute("COMMIT").is_err() {
                return false;
            }
        }
    }
    all_good || conn.batch_execute("SELECT 1").is_ok()
}
