//! Days that may be holidays in a year whose arrangement is not known.
//!
//! Around each statutory festival this takes the widest holiday that was arranged since 2007, and for the
//! lunar ones a day or two more. A test compares it with every known year.

use std::ops::RangeInclusive;

use chrono::{Datelike, Days, NaiveDate};
use icu_calendar::Date;
use icu_calendar::cal::{ChineseTraditional, Iso};
use icu_calendar::types::Month;

/// Festivals of the solar calendar, as month and day of the first and the last day that may be off.
const SOLAR: [((u32, u32), (u32, u32)); 5] = [
    ((1, 1), (1, 3)),     // 元旦
    ((12, 30), (12, 31)), // 元旦 of the next year
    ((4, 2), (4, 7)),     // 清明
    ((4, 29), (5, 7)),    // 劳动节
    ((9, 29), (10, 8)),   // 国庆
];

/// Festivals of the lunar calendar: month and day, and the days before and after it that may be off.
const LUNAR: [((u8, u8), (u64, u64)); 3] = [
    ((1, 1), (3, 8)),  // 春节
    ((5, 5), (2, 2)),  // 端午
    ((8, 15), (2, 2)), // 中秋
];

/// Whether a day may be part of a statutory holiday.
pub(super) fn may_be_off(day: NaiveDate) -> bool {
    SOLAR.iter().any(|(first, last)| (*first..=*last).contains(&(day.month(), day.day())))
        || LUNAR.iter().filter_map(|festival| around(day.year(), *festival)).any(|days| days.contains(&day))
}

/// Whether a day may be part of the New Year holiday of the next year.
pub(super) fn is_new_years(day: NaiveDate) -> bool {
    let (first, _) = SOLAR[1];
    (day.month(), day.day()) >= first
}

/// All three festivals fall into the solar year of the same number.
fn around(
    year: i32,
    ((month, day), (before, after)): ((u8, u8), (u64, u64)),
) -> Option<RangeInclusive<NaiveDate>> {
    let lunar = Date::try_new(year.into(), Month::new(month), day, ChineseTraditional::new()).ok()?;
    let solar = lunar.to_calendar(Iso);
    let (month, day) = (solar.month().ordinal, solar.day_of_month().0);
    let festival = NaiveDate::from_ymd_opt(year, month.into(), day.into())?;
    Some(festival.checked_sub_days(Days::new(before))?..=festival.checked_add_days(Days::new(after))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The festivals as the Hong Kong Observatory publishes them.
    #[test]
    fn the_lunar_festivals_of_the_next_years() {
        let table = [
            (2026, ["2026-02-17", "2026-06-19", "2026-09-25"]),
            (2027, ["2027-02-06", "2027-06-09", "2027-09-15"]),
            (2028, ["2028-01-26", "2028-05-28", "2028-10-03"]),
            (2033, ["2033-01-31", "2033-06-01", "2033-09-08"]),
        ];
        for (year, days) in table {
            for ((festival, _), day) in LUNAR.into_iter().zip(days) {
                let day: NaiveDate = day.parse().unwrap();
                assert_eq!(around(year, (festival, (0, 0))), Some(day..=day), "{year} {festival:?}");
            }
        }
    }

    #[test]
    fn years_far_away_are_answered_too() {
        for day in [NaiveDate::MIN, NaiveDate::MAX] {
            assert!(!may_be_off(day) || is_new_years(day) || day.month() == 1);
        }
        assert_eq!(around(i32::MAX, LUNAR[0]), None);
    }
}
