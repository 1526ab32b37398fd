//! One structured line a request, without personal data.

use std::time::Instant;

use poem::http::HeaderValue;
use poem::{Endpoint, Request, Response};
use tracing::Instrument;

use crate::store::Ids;

/// Paths whose tail is a secret: only their first part is logged.
const SECRET: &[&str] = &["/s/", "/v/", "/login/wait/", "/sandbox/"];

/// What a request is called in the log. It may be shown, to be quoted.
#[derive(Clone)]
pub struct RequestId(String);

impl RequestId {
    /// The id that [`log_request`] gave.
    pub fn of(req: &Request) -> String {
        req.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
    }
}

/// Gives the request an id (answered as `X-Request-Id`) and logs how it ended.
pub async fn log_request<E: Endpoint>(next: E, mut req: Request, ids: &Ids) -> poem::Result<Response> {
    let id = ids.reference();
    req.extensions_mut().insert(RequestId(id.clone()));
    let method = req.method().clone();
    let path = loggable(req.uri().path()).to_owned();
    let began = Instant::now();
    let span = tracing::info_span!("request", %id);
    let outcome = next.call(req).instrument(span.clone()).await;
    let mut response = outcome.map_or_else(poem::Error::into_response, poem::IntoResponse::into_response);
    let (status, took) = (response.status().as_u16(), began.elapsed().as_millis() as u64);
    span.in_scope(|| tracing::info!(%method, path, status, took_ms = took, "answered"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", id);
    }
    Ok(response)
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
