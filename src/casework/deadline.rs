//! Deadlines: days by which staff or candidates should act.
//!
//! A deadline is a day in China and ends with it: at 23:59:59 one is in time, at 00:00:00 of the next day too
//! late. Reviews, corrections and pleas count working days by the [`Calendar`]. The day from which they are counted is
//! not one of them. The office sets their number in `rules`. The last day for an appeal is in `appeal`, the age of a
//! draft in `sweep`.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::max;
use diesel::prelude::*;

use super::business::Business;
use super::calendar::Calendar;
use super::lifecycle::{Action, Status};
use super::rules::{self, Rule};
use crate::store::clock::china_date;
use crate::store::schema::application_events::dsl as e;
use crate::store::schema::applications::dsl as a;
use crate::store::{Error, Timestamp, Tx};

/// Working days from which an older program counted every due day.
const FORMER: i32 = 5;

/// The `count`-th working day after `from`.
pub fn working_days_after(calendar: &Calendar, from: NaiveDate, count: u32) -> NaiveDate {
    let days = from.iter_days().skip(1).filter(|day| calendar.is_working(*day));
    days.take(count as usize).last().unwrap_or(from)
}

/// The `count`-th working day after today.
pub fn working_days_from_today(tx: &mut Tx, count: u32) -> Result<NaiveDate, Error> {
    Ok(working_days_after(&Calendar::load(tx)?, tx.today(), count))
}

/// A due day, and the working days from which it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub on: NaiveDate,
    pub days: i32,
}

impl Due {
    /// By a rule of a business, counted from today.
    pub fn by_rule(tx: &mut Tx, rule: Rule, business: &Business) -> Result<Due, Error> {
        let days = rules::value(tx, rule, Some(business))?;
        Due::in_days(tx, days)
    }

    /// `days` working days after today. Negative: it was due that many working days ago.
    pub fn in_days(tx: &mut Tx, days: i32) -> Result<Due, Error> {
        let calendar = Calendar::load(tx)?;
        Ok(Due { on: working_day(&calendar, tx.today(), days), days })
    }
}

/// The working days from today to a due day. Negative: it is overdue by that many.
pub fn days_left(tx: &mut Tx, due_on: NaiveDate) -> Result<i32, Error> {
    Ok(working_days_between(&Calendar::load(tx)?, tx.today(), due_on))
}

/// The working days in which one may still act: those after `from`, up to and including `to`. Negative if `to` is
/// before `from`.
pub fn working_days_between(calendar: &Calendar, from: NaiveDate, to: NaiveDate) -> i32 {
    let (first, last) = (from.min(to), from.max(to));
    let days = first.iter_days().skip(1).take_while(|day| *day <= last);
    let count = i32::try_from(days.filter(|day| calendar.is_working(*day)).count()).unwrap_or(i32::MAX);
    if to < from { -count } else { count }
}

/// The working day `count` working days after `from`, or before it.
fn working_day(calendar: &Calendar, from: NaiveDate, count: i32) -> NaiveDate {
    match u32::try_from(count) {
        Ok(count) => working_days_after(calendar, from, count),
        Err(_) => {
            let passed = count.unsigned_abs() as usize;
            let days = std::iter::successors(from.pred_opt(), |day| day.pred_opt());
            days.filter(|day| calendar.is_working(*day)).nth(passed - 1).unwrap_or(from)
        }
    }
}

/// The last of the working days in which one can plead against a violation: by the calendar as it is, or as it was
/// when the notice was served, whichever is later.
pub fn last_day_to_plead(calendar: &Calendar, served_on: NaiveDate, days: u32) -> NaiveDate {
    let as_told = working_days_after(&calendar.known_before(served_on), served_on, days);
    working_days_after(calendar, served_on, days).max(as_told)
}

/// A later due day of an application.
pub struct Postponement {
    id: String,
    version: i32,
    due_on: NaiveDate,
}

/// The due days that a calendar makes later. Due days that candidates have read never become earlier. An application
/// on hold has no due day: its days are counted when the hold ends.
pub fn postponements(tx: &mut Tx, calendar: &Calendar) -> Result<Vec<Postponement>, Error> {
    let mut found = postponements_in(tx, calendar, &WITH_DESK)?;
    found.extend(postponements_in(tx, calendar, &WITH_CANDIDATE)?);
    Ok(found)
}

/// The states that have a due day, and the actions from which it is counted.
type Counted = (&'static [Status], &'static [Action]);

const WITH_DESK: Counted = (
    &[Status::Submitted, Status::InReview],
    &[Action::Submit, Action::Revise, Action::Resume, Action::Reopen],
);
const WITH_CANDIDATE: Counted = (&[Status::Returned], &[Action::Return, Action::Fail]);

