//! What is put under load: an installation on this machine.

use std::net::SocketAddr;

use url::Url;

use crate::cli::Stop;
use crate::paths;

/// Where every connection goes.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// An address of this machine's loopback.
    pub(super) address: SocketAddr,
    /// Scheme, host and port, as browsers see them.
    pub(super) base: Url,
}

impl Target {
    /// Resolves the name once, so that no later answer of a name server leads elsewhere.
    ///
    /// # Errors
    /// If the address is not `http://HOST:PORT`, or the host has an address other than those of loopback.
    pub(super) async fn resolve(base: Url) -> Result<Target, Stop> {
        if base.scheme() != "http" || base.path() != paths::HOME || base.query().is_some() {
            return Err(format!("{base}: expected an address such as http://127.0.0.1:8080").into());
        }
        let named = base.clone();
        let found = tokio::task::spawn_blocking(move || named.socket_addrs(|| None)).await?;
        let found = found.map_err(|error| format!("{base}: {error}"))?;
        let address = loopback(&found).ok_or_else(|| {
            format!("{base} is not on this machine's loopback (127.0.0.0/8 or ::1), and nothing else is put under load")
        })?;
        Ok(Target { address, base })
    }

    /// Host and port.
    pub(super) fn host(&self) -> &str {
        &self.base[url::Position::BeforeHost..url::Position::AfterPort]
    }
}

/// One of the addresses, if all are of loopback. An IPv4 one if there is any, because its network has addresses for
/// many visitors.
fn loopback(found: &[SocketAddr]) -> Option<SocketAddr> {
    let all = found.iter().all(|address| address.ip().is_loopback());
    let best = found.iter().find(|address| address.is_ipv4()).or(found.first());
    best.copied().filter(|_| all)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolve(text: &str) -> Result<SocketAddr, String> {
        let resolved = Target::resolve(Url::parse(text).unwrap()).await;
        resolved.map(|target| target.address).map_err(|stop| stop.to_string())
    }

    #[tokio::test]
    async fn addresses_of_loopback_are_accepted() {
        for (text, address) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://127.3.2.1:8080/", "127.3.2.1:8080"),
            ("http://[::1]:8080", "[::1]:8080"),
            ("http://localhost:8080", "127.0.0.1:8080"),
        ] {
            assert_eq!(resolve(text).await, Ok(address.parse().unwrap()), "{text}");
        }
    }

    #[tokio::test]
    async fn other_addresses_are_refused() {
        for text in [
            "http://192.168.1.5:8080",
            "http://0.0.0.0:8080",
            "http://[::]:8080",
            "http://[::ffff:127.0.0.1]:8080",
            "http://[fe80::1]:8080",
            "http://203.0.113.9",
        ] {
            let refused = resolve(text).await.expect_err(text);
            assert!(refused.contains("not on this machine's loopback"), "{text}: {refused}");
        }
        for text in ["https://127.0.0.1:8080", "http://127.0.0.1:8080/lookup", "file:///tmp"] {
            let refused = resolve(text).await.expect_err(text);
            assert!(refused.contains("expected an address"), "{text}: {refused}");
        }
    }

    #[test]
    fn name_with_one_address_elsewhere_is_refused() {
        let found = ["127.0.0.1:80", "203.0.113.9:80"].map(|text| text.parse().unwrap());
        assert_eq!(loopback(&found), None);
        assert_eq!(loopback(&[]), None);
        let both = ["[::1]:80", "127.0.0.1:80"].map(|text| text.parse().unwrap());
        assert_eq!(loopback(&both), Some(both[1]));
    }

    #[tokio::test]
    async fn host_has_its_port() {
        let target = Target::resolve(Url::parse("http://localhost:8080").unwrap()).await.unwrap();
        assert_eq!(target.host(), "localhost:8080");
    }
}
