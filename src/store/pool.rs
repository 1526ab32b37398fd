//! Connections for pages, and what is done when the server goes away.

use std::time::Duration;

use deadpool::managed::{self, Metrics, Object, PoolError, RecycleError, RecycleResult};
use deadpool_diesel::{Connection as Shared, InteractError, Runtime};
use diesel::connection::TransactionManager;
use diesel::prelude::*;
use tokio::time::{sleep, timeout};

use super::target::Target;
use super::{Conn, Error, limits, outage};

/// Readers of SQLite, or connections to PostgreSQL, of one process.
const CONNECTIONS: usize = 8;

/// How long somebody waits for others to be done with a connection.
const WAIT: Duration = Duration::from_secs(10);

/// A job that loses this many connections is given up: perhaps it is what kills them.
const RUNS: u32 = 3;

/// How one attempt at a job ended.
pub(super) enum Ended<T, E> {
    /// It was done or refused, or must not be tried again.
    Answered(Result<T, E>),
    /// The connection was lost, and nothing was changed.
    Lost(E),
    /// The connection was lost, and the job must not be tried again.
    GivenUp(E),
    /// There was no connection.
    Unreached(Error),
}

/// Attempts until there is an answer, as long as another attempt is likely to find the server.
pub(super) async fn persist<T, E, A>(target: &Target, mut attempt: impl FnMut() -> A) -> Result<T, E>
where
    E: From<Error>,
    A: Future<Output = Ended<T, E>>,
{
    let mut lost = 0;
    loop {
        match attempt().await {
            Ended::Answered(outcome) => return outcome,
            Ended::GivenUp(error) => return Err(error),
            Ended::Lost(error) => {
                lost += 1;
                if lost == RUNS {
                    return Err(error);
                }
            }
            Ended::Unreached(error) => {
                if !target.outage().is_some_and(outage::Outage::is_short) {
                    return Err(error.into());
                }
                sleep(outage::PAUSE).await;
            }
        }
    }
}

/// Reads, and finds out whether a failure is the connection's: to ask before every use would cost a
/// lookup each time.
pub(super) fn reading<T, E>(conn: &mut Conn, query: impl FnOnce(&mut Conn) -> Result<T, E>) -> Ended<T, E> {
    match query(conn) {
        Err(error) if !is_alive(conn) => Ended::Lost(error),
        outcome => Ended::Answered(outcome),
    }
}

/// Runs `work` in a transaction. Only an answer to COMMIT that was lost leaves a doubt.
pub(super) fn writing<T, E: From<Error>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Ended<T, E> {
    type Transaction = <Conn as Connection>::TransactionManager;
    let failed = |conn: &mut Conn, error: E| reading(conn, |_| Err(error));
    if let Err(error) = Transaction::begin_transaction(conn) {
        return failed(conn, Error::from(error).into());
    }
    match work(conn) {
        Ok(value) => match Transaction::commit_transaction(conn) {
            Ok(()) => Ended::Answered(Ok(value)),
            Err(error) if is_alive(conn) => Ended::Answered(Err(Error::from(error).into())),
            Err(error) => Ended::GivenUp(Error::InDoubt(error.to_string()).into()),
        },
        Err(error) => {
            // Whether it could be rolled back is whether the connection is alive.
            let _ = Transaction::rollback_transaction(conn);
            failed(conn, error)
        }
    }
}

/// Whether a connection can be used again. One inside a transaction that failed cannot.
pub(super) fn is_alive(conn: &mut Conn) -> bool {
    diesel::sql_query("SELECT 1").execute(conn).is_ok()
}

/// Connections that are kept.
#[derive(Clone)]
pub(super) struct Pool {
    target: Target,
    connections: managed::Pool<Opener>,
}

struct Opener(Target);

impl managed::Manager for Opener {
    type Type = Shared<Conn>;
    type Error = Error;

    async fn create(&self) -> Result<Shared<Conn>, Error> {
        let target = self.0.clone();
        Shared::new(Runtime::Tokio1, move || target.connect(Conn::prepare_reader)).await
    }

    async fn recycle(&self, conn: &mut Shared<Conn>, metrics: &Metrics) -> RecycleResult<Error> {
        if conn.is_mutex_poisoned() {
            return Err(RecycleError::message("a job panicked on it, and nobody waited for the answer"));
        }
        if self.0.is_stale(metrics.created) {
            return Err(RecycleError::message("made before the server went away"));
        }
        Ok(())
    }
}

impl Pool {
    pub(super) fn new(target: Target) -> Result<Pool, Error> {
        let connections = managed::Pool::builder(Opener(target.clone()))
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT))
            .build()
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Pool { target, connections })
    }

    /// Reads, on another connection if one is lost.
    pub(super) async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Clone + Send + 'static,
    {
        let attempt = || {
            let query = query.clone();
            self.attempt(move |conn| reading(conn, query), Error::Unavailable)
        };
        persist(&self.target, attempt).await
    }

    /// Reads once.
    pub(super) async fn read_once<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        match self.attempt(move |conn| reading(conn, query), Error::Unavailable).await {
            Ended::Answered(outcome) => outcome,
            Ended::Lost(error) | Ended::GivenUp(error) => Err(error),
            Ended::Unreached(error) => Err(error.into()),
        }
    }

    /// Writes in one transaction, on another connection if one is lost before COMMIT.
    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Clone + Send + 'static,
    {
        let attempt = || {
            let work = work.clone();
            self.attempt(move |conn| writing(conn, work), Error::InDoubt)
        };
        persist(&self.target, attempt).await
    }

    /// Runs `job` on a connection of the pool. `late` is what it means if there is no answer.
    async fn attempt<T, E, F>(&self, job: F, late: fn(String) -> Error) -> Ended<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Ended<T, E> + Send + 'static,
    {
        let object = match self.connections.get().await {
            Ok(object) => object,
            Err(PoolError::Backend(error)) => return Ended::Unreached(error),
            Err(error) => return Ended::Unreached(Error::Unavailable(error.to_string())),
        };
        match self.within_limit(object.interact(job)).await {
            Some(Ok(Ended::Answered(outcome))) => Ended::Answered(outcome),
            Some(Ok(ended)) => {
                self.discard(object);
                ended
            }
            Some(Err(_)) => {
                drop(Object::take(object));
                Ended::Answered(Err(Error::Panicked.into()))
            }
            None => {
                self.discard(object);
                Ended::GivenUp(late(format!("no answer within {:?}", limits::ANSWER)).into())
            }
        }
    }

    /// A file needs no limit: nothing on the way to it can be lost.
    async fn within_limit<R>(
        &self,
        job: impl Future<Output = Result<R, InteractError>>,
    ) -> Option<Result<R, InteractError>> {
        match self.target {
            Target::Sqlite(_) => Some(job.await),
            Target::Postgres(_) => timeout(limits::ANSWER, job).await.ok(),
        }
    }

    /// Takes a connection that was lost out of the pool.
    fn discard(&self, object: Object<Opener>) {
        self.target.lost(Object::metrics(&object).created);
        drop(Object::take(object));
    }
}
