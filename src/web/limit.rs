//! Rate limits.

use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use super::Failure;
use super::address::Network;

/// So many requests a minute for one key, such as a network, with bursts up to the same number.
pub struct PerMinute {
    limiter: DefaultKeyedRateLimiter<String>,
}

impl PerMinute {
    /// Allows `count` a minute.
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

    /// Forgets keys that have not been seen for a while.
    pub fn sweep(&self) {
        self.limiter.retain_recent();
    }
}

/// Requests of all unknown networks together, as a multiple of what one network may send.
const UNKNOWN_SHARE: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// So many requests a minute for one network. Those whose network is not known share a larger budget.
pub struct PerNetwork {
    known: PerMinute,
    unknown: PerMinute,
}

impl PerNetwork {
    /// Allows `count` a minute for each network.
    pub fn new(count: NonZeroU32) -> PerNetwork {
        let unknown = count.saturating_mul(UNKNOWN_SHARE);
        PerNetwork { known: PerMinute::new(count), unknown: PerMinute::new(unknown) }
    }

    /// Counts one request.
    ///
    /// # Errors
    /// [`Failure::TooMany`] with the seconds to wait.
    pub fn check(&self, network: &Network) -> Result<(), Failure> {
        match network {
            Network::Known(network) => self.known.check(network),
            Network::Unknown => self.unknown.check(""),
        }
    }

    /// Forgets networks that have not been seen for a while.
    pub fn sweep(&self) {
        self.known.sweep();
    }
}
