//! The one SQLite writer, which commits in groups.
//!
//! A durable commit costs a disk flush whether it carries one submission or
//! sixty-four. So the writer takes whatever waits, runs each job under a
//! savepoint of its own, commits once, and only then answers them all: nobody
//! is told 提交成功 before the flush. While it flushes, the next group gathers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use tokio::sync::{mpsc, oneshot};

use super::turn::Turn;
use super::{Conn, Error};

/// More jobs than this in one commit would make the first wait for the last.
const GROUP_MAX: usize = 256;

/// Waiting jobs before a caller has to wait for a place in the queue.
const QUEUE: usize = 1024;

type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;
/// Runs on the writer's connection, or learns why there is no transaction for it.
type Job = Box<dyn FnOnce(Result<&mut Conn, Error>) -> Ran + Send>;

/// A job that ran, and whom to tell about the commit.
struct Ran {
    answer: Answer,
    /// Whether the transaction is still there. SQLite itself rolls it back when the disk is full.
    intact: bool,
}

/// A handle on the writer's thread; the thread ends when the last handle is dropped.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    /// Where the database is.
    pub(super) path: Arc<str>,
}

impl Writer {
    /// Gives `conn`, a connection to `path`, to a thread of its own, which writes in its `turn`.
    pub(super) fn start(conn: Conn, path: &str, turn: Turn) -> std::io::Result<Writer> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        std::thread::Builder::new().name("writer".into()).spawn(move || serve(conn, &turn, queue))?;
        Ok(Writer { jobs, path: path.into() })
    }

    /// Runs `work` in its savepoint; returns once its group is committed and flushed.
    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let (outcome, intact) = match conn {
                Ok(conn) => in_savepoint(conn, work),
                Err(error) => (Err(error.into()), false),
            };
            let answer: Answer = Box::new(move |committed| {
                // A caller that went away no longer needs its answer.
                let _ = reply.send(outcome.and_then(|value| committed.map(|()| value).map_err(E::from)));
            });
            Ran { answer, intact }
        });
        self.jobs.send(job).await.map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }
}

fn serve(mut conn: Conn, turn: &Turn, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.blocking_recv() {
        match turn.begin(&mut conn) {
            Ok(()) => commit_group(&mut conn, first, &mut queue),
            Err(error) => {
                tracing::error!(%error, "the writer cannot begin a transaction");
                (first(Err(not_begun(error))).answer)(Ok(()));
            }
        }
    }
}

fn not_begun(error: Error) -> Error {
    match error {
        Error::NotSaved(_) | Error::Unavailable(_) => error,
        other => Error::Unavailable(other.to_string()),
    }
}

fn commit_group(conn: &mut Conn, first: Job, queue: &mut mpsc::Receiver<Job>) {
    let (mut answers, mut next, mut intact) = (Vec::new(), Some(first), true);
    while let Some(job) = next {
        let ran = job(Ok(conn));
        answers.push(ran.answer);
        intact = ran.intact;
        next = if intact && answers.len() < GROUP_MAX { queue.try_recv().ok() } else { None };
    }
    let committed = if intact {
        conn.batch_execute("COMMIT").map_err(|error| error.to_string())
    } else {
        Err("the database rolled the transaction back".to_owned())
    };
    if let Err(error) = &committed {
        tracing::error!(%error, jobs = answers.len(), "a group of writes could not be committed");
        let _ = conn.batch_execute("ROLLBACK");
    }
    for answer in answers {
        answer(committed.clone().map_err(Error::NotSaved));
    }
}

/// A job that fails or panics leaves no trace and does not disturb its group. Also returns whether the
/// transaction is still there.
fn in_savepoint<T, E, F>(conn: &mut Conn, work: F) -> (Result<T, E>, bool)
where
    E: From<Error>,
    F: FnOnce(&mut Conn) -> Result<T, E>,
{
    if let Err(error) = conn.batch_execute("SAVEPOINT job") {
        return (Err(Error::from(error).into()), false);
    }
    let outcome = catch_unwind(AssertUnwindSafe(|| work(conn))).unwrap_or_else(|_| {
        tracing::error!("a write panicked and was rolled back");
        Err(Error::Panicked.into())
    });
    let end = if outcome.is_ok() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    match conn.batch_execute(end) {
        Ok(()) => (outcome, true),
        // The reason of a failed job says more than the savepoint that went with the transaction.
        Err(error) => (outcome.and_then(|_| Err(Error::from(error).into())), false),
    }
}

/// Whether a statement failed because nothing can be saved now: the disk is full, or the database is
/// read-only. Neither diesel nor SQLite gives these errors a kind of their own.
pub(super) fn cannot_save(error: &diesel::result::Error) -> bool {
    const SAID: [&str; 4] = [
        "database or disk is full",
        "attempt to write a readonly database",
        "No space left on device",
        "read-only transaction",
    ];
    match error {
        diesel::result::Error::DatabaseError(_, about) => {
            SAID.iter().any(|said| about.message().contains(said))
        }
        _ => false,
    }
}
