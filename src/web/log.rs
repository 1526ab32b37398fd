//! The log line of a request, without personal data, and the request's id.

use std::sync::Arc;
use std::time::Instant;

use poem::http::{HeaderValue, Method, Uri};
use poem::{PathPattern, Request, Response};
use tracing::Instrument;

use crate::paths;
use crate::store::{Timestamp, measures};
use crate::telemetry::{Answered, Counted, METRICS};

/// Addresses whose last part is secret. Only the first part is logged.
const SECRET: &[&str] = &[
    paths::SCAN,
    paths::VERIFICATION,
    paths::WAIT,
    paths::SANDBOX,
    paths::LIST_RESULT,
    paths::ENGLISH_LIST_RESULT,
];

/// Addresses that scripts and monitors request every few seconds. Their successful requests are not logged: ten
/// thousand waiting screens would write about ten gigabytes a day.
const QUIET: &[&str] = &[paths::WAIT, paths::HEALTHZ, paths::READYZ];

/// The route of requests that have none, in metrics.
const NO_ROUTE: &str = "none";

tokio::task_local! {
    /// Besides the span, because the fields of a span cannot be read back.
    static REQUEST: String;
}

/// Runs `answering` in a span with `id` as the id of its request.
pub fn within<T>(id: String, answering: impl Future<Output = T>) -> impl Future<Output = T> {
    // At the highest level, so that no filter of levels takes the id from the lines.
    let span = tracing::error_span!("request", id);
    measures::adding_up(REQUEST.scope(id, answering).instrument(span))
}

/// The id of the current request, if any. Pages show it, so that people can quote it.
pub fn request_id() -> Option<String> {
    REQUEST.try_with(String::clone).ok()
}

pub struct RequestLine {
    method: Method,
    uri: Uri,
    began: Instant,
    _in_flight: Counted,
}

impl RequestLine {
    pub fn begin(req: &Request) -> RequestLine {
        RequestLine {
            method: req.method().clone(),
            uri: req.uri().clone(),
            began: Instant::now(),
            _in_flight: Counted::of(&METRICS.in_flight),
        }
    }

    /// Logs the line, sets `X-Request-Id`, and counts the request. `route` is missing if no route was found.
    pub fn end(self, response: &mut Response, route: Option<PathPattern>, now: Timestamp) {
        let took = self.began.elapsed();
        if !is_quiet(self.uri.path()) || !response.status().is_success() {
            let (status, took) = (response.status().as_u16(), took.as_millis() as u64);
            let (method, path) = (self.method.as_str(), loggable(self.uri.path()));
            tracing::info!(method, path, status, took_ms = took, "answered");
        }
        if let Some(id) = request_id().and_then(|id| HeaderValue::try_from(id).ok()) {
            response.headers_mut().insert("x-request-id", id);
        }
        let answered = Answered {
            id: request_id(),
            route: route.map_or_else(|| Arc::from(NO_ROUTE), |route| route.0),
            method: self.method.as_str(),
            status: response.status().as_u16(),
            at: now.and_utc().into(),
            took,
            database: measures::spent(),
        };
        answered.record();
    }
}

fn is_quiet(path: &str) -> bool {
    QUIET.iter().any(|pattern| path.starts_with(paths::prefix(pattern)))
}

fn loggable(path: &str) -> &str {
    SECRET
        .iter()
        .map(|pattern| paths::prefix(pattern))
        .find(|prefix| path.starts_with(prefix))
        .unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::loggable;

    #[test]
    fn secrets_in_paths_are_not_logged() {
        assert_eq!(loggable("/s/01ABC.3.xyz"), "/s/");
        assert_eq!(loggable("/lookup/batch/abc/csv"), "/lookup/batch/");
        assert_eq!(loggable("/services/qualification"), "/services/qualification");
    }
}
