//! The one query of a lookup, and what follows from its rows.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::exams::certificate::{PUBLIC, PublicCertificate, same_number};
use crate::store::schema::{certificates, exams, voided_prints};
use crate::store::{Error, Tx};

/// What a lookup comes to.
pub enum Finding {
    /// No such certificate; what was wrong is not told.
    Nothing,
    /// All that the person has of this exam, the one that was asked for first.
    Found(Vec<PublicCertificate>),
    /// The print number was replaced on this day.
    Voided(NaiveDate),
}

type Row = (String, Option<PublicCertificate>, Option<(String, NaiveDate)>);

/// Name of an exam; nothing when there is none of this code.
pub(super) fn exam_name(tx: &mut Tx, code: &str) -> Result<Option<String>, Error> {
    Ok(exams::table.filter(exams::code.eq(code)).select(exams::name).first(tx.conn).optional()?)
}

/// Looks up in one exam, whose name is answered too; nothing when there is no such exam.
///
/// It is the same statement on the same index whatever is wrong, so that the time it takes
/// tells nothing either. `hash` is of [`lookup_hash`](crate::exams::certificate::lookup_hash).
pub fn find(tx: &mut Tx, code: &str, hash: String, number: &str) -> Result<Option<(String, Finding)>, Error> {
    let persons = certificates::exam_id.eq(exams::id).and(certificates::lookup_hash.eq(hash));
    let rows: Vec<Row> = exams::table
        .left_join(certificates::table.on(persons))
        .left_join(voided_prints::table.on(voided_prints::certificate_id.eq(certificates::id)))
        .filter(exams::code.eq(code))
        .select((
            exams::name,
            PUBLIC.nullable(),
            (voided_prints::print_number, voided_prints::voided_on).nullable(),
        ))
        .load(tx.conn)?;
    let Some(name) = rows.first().map(|row| row.0.clone()) else { return Ok(None) };
    Ok(Some((name, decide(rows, number))))
}

/// A certificate comes once for each of its void print numbers, and once without any.
fn decide(rows: Vec<Row>, number: &str) -> Finding {
    let mut voided = None;
    let mut certificates: Vec<PublicCertificate> = Vec::new();
    for (_, certificate, void) in rows {
        let Some(certificate) = certificate else { continue };
        voided = voided.max(void.filter(|(print, _)| same_number(print, number)).map(|(_, day)| day));
        if certificates.iter().all(|known| known.id != certificate.id) {
            certificates.push(certificate);
        }
    }
    match (certificates.iter().any(|certificate| certificate.has_number(number)), voided) {
        (true, _) => {
            certificates.sort_by_key(|certificate| !certificate.has_number(number));
            Finding::Found(certificates)
        }
        (false, Some(day)) => Finding::Voided(day),
        (false, None) => Finding::Nothing,
    }
}
