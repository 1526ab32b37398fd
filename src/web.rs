//! What HTTP needs and no business knows.
//!
//! A handler takes a [`Frame`] and answers with `frame.page(…)`; it fails with a
//! [`Failure`], which [`Asked`](failure::Asked) turns into a page.

pub mod address;
pub mod assets;
pub mod binding;
pub mod body;
pub mod compress;
pub mod connection;
pub mod failure;
pub mod form;
pub mod frame;
pub mod head;
pub mod headers;
pub mod limit;
pub mod log;
pub mod origin;
pub mod pace;
pub mod seldom;
pub mod server;
pub mod session;

pub use failure::Failure;
pub use form::Submission;
pub use frame::Frame;
pub use session::SignedIn;

/// Longest path that a redirect leads back to: it is kept in a row or a cookie by whoever asks.
const LONGEST_PATH: usize = 512;

/// A path of this site that is safe to redirect to, of at most 512 characters, or `/`.
///
/// Browsers read `//host` and `/\host` as another site (RFC 3986 §4.2), and
/// drop control characters before looking.
pub fn local_path(path: &str) -> &str {
    let own = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.chars().any(char::is_control)
        && path.chars().take(LONGEST_PATH + 1).count() <= LONGEST_PATH;
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
        let long = |length: usize| format!("/{}", "服".repeat(length - 1));
        assert_eq!(local_path(&long(512)), long(512));
        assert_eq!(local_path(&long(513)), "/");
    }
}
