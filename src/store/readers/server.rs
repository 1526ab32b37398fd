//! Threads that each hold a connection to a PostgreSQL server, with its prepared statements.
//!
//! A thread blocks while it waits for the server. If a server or proxy accepts a query and never answers, the
//! caller's time-out replaces the thread. The old thread ends if its answer arrives.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::store::database::Database;
use crate::store::pool::{AttemptOutcome, reading};
use crate::store::{Conn, Error, limits};

/// Threads, each with one connection.
const THREADS: usize = 6;

/// Most waiting queries. Further ones fail at once.
const QUEUE: usize = 4096;

/// Runs one query, or receives the reason why there is no connection.
type Job = Box<dyn FnOnce(Result<&mut Conn, Error>) -> ConnectionState + Send>;

/// State of a connection after a query.
enum ConnectionState {
    Usable,
    /// After a panic.
    Unknown,
    Lost,
}

pub(in crate::store) struct ServerReaders {
    database: Database,
    jobs: Sender<Job>,
    /// For the threads that replace others.
    queue: Receiver<Job>,
    statuses: Mutex<Vec<Arc<ReaderStatus>>>,
}

/// Status of a thread, shared with callers.
#[derive(Default)]
struct ReaderStatus {
    /// Start of the running query.
    busy: Mutex<Option<Instant>>,
    /// Set when another thread replaces this one.
    replaced: AtomicBool,
}

impl ServerReaders {
    pub(super) fn start(database: Database) -> std::io::Result<ServerReaders> {
        let (jobs, queue) = bounded(QUEUE);
        let statuses = (0..THREADS).map(|_| start(&database, &queue)).collect::<Result<_, _>>()?;
        Ok(ServerReaders { database, jobs, queue, statuses: Mutex::new(statuses) })
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// Runs a query once, without retries.
    pub(super) async fn ask<T, E, F>(&self, query: F) -> AttemptOutcome<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let (ended, keep) = answered(conn, query);
            // The caller may have been dropped.
            let _ = reply.send(ended);
            keep
        });
        if let Err(error) = self.jobs.try_send(job) {
            return AttemptOutcome::Answered(Err(match error {
                TrySendError::Full(_) => unavailable("too many lookups wait"),
                TrySendError::Disconnected(_) => unavailable("no reader is left"),
            }
            .into()));
        }
        match timeout(limits::GLANCE, answer).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(_)) => AttemptOutcome::Answered(Err(unavailable("no reader is left").into())),
            Err(_) => {
                self.replace_blocked_threads();
                let why = format!("no answer within {:?}", limits::GLANCE);
                AttemptOutcome::GivenUp(unavailable(&why).into())
            }
        }
    }

    fn replace_blocked_threads(&self) {
        for status in self.statuses.lock().iter_mut() {
            if !status.busy.lock().is_some_and(|began| began.elapsed() >= limits::GLANCE) {
                continue;
            }
            match start(&self.database, &self.queue) {
                Ok(new) => {
                    status.replaced.store(true, Ordering::Release);
                    *status = new;
                    tracing::warn!("a reader got no answer from the database server and was replaced");
                }
                Err(error) => tracing::error!(%error, "a reader cannot be replaced"),
            }
            self.database.lost(Instant::now());
        }
    }
}

fn unavailable(why: &str) -> Error {
    Error::Unavailable(why.to_owned())
}

fn answered<T, E: From<Error>>(
    conn: Result<&mut Conn, Error>,
    query: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> (AttemptOutcome<T, E>, ConnectionState) {
    let conn = match conn {
        Ok(conn) => conn,
        Err(error) => return (AttemptOutcome::Unreached(error), ConnectionState::Unknown),
    };
    match catch_unwind(AssertUnwindSafe(|| reading(conn, query))) {
        Ok(ended @ AttemptOutcome::Lost(_)) => (ended, ConnectionState::Lost),
        Ok(ended) => (ended, ConnectionState::Usable),
        Err(_) => (AttemptOutcome::Answered(Err(Error::Panicked.into())), ConnectionState::Unknown),
    }
}

fn start(database: &Database, queue: &Receiver<Job>) -> std::io::Result<Arc<ReaderStatus>> {
    let status = Arc::new(ReaderStatus::default());
    let thread = Thread { database: database.clone(), status: status.clone(), conn: None };
    let queue = queue.clone();
    std::thread::Builder::new().name("reader".into()).spawn(move || thread.serve(&queue))?;
    Ok(status)
}

struct Thread {
    database: Database,
    status: Arc<ReaderStatus>,
    /// The connection and the time when it was opened.
    conn: Option<(Conn, Instant)>,
}

impl Thread {
    fn serve(mut self, queue: &Receiver<Job>) {
        while !self.status.replaced.load(Ordering::Acquire) {
            let Ok(job) = queue.recv() else { return };
            *self.status.busy.lock() = Some(Instant::now());
            self.answer(job);
            *self.status.busy.lock() = None;
        }
    }

    fn answer(&mut self, job: Job) {
        let kept = self.conn.take().filter(|(_, made)| !self.database.is_stale(*made));
        let (mut conn, made) = match kept.map_or_else(|| self.connect(), Ok) {
            Ok(connected) => connected,
            Err(error) => {
                job(Err(error));
                return;
            }
        };
        match job(Ok(&mut conn)) {
            ConnectionState::Usable => self.conn = Some((conn, made)),
            ConnectionState::Unknown => {}
            ConnectionState::Lost => self.database.lost(made),
        }
    }

    fn connect(&self) -> Result<(Conn, Instant), Error> {
        let conn = self.database.connect(Conn::prepare_glance)?;
        Ok((conn, Instant::now()))
    }
}
