//! Registrations for exams, with their subjects, payments, refunds and receipts.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::month_label;
use crate::either;
use crate::people::holder_hash::HolderHash;
use crate::store::schema::{exams, registration_subjects as rs, registrations as r, sittings};
use crate::store::{Error, Timestamp, Tx};

#[derive(Clone, Debug)]
pub struct Registration {
    pub id: String,
    pub sitting_id: String,
    pub exam_id: String,
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

#[derive(Queryable, Selectable)]
#[diesel(table_name = r)]
struct Row {
    id: String,
    sitting_id: String,
    #[diesel(select_expression = sittings::exam_id)]
    exam_id: String,
    #[diesel(select_expression = exams::name)]
    exam: String,
    #[diesel(select_expression = sittings::month)]
    month: String,
    #[diesel(select_expression = sittings::held_on)]
    held_on: NaiveDate,
    ticket_number: String,
    level: String,
    specialty: String,
    order_number: String,
    paid_at: Option<Timestamp>,
    receipt_id: Option<String>,
}

/// A person's registrations, the latest sitting first.
pub fn of_holder(tx: &mut Tx, holder: &HolderHash) -> Result<Vec<Registration>, Error> {
    let own = r::table
        .inner_join(sittings::table.inner_join(exams::table))
        .left_join(rs::table)
        .filter(r::holder_hash.eq(holder.stored(tx.vault)))
        .order((sittings::held_on.desc(), r::id, rs::id));
    let entry = (rs::id, rs::subject, rs::fee, rs::refund_id).nullable();
    let rows: Vec<(Row, Option<RegisteredSubject>)> =
        either!(tx.conn, conn => own.select((Row::as_select(), entry)).load(conn))?;
    let mut all: Vec<Registration> = Vec::new();
    for (row, entry) in rows {
        if all.last().is_none_or(|last| last.id != row.id) {
            all.push(row.into());
        }
        if let Some(last) = all.last_mut() {
            last.subjects.extend(entry);
        }
    }
    Ok(all)
}

impl From<Row> for Registration {
    fn from(row: Row) -> Registration {
        Registration {
            id: row.id,
            sitting_id: row.sitting_id,
            exam_id: row.exam_id,
            exam: row.exam,
            month: row.month,
            held_on: row.held_on,
            ticket_number: row.ticket_number,
            level: row.level,
            specialty: row.specialty,
            order_number: row.order_number,
            paid_at: row.paid_at,
            receipt_id: row.receipt_id,
            subjects: Vec::new(),
        }
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

/// Releases the registrations that an application was to issue a receipt for.
pub fn release_receipt(tx: &mut Tx, application: &str) -> Result<(), Error> {
    let tied = r::table.filter(r::receipt_id.eq(Some(application)));
    diesel::update(tied).set(r::receipt_id.eq(None::<String>)).execute(tx.conn)?;
    Ok(())
}

/// Assigns registrations to the application for their receipt, except those that have one. Returns their number.
pub fn receipt(tx: &mut Tx, registrations: &[String], application: &str) -> Result<usize, Error> {
    let free = r::table.filter(r::id.eq_any(registrations)).filter(r::receipt_id.is_null());
    Ok(diesel::update(free).set(r::receipt_id.eq(Some(application))).execute(tx.conn)?)
}
