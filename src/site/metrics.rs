//! `GET /metrics` on a listener of its own: what the program has counted, and what is in use at the moment, as
//! OpenMetrics text for Prometheus.
//!
//! Nobody signs in there, so the listener is off unless it is set, and belongs to an address that only the monitoring
//! reaches. What needs the database is read at most every [`MAX_AGE`], and is left out while the database does not
//! answer: an old number would hide that nobody knows the present one.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use poem::http::{StatusCode, header};
use poem::web::Data;
use poem::{Endpoint, EndpointExt, Response, Route, get, handler};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use rustix::time::{ClockId, clock_gettime};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::{Parts, paths};
use crate::casework::backlog::{self, Backlog};
use crate::casework::messages::outbox;
use crate::imports::jobs;
use crate::server::{self, ConnectionLimits, Handlers};
use crate::store::{Error, Timestamp, Tx};
use crate::telemetry::METRICS;

/// What was read from the database is reused for this long.
const MAX_AGE: Duration = Duration::from_secs(15);

/// A database that takes longer than this counts as silent. Prometheus waits for ten seconds.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The check that fails when the others take too long.
const LATE: &str = "in_time";

/// Connections of the listener. A monitoring system has one or two.
const CONNECTIONS: ConnectionLimits = ConnectionLimits { total: 16, per_network: None };

/// Serves `/metrics` until `stop` resolves.
pub async fn serve(listener: TcpListener, parts: &Parts, stop: impl Future<Output = ()>) {
    let handlers = Handlers { site: endpoint(parts), park: Box::new(|_, _| None) };
    server::serve(listener, handlers, CONNECTIONS, stop, Duration::ZERO).await;
}

fn endpoint(parts: &Parts) -> impl Endpoint<Output = Response> + 'static {
    let scraped = Scraped(Arc::new(Inner { parts: parts.clone(), last: Mutex::new(None) }));
    Route::new().at(paths::METRICS, get(metrics)).data(scraped)
}

#[derive(Clone)]
struct Scraped(Arc<Inner>);

struct Inner {
    parts: Parts,
    last: Mutex<Option<(Instant, Stored)>>,
}

/// What the database knows. A queue of another kind becomes a field here and rows of `queue_length` below.
#[derive(Clone)]
struct Stored {
    now: Timestamp,
    applications: Vec<Backlog>,
    imports_running: i64,
    outbox: outbox::Queue,
}

impl Stored {
    fn read(tx: &mut Tx) -> Result<Stored, Error> {
        let (applications, imports_running) = (backlog::load(tx)?, jobs::running(tx)?);
        Ok(Stored { now: tx.now, applications, imports_running, outbox: outbox::Queue::count(tx)? })
    }

    /// Seconds since the oldest began to wait.
    fn age(&self, oldest: Option<Timestamp>) -> i64 {
        oldest.map_or(0, |oldest| (self.now - oldest).num_seconds().max(0))
    }
}

