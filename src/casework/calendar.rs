//! Which days are working days: Monday to Friday, without holidays, with make-up workdays.
//!
//! The State Council announces each year's holidays late in the year before. [`arrangement`] holds what is
//! announced; for any other year [`uncertain`] has the days that may become holidays. Those and weekends do
//! not count as working days, so that no deadline is too early.

pub mod arrangement;
mod uncertain;

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};

use arrangement::Arrangement;

use crate::store::{Error, Tx};

/// The start-up warning covers years without an arrangement that begin within this many days.
const AHEAD: Days = Days::new(60);

/// The holidays and make-up workdays that are known.
pub struct Calendar {
    /// The arrangements that ship with the program, by year.
    published: &'static BTreeMap<i32, Arrangement>,
    /// Imported arrangements, by year. Each replaces the published one of its year.
    imported: BTreeMap<i32, Arrangement>,
}

impl Calendar {
    /// Reads the imported arrangements, in one statement.
    pub fn load(tx: &mut Tx) -> Result<Calendar, Error> {
        Ok(Calendar { published: arrangement::published(), imported: arrangement::imported(tx)? })
    }

    /// The calendar after an import of `arrangement`.
    pub fn with(mut self, arrangement: Arrangement) -> Calendar {
        self.imported.insert(arrangement.year, arrangement);
        self
    }

    /// The calendar as it was at the end of the day before `day`, without later imports.
    pub fn known_before(&self, day: NaiveDate) -> Calendar {
        let mut imported = self.imported.clone();
        imported.retain(|_, arrangement| arrangement.imported_on.is_none_or(|on| on < day));
        Calendar { published: self.published, imported }
    }

    /// Whether `day` is certainly a working day.
    pub fn is_working(&self, day: NaiveDate) -> bool {
        match self.announced(day) {
            Some(is_off) => !is_off,
            None => !is_weekend(day) && (self.is_known(day) || !uncertain::may_be_off(day)),
        }
    }

    /// `day`, or the first working day after it.
    pub fn working_day_from(&self, day: NaiveDate) -> NaiveDate {
        day.iter_days().find(|day| self.is_working(*day)).unwrap_or(day)
    }

    /// Whether every arrangement that can concern a day is known. The last days of a year can be part of the
    /// New Year holiday of the next.
    pub fn is_known(&self, day: NaiveDate) -> bool {
        self.unknown_year(day).is_none()
    }

    /// The year whose arrangement can concern a day and is not known.
    pub fn unknown_year(&self, day: NaiveDate) -> Option<i32> {
        let next = uncertain::is_new_years(day).then_some(day.year() + 1);
        std::iter::once(day.year()).chain(next).find(|year| self.arrangement(*year).is_none())
    }

    /// The first day in the next [`AHEAD`] for which the arrangement is not known.
    pub fn unknown_soon(&self, today: NaiveDate) -> Option<NaiveDate> {
        let end = today.checked_add_days(AHEAD).unwrap_or(today);
        today.iter_days().take_while(|day| *day <= end).find(|day| !self.is_known(*day))
    }

    /// The arrangement in use of every known year, the latest first.
    pub fn years(&self) -> Vec<&Arrangement> {
        let mut years: BTreeMap<i32, &Arrangement> =
            self.published.iter().map(|(year, one)| (*year, one)).collect();
        years.extend(self.imported.iter().map(|(year, one)| (*year, one)));
        years.into_values().rev().collect()
    }

    fn arrangement(&self, year: i32) -> Option<&Arrangement> {
        self.imported.get(&year).or_else(|| self.published.get(&year))
    }

    /// Whether a day is off by an arrangement. That of the next year is newer and may name days of this December.
    fn announced(&self, day: NaiveDate) -> Option<bool> {
        [day.year() + 1, day.year()].into_iter().find_map(|year| self.arrangement(year)?.is_off(day))
    }
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
impl Calendar {
    /// The calendar without imports.
    pub fn published() -> Calendar {
        Calendar { published: arrangement::published(), imported: BTreeMap::new() }
    }

    /// The calendar without imports and without some years.
    pub fn without(years: &[i32]) -> Calendar {
        let mut published = arrangement::published().clone();
        published.retain(|year, _| !years.contains(year));
        Calendar { published: Box::leak(Box::new(published)), imported: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn holidays_are_off_and_make_up_days_are_not() {
        let table = [
            ("2026-09-30", true),
            ("2026-10-01", false),
            ("2026-10-07", false),
            ("2026-10-08", true),
            ("2026-10-10", true),  // Saturday
            ("2026-10-11", false), // Sunday
            ("2026-02-16", false),
            ("2026-02-28", true),  // Saturday
            ("2018-12-29", true),  // Saturday, by the arrangement of 2019
            ("2018-12-31", false), // Monday, by the arrangement of 2019
        ];
        for (text, working) in table {
            assert_eq!(Calendar::published().is_working(day(text)), working, "{text}");
        }
    }

    #[test]
    fn the_last_days_of_a_year_wait_for_the_next_arrangement() {
        let calendar = Calendar::published();
        assert!(calendar.is_known(day("2026-12-29")) && calendar.is_working(day("2026-12-29")));
        assert!(!calendar.is_known(day("2026-12-31")) && !calendar.is_working(day("2026-12-31")));
        assert!(calendar.is_known(day("2025-12-31")) && calendar.is_working(day("2025-12-31")));
        assert_eq!(calendar.unknown_soon(day("2026-10-01")), None);
        assert_eq!(calendar.unknown_soon(day("2026-11-28")), Some(day("2026-12-30")));
    }

    #[test]
    fn an_imported_year_replaces_the_published_one() {
        let text = r#"{"year": 2026, "days": [{"name": "国庆节", "date": "2026-10-08", "isOffDay": true}]}"#;
        let calendar = Calendar::published().with(arrangement::parse(text.as_bytes()).unwrap());
        assert!(!calendar.is_working(day("2026-10-08")) && calendar.is_working(day("2026-10-01")));
        assert!(!calendar.is_working(day("2025-10-01")), "other years stay");
    }

    /// In a year of which nothing is known, a day counts only if it has been a working day by any arrangement.
    /// 2015-09-03 was a holiday of that one year, announced in the course of it.
    #[test]
    fn no_day_counts_that_was_off_in_a_known_year() {
        let once = [day("2015-09-03"), day("2015-09-04")];
        for year in arrangement::published().keys() {
            let unknown = Calendar::without(&[*year, year + 1]);
            let days = NaiveDate::from_ymd_opt(*year, 1, 1).unwrap().iter_days().take(365);
            for day in days.filter(|day| !once.contains(day)) {
                assert!(!unknown.is_working(day) || Calendar::published().is_working(day), "{day}");
            }
        }
    }
}
