//! The one SQLite writer, which commits in groups.
//!
//! A durable commit costs a disk flush whether it carries one submission or
//! sixty-four. So the writer takes whatever waits, runs each job under a
//! savepoint of its own, commits once, and only then answers them all: nobody
//! is told 提交成功 before the flush. While it flushes, the next group gathers.

use std::panic::{AssertUnwindSafe, catch_unwind};

use diesel::connection::SimpleConnection;
use tokio::sync::{mpsc, oneshot};

use super::turn::Turn;
use super::{Conn, Error};

/// More jobs than this in one commit would make the first wait for the last.
const GROUP_MAX: usize = 256;

/// Waiting jobs before a caller has to wait for a place in the queue.
const QUEUE: usize = 1024;

type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;
type Job = Box<dyn FnOnce(&mut Conn) -> Answer + Send>;

/// A handle on the writer's thread; the thread ends when the last handle is dropped.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// Gives `conn` to a thread of its own, which writes in its `turn`.
    pub(super) fn start(conn: Conn, turn: Turn) -> std::io::Result<Writer> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        std::thread::Builder::new().name("writer".into()).spawn(move || serve(conn, &turn, queue))?;
        Ok(Writer { jobs })
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
            let outcome = in_savepoint(conn, work);
            Box::new(move |committed| {
                // A caller that went away no longer needs its answer.
                let _ = reply.send(outcome.and_then(|value| committed.map(|()| value).map_err(E::from)));
            })
        });
        self.jobs.send(job).await.map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }
}

fn serve(mut conn: Conn, turn: &Turn, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.blocking_recv() {
        commit_group(&mut conn, turn, first, &mut queue);
    }
}

fn commit_group(conn: &mut Conn, turn: &Turn, first: Job, queue: &mut mpsc::Receiver<Job>) {
    if let Err(error) = turn.begin(conn) {
        // Without a transaction nothing was run: the job is dropped and its caller told so.
        tracing::error!(%error, "the writer cannot begin a transaction");
        return;
    }
    let mut answers = vec![first(conn)];
    while answers.len() < GROUP_MAX {
        let Ok(job) = queue.try_recv() else { break };
        answers.push(job(conn));
    }
    let committed = conn.batch_execute("COMMIT");
    if let Err(error) = &committed {
        tracing::error!(%error, jobs = answers.len(), "a group of writes could not be committed");
        let _ = conn.batch_execute("ROLLBACK");
    }
    let failed = committed.is_err();
    for answer in answers {
        answer(if failed { Err(Error::Closed) } else { Ok(()) });
    }
}

/// A job that fails or panics leaves no trace and does not disturb its group.
fn in_savepoint<T, E, F>(conn: &mut Conn, work: F) -> Result<T, E>
where
    E: From<Error>,
    F: FnOnce(&mut Conn) -> Result<T, E>,
{
    conn.batch_execute("SAVEPOINT job").map_err(Error::Database)?;
    let outcome = catch_unwind(AssertUnwindSafe(|| work(conn))).unwrap_or_else(|_| {
        tracing::error!("a write panicked and was rolled back");
        Err(Error::Panicked.into())
    });
    let end = if outcome.is_ok() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    conn.batch_execute(end).map_err(Error::Database)?;
    outcome
}