#[handler]
async fn metrics(Data(scraped): Data<&Scraped>) -> Response {
    let inner = &scraped.0;
    let health = timeout(TIMEOUT, inner.parts.health.outcomes());
    let (stored, health) = tokio::join!(inner.stored(), health);
    let health = health.unwrap_or_else(|_| vec![(LATE, false)]);
    let mut registry = Registry::with_prefix("kaozheng");
    METRICS.register(&mut registry);
    inner.parts.store.measures.register(&mut registry);
    Gauges::default().fill(&inner.parts, stored.as_ref(), &health).register(&mut registry);
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    registry.register("build", "The version that runs", Info::new(version));
    let mut text = String::new();
    if let Err(error) = encode(&mut text, &registry) {
        tracing::error!(%error, "the metrics cannot be written");
        return StatusCode::INTERNAL_SERVER_ERROR.into();
    }
    Response::builder()
        .header(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(text)
}

impl Inner {
    /// `None` while the database does not answer.
    async fn stored(&self) -> Option<Stored> {
        let mut last = self.last.lock().await;
        if let Some((made, stored)) = &*last
            && made.elapsed() < MAX_AGE
        {
            return Some(stored.clone());
        }
        let read = timeout(TIMEOUT, self.parts.store.read(Stored::read)).await;
        let stored = read.ok().and_then(Result::ok);
        *last = stored.clone().map(|stored| (Instant::now(), stored));
        stored
    }
}

/// Labels of known, small sets.
type Labels = Vec<(&'static str, &'static str)>;
type Numbers = Family<Labels, Gauge>;

/// What is in use and what waits, at the moment.
#[derive(Default)]
struct Gauges {
    queue_length: Numbers,
    queue_oldest: Numbers,
    overdue: Numbers,
    imports_running: Numbers,
    waiters: Gauge,
    waiters_limit: Gauge,
    pool: Numbers,
    pool_waiting: Numbers,
    writer_queue: Numbers,
    check: Numbers,
    started: Gauge<f64, AtomicU64>,
}

impl Gauges {
    fn fill(self, parts: &Parts, stored: Option<&Stored>, health: &[(&'static str, bool)]) -> Gauges {
        if let Some(stored) = stored {
            self.fill_queues(stored);
            set(&self.imports_running, &[], stored.imports_running);
        }
        self.waiters.set(whole(parts.login.waiters.parked()));
        self.waiters_limit.set(whole(parts.settings.max_waiters));
        let load = parts.store.load();
        for pool in load.pools {
            set(&self.pool, &[("kind", pool.kind), ("state", "idle")], whole(pool.idle));
            set(&self.pool, &[("kind", pool.kind), ("state", "busy")], whole(pool.open - pool.idle));
            set(&self.pool_waiting, &[("kind", pool.kind)], whole(pool.waiting));
        }
        if let Some(waiting) = load.writer_queue {
            set(&self.writer_queue, &[], whole(waiting));
        }
        for (name, ok) in health {
            set(&self.check, &[("check", name)], i64::from(*ok));
        }
        self.started.set(parts.started.and_utc().timestamp_millis() as f64 / 1000.0);
        self
    }

    fn fill_queues(&self, stored: &Stored) {
        for Backlog { business, status, count, oldest, overdue } in &stored.applications {
            let labels = [("queue", "applications"), ("kind", *business), ("state", status.code())];
            set(&self.queue_length, &labels, *count);
            set(&self.queue_oldest, &labels, stored.age(*oldest));
            set(&self.overdue, &[("kind", *business), ("state", status.code())], *overdue);
        }
        let waiting = [("queue", "outbox"), ("kind", "sms"), ("state", "waiting")];
        set(&self.queue_length, &waiting, stored.outbox.waiting);
        set(&self.queue_oldest, &waiting, stored.age(stored.outbox.oldest));
        set(
            &self.queue_length,
            &[("queue", "outbox"), ("kind", "sms"), ("state", "dead")],
            stored.outbox.dead,
        );
    }

    fn register(self, registry: &mut Registry) {
        registry.register("queue_length", "What waits, by queue, kind and state", self.queue_length);
        registry.register_with_unit(
            "queue_oldest_age",
            "Age of the oldest that waits; 0 if none does",
            Unit::Seconds,
            self.queue_oldest,
        );
        registry.register("applications_overdue", "With staff although their day is over", self.overdue);
        registry.register("imports_running", "Imports of the desk that run", self.imports_running);
        registry.register("waiters", "Login screens that wait in this process", self.waiters);
        registry.register("waiters_limit", "Login screens that may wait", self.waiters_limit);
        registry.register("database_connections", "Connections by use and state", self.pool);
        registry.register("database_waiting", "Callers that wait for a connection", self.pool_waiting);
        registry.register("writer_queue", "Writes that wait for SQLite's writer", self.writer_queue);
        registry.register("check", "The checks of /readyz: 1 passes, 0 fails", self.check);
        registry.register_with_unit(
            "start_timestamp",
            "When the process began to serve",
            Unit::Seconds,
            self.started,
        );
        registry.register_with_unit(
            "process_cpu",
            "Processor time of the process",
            Unit::Seconds,
            ConstCounter::new(processor_time()),
        );
    }
}

/// Seconds of processors that this process has used.
fn processor_time() -> f64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}

fn set(family: &Numbers, labels: &[(&'static str, &'static str)], number: i64) {
    family.get_or_create(&labels.to_vec()).set(number);
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
