//! Connections for the short question that very many ask at once.
//!
//! To hand a question to a thread and to wake its asker costs more than to answer it. SQLite is
//! asked right where the question comes up, because it reads a handful of pages, and those of a
//! database file are mapped: no thread has to wait. A server is asked by threads: see [`server`].

mod server;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use diesel::prelude::*;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::yield_now;

use self::server::Threads;
use super::pool::persist;
use super::target::Target;
use super::{Conn, Error};

/// Those who answer.
#[derive(Clone)]
pub(super) enum Readers {
    /// SQLite, on the asker's own thread.
    Here(Arc<Here>),
    /// PostgreSQL, on threads that end when the last handle is dropped.
    There(Arc<Threads>),
}

/// Answers one question; says whether the connection is still good.
type Job = Box<dyn FnOnce(&mut Conn) -> bool + Send>;

impl Readers {
    /// Connects to `target` when first asked.
    pub(super) fn start(target: &Target) -> std::io::Result<Readers> {
        match target {
            Target::Sqlite(_) => Ok(Readers::Here(Arc::new(Here::new(target.clone())))),
            Target::Postgres(_) => Ok(Readers::There(Arc::new(Threads::start(target.clone())?))),
        }
    }

    /// Runs `query` on one of the connections.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many wait or the database cannot be reached.
    pub(super) async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Clone + Send + 'static,
    {
        match self {
            Readers::Here(here) => here.read(query).await,
            Readers::There(threads) => persist(threads.target(), || threads.ask(query.clone())).await,
        }
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

/// As many connections as there have been threads that asked at one moment.
pub(super) struct Here {
    target: Target,
    idle: Mutex<Vec<Conn>>,
    asked: Mutex<Vec<Job>>,
}

impl Here {
    fn new(target: Target) -> Here {
        Here { target, idle: Mutex::default(), asked: Mutex::default() }
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
            // An asker that went away no longer needs its answer.
            let _ = reply.send(outcome);
            good
        });
        self.answer(job).await;
        answer.await.map_err(|_| unavailable("a reader has no connection"))?
    }

    /// Answers `job`, and with it what others have asked meanwhile: one after another in one read
    /// transaction they cost half, because the processor still has at hand what it needs.
    async fn answer(&self, job: Job) {
        self.asked.lock().push(job);
        // Whoever is about to ask does so now; of all of them the first answers.
        yield_now().await;
        let jobs = std::mem::take(&mut *self.asked.lock());
        if jobs.is_empty() {
            return;
        }
        let idle = self.idle.lock().pop();
        // Jobs that are dropped here tell their askers so.
        let Some(mut conn) = idle.or_else(|| self.connect()) else { return };
        if answer_all(jobs, &mut conn) {
            self.idle.lock().push(conn);
        }
    }

    fn connect(&self) -> Option<Conn> {
        let connected = self.target.connect(Conn::prepare_mapped);
        connected.inspect_err(|error| tracing::error!(%error, "a reader cannot connect")).ok()
    }
}

/// Says whether the connection is still good.
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

    type Asker = Pin<Box<dyn Future<Output = Result<i32, Error>>>>;

    fn here(target: &str) -> (Readers, Arc<Here>) {
        let Readers::Here(here) =
            Readers::start(&Target::parse(&format!("sqlite:{target}")).unwrap()).unwrap()
        else {
            unreachable!()
        };
        (Readers::Here(here.clone()), here)
    }

    /// Begins to ask, and waits for its turn.
    async fn ask(readers: &Readers, question: fn(&mut Conn) -> Result<i32, Error>) -> Asker {
        let readers = readers.clone();
        let mut asker: Asker = Box::pin(async move { readers.read(question).await });
        poll_fn(|context| {
            assert!(asker.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        asker
    }

    async fn answer(asker: Asker) -> Result<i32, Error> {
        timeout(Duration::from_secs(10), asker).await.expect("an answer")
    }

    fn number<const N: i32>(conn: &mut Conn) -> Result<i32, Error> {
        Ok(diesel::select(N.into_sql::<Integer>()).get_result(conn)?)
    }

    #[tokio::test]
    async fn the_first_answers_all_who_have_asked() {
        let folder = tempfile::tempdir().unwrap();
        let (readers, here) = here(folder.path().join("readers.db").to_str().unwrap());
        let one = ask(&readers, number::<1>).await;
        let two = ask(&readers, number::<2>).await;
        let three = ask(&readers, number::<3>).await;
        assert_eq!(here.asked.lock().len(), 3);
        drop(one);
        assert_eq!(answer(two).await.unwrap(), 2);
        assert_eq!((here.asked.lock().len(), here.idle.lock().len()), (0, 1));
        assert_eq!(answer(three).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn what_fails_is_one_question_and_the_connection() {
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
    async fn without_a_database_everybody_is_told() {
        let (readers, _) = here("/nowhere/readers.db");
        let one = ask(&readers, number::<1>).await;
        let two = ask(&readers, number::<2>).await;
        for asker in [one, two] {
            assert!(matches!(answer(asker).await, Err(Error::Unavailable(_))));
        }
    }
}
