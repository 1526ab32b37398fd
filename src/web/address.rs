//! The client's address of a request.
//!
//! Rate limits and the proximity warning (RFC 10027 §6.1.1) depend on the address, so a wrong address is
//! worse than none: an address that is not certain is [`ClientAddress::Unknown`].

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use poem::Request;
use poem::http::HeaderMap;

use super::log_throttle::LogThrottle;
use crate::settings::Settings;

/// Headers in which proxies send the client's address.
const FORWARDING: &[&str] = &["x-forwarded-for", "forwarded", "x-real-ip"];

/// The text of an unknown network in the database.
const UNKNOWN: &str = "unknown";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAddress {
    /// An IPv4-mapped IPv6 address is converted to IPv4.
    Known(IpAddr),
    /// A proxy hides the address.
    /// The network of at least one device is not known.
    Unknown,
}

/// The part of an address that devices in one home share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    /// An IPv4 address, or the first 64 bits of an IPv6 address.
    Known(String),
    Unknown,
}

/// What a limit counts as one client: an IPv4 address or an IPv6 prefix of 56 bits, which a provider assigns to
/// one customer (RFC 6177).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientNetwork {
    V4(Ipv4Addr),
    /// The first 56 bits.
    V6(u64),
    Unknown,
}

/// Whether two devices share a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proximity {
    Same,
    Different,
    Unknown,
}

pub fn client_address(req: &Request) -> ClientAddress {
    let peer = req.remote_addr().as_socket_addr().map(SocketAddr::ip);
    match req.data::<Arc<Settings>>() {
        Some(settings) => address_of(req.headers(), peer, settings),
        None => ClientAddress::Unknown,
    }
}

/// The address of the peer, or, behind a trusted proxy, the one in its `X-Forwarded-For` header.
pub fn address_of(headers: &HeaderMap, peer: Option<IpAddr>, settings: &Settings) -> ClientAddress {
    static WARNED: LogThrottle = LogThrottle::new();
    let address = match peer {
        _ if settings.trusted_proxy => last_forwarded(headers).ok_or("X-Forwarded-For names no address"),
        Some(peer) if is_proxy(headers, peer, settings) => {
            Err("requests come from a proxy, and KAOZHENG_TRUSTED_PROXY is not set")
        }
        peer => peer.ok_or("the connection has no address"),
    };
    match address {
        Ok(address) => ClientAddress::Known(address.to_canonical()),
        Err(reason) => {
            if WARNED.is_due() {
                tracing::warn!(reason, "the client's address is not known");
            }
            ClientAddress::Unknown
        }
    }
}

/// The last entry, which the trusted proxy added. The client may have sent the earlier ones.
fn last_forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let line = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    parse(line.rsplit(',').next()?)
}

/// An address as proxies write it, with or without quotes, brackets and a port (RFC 7239 §6).
fn parse(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let entry = entry.strip_prefix('"').map_or(Some(entry), |rest| rest.strip_suffix('"'))?;
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match bare {
        Some(bare) => bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => entry.parse().ok().or_else(|| entry.parse().ok().map(|socket: SocketAddr| socket.ip())),
    };
    address.filter(|address| !address.to_canonical().is_unspecified())
}

/// Whether this peer is a proxy that is not in the settings. The program does not accept TLS, so with an
/// `https` public URL a proxy terminates it.
fn is_proxy(headers: &HeaderMap, peer: IpAddr, settings: &Settings) -> bool {
    is_local(peer.to_canonical())
        && (settings.is_https() || FORWARDING.iter().any(|name| headers.contains_key(*name)))
}

/// Whether an address is loopback, private, link-local or shared (RFC 6598, used by load balancers).
fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

pub fn network(address: ClientAddress) -> Network {
    match address {
        ClientAddress::Known(IpAddr::V4(v4)) => Network::Known(v4.to_string()),
        ClientAddress::Known(IpAddr::V6(v6)) => {
            let s = v6.segments();
            Network::Known(format!("{:x}:{:x}:{:x}:{:x}", s[0], s[1], s[2], s[3]))
        }
        ClientAddress::Unknown => Network::Unknown,
    }
}

pub fn client_network(address: ClientAddress) -> ClientNetwork {
    match address {
        ClientAddress::Known(IpAddr::V4(v4)) => ClientNetwork::V4(v4),
        ClientAddress::Known(IpAddr::V6(v6)) => ClientNetwork::V6((v6.to_bits() >> 72) as u64),
        ClientAddress::Unknown => ClientNetwork::Unknown,
    }
}

