//! One clock for the whole program, so that tests decide what time it is.
//!
//! Times are UTC in the database and in code; people read the time of China.

use std::sync::Arc;

use chrono::{DateTime, DurationRound, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use parking_lot::Mutex;

/// China keeps one time, UTC+8, without summer time since 1991.
pub const CHINA: TimeDelta = TimeDelta::hours(8);

/// Tells the time. Clones of a manual clock move together.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<Mutex<NaiveDateTime>>),
}

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Clock {
        Clock(Source::System)
    }

    /// A clock that stands at `start` (UTC) until it is moved.
    pub fn manual(start: NaiveDateTime) -> Clock {
        Clock(Source::Manual(Arc::new(Mutex::new(start))))
    }

    /// The time in UTC, in whole milliseconds: what both databases store and give back unchanged.
    pub fn now(&self) -> NaiveDateTime {
        let now = match &self.0 {
            Source::System => machine_time().naive_utc(),
            Source::Manual(time) => *time.lock(),
        };
        now.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(now)
    }

    /// Moves a manual clock; the system's is not ours to move and stays.
    pub fn advance(&self, by: TimeDelta) {
        if let Source::Manual(time) = &self.0 {
            let mut time = time.lock();
            *time = time.checked_add_signed(by).unwrap_or(*time);
        }
    }
}

/// The machine's time, to the nanosecond, for log lines. Everything else uses a [`Clock`].
#[expect(clippy::disallowed_methods, reason = "every other time in the program comes from here")]
pub fn machine_time() -> DateTime<Utc> {
    Utc::now()
}

/// A UTC time as people in China read it: `2026-04-01 09:30`.
pub fn china(utc: NaiveDateTime) -> String {
    in_china(utc).format("%Y-%m-%d %H:%M").to_string()
}

/// [`china`] to the second: `2026-04-01 09:30:00`.
pub fn china_to_the_second(utc: NaiveDateTime) -> String {
    let whole = |time: NaiveDateTime| time.with_nanosecond(0).unwrap_or(time);
    whole(in_china(utc)).to_string()
}

/// The day it is in China at a UTC time. It prints as `2026-04-01`.
pub fn china_date(utc: NaiveDateTime) -> NaiveDate {
    in_china(utc).date()
}

fn in_china(utc: NaiveDateTime) -> NaiveDateTime {
    utc.checked_add_signed(CHINA).unwrap_or(utc)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn a_manual_clock_moves_for_all_its_clones() {
        let clock = Clock::manual(at("2026-04-01T01:30:00.123456"));
        let other = clock.clone();
        assert_eq!(clock.now(), at("2026-04-01T01:30:00.123"));
        clock.advance(TimeDelta::minutes(5));
        assert_eq!(other.now(), at("2026-04-01T01:35:00.123"));
        clock.advance(TimeDelta::MAX);
        assert_eq!(other.now(), at("2026-04-01T01:35:00.123"));
    }

    #[test]
    fn the_system_clock_goes_by_milliseconds_and_is_not_moved() {
        let clock = Clock::system();
        let before = clock.now();
        clock.advance(TimeDelta::days(400));
        assert_eq!(before.and_utc().timestamp_subsec_nanos() % 1_000_000, 0);
        assert!(clock.now() - before < TimeDelta::days(1));
    }

    #[test]
    fn people_read_the_time_of_china() {
        assert_eq!(china(at("2026-04-01T01:30:59")), "2026-04-01 09:30");
        assert_eq!(china(at("2026-03-31T16:00:00")), "2026-04-01 00:00");
        assert_eq!(china_to_the_second(at("2026-04-01T01:30:05.123")), "2026-04-01 09:30:05");
        assert_eq!(china_date(at("2026-03-31T15:59:59")).to_string(), "2026-03-31");
        assert_eq!(china_date(at("2026-12-31T16:00:00")).to_string(), "2027-01-01");
        assert_eq!(china_date(NaiveDateTime::MAX), NaiveDate::MAX);
    }
}
