//! What the program counts and measures while it serves: metrics for Prometheus, and traces for OpenTelemetry.
//!
//! A label is one of a known, small set: a route's pattern and never a path, a step of a profile, an outcome. So
//! nothing here is about a person, and the number of series is bounded. What belongs to the database is in
//! [`store::Measures`](crate::store::Measures).

pub mod traces;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds of durations in seconds: from a read in memory to what a client gives up.
const SECONDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The metrics of this process.
pub static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::default);

/// One label, such as `[("outcome", "stored")]`.
pub type Label = [(&'static str, &'static str); 1];

/// Durations, with a name for each.
type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// The pattern of the route.
    pub route: Arc<str>,
    pub method: &'static str,
    /// Such as `2xx`.
    pub status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabel {
    pub route: Arc<str>,
}

/// A call of a portal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CallLabels {
    /// The name of the portal's profile.
    pub profile: String,
    /// The step of its profile, or the endpoint.
    pub step: String,
}

/// Why a call of a portal, or a sign-in, failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct FailureLabels {
    pub profile: String,
    pub step: String,
    pub reason: &'static str,
}

pub struct Metrics {
    pub requests: Family<RequestLabels, Counter>,
    pub request_duration: Durations<RouteLabel>,
    pub in_flight: Gauge,
    pub connections: Gauge,
    pub connections_refused: Family<Label, Counter>,
    pub portal_calls: Durations<CallLabels>,
    pub portal_failures: Family<FailureLabels, Counter>,
    pub uploads: Family<Label, Counter>,
    pub upload_bytes: Counter,
    pub scans: Family<Label, Counter>,
    pub trace_batches: Family<Label, Counter>,
    pub scan_duration: Histogram,
    pub housekeeping: Family<Label, Counter>,
    /// Seconds since 1970.
    pub housekeeping_succeeded: Gauge,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            requests: Family::default(),
            request_duration: Family::new_with_constructor(seconds),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            connections_refused: Family::default(),
            portal_calls: Family::new_with_constructor(seconds),
            portal_failures: Family::default(),
            uploads: Family::default(),
            upload_bytes: Counter::default(),
            scans: Family::default(),
            trace_batches: Family::default(),
            scan_duration: seconds(),
            housekeeping: Family::default(),
            housekeeping_succeeded: Gauge::default(),
        }
    }
}

impl Metrics {
    pub fn register(&self, registry: &mut Registry) {
        let seconds = Unit::Seconds;
        registry.register(
            "http_requests",
            "Answered requests by route, method and class of status",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time from the head of a request to its answer, without the parked time of a login screen",
            seconds.clone(),
            self.request_duration.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests that are being answered",
            self.in_flight.clone(),
        );
        registry.register("connections", "Open connections of every listener", self.connections.clone());
        registry.register(
            "connections_refused",
            "Connections beyond a limit: of the process or of one network",
            self.connections_refused.clone(),
        );
        registry.register_with_unit(
            "portal_call_duration",
            "Time of calls of the portal by profile and step",
            seconds,
            self.portal_calls.clone(),
        );
        registry.register(
            "portal_failures",
            "Failed calls of the portal by profile, step and reason",
            self.portal_failures.clone(),
        );
        registry.register("uploads", "Uploaded files by outcome", self.uploads.clone());
        registry.register_with_unit(
            "upload_size",
            "Stored uploads in all",
            Unit::Bytes,
            self.upload_bytes.clone(),
        );
        registry.register(
            "trace_batches",
            "Batches of traces for the collector by outcome",
            self.trace_batches.clone(),
        );
        registry.register("scans", "Scans of uploads by outcome", self.scans.clone());
        registry.register_with_unit(
            "scan_duration",
            "Time of scans of uploads",
            Unit::Seconds,
            self.scan_duration.clone(),
        );
        registry.register("housekeeping_runs", "Runs of housekeeping by outcome", self.housekeeping.clone());
        registry.register_with_unit(
            "housekeeping_last_success_timestamp",
            "Time of the last run of housekeeping that succeeded",
            Unit::Seconds,
            self.housekeeping_succeeded.clone(),
        );
    }

    /// Counts one more.
    pub fn count(family: &Family<Label, Counter>, name: &'static str, value: &'static str) {
        family.get_or_create(&[(name, value)]).inc();
    }

    /// A failed call of a portal.
    pub fn portal_failed(&self, profile: &str, step: &str, reason: &'static str) {
        let labels = FailureLabels { profile: profile.to_owned(), step: step.to_owned(), reason };
        self.portal_failures.get_or_create(&labels).inc();
    }
}

#[cfg(test)]
impl Metrics {
    /// Metrics in which every family has a series.
    pub fn with_a_series_each() -> Metrics {
        let metrics = Metrics::default();
        let route: Arc<str> = "none".into();
        let request = RequestLabels { route: route.clone(), method: "GET", status: "2xx" };
        metrics.requests.get_or_create(&request).inc();
        metrics.request_duration.get_or_create(&RouteLabel { route }).observe(0.1);
        let call = CallLabels { profile: "https://portal.example".into(), step: "token".into() };
        metrics.portal_calls.get_or_create(&call).observe(0.1);
        metrics.portal_failed(&call.profile, &call.step, "refused");
        for family in [
            &metrics.connections_refused,
            &metrics.uploads,
            &metrics.scans,
            &metrics.trace_batches,
            &metrics.housekeeping,
        ] {
            Metrics::count(family, "outcome", "failed");
        }
        metrics
    }
}

/// A histogram of durations in seconds.
pub fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

/// Adds one to a gauge until it is dropped.
pub struct Counted(&'static Gauge);

impl Counted {
    pub fn of(gauge: &'static Gauge) -> Counted {
        gauge.inc();
        Counted(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A request that was answered. It says nothing about the person.
pub struct Answered<'a> {
    /// The random id that the log and the response have.
    pub id: Option<String>,
    pub route: Arc<str>,
    pub method: &'a str,
    pub status: u16,
    pub at: SystemTime,
    pub took: Duration,
    /// Time that was spent waiting for the database.
    pub database: Duration,
}

impl Answered<'_> {
    /// Counts the request and sends its trace, if traces are on.
    pub fn record(self) {
        let labels = RequestLabels {
            route: self.route.clone(),
            method: method(self.method),
            status: class(self.status),
        };
        METRICS.requests.get_or_create(&labels).inc();
        let route = RouteLabel { route: self.route.clone() };
        METRICS.request_duration.get_or_create(&route).observe(self.took.as_secs_f64());
        traces::send(&self);
    }
}

/// A client may send any method.
fn method(name: &str) -> &'static str {
    const KNOWN: [&str; 5] = ["GET", "HEAD", "POST", "PUT", "DELETE"];
    KNOWN.into_iter().find(|known| *known == name).unwrap_or("other")
}

fn class(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_method_and_status_has_one_of_a_few_labels() {
        assert_eq!([method("POST"), method("GET /me"), method("get")], ["POST", "other", "other"]);
        assert_eq!(
            [class(200), class(303), class(404), class(503), class(999)],
            ["2xx", "3xx", "4xx", "5xx", "5xx"]
        );
    }
}
