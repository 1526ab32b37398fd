//! How long decisions took, in working days.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::casework::calendar::Calendar;

/// Number of decisions by the working days that they took.
#[derive(Clone, Debug, Default)]
pub struct Waits(BTreeMap<i64, i64>);

impl Waits {
    pub fn add(&mut self, days: i64, count: i64) {
        *self.0.entry(days).or_default() += count;
    }

    pub fn add_all(&mut self, others: &Waits) {
        others.0.iter().for_each(|(days, count)| self.add(*days, *count));
    }

    /// The smallest number of days within which this share of the decisions was made. `None` if there is none.
    pub fn within(&self, percent: i64) -> Option<i64> {
        let total: i64 = self.0.values().sum();
        let wanted = (total * percent + 99) / 100;
        let mut made = 0;
        let reaches = |(days, count): (&i64, &i64)| {
            made += count;
            (made >= wanted).then_some(*days)
        };
        self.0.iter().find_map(reaches)
    }
}

/// Counts the working days between two days of a range.
pub struct WorkingDays {
    first: NaiveDate,
    /// For each day of the range the number of working days up to it.
    up_to: Vec<i64>,
}

impl WorkingDays {
    pub fn of(calendar: &Calendar, first: NaiveDate, last: NaiveDate) -> WorkingDays {
        let mut count = 0;
        let counted = |day: NaiveDate| {
            count += i64::from(calendar.is_working(day));
            count
        };
        WorkingDays { first, up_to: first.iter_days().take_while(|day| *day <= last).map(counted).collect() }
    }

    /// The working days after `from` up to `to`, as deadlines count them.
    pub fn between(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        let up_to = |day: NaiveDate| {
            let at = usize::try_from((day - self.first).num_days()).unwrap_or_default();
            self.up_to.get(at).or(self.up_to.last()).copied().unwrap_or_default()
        };
        (up_to(to) - up_to(from)).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn share_is_reached_by_the_nearest_rank() {
        let mut waits = Waits::default();
        assert_eq!(waits.within(50), None);
        for (days, count) in [(1, 4), (3, 4), (7, 1), (20, 1)] {
            waits.add(days, count);
        }
        assert_eq!([50, 80, 90, 91, 100].map(|percent| waits.within(percent)), [3, 3, 7, 20, 20].map(Some));
        let mut one = Waits::default();
        one.add(5, 1);
        assert_eq!((one.within(50), one.within(90)), (Some(5), Some(5)));
    }

    #[test]
    fn working_days_are_those_of_deadlines() {
        let days = WorkingDays::of(&Calendar::published(), day("2026-09-01"), day("2026-10-31"));
        let table = [
            ("2026-09-21", "2026-09-21", 0),
            ("2026-09-28", "2026-10-10", 5), // over 国庆, to a Saturday that is worked
            ("2026-09-30", "2026-10-07", 0),
            ("2026-09-30", "2026-10-08", 1),
        ];
        for (from, to, expected) in table {
            assert_eq!(days.between(day(from), day(to)), expected, "{from} to {to}");
        }
    }
}
