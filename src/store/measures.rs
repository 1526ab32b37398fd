//! How long the database takes and how much waits for it, as metrics and for each request.

use std::cell::Cell;
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds in seconds: from a read in memory to a statement that is given up.
const SECONDS: [f64; 13] =
    [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 5.0, 15.0];

/// The kinds of transactions, as labels.
pub(super) const READ: &str = "read";
pub(super) const WRITE: &str = "write";

type Label = [(&'static str, &'static str); 1];

tokio::task_local! {
    static SPENT: Cell<Duration>;
}

/// The measures of one store.
#[derive(Clone, Debug)]
pub struct Measures {
    transactions: Family<Label, Histogram, fn() -> Histogram>,
    waits: Family<Label, Histogram, fn() -> Histogram>,
    failures: Family<Label, Counter>,
    commits: Counter,
}

impl Default for Measures {
    fn default() -> Measures {
        Measures {
            transactions: Family::new_with_constructor(seconds),
            waits: Family::new_with_constructor(seconds),
            failures: Family::default(),
            commits: Counter::default(),
        }
    }
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

impl Measures {
    pub fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "database_transaction_duration",
            "Time of reads and writes, with the wait for a connection",
            Unit::Seconds,
            self.transactions.clone(),
        );
        registry.register_with_unit(
            "database_wait_duration",
            "Wait of reads and writes for a connection or for SQLite's writer",
            Unit::Seconds,
            self.waits.clone(),
        );
        registry.register(
            "database_failures",
            "Lost connections, servers that were not reached, and commits that failed",
            self.failures.clone(),
        );
        registry.register("writer_commits", "Commits of SQLite's writer", self.commits.clone());
    }

    /// Measures a transaction, also for the request that it belongs to.
    pub(super) async fn transaction<T>(&self, kind: &'static str, work: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let done = work.await;
        let took = began.elapsed();
        self.transactions.get_or_create(&[("kind", kind)]).observe(took.as_secs_f64());
        let _ = SPENT.try_with(|spent| spent.set(spent.get() + took));
        done
    }

    pub(super) fn waited(&self, kind: &'static str, since: Instant) {
        self.waits.get_or_create(&[("kind", kind)]).observe(since.elapsed().as_secs_f64());
    }

    pub(super) fn failed(&self, reason: &'static str) {
        self.failures.get_or_create(&[("reason", reason)]).inc();
    }

    pub(super) fn committed(&self) {
        self.commits.inc();
    }
}

#[cfg(test)]
impl Measures {
    /// Measures in which every family has a series.
    pub fn with_a_series_each() -> Measures {
        let measures = Measures::default();
        measures.transactions.get_or_create(&[("kind", READ)]).observe(0.1);
        measures.waited(READ, Instant::now());
        measures.failed("lost");
        measures
    }
}

/// Adds up the time that `work` spends on the database; see [`spent`].
pub async fn adding_up<T>(work: impl Future<Output = T>) -> T {
    SPENT.scope(Cell::default(), work).await
}

/// The time that the current request has spent on the database so far.
pub fn spent() -> Duration {
    SPENT.try_with(Cell::get).unwrap_or_default()
}

/// What a store has in use at the moment.
#[derive(Clone, Debug)]
pub struct Load {
    pub pools: Vec<PoolLoad>,
    /// Writes that wait for SQLite's writer.
    pub writer_queue: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct PoolLoad {
    /// `read` or `write`.
    pub kind: &'static str,
    pub open: usize,
    pub idle: usize,
    /// Callers that wait for a connection.
    pub waiting: usize,
}
