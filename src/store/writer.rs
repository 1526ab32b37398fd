//! The SQLite writer, which commits in groups.
//!
//! A durable commit flushes the disk once, however many jobs it contains. The writer takes the waiting jobs, runs
//! each in a savepoint, commits once and then answers them all: no candidate sees 提交成功 before the flush. Jobs
//! that arrive meanwhile wait and form the next group.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use diesel::connection::SimpleConnection;
use tokio::sync::{mpsc, oneshot};

use super::measures::{Measures, WRITE};
use super::write_turn::WriteTurn;
use super::{Conn, Error};

/// Most jobs of a commit. The first job is answered only after the last has run.
const GROUP_MAX: usize = 256;

/// Capacity of the queue. Further callers wait.
const QUEUE: usize = 1024;

type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;
/// Gets the connection inside a transaction, or the error that prevented the transaction.
type Job = Box<dyn FnOnce(Result<&mut Conn, Error>) -> FinishedJob + Send>;

struct FinishedJob {
    answer: Answer,
    /// `false` if SQLite has rolled back the whole transaction, as it does on a full disk.
    intact: bool,
}

/// A handle on the writer's thread, which ends when the last handle is dropped.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    measures: Measures,
}

impl Writer {
    pub(super) fn start(conn: Conn, turn: WriteTurn, measures: Measures) -> std::io::Result<Writer> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let measured = measures.clone();
        std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || serve(conn, &turn, queue, &measured))?;
        Ok(Writer { jobs, measures })
    }

    /// How many writes wait.
    pub(super) fn waiting(&self) -> usize {
        self.jobs.max_capacity() - self.jobs.capacity()
    }

    /// Runs `work` in a savepoint. Returns once its group is committed and flushed.
    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let (asked, measures) = (Instant::now(), self.measures.clone());
        let job: Job = Box::new(move |conn| {
            measures.waited(WRITE, asked);
            let (outcome, intact) = match conn {
                Ok(conn) => in_savepoint(conn, work),
                Err(error) => (Err(error.into()), false),
            };
            let answer: Answer = Box::new(move |committed| {
                // The caller may have been dropped.
                let _ = reply.send(outcome.and_then(|value| committed.map(|()| value).map_err(E::from)));
            });
            FinishedJob { answer, intact }
        });
        self.jobs.send(job).await.map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }
}

fn serve(mut conn: Conn, turn: &WriteTurn, mut queue: mpsc::Receiver<Job>, measures: &Measures) {
    while let Some(first) = queue.blocking_recv() {
        match turn.begin(&mut conn) {
            Ok(()) => commit_group(&mut conn, first, &mut queue, measures),
            Err(error) => {
                measures.failed("not_begun");
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

fn commit_group(conn: &mut Conn, first: Job, queue: &mut mpsc::Receiver<Job>, measures: &Measures) {
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
    measures.committed();
    if let Err(error) = &committed {
        measures.failed("not_committed");
        tracing::error!(%error, jobs = answers.len(), "a group of writes could not be committed");
        let _ = conn.batch_execute("ROLLBACK");
    }
    for answer in answers {
        answer(committed.clone().map_err(Error::NotSaved));
    }
}

/// Runs `work` in a savepoint. If it fails or panics, only its own changes are rolled back. Also returns whether the transaction is
/// intact.
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
        // The job's own error is more precise than that of the missing savepoint.
        Err(error) => (outcome.and_then(|_| Err(Error::from(error).into())), false),
    }
}
