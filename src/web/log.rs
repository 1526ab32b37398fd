//! A structured line for each request that somebody made, without personal data.

use std::time::Instant;

use poem::http::{HeaderValue, Method, Uri};
use poem::{Request, Response};
use tracing::Span;

use crate::store::Ids;

/// Paths whose tail is a secret: only their first part is logged.
const SECRET: &[&str] = &["/s/", "/v/", "/login/wait/", "/sandbox/"];

/// Paths that are asked every few seconds without anybody doing anything. While all is well that is
/// no news: ten thousand waiting screens would be some ten gigabytes of it a day.
const QUIET: &[&str] = &["/login/wait/", "/healthz", "/readyz"];

/// What a request is called in the log. It may be shown, to be quoted.
#[derive(Clone)]
pub struct RequestId(String);

impl RequestId {
    /// The id that [`Entry::begin`] gave.
    pub fn of(req: &Request) -> String {
        req.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
    }
}

/// The line of a request that is being answered.
pub struct Entry {
    id: String,
    method: Method,
    uri: Uri,
    began: Instant,
    span: Span,
}

impl Entry {
    /// Gives the request an id.
    pub fn begin(req: &mut Request, ids: &Ids) -> Entry {
        let id = ids.reference();
        req.extensions_mut().insert(RequestId(id.clone()));
        let (method, uri) = (req.method().clone(), req.uri().clone());
        let span = tracing::info_span!("request", id = id.as_str());
        Entry { id, method, uri, began: Instant::now(), span }
    }

    /// What else is logged for the request belongs in here.
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// Logs how it ended, and answers the id as `X-Request-Id`.
    pub fn end(self, response: &mut Response) {
        if !is_quiet(self.uri.path()) || !response.status().is_success() {
            let (status, took) = (response.status().as_u16(), self.began.elapsed().as_millis() as u64);
            let (method, path) = (self.method.as_str(), loggable(self.uri.path()));
            // Outside of the span, since to print that once more is most of what a line costs.
            tracing::info!(parent: None, id = self.id, method, path, status, took_ms = took, "answered");
        }
        if let Ok(id) = HeaderValue::try_from(self.id) {
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
