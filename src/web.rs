//! What HTTP needs and no business knows.
//!
//! A handler takes a [`Frame`] and answers with `frame.page(…)`; it fails with a
//! [`Failure`], which [`Asked`](failure::Asked) turns into a page.

pub mod address;
pub mod assets;
pub mod binding;
pub mod compress;
pub mod connection;
pub mod failure;
pub mod form;
pub mod frame;
pub mod headers;
pub mod limit;
pub mod log;
pub mod origin;
pub mod seldom;
pub mod server;
pub mod session;

pub use failure::Failure;
pub use form::{Submission, Upload};
pub use frame::Frame;
pub use session::SignedIn;

/// A path of this site that is safe to redirect to, or `/`.
///
/// Browsers read `//host` and `/\host` as another site (RFC 3986 §4.2), and
/// drop control characters before looking.
pub fn local_path(path: &str) -> &str {
    let own = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.chars().any(char::is_control);
    if own { path } else { "/" }
}

/// The host that the browser asked for, with its port.
pub fn host(req: &poem::Request) -> Option<&str> {
    req.headers().get(poem::http::header::HOST).and_then(|value| value.to_str().ok())
}

/// `303 See Other`: after an unsafe request the browser shows `path`.
pub fn see_other(path: &str) -> poem::Response {
    poem::Response::builder()
        .status(poem::http::StatusCode::SEE_OTHER)
        .header(poem::http::header::LOCATION, path)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn only_local_paths_are_redirected_to() {
        assert_eq!(local_path("/services/qualification?page=2"), "/services/qualification?page=2");
        for bad in
            ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "", "/\t/evil.example"]
        {
            assert_eq!(local_path(bad), "/", "{bad}");
        }
    }
}
