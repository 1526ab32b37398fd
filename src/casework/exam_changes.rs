//! Changes of exams, sittings and subjects at the desk. Like an import, they delete nothing.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::business::Registry;
use super::refusal::Refusal;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::schema::{
    applications as a, exam_subjects as x, exams as e, registrations as r, sittings as s,
};
use crate::store::{Error, Tx};

#[derive(Clone, Queryable)]
pub struct Exam {
    pub id: String,
    /// Files of imports name the exam by it, so it never changes.
    pub code: String,
    pub name: String,
    pub category: String,
}

/// The days of a sitting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SittingDays {
    pub check_opens_on: NaiveDate,
    pub check_closes_on: NaiveDate,
    pub held_on: NaiveDate,
}

#[derive(Clone)]
pub struct ExamSitting {
    pub id: String,
    pub exam_id: String,
    /// `201803`.
    pub month: String,
    pub days: SittingDays,
}

#[derive(Clone, Queryable)]
pub struct ExamSubject {
    pub id: String,
    pub level: String,
    pub specialty: String,
    pub subject: String,
    /// In fen.
    pub fee: i32,
}

/// Every exam, by code.
pub fn exams(tx: &mut Tx) -> Result<Vec<Exam>, Error> {
    Ok(e::table.order(e::code).load(tx.conn)?)
}

pub fn exam(tx: &mut Tx, id: &str) -> Result<Option<Exam>, Error> {
    Ok(e::table.find(id).first(tx.conn).optional()?)
}

type SittingRow = (String, String, String, NaiveDate, NaiveDate, NaiveDate);

fn sitting_of((id, exam_id, month, opens, closes, held_on): SittingRow) -> ExamSitting {
    let days = SittingDays { check_opens_on: opens, check_closes_on: closes, held_on };
    ExamSitting { id, exam_id, month, days }
}

/// The sittings of an exam, the latest first.
pub fn sittings(tx: &mut Tx, exam: &str) -> Result<Vec<ExamSitting>, Error> {
    let rows: Vec<SittingRow> = s::table.filter(s::exam_id.eq(exam)).order(s::month.desc()).load(tx.conn)?;
    Ok(rows.into_iter().map(sitting_of).collect())
}

pub fn sitting(tx: &mut Tx, id: &str) -> Result<Option<ExamSitting>, Error> {
    let row: Option<SittingRow> = s::table.find(id).first(tx.conn).optional()?;
    Ok(row.map(sitting_of))
}

/// The subjects of an exam, in the authority's order.
pub fn subjects(tx: &mut Tx, exam: &str) -> Result<Vec<ExamSubject>, Error> {
    let own = x::table.filter(x::exam_id.eq(exam)).order((x::position, x::id));
    Ok(own.select((x::id, x::level, x::specialty, x::subject, x::fee)).load(tx.conn)?)
}

/// Adds an exam. Returns its key.
pub fn add_exam(
    tx: &mut Tx,
    staff: &StaffMember,
    (code, name, category): (&str, &str, &str),
) -> Result<String, Refusal> {
    let taken: Option<String> =
        e::table.filter(e::code.eq(code)).select(e::name).first(tx.conn).optional()?;
    if let Some(taken) = taken {
        return Err(Refusal::Breaks(format!("考试代码 {code} 已用于{taken}")));
    }
    let id = tx.id();
    let row = (e::id.eq(&id), e::code.eq(code), e::name.eq(name), e::category.eq(category));
    diesel::insert_into(e::table).values(row).execute(tx.conn)?;
    roster::audit(tx, &staff.id, "exam_add", &id)?;
    Ok(id)
}

/// Changes the name and the category of an exam, which are `seen` so far.
pub fn change_exam(
    tx: &mut Tx,
    staff: &StaffMember,
    (id, seen): (&str, (&str, &str)),
    (name, category): (&str, &str),
) -> Result<(), Refusal> {
    let same = e::table.find(id).filter(e::name.eq(seen.0)).filter(e::category.eq(seen.1));
    let change = (e::name.eq(name), e::category.eq(category));
    won(diesel::update(same).set(change).execute(tx.conn)?)?;
    Ok(roster::audit(tx, &staff.id, "exam_change", id)?)
}

