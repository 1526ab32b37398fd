//! Connections for the short question that very many ask at once.
//!
//! To hand a question to a thread and to wake its asker costs more than to answer it. SQLite is
//! asked right where the question comes up, because it reads a handful of pages, and those of a
//! database file are mapped: no thread has to wait. A server is asked by threads that keep a
//! connection each, with the statements prepared on it, and wait for it most of the time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tokio::sync::oneshot;

use super::{Conn, Error};

/// Connections to PostgreSQL.
const OF_POSTGRES: usize = 6;

/// Questions that may wait for one; beyond it the site is overrun and says so at once.
const QUEUE: usize = 4096;

/// Those who answer.
#[derive(Clone)]
pub(super) enum Readers {
    /// SQLite, on the asker's own thread.
    Here(Arc<Here>),
    /// PostgreSQL, on threads that end when the last handle is dropped.
    There(Sender<Job>),
}

/// Answers one question; says whether the connection is still good.
type Job = Box<dyn FnOnce(&mut Conn) -> bool + Send>;

impl Readers {
    /// Connects to `target` when first asked.
    pub(super) fn start(target: &str, sqlite: bool) -> std::io::Result<Readers> {
        if sqlite {
            return Ok(Readers::Here(Arc::new(Here { target: target.to_owned(), idle: Mutex::default() })));
        }
        let (jobs, queue) = bounded(QUEUE);
        for _ in 0..OF_POSTGRES {
            let reader = Reader { target: target.to_owned(), conn: None };
            let queue = queue.clone();
            std::thread::Builder::new().name("reader".into()).spawn(move || reader.serve(&queue))?;
        }
        Ok(Readers::There(jobs))
    }

    /// Runs `query` on one of the connections.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many wait or the database cannot be reached.
    pub(super) async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let jobs = match self {
            Readers::Here(here) => return here.read(query),
            Readers::There(jobs) => jobs,
        };
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let outcome = guarded(query, conn);
            let good = outcome.is_ok();
            // An asker that went away no longer needs its answer.
            let _ = reply.send(outcome);
            good
        });
        jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => unavailable("too many lookups wait"),
            TrySendError::Disconnected(_) => unavailable("no reader is left"),
        })?;
        answer.await.map_err(|_| unavailable("a reader has no connection"))?
    }
}

fn unavailable(why: &str) -> Error {
    Error::Unavailable(why.to_owned())
}

fn guarded<T, E: From<Error>>(
    query: impl FnOnce(&mut Conn) -> Result<T, E>,
    conn: &mut Conn,
) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(|| query(conn))).unwrap_or_else(|_| Err(Error::Panicked.into()))
}

fn connect(target: &str, prepare: fn(&mut Conn) -> QueryResult<()>) -> Option<Conn> {
    let ready = Conn::establish(target).map_err(|error| error.to_string()).and_then(|mut conn| {
        prepare(&mut conn).map_err(|error| error.to_string())?;
        Ok(conn)
    });
    ready.inspect_err(|error| tracing::error!(%error, "a reader cannot connect")).ok()
}

/// As many connections as there have been threads that asked at one moment.
pub(super) struct Here {
    target: String,
    idle: Mutex<Vec<Conn>>,
}

impl Here {
    fn read<T, E: From<Error>>(&self, query: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = idle.or_else(|| connect(&self.target, Conn::prepare_mapped));
        let mut conn = conn.ok_or_else(|| unavailable("no connection for a lookup"))?;
        let outcome = guarded(query, &mut conn);
        // Whatever is wrong with one on which a question has failed, the next will not have it.
        if outcome.is_ok() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
        }
        outcome
    }
}

struct Reader {
    target: String,
    conn: Option<Conn>,
}

impl Reader {
    fn serve(mut self, queue: &Receiver<Job>) {
        while let Ok(job) = queue.recv() {
            let conn = self.conn.take().or_else(|| connect(&self.target, Conn::prepare_reader));
            // A job that is dropped here tells its asker so.
            let Some(mut conn) = conn else { continue };
            // Asking the server after a failure finds that it is lost just as well as asking it
            // before every question.
            if job(&mut conn) || conn.batch_execute("SELECT 1").is_ok() {
                self.conn = Some(conn);
            }
        }
    }
}
