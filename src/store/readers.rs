//! Reads of SQLite on the caller's thread.
//!
//! Handing a query to another thread costs more than answering it, and a short read does not block: what it
//! needs of the file is in the system's page cache. Long reads, of imports and exports, use
//! [`Bulk`](super::Bulk) on a thread of their own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::pool::{Pool, in_snapshot};
use super::{Conn, Error};

/// Runs one query. Returns whether the connection is still usable.
type Job = Box<dyn FnOnce(&mut Conn) -> bool + Send>;

#[derive(Clone)]
pub(super) struct Readers {
    pub(super) connections: Pool,
    waiting: Arc<Mutex<Vec<Job>>>,
}

impl Readers {
    pub(super) fn new(connections: Pool) -> Readers {
        Readers { connections, waiting: Arc::default() }
    }

    pub(super) async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let outcome = catch_unwind(AssertUnwindSafe(|| query(conn)));
            let usable = outcome.is_ok();
            // The caller may have been dropped.
            let _ = reply.send(outcome.unwrap_or_else(|_| Err(Error::Panicked.into())));
            usable
        });
        self.answer(job).await?;
        answer.await.map_err(|_| Error::Unavailable("a read got no connection".to_owned()))?
    }

    /// Runs `job` together with other waiting jobs in one read transaction, which halves their cost.
    async fn answer(&self, job: Job) -> Result<(), Error> {
        self.waiting.lock().push(job);
        // Other tasks add their jobs meanwhile. The first task that continues runs all of them.
        yield_now().await;
        let jobs = std::mem::take(&mut *self.waiting.lock());
        if jobs.is_empty() {
            return Ok(());
        }
        // Callers of dropped jobs receive an error.
        let object = self.connections.connection().await?;
        let usable = {
            let mut conn = object.lock().map_err(|_| Error::Panicked)?;
            in_snapshot(&mut conn, |conn| Ok::<_, Error>(answer_all(jobs, conn))).unwrap_or(false)
        };
        if !usable {
            drop(deadpool::managed::Object::take(object));
        }
        Ok(())
    }
}

/// Returns whether the connection is still usable.
fn answer_all(jobs: Vec<Job>, conn: &mut Conn) -> bool {
    let failed = jobs.into_iter().map(|job| job(conn)).filter(|usable| !usable).count();
    failed == 0
}

#[cfg(test)]
mod tests {
    use std::future::{Future, poll_fn};
    use std::pin::Pin;
    use std::task::Poll;
    use std::time::Duration;

    use diesel::prelude::*;
    use diesel::sql_types::Integer;
    use tokio::time::timeout;

    use super::*;
    use crate::store::database::Database;
    use crate::store::pool::Opener;
    use crate::store::{Measures, Vault, limits};

    type Caller = Pin<Box<dyn Future<Output = Result<i32, Error>>>>;

    fn readers(path: &str) -> Readers {
        let database = Database::parse(&format!("sqlite:{path}")).unwrap();
        let measured = ("read", Measures::default());
        let vault = Arc::new(Vault::from_key(&[7; 32]));
        let opener = Opener { database, prepare: Conn::prepare_reader, vault };
        Readers::new(Pool::new(opener, limits::READ, measured).unwrap())
    }

    fn on_file(folder: &tempfile::TempDir) -> Readers {
        readers(folder.path().join("readers.db").to_str().unwrap())
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
        let readers = on_file(&folder);
        let one = ask(&readers, number::<1>).await;
        let two = ask(&readers, number::<2>).await;
        let three = ask(&readers, number::<3>).await;
        assert_eq!(readers.waiting.lock().len(), 3);
        drop(one);
        assert_eq!(answer(two).await.unwrap(), 2);
        assert_eq!(readers.waiting.lock().len(), 0);
        assert_eq!(answer(three).await.unwrap(), 3);
        assert_eq!(readers.connections.load().open, 1);
    }

    #[tokio::test]
    async fn panicking_query_drops_its_connection() {
        let folder = tempfile::tempdir().unwrap();
        let readers = on_file(&folder);
        let panics = ask(&readers, |_| panic!("on purpose")).await;
        let two = ask(&readers, number::<2>).await;
        assert!(matches!(answer(panics).await, Err(Error::Panicked)));
        assert_eq!(answer(two).await.unwrap(), 2);
        assert_eq!(readers.connections.load().open, 0);
        assert_eq!(answer(ask(&readers, number::<3>).await).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn failing_query_fails_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let readers = on_file(&folder);
        let fails = ask(&readers, |conn| {
            diesel::sql_query("CREATE TABLE t (x INTEGER)").execute(conn)?;
            Ok(0)
        })
        .await;
        let two = ask(&readers, number::<2>).await;
        assert!(matches!(answer(fails).await, Err(Error::NotSaved(_))), "a reader refuses to write");
        assert_eq!(answer(two).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn queries_fail_if_the_database_is_missing() {
        let readers = readers("/nowhere/readers.db");
        let one = ask(&readers, number::<1>).await;
        let two = ask(&readers, number::<2>).await;
        for caller in [one, two] {
            assert!(matches!(answer(caller).await, Err(Error::Unavailable(_))));
        }
    }
}
