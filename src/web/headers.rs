//! Security headers of every response.

use poem::Response;
use poem::http::{HeaderName, HeaderValue};

/// No inline script or style, no plugin, no framing; forms are sent only to this site.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'; frame-src 'self'; manifest-src 'self'";

static HEADERS: [(HeaderName, HeaderValue); 7] = [
    known("content-security-policy", CONTENT_SECURITY_POLICY),
    known("x-content-type-options", "nosniff"),
    known("x-frame-options", "DENY"),
    known("referrer-policy", "same-origin"),
    known("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    known("cross-origin-opener-policy", "same-origin"),
    known("cross-origin-resource-policy", "same-origin"),
];

/// A header that is checked at compile time.
const fn known(name: &'static str, value: &'static str) -> (HeaderName, HeaderValue) {
    (HeaderName::from_static(name), HeaderValue::from_static(value))
}

/// Two years. Browsers' preload lists require at least one year.
const HSTS: &str = "max-age=63072000; includeSubDomains";

/// Adds the headers. A header that the response already has stays.
pub fn secure(response: &mut Response, https: bool) {
    let headers = response.headers_mut();
    headers.reserve(HEADERS.len() + 2);
    for (name, value) in &HEADERS {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    if https {
        headers.insert("strict-transport-security", HeaderValue::from_static(HSTS));
    }
}
