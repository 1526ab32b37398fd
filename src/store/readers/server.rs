//! Threads that keep a connection to a PostgreSQL server each, with the statements prepared on it,
//! and wait for it most of the time.
//!
//! Nothing wakes a thread whose server, or a proxy before it, takes a question and then says
//! nothing. Whoever waited in vain replaces such a thread; it ends if it ever gets its answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::unavailable;
use crate::store::pool::{Ended, reading};
use crate::store::target::Target;
use crate::store::{Conn, Error, limits};

/// Threads, and so connections.
const THREADS: usize = 6;

/// Questions that may wait for one; beyond it the site is overrun and says so at once.
const QUEUE: usize = 4096;

/// Answers one question, or says why there is no connection. Says whether the connection is lost.
type Job = Box<dyn FnOnce(Result<&mut Conn, Error>) -> Keep + Send>;

/// What becomes of a connection after a question.
enum Keep {
    Yes,
    /// It may be in any state after a panic.
    No,
    Lost,
}

/// Those who answer.
pub(in crate::store) struct Threads {
    target: Target,
    jobs: Sender<Job>,
    /// For threads that replace others.
    queue: Receiver<Job>,
    desks: Mutex<Vec<Arc<Desk>>>,
}

/// What others may know of a thread.
#[derive(Default)]
struct Desk {
    /// When it began with the question that it has.
    busy: Mutex<Option<Instant>>,
    /// Another has taken its place.
    replaced: AtomicBool,
}

impl Threads {
    pub(super) fn start(target: Target) -> std::io::Result<Threads> {
        let (jobs, queue) = bounded(QUEUE);
        let desks = (0..THREADS).map(|_| start(&target, &queue)).collect::<Result<_, _>>()?;
        Ok(Threads { target, jobs, queue, desks: Mutex::new(desks) })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// Asks once.
    pub(super) async fn ask<T, E, F>(&self, query: F) -> Ended<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let (ended, keep) = answered(conn, query);
            // An asker that went away no longer needs its answer.
            let _ = reply.send(ended);
            keep
        });
        if let Err(error) = self.jobs.try_send(job) {
            return Ended::Answered(Err(match error {
                TrySendError::Full(_) => unavailable("too many lookups wait"),
                TrySendError::Disconnected(_) => unavailable("no reader is left"),
            }
            .into()));
        }
        match timeout(limits::GLANCE, answer).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(_)) => Ended::Answered(Err(unavailable("no reader is left").into())),
            Err(_) => {
                self.replace_those_who_are_stuck();
                let why = format!("no answer within {:?}", limits::GLANCE);
                Ended::GivenUp(unavailable(&why).into())
            }
        }
    }

    fn replace_those_who_are_stuck(&self) {
        for desk in self.desks.lock().iter_mut() {
            if !desk.busy.lock().is_some_and(|began| began.elapsed() >= limits::GLANCE) {
                continue;
            }
            match start(&self.target, &self.queue) {
                Ok(new) => {
                    desk.replaced.store(true, Ordering::Release);
                    *desk = new;
                    tracing::warn!("a reader got no answer from the database server and was replaced");
                }
                Err(error) => tracing::error!(%error, "a reader cannot be replaced"),
            }
            self.target.lost(Instant::now());
        }
    }
}

fn answered<T, E: From<Error>>(
    conn: Result<&mut Conn, Error>,
    query: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> (Ended<T, E>, Keep) {
    let conn = match conn {
        Ok(conn) => conn,
        Err(error) => return (Ended::Unreached(error), Keep::No),
    };
    match catch_unwind(AssertUnwindSafe(|| reading(conn, query))) {
        Ok(ended @ Ended::Lost(_)) => (ended, Keep::Lost),
        Ok(ended) => (ended, Keep::Yes),
        Err(_) => (Ended::Answered(Err(Error::Panicked.into())), Keep::No),
    }
}

fn start(target: &Target, queue: &Receiver<Job>) -> std::io::Result<Arc<Desk>> {
    let desk = Arc::new(Desk::default());
    let thread = Thread { target: target.clone(), desk: desk.clone(), conn: None };
    let queue = queue.clone();
    std::thread::Builder::new().name("reader".into()).spawn(move || thread.serve(&queue))?;
    Ok(desk)
}

struct Thread {
    target: Target,
    desk: Arc<Desk>,
    /// The connection, and when it was made.
    conn: Option<(Conn, Instant)>,
}

impl Thread {
    fn serve(mut self, queue: &Receiver<Job>) {
        while !self.desk.replaced.load(Ordering::Acquire) {
            let Ok(job) = queue.recv() else { return };
            *self.desk.busy.lock() = Some(Instant::now());
            self.answer(job);
            *self.desk.busy.lock() = None;
        }
    }

    fn answer(&mut self, job: Job) {
        let kept = self.conn.take().filter(|(_, made)| !self.target.is_stale(*made));
        let (mut conn, made) = match kept.map_or_else(|| self.connect(), Ok) {
            Ok(connected) => connected,
            Err(error) => {
                job(Err(error));
                return;
            }
        };
        match job(Ok(&mut conn)) {
            Keep::Yes => self.conn = Some((conn, made)),
            Keep::No => {}
            Keep::Lost => self.target.lost(made),
        }
    }

    fn connect(&self) -> Result<(Conn, Instant), Error> {
        let conn = self.target.connect(Conn::prepare_glance)?;
        Ok((conn, Instant::now()))
    }
}
