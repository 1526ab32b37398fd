//! Registrations for exams, with their subjects, payments, refunds and receipts.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::month_label;
use crate::store::schema::{exams, registration_subjects as rs, registrations as r, sittings};
use crate::store::{Error, Timestamp, Tx};

#[derive(Clone, Debug)]
pub struct Registration {
    pub id: String,
    pub sitting_id: String,
    pub exam: String,
    /// `201803`.
    pub month: String,
    pub held_on: NaiveDate,
    pub ticket_number: String,
    pub level: String,
    pub specialty: String,
    pub order_number: String,
    pub paid_at: Option<Timestamp>,
    /// The application for its receipt.
    pub receipt_id: Option<String>,
    pub subjects: Vec<RegisteredSubject>,
}

#[derive(Clone, Debug, Queryable)]
pub struct RegisteredSubject {
    registration_id: String,
    pub id: String,
    pub subject: String,
    /// In fen.
    pub fee: i32,
    /// The application for its refund.
    pub refund_id: Option<String>,
}

impl Registration {
    /// `一级建造师 · 2018-03`
    pub fn title(&self) -> String {
        format!("{} · {}", self.exam, month_label(&self.month))
    }

    /// `一级 · 建筑工程`
    pub fn summary(&self) -> String {
        format!("{} · {}", self.level, self.specialty)
    }

    /// Fees that are not refunded, in fen.
    pub fn paid(&self) -> i32 {
        self.subjects.iter().filter(|entry| entry.refund_id.is_none()).map(|entry| entry.fee).sum()
    }
}

type Row = (
    String,
    String,
    String,
    String,
    NaiveDate,
    String,
    String,
    String,
    String,
    Option<Timestamp>,
    Option<String>,
);

/// A person's registrations, the latest sitting first.
pub fn of_holder(tx: &mut Tx, holder: &str) -> Result<Vec<Registration>, Error> {
    let rows: Vec<Row> = r::table
        .inner_join(sittings::table.inner_join(exams::table))
        .filter(r::holder_hash.eq(holder))
        .order((sittings::held_on.desc(), r::id))
        .select((
            r::id,
            r::sitting_id,
            exams::name,
            sittings::month,
            sittings::held_on,
            r::ticket_number,
            r::level,
            r::specialty,
            r::order_number,
            r::paid_at,
            r::receipt_id,
        ))
        .load(tx.conn)?;
    let ids: Vec<&String> = rows.iter().map(|row| &row.0).collect();
    let entries: Vec<RegisteredSubject> = rs::table
        .filter(rs::registration_id.eq_any(ids))
        .order(rs::id)
        .select((rs::registration_id, rs::id, rs::subject, rs::fee, rs::refund_id))
        .load(tx.conn)?;
    Ok(rows.into_iter().map(|row| with_subjects(row, &entries)).collect())
}

fn with_subjects(row: Row, entries: &[RegisteredSubject]) -> Registration {
    let (
        id,
        sitting_id,
        exam,
        month,
        held_on,
        ticket_number,
        level,
        specialty,
        order_number,
        paid_at,
        receipt_id,
    ) = row;
    Registration {
        subjects: entries.iter().filter(|entry| entry.registration_id == id).cloned().collect(),
        id,
        sitting_id,
        exam,
        month,
        held_on,
        ticket_number,
        level,
        specialty,
        order_number,
        paid_at,
        receipt_id,
    }
}

/// Assigns subjects to the application for their refund, except those that have one. Returns their number.
pub fn refund(tx: &mut Tx, entries: &[String], application: &str) -> Result<usize, Error> {
    let free = rs::table.filter(rs::id.eq_any(entries)).filter(rs::refund_id.is_null());
    Ok(diesel::update(free).set(rs::refund_id.eq(Some(application))).execute(tx.conn)?)
}

/// Releases the subjects that an application was to refund.
pub fn release(tx: &mut Tx, application: &str) -> Result<(), Error> {
    let tied = rs::table.filter(rs::refund_id.eq(Some(application)));
    diesel::update(tied).set(rs::refund_id.eq(None::<String>)).execute(tx.conn)?;
    Ok(())
}

/// Assigns registrations to the application for their receipt, except those that have one. Returns their number.
pub fn receipt(tx: &mut Tx, registrations: &[String], application: &str) -> Result<usize, Error> {
    let free = r::table.filter(r::id.eq_any(registrations)).filter(r::receipt_id.is_null());
    Ok(diesel::update(free).set(r::receipt_id.eq(Some(application))).execute(tx.conn)?)
}
