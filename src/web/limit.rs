//! Rate limits.

use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use super::Failure;
use super::address::Network;

/// A rate limit for each key, such as a network: a number of requests a minute, with bursts of as many.
pub struct PerMinute {
    limiter: DefaultKeyedRateLimiter<String>,
}

impl PerMinute {
    pub fn new(count: NonZeroU32) -> PerMinute {
        PerMinute { limiter: DefaultKeyedRateLimiter::keyed(Quota::per_minute(count)) }
    }

    /// Counts one request.
    ///
    /// # Errors
    /// [`Failure::TooMany`] with the seconds to wait.
    pub fn check(&self, key: &str) -> Result<(), Failure> {
        self.limiter.check_key(&key.to_owned()).map_err(|refused| {
            let wait = refused.wait_time_from(DefaultClock::default().now());
            Failure::TooMany(wait.as_secs() + 1)
        })
    }

    /// Removes keys that have their whole limit again.
    pub fn sweep(&self) {
        self.limiter.retain_recent();
    }
}

/// The limit of all unknown networks together, as a multiple of the limit of one network.
const UNKNOWN_SHARE: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// A rate limit for each network. Requests from unknown networks share one larger limit.
pub struct PerNetwork {
    known: PerMinute,
    unknown: PerMinute,
}

impl PerNetwork {
    pub fn new(count: NonZeroU32) -> PerNetwork {
        let unknown = count.saturating_mul(UNKNOWN_SHARE);
        PerNetwork { known: PerMinute::new(count), unknown: PerMinute::new(unknown) }
    }

    /// See [`PerMinute::check`].
    pub fn check(&self, network: &Network) -> Result<(), Failure> {
        match network {
            Network::Known(network) => self.known.check(network),
            Network::Unknown => self.unknown.check(""),
        }
    }

    pub fn sweep(&self) {
        self.known.sweep();
    }
}
