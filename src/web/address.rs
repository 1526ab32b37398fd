//! Where a request comes from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use poem::Request;

use crate::settings::Settings;

/// The client's address: the peer's, or what our own proxy says it is when the
/// settings name one. The last entry is the one that proxy added itself.
pub fn client_address(req: &Request) -> IpAddr {
    let trusted = req.data::<Arc<Settings>>().is_some_and(|settings| settings.trusted_proxy);
    let forwarded = || {
        let line = req.headers().get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        line.rsplit(',').next()?.trim().parse().ok()
    };
    let peer = || req.remote_addr().as_socket_addr().map(|address| address.ip());
    trusted.then(forwarded).flatten().or_else(peer).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// The network an address belongs to, as much of it as two devices in one home
/// share: an IPv4 address is the home's own; of IPv6 the first 64 bits are.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let s = v6.segments();
            format!("{:x}:{:x}:{:x}:{:x}", s[0], s[1], s[2], s[3])
        }
    }
}

/// The addresses that one customer of a carrier has, by the first of them: an IPv4 address is alone,
/// of IPv6 a customer is given up to a /56 (RIPE-690 §4.2).
pub fn block(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 72))),
        v4 => v4,
    }
}

/// An address to show on a screen: its last half hidden.
pub fn masked(network: &str) -> String {
    let parts: Vec<&str> = network.split(['.', ':']).take(2).collect();
    if network.contains(':') { format!("{}:*", parts.join(":")) } else { format!("{}.*.*", parts.join(".")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_masks() {
        let shown = |text: &str| masked(&network(text.parse().unwrap()));
        assert_eq!(shown("119.123.4.5"), "119.123.*.*");
        assert_eq!(shown("::ffff:10.0.0.7"), "10.0.*.*");
        assert_eq!(shown("2409:8a55:1:2:3:4:5:6"), "2409:8a55:*");
        let same = |a: &str, b: &str| network(a.parse().unwrap()) == network(b.parse().unwrap());
        assert!(same("2409:8a55:1:2::5", "2409:8a55:1:2:9::1"));
        assert!(!same("10.0.0.1", "10.0.0.2"));
    }

    #[test]
    fn a_customer_of_a_carrier_has_one_block() {
        let same = |a: &str, b: &str| block(a.parse().unwrap()) == block(b.parse().unwrap());
        assert!(same("2409:8a55:1:200::5", "2409:8a55:1:2ff:9::1"));
        assert!(!same("2409:8a55:1:200::5", "2409:8a55:1:300::5"));
        assert!(same("::ffff:10.0.0.7", "10.0.0.7") && !same("10.0.0.7", "10.0.0.8"));
    }
}
