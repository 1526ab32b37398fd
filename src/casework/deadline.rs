//! Days by which somebody promises to act.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// 承诺办结: working days from submission to decision.
pub const REVIEW: u32 = 5;

/// Working days that a candidate is asked to mend a returned application in.
pub const MEND: u32 = 5;

/// Working days from the notice of a violation in which one can plead (陈述申辩).
pub const PLEAD: u32 = 5;

/// Days from a rejection on which it can be appealed against.
pub const APPEAL: u64 = 30;

/// The `count`-th working day after `from`: Monday to Friday. Public holidays are not
/// known here, so a promise may turn out to be early, never late.
pub fn working_days_after(from: NaiveDate, count: u32) -> NaiveDate {
    let is_working = |day: &NaiveDate| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    let days = from.iter_days().skip(1).filter(is_working);
    days.take(count as usize).last().unwrap_or(from)
}

/// The last day on which a rejection of this day can be appealed against.
pub fn last_day_to_appeal(rejected_on: NaiveDate) -> NaiveDate {
    rejected_on.checked_add_days(Days::new(APPEAL)).unwrap_or(rejected_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn weekends_do_not_count() {
        assert_eq!(working_days_after(day("2026-11-23"), 5), day("2026-11-30")); // Monday to Monday
        assert_eq!(working_days_after(day("2026-11-27"), 1), day("2026-11-30")); // Friday to Monday
        assert_eq!(working_days_after(day("2026-11-28"), 1), day("2026-11-30")); // Saturday to Monday
        assert_eq!(working_days_after(day("2026-11-28"), 0), day("2026-11-28"));
    }

    #[test]
    fn an_appeal_has_thirty_days() {
        assert_eq!(last_day_to_appeal(day("2026-11-23")), day("2026-12-23"));
    }
}
