//! A structured line for each request that somebody made, without personal data.

use std::time::Instant;

use poem::http::{HeaderValue, Method, Uri};
use poem::{Request, Response};

/// Paths whose tail is a secret: only their first part is logged.
const SECRET: &[&str] = &["/s/", "/v/", "/login/wait/", "/sandbox/"];

/// Paths that are asked every few seconds without anybody doing anything. While all is well that is
/// no news: ten thousand waiting screens would be some ten gigabytes of it a day.
const QUIET: &[&str] = &["/login/wait/", "/healthz", "/readyz"];

tokio::task_local! {
    // Not a span: to make one, print what it says and give it back for each request cost as much
    // as the request's own line.
    static REQUEST: String;
}

/// Runs what answers the request that the log is to call `id`.
pub fn within<T>(id: String, answering: impl Future<Output = T>) -> impl Future<Output = T> {
    REQUEST.scope(id, answering)
}

/// What the log calls the request that is being answered, if one is. It may be shown, to be quoted.
pub fn request_id() -> Option<String> {
    REQUEST.try_with(String::clone).ok()
}

/// The line of a request that is being answered.
pub struct Entry {
    method: Method,
    uri: Uri,
    began: Instant,
}

impl Entry {
    /// Remembers what was asked, and when.
    pub fn begin(req: &Request) -> Entry {
        Entry { method: req.method().clone(), uri: req.uri().clone(), began: Instant::now() }
    }

    /// Logs how it ended, and answers the id as `X-Request-Id`.
    pub fn end(self, response: &mut Response) {
        if !is_quiet(self.uri.path()) || !response.status().is_success() {
            let (status, took) = (response.status().as_u16(), self.began.elapsed().as_millis() as u64);
            let (method, path) = (self.method.as_str(), loggable(self.uri.path()));
            tracing::info!(method, path, status, took_ms = took, "answered");
        }
        if let Some(id) = request_id().and_then(|id| HeaderValue::try_from(id).ok()) {
            response.headers_mut().insert("x-request-id", id);
        }
    }
}

fn is_quiet(path: &str) -> bool {
    QUIET.iter().any(|prefix| path.starts_with(prefix))
}

fn loggable(path: &str) -> &str {
    SECRET.iter().find(|prefix| path.starts_with(**prefix)).map_or(path, |prefix| prefix)
}

#[cfg(test)]
mod tests {
    use super::loggable;

    #[test]
    fn secrets_in_paths_are_not_logged() {
        assert_eq!(loggable("/s/01ABC.3.xyz"), "/s/");
        assert_eq!(loggable("/services/qualification"), "/services/qualification");
    }
}
