//! HTTP without any business: page or fragment, failures, sessions, forms, limits, headers, assets.
//!
//! A handler takes a [`Frame`] and returns `frame.page(…)` or a [`Failure`]. The module [`failure`]
//! turns a failure into a page.

pub mod address;
pub mod assets;
mod attachment;
pub mod binding;
pub mod body;
pub mod compress;
pub mod current_contact;
pub mod encoding;
pub mod failure;
pub mod form;
pub mod frame;
pub mod head;
pub mod headers;
pub mod limit;
pub mod log;
pub mod log_throttle;
pub mod origin;
pub mod pace;
mod query;
pub mod range;
pub mod session;
pub mod user_agent;
mod visitor;
pub mod well_known;

pub use attachment::attachment;
pub use failure::Failure;
pub use form::Submission;
pub use frame::Frame;
pub use session::SignedIn;
pub use visitor::Visitor;

/// Maximum number of characters of a path to return to, because handlers store it in a row or a cookie.
const LONGEST_PATH: usize = 512;

/// `path` if it is a path of this site of at most 512 characters, otherwise `/`.
///
/// Browsers read `//host` and `/\host` as another site (RFC 3986 §4.2), and they drop control
/// characters before parsing.
pub fn local_path(path: &str) -> &str {
    let own = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.chars().any(char::is_control)
        && path.chars().take(LONGEST_PATH + 1).count() <= LONGEST_PATH;
    if own { path } else { crate::paths::HOME }
}

/// A part of the program that `site` attaches to every request, such as the store.
pub fn attached<T: Send + Sync + 'static>(req: &poem::Request) -> Result<&T, Failure> {
    req.data().ok_or_else(|| Failure::Internal(format!("a request has no {}", std::any::type_name::<T>())))
}

/// The `Host` header, with its port.
pub fn host(req: &poem::Request) -> Option<&str> {
    req.headers().get(poem::http::header::HOST).and_then(|value| value.to_str().ok())
}

/// `303 See Other`: the browser loads `path` with GET.
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
    fn redirects_lead_only_to_local_paths() {
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
