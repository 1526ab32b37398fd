//! Violations in exams, and integrity records.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::month_label;
use crate::either;
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
pub fn violations_of(tx: &mut Tx, holder: &str) -> Result<Vec<Violation>, Error> {
    let own = v::table
        .inner_join(sittings::table.inner_join(exams::table))
        .filter(v::holder_hash.eq(holder))
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
    pub ends_on: NaiveDate,
}

/// A person's integrity records, the latest first.
pub fn integrity_of(tx: &mut Tx, holder: &str) -> Result<Vec<IntegrityRecord>, Error> {
    let own = i::table.filter(i::holder_hash.eq(holder)).order((i::starts_on.desc(), i::id));
    Ok(either!(tx.conn, conn => own.select(IntegrityRecord::as_select()).load(conn))?)
}
