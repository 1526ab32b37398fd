//! Pools of connections, and retries after lost connections.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, Object, PoolError, RecycleError, RecycleResult};
use deadpool_diesel::{Connection as Shared, InteractError, Runtime};
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;
use tokio::time::{sleep, timeout};

use super::database::Database;
use super::measures::{Measures, PoolLoad};
use super::{Conn, Error, Vault, data_keys, outage};

/// Connections of a pool. PostgreSQL has one pool for reads and one for writes, so that writes which wait for a
/// lock delay no reads.
const CONNECTIONS: usize = 8;

/// How long a request waits for a free connection.
const WAIT: Duration = Duration::from_secs(10);

/// A job is given up after losing so many connections, because it may be the cause.
const RUNS: u32 = 3;

pub(super) enum AttemptOutcome<T, E> {
    /// The job has its result, or must not be retried.
    Answered(Result<T, E>),
    /// The connection was lost before anything was changed.
    Lost(E),
    /// The connection was lost, and the job must not be retried.
    GivenUp(E),
    /// No connection.
    Unreached(Error),
}

/// Repeats attempts until there is a result, or until the server is not expected back soon.
pub(super) async fn persist<T, E, A>(database: &Database, mut attempt: impl FnMut() -> A) -> Result<T, E>
where
    E: From<Error>,
    A: Future<Output = AttemptOutcome<T, E>>,
{
    let mut lost = 0;
    loop {
        match attempt().await {
            AttemptOutcome::Answered(outcome) => return outcome,
            AttemptOutcome::GivenUp(error) => return Err(error),
            AttemptOutcome::Lost(error) => {
                lost += 1;
                if lost == RUNS {
                    return Err(error);
                }
            }
            AttemptOutcome::Unreached(error) => {
                if !database.outage().is_some_and(outage::Outage::is_short) {
                    return Err(error.into());
                }
                sleep(outage::PAUSE).await;
            }
        }
    }
}

