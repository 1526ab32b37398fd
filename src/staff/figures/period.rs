//! The days that figures are about.

use chrono::{Datelike, Days, NaiveDate, TimeDelta};

use crate::people::day;
use crate::store::Timestamp;
use crate::store::clock::CHINA;

/// Most days of a period.
const LONGEST: u64 = 366;

/// A period of days in China, with the first and the last one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Period {
    /// From typed days; empty ones mean this month until today. The error says in Chinese what to correct.
    pub fn parse(from: &str, to: &str, today: NaiveDate) -> Result<Period, &'static str> {
        let typed = |text: &str, otherwise| match text.trim() {
            "" => Ok(otherwise),
            text => day::parse(text).ok_or("请填写日期，如 2026-11-01"),
        };
        let to = typed(to, today)?;
        let from = typed(from, to.with_day(1).unwrap_or(to))?;
        match (to - from).num_days() {
            ..0 => Err("开始日期不能晚于结束日期"),
            days if days >= LONGEST as i64 => Err("一次最多统计 366 天"),
            _ => Ok(Period { from, to }),
        }
    }

    /// The time at which it begins, and the time before which it ends.
    pub fn bounds(self) -> (Timestamp, Timestamp) {
        let start = |day: NaiveDate| Timestamp::from_utc(day.and_time(chrono::NaiveTime::MIN)) - CHINA;
        (start(self.from), start(self.to) + TimeDelta::days(1))
    }

    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |day| *day <= self.to)
    }

    /// The query string of the period.
    pub fn query(self) -> String {
        format!("from={}&to={}", self.from, self.to)
    }

    /// The whole month before the one in which it begins.
    pub fn month_before(self) -> Option<Period> {
        let to = self.from.with_day(1)?.checked_sub_days(Days::new(1))?;
        Some(Period { from: to.with_day(1)?, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn period_is_this_month_unless_typed() {
        let period = |from, to| Period::parse(from, to, day("2026-11-29")).map(Period::query);
        assert_eq!(period("", "").unwrap(), "from=2026-11-01&to=2026-11-29");
        assert_eq!(period("2026年10月3日", "2026/10/3").unwrap(), "from=2026-10-03&to=2026-10-03");
        assert_eq!(period("", "2026-10-20").unwrap(), "from=2026-10-01&to=2026-10-20");
        assert!(period("2026-12-01", "").unwrap_err().contains("不能晚于"));
        assert!(period("2025-01-01", "").unwrap_err().contains("366"));
        assert!(period("昨天", "").unwrap_err().contains("请填写日期"));
        assert!(period("0001-01-01", "9999-12-31").is_err());
    }

    #[test]
    fn days_are_those_of_china() {
        let period = Period { from: day("2026-11-01"), to: day("2026-11-29") };
        let (start, end) = period.bounds();
        assert_eq!(
            (start.to_string(), end.to_string()),
            ("2026-10-31 16:00:00".into(), "2026-11-29 16:00:00".into())
        );
        assert_eq!(period.month_before().unwrap().query(), "from=2026-10-01&to=2026-10-31");
    }
}