impl Network {
    pub fn from_text(text: String) -> Network {
        if text == UNKNOWN { Network::Unknown } else { Network::Known(text) }
    }

    pub fn proximity(&self, other: &Network) -> Proximity {
        match (self, other) {
            (Network::Known(one), Network::Known(other)) if one == other => Proximity::Same,
            (Network::Known(_), Network::Known(_)) => Proximity::Different,
            _ => Proximity::Unknown,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Network::Known(text) => text,
            Network::Unknown => UNKNOWN,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> ClientAddress {
        ClientAddress::Known(text.parse::<IpAddr>().unwrap().to_canonical())
    }

    #[test]
    fn forwarded_entry_is_an_address_or_nothing() {
        let table = [
            ("119.123.4.5", "119.123.4.5"),
            (" 119.123.4.5:5678 ", "119.123.4.5"),
            ("\"119.123.4.5:5678\"", "119.123.4.5"),
            ("2409:8a55::1", "2409:8a55::1"),
            ("[2409:8a55::1]", "2409:8a55::1"),
            ("[2409:8a55::1]:443", "2409:8a55::1"),
            ("\"[2409:8a55::1]:443\"", "2409:8a55::1"),
            ("::ffff:10.0.0.7", "::ffff:10.0.0.7"),
        ];
        for (entry, address) in table {
            assert_eq!(parse(entry), Some(address.parse().unwrap()), "{entry}");
        }
        for nothing in [
            "",
            " ",
            "unknown",
            "_x",
            "\"_x\"",
            "\"119.123.4.5",
            "119.123.4",
            "1.2.3.4:99999",
            "1.2.3.4:_p",
            "[1.2.3.4]",
            "[2409::1",
            "2409::1]",
            "0.0.0.0",
            "::",
            "::ffff:0.0.0.0",
            "for=1.2.3.4",
            "考试",
        ] {
            assert_eq!(parse(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn last_entry_of_the_last_header_applies() {
        let last = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            last_forwarded(&headers).map(|address| address.to_string())
        };
        assert_eq!(last(&["9.9.9.9, 1.1.1.1"]).as_deref(), Some("1.1.1.1"));
        assert_eq!(last(&["9.9.9.9", "1.1.1.1"]).as_deref(), Some("1.1.1.1"));
        for nothing in [&["9.9.9.9, "][..], &["9.9.9.9", ""], &["9.9.9.9, unknown"], &[""], &[]] {
            assert_eq!(last(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn local_addresses_are_not_routed_on_the_internet() {
        for local in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.0.1",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
        ] {
            assert!(is_local(local.parse().unwrap()), "{local}");
        }
        for public in ["119.123.4.5", "172.32.0.1", "100.128.0.1", "2409:8a55::1"] {
            assert!(!is_local(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn network_is_an_ipv4_address_or_64_bits_of_ipv6() {
        let near = |a: &str, b: &str| network(ip(a)).proximity(&network(ip(b)));
        assert_eq!(near("2409:8a55:1:2::5", "2409:8a55:1:2:9::1"), Proximity::Same);
        assert_eq!(near("2409:8a55:1:2::5", "2409:8a55:1:3::5"), Proximity::Different);
        assert_eq!(near("::ffff:10.0.0.1", "10.0.0.1"), Proximity::Same);
        assert_eq!(near("10.0.0.1", "10.0.0.2"), Proximity::Different);
        let unknown = network(ClientAddress::Unknown);
        for other in [&network(ip("10.0.0.1")), &unknown] {
            assert_eq!(
                (unknown.proximity(other), other.proximity(&unknown)),
                (Proximity::Unknown, Proximity::Unknown)
            );
        }
        assert_eq!(Network::from_text(unknown.to_string()), unknown);
    }

    #[test]
    fn client_network_is_an_ipv4_address_or_56_bits_of_ipv6() {
        let same = |a: &str, b: &str| client_network(ip(a)) == client_network(ip(b));
        assert!(same("2409:8a55:1:2ff::5", "2409:8a55:1:201::1"));
        assert!(!same("2409:8a55:1:2ff::5", "2409:8a55:1:3ff::5"));
        assert!(same("::ffff:10.0.0.1", "10.0.0.1") && !same("10.0.0.1", "10.0.0.2"));
    }
}
