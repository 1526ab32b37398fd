//! Limits log lines that every request could cause to one a minute.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Shortest time between two lines.
const EVERY: Duration = Duration::from_secs(60);

/// Limits one log line.
pub struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    /// The first line is due at once.
    pub const fn ready() -> Seldom {
        Seldom(Mutex::new(None))
    }

    /// Whether to log now. If so, the next minute starts.
    pub fn is_due(&self) -> bool {
        let mut last = self.0.lock();
        let due = last.is_none_or(|last| last.elapsed() >= EVERY);
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
    fn a_second_line_within_a_minute_is_not_due() {
        let seldom = Seldom::ready();
        assert_eq!([seldom.is_due(), seldom.is_due()], [true, false]);
    }
}
