//! Connections for [`Store::glance`](super::Store::glance): short queries that many requests ask at once.
//!
//! Handing such a query to a thread costs more than answering it. SQLite is therefore queried on the caller's
//! thread: the query reads a few pages of a memory-mapped file and does not block. A server is queried by
//! threads, see [`server`].

mod server;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use diesel::prelude::*;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::yield_now;

use self::server::ServerReaders;
use super::database::Database;
use super::pool::persist;
use super::{Conn, Error};

#[derive(Clone)]
pub(super) enum Readers {
    /// On the caller's thread.
    Sqlite(Arc<SqliteReaders>),
    /// On threads that end when the last handle is dropped.
    Postgres(Arc<ServerReaders>),
}

/// Runs one query. Returns whether the connection is still usable.
type Job = Box<dyn FnOnce(&mut Conn) -> bool + Send>;

impl Readers {
    /// Connects with the first query.
    pub(super) fn start(database: &Database) -> std::io::Result<Readers> {
        match database {
            Database::Sqlite(_) => Ok(Readers::Sqlite(Arc::new(SqliteReaders::new(database.clone())))),
            Database::Postgres(_) => Ok(Readers::Postgres(Arc::new(ServerReaders::start(database.clone())?))),
        }
    }

    /// # Errors
    /// [`Error::Unavailable`]: too many queries wait, or the database cannot be reached.
    pub(super) async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Clone + Send + 'static,
    {
        match self {
            Readers::Sqlite(here) => here.read(query).await,
            Readers::Postgres(threads) => persist(threads.database(), || threads.ask(query.clone())).await,
        }
    }
}

fn guarded<T, E: From<Error>>(
    query: impl FnOnce(&mut Conn) -> Result<T, E>,
    conn: &mut Conn,
) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(|| query(conn))).unwrap_or_else(|_| Err(Error::Panicked.into()))
}

/// Opens a connection if all others are busy, so there are as many as concurrent threads.
pub(super) struct SqliteReaders {
    database: Database,
    idle: Mutex<Vec<Conn>>,
    waiting: Mutex<Vec<Job>>,
}

impl SqliteReaders {
    fn new(database: Database) -> SqliteReaders {
        SqliteReaders { database, idle: Mutex::default(), waiting: Mutex::default() }
    }

    async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let outcome = guarded(query, conn);
            let good = outcome.is_ok();
            // The caller may have been dropped.
            let _ = reply.send(outcome);
            good
        });
        self.answer(job).await;
        answer.await.map_err(|_| Error::Unavailable("a reader has no connection".to_owned()))?
    }

    /// Runs `job` together with other waiting jobs in one read transaction, which halves their cost.
    async fn answer(&self, job: Job) {
        self.waiting.lock().push(job);
        // Other tasks add their jobs meanwhile. The first task that continues runs all of them.
        yield_now().await;
        let jobs = std::mem::take(&mut *self.waiting.lock());
        if jobs.is_empty() {
            return;
        }
        let idle = self.idle.lock().pop();
        // Callers of dropped jobs receive an error.
        let Some(mut conn) = idle.or_else(|| self.connect()) else { return };
        if answer_all(jobs, &mut conn) {
            self.idle.lock().push(conn);
        }
    }

    fn connect(&self) -> Option<Conn> {
        let connected = self.database.connect(Conn::prepare_mapped);
        connected.inspect_err(|error| tracing::error!(%error, "a reader cannot connect")).ok()
    }
}

/// Returns whether the connection is still usable.
fn answer_all(jobs: Vec<Job>, conn: &mut Conn) -> bool {
    let answered = conn.transaction(|conn| {
        let failed = jobs.into_iter().map(|job| job(conn)).filter(|good| !good).count();
        Ok::<_, diesel::result::Error>(failed == 0)
    });
    answered.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::future::{Future, poll_fn};
    use std::pin::Pin;
    use std::task::Poll;
    use std::time::Duration;

    use diesel::sql_types::Integer;
    use tokio::time::timeout;

    use super::*;

    type Caller = Pin<Box<dyn Future<Output = Result<i32, Error>>>>;

    fn here(database: &str) -> (Readers, Arc<SqliteReaders>) {
        let Readers::Sqlite(here) =
            Readers::start(&Database::parse(&format!("sqlite:{database}")).unwrap()).unwrap()
        else {
            unreachable!()
        };
        (Readers::Sqlite(here.clone()), here)
    }

    /// Polls a query once, so that its job waits.
    async fn ask(readers: &Readers, question: fn(&mut Conn) -> Result<i32, Error>) -> Caller {
        let readers = readers.clone();
        let mut caller: Caller = Box::pin(async move { readers.read(question).await });
        poll_fn(|context| {
            assert!(caller.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        caller
    }

    async fn answer(caller: Caller) -> Result<i32, Error> {
        timeout(Duration::from_secs(10), caller).await.expect("an answer")
    }

    fn number<const N: i32>(conn: &mut Conn) -> Result<i32, Error> {
        Ok(diesel::select(N.into_sql::<Integer>()).get_result(conn)?)
    }

    #[tokio::test]
    async fn first_task_answers_all_waiting_queries() {
        let folder = tempfile::tempdir().unwrap();
        let (readers, here) = here(folder.path().join("readers.db").to_str().unwrap());
        let one = ask(&readers, number::<1>).await;
        let two = ask(&readers, number::<2>).await;
        let three = ask(&readers, number::<3>).await;
        assert_eq!(here.waiting.lock().len(), 3);
        drop(one);
        assert_eq!(answer(two).await.unwrap(), 2);
        assert_eq!((here.waiting.lock().len(), here.idle.lock().len()), (0, 1));
        assert_eq!(answer(three).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn panicking_query_drops_its_connection() {
        let folder = tempfile::tempdir().unwrap();
        let (readers, here) = here(folder.path().join("readers.db").to_str().unwrap());
        let panics = ask(&readers, |_| panic!("on purpose")).await;
        let two = ask(&readers, number::<2>).await;
        assert!(matches!(answer(panics).await, Err(Error::Panicked)));
        assert_eq!(answer(two).await.unwrap(), 2);
        assert_eq!(here.idle.lock().len(), 0);
        assert_eq!(answer(ask(&readers, number::<3>).await).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn queries_fail_if_the_database_is_missing() {
        let (readers, _) = here("/nowhere/readers.db");
        let one = ask(&readers, number::<1>).await;
        let two = ask(&readers, number::<2>).await;
        for caller in [one, two] {
            assert!(matches!(answer(caller).await, Err(Error::Unavailable(_))));
        }
    }
}
