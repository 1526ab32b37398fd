//! Exams, sittings and the authority's records about people.

pub mod certificate;
pub mod certificate_link;
pub mod code;
pub mod copy;
pub mod correction;
pub mod discipline;
pub mod english;
pub mod held;
pub mod inquiry;
pub mod name_hashes;
pub mod organisation;
pub mod permit_hashes;
pub mod refund_rule;
pub mod registration;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::store::schema::{exam_subjects, exams, sittings};
use crate::store::{Error, Tx};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sittings)]
pub struct Sitting {
    pub id: String,
    pub exam_id: String,
    #[diesel(select_expression = exams::name)]
    pub exam: String,
    /// `201803`; [`month_label`] shows it.
    pub month: String,
    /// Last day on which a check of qualification can be applied for.
    pub check_closes_on: NaiveDate,
    pub held_on: NaiveDate,
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = exam_subjects)]
pub struct Subject {
    pub level: String,
    pub specialty: String,
    pub subject: String,
    /// In fen.
    pub fee: i32,
}

/// `201803` → `2018-03`.
pub fn month_label(month: &str) -> String {
    match (month.get(..4), month.get(4..)) {
        (Some(year), Some(rest)) => format!("{year}-{rest}"),
        _ => month.to_owned(),
    }
}

/// 6100 fen → `¥61.00`.
pub fn yuan(fen: i64) -> String {
    format!("¥{}.{:02}", fen / 100, fen % 100)
}

impl Sitting {
    /// `一级建造师 · 2018-03`.
    pub fn title(&self) -> String {
        format!("{} · {}", self.exam, month_label(&self.month))
    }

    pub fn find(tx: &mut Tx, id: &str) -> Result<Option<Sitting>, Error> {
        let row = sittings::table.inner_join(exams::table).filter(sittings::id.eq(id));
        Ok(row.select(Sitting::as_select()).first(tx.conn).optional()?)
    }

    /// Sittings whose qualification check is open on a day, the earliest exam first.
    pub fn open_for_check(tx: &mut Tx, today: NaiveDate) -> Result<Vec<Sitting>, Error> {
        let open = sittings::check_opens_on.le(today).and(sittings::check_closes_on.ge(today));
        Ok(sittings::table
            .inner_join(exams::table)
            .filter(open)
            .order((sittings::held_on, exams::code))
            .select(Sitting::as_select())
            .load(tx.conn)?)
    }
}

/// In the authority's order.
pub fn subjects(tx: &mut Tx, exam_id: &str) -> Result<Vec<Subject>, Error> {
    use exam_subjects::dsl as x;
    Ok(x::exam_subjects
        .filter(x::exam_id.eq(exam_id))
        .order(x::position)
        .select(Subject::as_select())
        .load(tx.conn)?)
}
