//! Refuses cross-site unsafe requests and malformed addresses.
//!
//! The rule is that of Go 1.25's `CrossOriginProtection`, so forms need no token. `Sec-Fetch-Site`
//! decides if it is present. Otherwise `Origin` must match the host. A request with neither header does
//! not come from a browser, so no browser adds a cookie to it.

use poem::Request;
use poem::http::{Version, header};

use super::Failure;

/// Refuses a request that is unsafe and cross-site, or does not name one host, or has a NUL in its address.
/// Users cannot type NUL, and PostgreSQL's text type does not allow it.
pub fn refuse_cross_site(req: &Request) -> Result<(), Failure> {
    if !names_one_host(req) {
        return Err(Failure::BadRequest("请求的内容不完整"));
    }
    if req.uri().path_and_query().is_some_and(|address| address.as_str().contains("%00")) {
        return Err(Failure::NotFound);
    }
    if !req.method().is_safe() && is_cross_site(req) {
        return Err(Failure::Forbidden("请求不是从本站页面发出的，请从首页重新进入。"));
    }
    Ok(())
}

/// With two `Host` headers a proxy may have used the other one (RFC 9112 §3.2).
fn names_one_host(req: &Request) -> bool {
    let hosts = req.headers().get_all(header::HOST).iter().count();
    hosts == 1 || hosts == 0 && req.version() < Version::HTTP_11
}

fn is_cross_site(req: &Request) -> bool {
    let text = |name: header::HeaderName| req.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = text(header::ORIGIN) else { return false };
    let host = text(header::HOST).unwrap_or_default();
    origin.split_once("://").is_none_or(|(_, authority)| authority != host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(headers: &[(&str, &str)]) -> Request {
        let builder = Request::builder().method(poem::http::Method::POST).header("host", "exam.example");
        headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value)).finish()
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
            (&[], false),
        ];
        for (headers, cross) in table {
            assert_eq!(is_cross_site(&post(headers)), *cross, "{headers:?}");
        }
    }
}
