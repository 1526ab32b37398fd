//! Violations in exams, and integrity records.

use chrono::{Months, NaiveDate};
use diesel::prelude::*;

use super::month_label;
use crate::either;
use crate::people::holder_hash::HolderHash;
use crate::store::schema::{exams, integrity_records as i, sittings, violations as v};
use crate::store::{Error, Timestamp, Tx};

/// 违纪记录
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = v)]
pub struct Violation {
    pub id: String,
    #[diesel(select_expression = exams::name)]
    pub exam: String,
    /// `201803`
    #[diesel(select_expression = sittings::month)]
    pub month: String,
    pub subject: String,
    pub happened_at: Timestamp,
    pub place: String,
    pub fact: String,
    /// The cited clause of 人社部令第31号.
    pub clause: String,
    pub proposed_decision: String,
    pub served_on: NaiveDate,
    /// Working days from the notice in which one can plead.
    pub plead_days: i32,
    /// Result of the appeal against it. Empty before.
    pub outcome: String,
}

impl Violation {
    /// `一级建造师 · 2018-03`
    pub fn title(&self) -> String {
        format!("{} · {}", self.exam, month_label(&self.month))
    }
}

/// A person's violations, the latest notice first.
pub fn violations_of(tx: &mut Tx, holder: &HolderHash) -> Result<Vec<Violation>, Error> {
    let own = v::table
        .inner_join(sittings::table.inner_join(exams::table))
        .filter(v::holder_hash.eq(holder.stored(tx.vault)))
        .order((v::served_on.desc(), v::id));
    Ok(either!(tx.conn, conn => own.select(Violation::as_select()).load(conn))?)
}

/// Stores the result of the appeal against a violation.
pub fn settle_violation(tx: &mut Tx, id: &str, outcome: &str) -> Result<(), Error> {
    diesel::update(v::table.find(id)).set(v::outcome.eq(outcome)).execute(tx.conn)?;
    Ok(())
}

/// 失信记录
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = i)]
pub struct IntegrityRecord {
    pub id: String,
    pub category: String,
    pub fact: String,
    pub decision_number: String,
    pub starts_on: NaiveDate,
    /// The last day; `None`: 长期 (人社部令第31号, art. 8).
    pub ends_on: Option<NaiveDate>,
}

impl IntegrityRecord {
    /// `2026-03-01 至 2031-02-28（5 年）`, or `2026-03-01 起，长期`. Years are named if they are whole.
    pub fn period(&self) -> String {
        let from = self.starts_on;
        let Some(to) = self.ends_on else { return format!("{from} 起，长期") };
        let years = whole_years(from, to).map(|years| format!("（{years} 年）")).unwrap_or_default();
        format!("{from} 至 {to}{years}")
    }

    /// Whether the record is kept on a day.
    pub fn is_kept_on(&self, day: NaiveDate) -> bool {
        self.starts_on <= day && self.ends_on.is_none_or(|last| day <= last)
    }
}

/// Years from a first to a last day, if they are whole. The last day may be the anniversary or the day before.
fn whole_years(from: NaiveDate, to: NaiveDate) -> Option<u32> {
    let ends = [to, to.succ_opt()?];
    let years = ends.into_iter().find_map(|end| {
        let years = end.years_since(from)?;
        (from + Months::new(years * 12) == end).then_some(years)
    });
    years.filter(|years| *years > 0)
}

/// A person's integrity records, the latest first.
pub fn integrity_of(tx: &mut Tx, holder: &HolderHash) -> Result<Vec<IntegrityRecord>, Error> {
    let own = i::table.filter(i::holder_hash.eq(holder.stored(tx.vault))).order((i::starts_on.desc(), i::id));
    Ok(either!(tx.conn, conn => own.select(IntegrityRecord::as_select()).load(conn))?)
}

/// Whether a person has an integrity record that is kept on a day.
pub fn is_on_record(tx: &mut Tx, holder: &HolderHash, day: NaiveDate) -> Result<bool, Error> {
    Ok(integrity_of(tx, holder)?.iter().any(|record| record.is_kept_on(day)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(from: &str, to: Option<&str>) -> IntegrityRecord {
        IntegrityRecord {
            id: String::new(),
            category: String::new(),
            fact: String::new(),
            decision_number: String::new(),
            starts_on: from.parse().unwrap(),
            ends_on: to.map(|day| day.parse().unwrap()),
        }
    }

    #[test]
    fn period_names_whole_years_or_says_that_it_has_no_end() {
        let table = [
            ("2026-03-01", Some("2031-02-28"), "2026-03-01 至 2031-02-28（5 年）"),
            ("2026-03-01", Some("2031-03-01"), "2026-03-01 至 2031-03-01（5 年）"),
            ("2026-03-01", Some("2027-02-28"), "2026-03-01 至 2027-02-28（1 年）"),
            ("2026-03-01", Some("2026-08-31"), "2026-03-01 至 2026-08-31"),
            ("2026-03-01", Some("2026-03-01"), "2026-03-01 至 2026-03-01"),
            ("2026-03-01", None, "2026-03-01 起，长期"),
        ];
        for (from, to, words) in table {
            assert_eq!(record(from, to).period(), words);
        }
    }

    #[test]
    fn record_is_kept_from_its_first_to_its_last_day() {
        let (ended, endless) = (record("2026-03-01", Some("2026-03-31")), record("2026-03-01", None));
        for (day, kept) in
            [("2026-02-28", false), ("2026-03-01", true), ("2026-03-31", true), ("2026-04-01", false)]
        {
            assert_eq!(ended.is_kept_on(day.parse().unwrap()), kept, "{day}");
        }
        assert!(endless.is_kept_on("2099-01-01".parse().unwrap()));
    }
}
