//! The address of the site.

use url::Url;

/// Where browsers find the site.
#[derive(Clone, Debug)]
pub struct SiteAddress {
    /// Scheme, host and port, without a trailing `/`.
    pub public_url: Url,
    /// Whether this is the demo, which has several addresses and plays its own portal.
    pub demo: bool,
}

impl SiteAddress {
    /// Whether browsers use HTTPS.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// The base URL for a browser that sent `host`. The demo is opened as `127.0.0.1` on its own machine and by
    /// the network's address on a phone. A real site has one address, as has a demo behind a proxy.
    pub fn base_for(&self, host: Option<&str>) -> String {
        let loopback =
            |host: &&str| ["127.0.0.1", "localhost"].contains(&host.split(':').next().unwrap_or(host));
        match host.filter(loopback) {
            Some(host) if self.demo && !self.is_https() => format!("http://{host}"),
            _ => self.absolute(""),
        }
    }

    /// The absolute URL of a path, which begins with `/`.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}

/// Whether traffic to a URL cannot be read on the way: HTTPS, or this machine.
pub fn is_safe(url: &Url) -> bool {
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}
