//! Rate limits per client address.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use super::Failure;
use super::address::network;

/// So many requests a minute from one network, with bursts up to the same number.
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
    pub fn check(&self, address: IpAddr) -> Result<(), Failure> {
        self.limiter.check_key(&network(address)).map_err(|refused| {
            let wait = refused.wait_time_from(DefaultClock::default().now());
            Failure::TooMany(wait.as_secs() + 1)
        })
    }

    /// Forgets addresses that have not been seen for a while.
    pub fn sweep(&self) {
        self.limiter.retain_recent();
    }
}
