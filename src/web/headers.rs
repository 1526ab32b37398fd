//! Security headers of every answer.

use poem::Response;
use poem::http::{HeaderName, HeaderValue};

/// No inline script or style, no plugin, no framing, forms only to ourselves.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'; frame-src 'self'; manifest-src 'self'";

const HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Two years (the least that browsers' preload lists take is one).
const HSTS: &str = "max-age=63072000; includeSubDomains";

/// Adds the headers; an answer that sets one itself keeps its own.
pub fn secure(response: &mut Response, https: bool) {
    let headers = response.headers_mut();
    headers.reserve(HEADERS.len() + 2);
    for (name, value) in HEADERS {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    if https {
        headers.insert("strict-transport-security", HeaderValue::from_static(HSTS));
    }
}
