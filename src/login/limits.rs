//! How often one may begin to sign in (RFC 10027 §6.1.11).

use std::num::NonZeroU32;

use poem::Request;

use crate::web::Failure;
use crate::web::address::{client_address, network};
use crate::web::limit::{PerMinute, PerNetwork};
use crate::web::session::{self, live};

/// A school or an office reaches us from one address, so this stops machines, not a class that
/// logs in together.
const OF_NETWORK: NonZeroU32 = NonZeroU32::new(120).unwrap();

/// Nobody's hands are faster.
const OF_BROWSER: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// Way 1 costs us little, and a whole campus may come at once.
const AT_PORTAL: NonZeroU32 = NonZeroU32::new(600).unwrap();

/// What one network and one browser may do in a minute.
pub struct Limits {
    networks: PerNetwork,
    browsers: PerMinute,
}

impl Limits {
    /// For beginning handshakes, or for scanning.
    pub(super) fn of_handshakes() -> Limits {
        Limits { networks: PerNetwork::new(OF_NETWORK), browsers: PerMinute::new(OF_BROWSER) }
    }

    /// Counts a request of its network, and of its session where it has one.
    ///
    /// # Errors
    /// [`Failure::TooMany`]
    pub(super) fn check(&self, req: &Request) -> Result<(), Failure> {
        self.networks.check(&network(client_address(req)))?;
        live::own_key(&session::of(req)).map_or(Ok(()), |key| self.browsers.check(&key))
    }

    /// Forgets who has not been seen for a while.
    pub fn sweep(&self) {
        self.networks.sweep();
        self.browsers.sweep();
    }
}

/// For going to the portal, by network.
pub(super) fn at_portal() -> PerNetwork {
    PerNetwork::new(AT_PORTAL)
}