/// Runs a query and, if it fails, checks whether the connection is alive. A check before every use would cost
/// a round trip.
pub(super) fn reading<T, E>(
    conn: &mut Conn,
    query: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> AttemptOutcome<T, E> {
    match query(conn) {
        Err(error) if !is_alive(conn) => AttemptOutcome::Lost(error),
        outcome => AttemptOutcome::Answered(outcome),
    }
}

/// Runs `work` in a transaction. If the connection is lost during COMMIT, the result is [`Error::InDoubt`].
pub(super) fn writing<T, E: From<Error>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> AttemptOutcome<T, E> {
    type Transaction = <Conn as Connection>::TransactionManager;
    let failed = |conn: &mut Conn, error: E| reading(conn, |_| Err(error));
    if let Err(error) = Transaction::begin_transaction(conn) {
        return failed(conn, Error::from(error).into());
    }
    match work(conn) {
        Ok(value) => match Transaction::commit_transaction(conn) {
            Ok(()) => AttemptOutcome::Answered(Ok(value)),
            Err(error) if is_alive(conn) => AttemptOutcome::Answered(Err(Error::from(error).into())),
            Err(error) => AttemptOutcome::GivenUp(Error::InDoubt(error.to_string()).into()),
        },
        Err(error) => {
            // `failed` checks whether the connection is alive.
            let _ = Transaction::rollback_transaction(conn);
            failed(conn, error)
        }
    }
}

/// Runs `query` in a transaction that sees the database as it was at its first statement, and cannot write.
pub(super) fn in_snapshot<T, E: From<Error>>(
    conn: &mut Conn,
    query: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    type Transaction = <Conn as Connection>::TransactionManager;
    const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    match conn {
        Conn::Postgres(conn) => AnsiTransactionManager::begin_transaction_sql(conn, BEGIN),
        // SQLite's snapshot begins with the first statement as well, and its readers refuse to write.
        Conn::Sqlite(conn) => AnsiTransactionManager::begin_transaction(conn),
    }
    .map_err(Error::from)?;
    let outcome = query(conn);
    let ended = match &outcome {
        Ok(_) => Transaction::commit_transaction(conn),
        Err(_) => Transaction::rollback_transaction(conn),
    };
    let value = outcome?;
    ended.map_err(Error::from)?;
    Ok(value)
}

/// Whether a connection is usable. It is not inside a failed transaction.
pub(super) fn is_alive(conn: &mut Conn) -> bool {
    diesel::sql_query("SELECT 1").execute(conn).is_ok()
}

#[derive(Clone)]
pub(super) struct Pool {
    database: Database,
    connections: managed::Pool<Opener>,
    /// How long a caller waits for an answer of a server.
    limit: Duration,
    /// What the pool is for, as the measures name it.
    kind: &'static str,
    measures: Measures,
}

/// Settings of a new connection, such as [`Conn::prepare_reader`].
pub(super) type Prepare = fn(&mut Conn) -> QueryResult<()>;

/// Opens the connections of a pool.
pub(super) struct Opener {
    pub(super) database: Database,
    pub(super) prepare: Prepare,
    pub(super) vault: Arc<Vault>,
}

impl managed::Manager for Opener {
    type Type = Shared<Conn>;
    type Error = Error;

    async fn create(&self) -> Result<Shared<Conn>, Error> {
        let (database, prepare, vault) = (self.database.clone(), self.prepare, self.vault.clone());
        let open = move || {
            let mut conn = database.connect(prepare)?;
            data_keys::announce(&vault, &mut conn)?;
            Ok(conn)
        };
        Shared::new(Runtime::Tokio1, open).await
    }

    async fn recycle(&self, conn: &mut Shared<Conn>, metrics: &Metrics) -> RecycleResult<Error> {
        if conn.is_mutex_poisoned() {
            return Err(RecycleError::message("a job panicked on it, and nobody waited for the answer"));
        }
        if self.database.is_stale(metrics.created) {
            return Err(RecycleError::message("made before the server went away"));
        }
        Ok(())
    }
}

impl Pool {
    pub(super) fn new(
        opener: Opener,
        limit: Duration,
        (kind, measures): (&'static str, Measures),
    ) -> Result<Pool, Error> {
        let database = opener.database.clone();
        let connections = managed::Pool::builder(opener)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT))
            .build()
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Pool { database, connections, limit, kind, measures })
    }

    /// Retries on another connection if one is lost.
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
        persist(&self.database, attempt).await
    }

    /// Does not retry.
    pub(super) async fn read_once<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        match self.attempt(move |conn| reading(conn, query), Error::Unavailable).await {
            AttemptOutcome::Answered(outcome) => outcome,
            AttemptOutcome::Lost(error) | AttemptOutcome::GivenUp(error) => Err(error),
            AttemptOutcome::Unreached(error) => Err(error.into()),
        }
    }

    /// Writes in one transaction. Retries on another connection if one is lost before COMMIT.
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
        persist(&self.database, attempt).await
    }

    pub(super) fn load(&self) -> PoolLoad {
        let status = self.connections.status();
        PoolLoad { kind: self.kind, open: status.size, idle: status.available, waiting: status.waiting }
    }

    pub(super) async fn connection(&self) -> Result<Object<Opener>, Error> {
        let asked = Instant::now();
        let got = self.connections.get().await;
        self.measures.waited(self.kind, asked);
        got.map_err(|error| {
            self.measures.failed("unreached");
            match error {
                PoolError::Backend(error) => error,
                error => Error::Unavailable(error.to_string()),
            }
        })
    }

    /// Runs `job` on a connection of the pool. `late` makes the error of a time-out.
    async fn attempt<T, E, F>(&self, job: F, late: fn(String) -> Error) -> AttemptOutcome<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> AttemptOutcome<T, E> + Send + 'static,
    {
        let object = match self.connection().await {
            Ok(object) => object,
            Err(error) => return AttemptOutcome::Unreached(error),
        };
        match self.within_limit(object.interact(job)).await {
            Some(Ok(AttemptOutcome::Answered(outcome))) => AttemptOutcome::Answered(outcome),
            Some(Ok(ended)) => {
                self.measures.failed("lost");
                self.discard(object);
                ended
            }
            Some(Err(_)) => {
                drop(Object::take(object));
                AttemptOutcome::Answered(Err(Error::Panicked.into()))
            }
            None => {
                self.measures.failed("no_answer");
                self.discard(object);
                AttemptOutcome::GivenUp(late(format!("no answer within {:?}", self.limit)).into())
            }
        }
    }

    /// SQLite needs no time limit.
    async fn within_limit<R>(
        &self,
        job: impl Future<Output = Result<R, InteractError>>,
    ) -> Option<Result<R, InteractError>> {
        match self.database {
            Database::Sqlite(_) => Some(job.await),
            Database::Postgres(_) => timeout(self.limit, job).await.ok(),
        }
    }

    /// Removes a lost connection from the pool.
    fn discard(&self, object: Object<Opener>) {
        self.database.lost(Object::metrics(&object).created);
        drop(Object::take(object));
    }
}
