//! Rate limits of login (RFC 10027 §6.1.11).

use std::num::NonZeroU32;

use poem::Request;

use crate::web::Failure;
use crate::web::address::{client_address, network};
use crate::web::limit::{PerMinute, PerNetwork};
use crate::web::session::{self, live};

/// Requests a minute from one network. A school or an office has one address, so the limit stops machines
/// and not a class that logs in together.
const OF_NETWORK: NonZeroU32 = NonZeroU32::new(120).unwrap();

/// Requests a minute of one session: more than anybody sends by hand.
const OF_BROWSER: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// Redirects to the portal a minute from one network. They cost little, and a whole campus may come at once.
const AT_PORTAL: NonZeroU32 = NonZeroU32::new(600).unwrap();

/// The limits of scans.
pub struct ScanLimits {
    networks: PerNetwork,
    browsers: PerMinute,
}

impl ScanLimits {
    pub(super) fn new() -> ScanLimits {
        ScanLimits { networks: PerNetwork::new(OF_NETWORK), browsers: PerMinute::new(OF_BROWSER) }
    }

    /// Counts a scan for its network, and for its session if it names one.
    ///
    /// # Errors
    /// [`Failure::TooMany`]
    pub(super) fn check(&self, req: &Request) -> Result<(), Failure> {
        self.networks.check(&network(client_address(req)))?;
        live::own_key(&session::of(req)).map_or(Ok(()), |key| self.browsers.check(&key))
    }

    pub fn sweep(&self) {
        self.networks.sweep();
        self.browsers.sweep();
    }
}

/// Handshakes that screens begin. Screens have no session by which they could be limited.
pub(super) fn new_handshakes() -> PerNetwork {
    PerNetwork::new(OF_NETWORK)
}

pub(super) fn at_portal() -> PerNetwork {
    PerNetwork::new(AT_PORTAL)
}
