//! How often one may begin to sign in (RFC 10027 §6.1.11).

use std::num::NonZeroU32;

use poem::Request;

use crate::store::Ids;
use crate::web::Failure;
use crate::web::address::{client_address, network};
use crate::web::limit::PerMinute;
use crate::web::session;

/// A school or an office reaches us from one address, so this stops machines, not a class that
/// logs in together.
const OF_NETWORK: NonZeroU32 = NonZeroU32::new(120).unwrap();

/// Nobody's hands are faster.
const OF_BROWSER: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// Way 1 costs us little, and a whole campus may come at once.
const AT_PORTAL: NonZeroU32 = NonZeroU32::new(600).unwrap();

/// What one network and one browser may do in a minute.
pub struct Limits {
    networks: PerMinute,
    browsers: PerMinute,
}

impl Limits {
    /// For beginning handshakes, or for scanning.
    pub(super) fn of_handshakes() -> Limits {
        Limits { networks: PerMinute::new(OF_NETWORK), browsers: PerMinute::new(OF_BROWSER) }
    }

    /// Counts a request, and tells which browser it is. The network comes first: who is refused
    /// gets no session, which would cost us a row.
    ///
    /// # Errors
    /// [`Failure::TooMany`]
    pub(super) async fn browser(&self, req: &Request, ids: &Ids) -> Result<String, Failure> {
        self.networks.check(&network(client_address(req)))?;
        let browser = session::device_token(&session::of(req), ids).await?;
        self.browsers.check(&browser)?;
        Ok(browser)
    }

    /// Forgets who has not been seen for a while.
    pub fn sweep(&self) {
        self.networks.sweep();
        self.browsers.sweep();
    }
}

/// For going to the portal, by network.
pub(super) fn at_portal() -> PerMinute {
    PerMinute::new(AT_PORTAL)
}
