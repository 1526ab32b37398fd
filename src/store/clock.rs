//! The clock of the program. Tests set it by hand.
//!
//! Times are UTC in the database and in code. Pages show China's time.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use parking_lot::Mutex;

use super::Timestamp;

/// Offset of China's time. China has one time zone, without summer time since 1991.
pub const CHINA: TimeDelta = TimeDelta::hours(8);

/// Clones of a manual clock share their time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<Mutex<Timestamp>>),
}

impl Clock {
    pub fn system() -> Clock {
        Clock(Source::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`].
    pub fn manual(start: Timestamp) -> Clock {
        Clock(Source::Manual(Arc::new(Mutex::new(start))))
    }

    /// In whole milliseconds, which both databases store exactly.
    pub fn now(&self) -> Timestamp {
        let now = match &self.0 {
            Source::System => machine_time().into(),
            Source::Manual(time) => *time.lock(),
        };
        now.truncate(TimeDelta::milliseconds(1))
    }

    /// Moves a manual clock. The system clock is not affected.
    pub fn advance(&self, by: TimeDelta) {
        if let Source::Manual(time) = &self.0 {
            let mut time = time.lock();
            *time = time.checked_add_signed(by).map_or(*time, Timestamp::from_utc);
        }
    }
}

/// The machine's time, to the nanosecond, for log lines. Everything else uses a [`Clock`].
#[expect(clippy::disallowed_methods, reason = "every other time in the program comes from here")]
pub fn machine_time() -> DateTime<Utc> {
    Utc::now()
}

/// Formats a time as China's time: `2026-04-01 09:30`.
pub fn china(at: Timestamp) -> String {
    in_china(at).format("%Y-%m-%d %H:%M").to_string()
}

/// [`china`] to the second: `2026-04-01 09:30:00`.
pub fn china_to_the_second(at: Timestamp) -> String {
    let whole = |time: NaiveDateTime| time.with_nanosecond(0).unwrap_or(time);
    whole(in_china(at)).to_string()
}

pub fn china_date(at: Timestamp) -> NaiveDate {
    in_china(at).date()
}

/// An hour of the day that it is in China.
pub fn china_hour(at: Timestamp, hour: u32) -> Timestamp {
    let midnight = Timestamp::from_utc(china_date(at).and_time(chrono::NaiveTime::MIN));
    midnight - CHINA + TimeDelta::hours(hour.into())
}

fn in_china(at: Timestamp) -> NaiveDateTime {
    at.checked_add_signed(CHINA).unwrap_or(*at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn clones_of_a_manual_clock_share_its_time() {
        let clock = Clock::manual(at("2026-04-01T01:30:00.123456"));
        let other = clock.clone();
        assert_eq!(clock.now(), at("2026-04-01T01:30:00.123"));
        clock.advance(TimeDelta::minutes(5));
        assert_eq!(other.now(), at("2026-04-01T01:35:00.123"));
        clock.advance(TimeDelta::MAX);
        assert_eq!(other.now(), at("2026-04-01T01:35:00.123"));
    }

    #[test]
    fn system_clock_has_milliseconds_and_ignores_advance() {
        let clock = Clock::system();
        let before = clock.now();
        clock.advance(TimeDelta::days(400));
        assert_eq!(before.and_utc().timestamp_subsec_nanos() % 1_000_000, 0);
        assert!(clock.now() - before < TimeDelta::days(1));
    }

    #[test]
    fn times_are_shown_in_china_time() {
        assert_eq!(china(at("2026-04-01T01:30:59")), "2026-04-01 09:30");
        assert_eq!(china(at("2026-03-31T16:00:00")), "2026-04-01 00:00");
        assert_eq!(china_to_the_second(at("2026-04-01T01:30:05.123")), "2026-04-01 09:30:05");
        assert_eq!(china_date(at("2026-03-31T15:59:59")).to_string(), "2026-03-31");
        assert_eq!(china_date(at("2026-12-31T16:00:00")).to_string(), "2027-01-01");
        assert_eq!(china_date(Timestamp::from_utc(NaiveDateTime::MAX)), NaiveDate::MAX);
    }
}
