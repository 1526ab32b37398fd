//! Refuses cross-site unsafe requests and malformed addresses.
//!
//! The rule is that of Go 1.25's `CrossOriginProtection`, so forms need no token. `Sec-Fetch-Site`
//! decides if it is present. Otherwise `Origin` must be the site's own origin (RFC 6454 §5): that of its public
//! address, or that of the `Host` header. A request with neither header does not come from a browser, so no
//! browser adds a cookie to it.

use poem::Request;
use poem::http::{Version, header};
use url::{Origin, Url};

use super::Failure;
use crate::settings::Settings;

/// Refuses a request that is unsafe and cross-site, or does not name one host, or has a NUL in its address.
/// Users cannot type NUL, and PostgreSQL's text type does not allow it.
pub fn refuse_cross_site(req: &Request, settings: &Settings) -> Result<(), Failure> {
    if !names_one_host(req) {
        return Err(Failure::BadRequest("请求的内容不完整"));
    }
    if req.uri().path_and_query().is_some_and(|address| address.as_str().contains("%00")) {
        return Err(Failure::NotFound);
    }
    if !req.method().is_safe() && is_cross_site(req, &settings.public_url) {
        return Err(Failure::Forbidden("请求不是从本站页面发出的，请从首页重新进入。"));
    }
    Ok(())
}

/// With two `Host` headers a proxy may have used the other one (RFC 9112 §3.2).
fn names_one_host(req: &Request) -> bool {
    let hosts = req.headers().get_all(header::HOST).iter().count();
    hosts == 1 || hosts == 0 && req.version() < Version::HTTP_11
}

fn is_cross_site(req: &Request, public: &Url) -> bool {
    let text = |name: header::HeaderName| req.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = text(header::ORIGIN) else { return false };
    let Ok(origin) = Url::parse(origin) else { return true };
    // A page that was loaded without TLS may have been altered on its way.
    if public.scheme() == "https" && origin.scheme() != "https" {
        return true;
    }
    let host = text(header::HOST).unwrap_or_default();
    let own = [Some(public.origin()), origin_of_host(origin.scheme(), host)];
    !own.into_iter().flatten().any(|own| own.is_tuple() && own == origin.origin())
}

/// The origin that a `Host` header names. The scheme is not in it, because a proxy may have ended TLS.
fn origin_of_host(scheme: &str, host: &str) -> Option<Origin> {
    Url::parse(&format!("{scheme}://{host}")).ok().map(|url| url.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(host: &str, headers: &[(&str, &str)]) -> Request {
        let builder = Request::builder().method(poem::http::Method::POST).header("host", host);
        headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value)).finish()
    }

    fn public() -> Url {
        Url::parse("https://exam.example").unwrap()
    }

    #[test]
    fn cross_site_requests_are_recognised() {
        let table: &[(&[(&str, &str)], bool)] = &[
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://exam.example")], true),
            (&[("origin", "https://exam.example")], false),
            (&[("origin", "https://evil.example")], true),
            (&[("origin", "null")], true),
            (&[("origin", "")], true),
            (&[("origin", "file://")], true),
            (&[], false),
        ];
        for (headers, cross) in table {
            assert_eq!(is_cross_site(&post("exam.example", headers), &public()), *cross, "{headers:?}");
        }
    }

    #[test]
    fn origins_are_compared_with_their_default_ports() {
        let table = [
            ("https://exam.example", "exam.example:443", false),
            ("https://exam.example:443", "exam.example", false),
            ("https://EXAM.example", "exam.example", false),
            ("https://exam.example:8443", "exam.example", true),
            ("https://exam.example:80", "exam.example", true),
            ("http://exam.example", "exam.example", true),
            // The proxy sends its own name, or the name by which an old address is still known.
            ("https://exam.example", "127.0.0.1:8080", false),
            ("https://old.example", "old.example", false),
            ("https://exam.example.evil", "exam.example", true),
            ("https://exam.example@evil.example", "exam.example", true),
        ];
        for (origin, host, cross) in table {
            let request = post(host, &[("origin", origin)]);
            assert_eq!(is_cross_site(&request, &public()), cross, "{origin} at {host}");
        }
        let demo = Url::parse("http://192.168.1.5:8080").unwrap();
        for (origin, host) in [("http://127.0.0.1:8080", "127.0.0.1:8080"), ("http://exam", "exam:80")] {
            assert!(!is_cross_site(&post(host, &[("origin", origin)]), &demo), "{origin} at {host}");
        }
    }
}
