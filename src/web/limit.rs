//! Rate limits.

use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use super::Failure;

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
