//! The filter by due day and by age.

use chrono::{NaiveDate, TimeDelta};

use super::part::QueuePart;
use super::sql::{Sql, Value};
use crate::store::{Timestamp, Tx, codes};

codes! {
    /// What a list shows of a part of the queue. An age is counted from the first submission, and of decided
    /// applications from their last change.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum TimeFilter {
        Overdue = "overdue", "已逾期";
        DueToday = "today", "今日到期";
        ThreeDays = "3", "满 3 天";
        OneWeek = "7", "满 7 天";
        TwoWeeks = "15", "满 15 天";
        OneMonth = "30", "满 30 天";
    }
}

/// A range of days or times, which an index has in order.
#[derive(Clone)]
pub(super) enum TimeRange {
    DueBefore(NaiveDate),
    DueOn(NaiveDate),
    /// First submitted, or last changed, by a time.
    Before(Timestamp),
}

impl TimeFilter {
    pub(super) fn range(self, tx: &Tx) -> TimeRange {
        let days = |days| TimeRange::Before(tx.now - TimeDelta::days(days));
        match self {
            TimeFilter::Overdue => TimeRange::DueBefore(tx.today()),
            TimeFilter::DueToday => TimeRange::DueOn(tx.today()),
            TimeFilter::ThreeDays => days(3),
            TimeFilter::OneWeek => days(7),
            TimeFilter::TwoWeeks => days(15),
            TimeFilter::OneMonth => days(30),
        }
    }

    /// Whether an application of a part can be in the range. What is decided has no due day.
    pub(in crate::staff) fn concerns(self, part: QueuePart) -> bool {
        let is_by_due_day = matches!(self, TimeFilter::Overdue | TimeFilter::DueToday);
        !(is_by_due_day && matches!(part, QueuePart::ToDo | QueuePart::Decided))
    }
}

impl TimeRange {
    pub(super) fn push<T>(&self, sql: &mut Sql<T>, part: QueuePart) {
        match self {
            TimeRange::DueBefore(day) => {
                sql.push_with(" AND coalesce(due_on, '9999-12-31') < ", Value::Day(*day));
            }
            TimeRange::DueOn(day) => {
                sql.push_with(" AND coalesce(due_on, '9999-12-31') = ", Value::Day(*day));
            }
            TimeRange::Before(time) if part == QueuePart::Decided => {
                sql.push_with(" AND updated_at <= ", Value::Time(*time));
            }
            TimeRange::Before(time) => sql.push_with(" AND submitted_at <= ", Value::Time(*time)),
        }
    }
}