fn postponements_in(
    tx: &mut Tx,
    calendar: &Calendar,
    (states, steps): &Counted,
) -> Result<Vec<Postponement>, Error> {
    let states: Vec<&str> = states.iter().map(|status| status.code()).collect();
    let steps: Vec<&str> = steps.iter().map(|action| action.code()).collect();
    type Open = (String, i32, NaiveDate, Option<i32>);
    let open: Vec<Open> = a::applications
        .filter(a::status.eq_any(&states))
        .filter(a::due_on.is_not_null())
        .order(a::id)
        .select((a::id, a::version, a::due_on.assume_not_null(), a::due_days))
        .load(tx.conn)?;
    let begun: Vec<(String, Option<Timestamp>)> = e::application_events
        .inner_join(a::applications)
        .filter(a::status.eq_any(&states))
        .filter(e::action.eq_any(&steps))
        .group_by(e::application_id)
        .select((e::application_id, max(e::at)))
        .load(tx.conn)?;
    let begun: HashMap<String, Timestamp> =
        begun.into_iter().filter_map(|(id, at)| Some((id, at?))).collect();
    let later = |(id, version, stored, days): Open| {
        let begun = china_date(*begun.get(&id)?);
        let due_on = working_day(calendar, begun, days.unwrap_or(FORMER));
        (due_on > stored).then_some(Postponement { id, version, due_on })
    };
    Ok(open.into_iter().filter_map(later).collect())
}

/// Stores later due days. An application that changed in the meantime stays as it is.
pub fn postpone(tx: &mut Tx, postponements: &[Postponement]) -> Result<(), Error> {
    for one in postponements {
        let unchanged = a::applications.find(&one.id).filter(a::version.eq(one.version));
        diesel::update(unchanged).set(a::due_on.eq(Some(one.due_on))).execute(tx.conn)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn working_days_go_by_the_calendar() {
        let table = [
            ("2026-11-23", 5, "2026-11-30"), // Monday to Monday
            ("2026-11-27", 1, "2026-11-30"), // Friday to Monday
            ("2026-11-28", 1, "2026-11-30"), // Saturday to Monday
            ("2026-11-28", 0, "2026-11-28"),
            ("2026-09-28", 5, "2026-10-10"), // over 国庆, to a Saturday that is worked
            ("2026-09-30", 1, "2026-10-08"),
            ("2026-10-03", 1, "2026-10-08"),
            ("2026-02-13", 5, "2026-02-27"), // over 春节, with Saturday the 14th worked
            ("2026-02-14", 5, "2026-02-28"), // to a Saturday that is worked
            ("2025-12-29", 5, "2026-01-06"), // over the end of a year, with Sunday the 4th worked
            ("2018-12-27", 5, "2019-01-04"), // by the arrangements of both years
        ];
        for (from, count, due) in table {
            assert_eq!(
                working_days_after(&Calendar::published(), day(from), count),
                day(due),
                "{from} + {count}"
            );
        }
    }

    /// Keeping the days that are left and counting them anew on the same day changes nothing.
    #[test]
    fn days_that_are_left_lead_to_the_same_due_day() {
        let calendar = Calendar::published();
        let table = [
            ("2026-11-23", "2026-11-30", 5),
            ("2026-11-27", "2026-11-30", 1),
            ("2026-11-30", "2026-11-30", 0),
            ("2026-12-02", "2026-11-30", -2), // overdue by two working days
            ("2026-09-28", "2026-10-10", 5),  // over 国庆
        ];
        for (today, due, left) in table {
            let (today, due) = (day(today), day(due));
            assert_eq!(working_days_between(&calendar, today, due), left, "{today} to {due}");
            assert_eq!(working_day(&calendar, today, left), due, "{today} + {left}");
        }
    }

    #[test]
    fn in_an_unknown_year_the_latest_possible_day_counts() {
        let table = [
            ("2026-12-28", 2, "2027-01-04"), // 12-29, then the longest New Year holiday
            ("2026-12-29", 5, "2027-01-08"),
            ("2027-02-01", 5, "2027-02-18"), // 春节 on 02-06
            ("2027-09-27", 5, "2027-10-14"), // 国庆
            ("2027-03-01", 5, "2027-03-08"), // no festival is near
        ];
        for (from, count, due) in table {
            assert_eq!(
                working_days_after(&Calendar::published(), day(from), count),
                day(due),
                "{from} + {count}"
            );
        }
    }

    /// 2015-09-03 was a holiday of that one year, announced in the course of it.
    #[test]
    fn a_year_that_becomes_known_makes_no_deadline_later() {
        let known = Calendar::published();
        for year in (2007..=2026).filter(|year| *year != 2015) {
            let unknown = Calendar::without(&[year, year + 1]);
            let from = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            for from in from.iter_days().take(365) {
                for count in [1, 5] {
                    let (latest, right) =
                        (working_days_after(&unknown, from, count), working_days_after(&known, from, count));
                    assert!(latest >= right, "{from} + {count}: {latest} is before {right}");
                }
            }
        }
    }
}