pub fn add_sitting(
    tx: &mut Tx,
    staff: &StaffMember,
    (exam, month): (&str, &str),
    days: &SittingDays,
) -> Result<(), Refusal> {
    let known = s::table.filter(s::exam_id.eq(exam)).filter(s::month.eq(month));
    if known.count().get_result::<i64>(tx.conn)? > 0 {
        return Err(Refusal::Breaks("这个考试已有这个考试年月".to_owned()));
    }
    let id = tx.id();
    let row = (s::id.eq(&id), s::exam_id.eq(exam), s::month.eq(month), columns(days));
    diesel::insert_into(s::table).values(row).execute(tx.conn)?;
    Ok(roster::audit(tx, &staff.id, "sitting_add", &id)?)
}

/// Changes the days of a sitting, which are `seen` so far.
pub fn change_sitting(
    tx: &mut Tx,
    staff: &StaffMember,
    (id, seen): (&str, &SittingDays),
    days: &SittingDays,
) -> Result<(), Refusal> {
    if days.held_on < seen.held_on {
        let open = open_refunds(tx, id)?;
        if open > 0 {
            let why = format!("这次考试有 {open} 件退费申请正在办理，考试日期不能提前，否则它们会过期");
            return Err(Refusal::Breaks(why));
        }
    }
    let same = s::table
        .find(id)
        .filter(s::check_opens_on.eq(seen.check_opens_on))
        .filter(s::check_closes_on.eq(seen.check_closes_on))
        .filter(s::held_on.eq(seen.held_on));
    won(diesel::update(same).set(columns(days)).execute(tx.conn)?)?;
    Ok(roster::audit(tx, &staff.id, "sitting_change", id)?)
}

#[diesel::dsl::auto_type]
fn columns(days: &SittingDays) -> _ {
    let opens: NaiveDate = days.check_opens_on;
    let closes: NaiveDate = days.check_closes_on;
    let held_on: NaiveDate = days.held_on;
    (s::check_opens_on.eq(opens), s::check_closes_on.eq(closes), s::held_on.eq(held_on))
}

/// Open applications about registrations for a sitting that close some days before it is held.
fn open_refunds(tx: &mut Tx, sitting: &str) -> Result<i64, Error> {
    let Some(refund) = Registry::of(tx).find("refund") else { return Ok(0) };
    let registered = r::table.filter(r::sitting_id.eq(sitting)).select(r::id);
    let open = a::table
        .filter(a::kind.eq(refund.slug))
        .filter(a::status.eq_any(refund.open_states()))
        .filter(a::subject.eq_any(registered));
    Ok(open.count().get_result(tx.conn)?)
}

pub fn add_subject(
    tx: &mut Tx,
    staff: &StaffMember,
    exam: &str,
    (level, specialty, subject, fee): (&str, &str, &str, i32),
) -> Result<(), Refusal> {
    let same = |one: &ExamSubject| one.level == level && one.specialty == specialty && one.subject == subject;
    if subjects(tx, exam)?.iter().any(same) {
        return Err(Refusal::Breaks("这个级别和专业已有这个科目".to_owned()));
    }
    let last: Option<i32> =
        x::table.filter(x::exam_id.eq(exam)).select(diesel::dsl::max(x::position)).first(tx.conn)?;
    let id = tx.id();
    let row = (
        x::id.eq(&id),
        x::exam_id.eq(exam),
        x::level.eq(level),
        x::specialty.eq(specialty),
        x::subject.eq(subject),
        x::fee.eq(fee),
        x::position.eq(last.unwrap_or_default() + 1),
    );
    diesel::insert_into(x::table).values(row).execute(tx.conn)?;
    Ok(roster::audit(tx, &staff.id, "subject_add", &id)?)
}

/// Changes the fee of a subject, which is `seen` so far. Registrations keep what was paid.
pub fn change_fee(
    tx: &mut Tx,
    staff: &StaffMember,
    (id, seen): (&str, i32),
    fee: i32,
) -> Result<(), Refusal> {
    let same = x::table.find(id).filter(x::fee.eq(seen));
    won(diesel::update(same).set(x::fee.eq(fee)).execute(tx.conn)?)?;
    Ok(roster::audit(tx, &staff.id, "subject_fee", &format!("{id} {fee}"))?)
}

fn won(rows: usize) -> Result<(), Refusal> {
    if rows == 0 { Err(Refusal::ChangedMeanwhile) } else { Ok(()) }
}
