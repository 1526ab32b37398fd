//! Limits log lines that any request can cause.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Minimum time between two lines.
const INTERVAL: Duration = Duration::from_secs(60);

/// Allows one log line a minute.
#[derive(Default)]
pub struct LogThrottle(Mutex<Option<Instant>>);

impl LogThrottle {
    /// The first line is due at once.
    pub const fn new() -> LogThrottle {
        LogThrottle(Mutex::new(None))
    }

    /// Whether to log now. If so, the next minute starts.
    pub fn is_due(&self) -> bool {
        let mut last = self.0.lock();
        let due = last.is_none_or(|last| last.elapsed() >= INTERVAL);
        if due {
            *last = Some(Instant::now());
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_line_within_a_minute_is_left_out() {
        let throttle = LogThrottle::new();
        assert_eq!([throttle.is_due(), throttle.is_due()], [true, false]);
    }
}
