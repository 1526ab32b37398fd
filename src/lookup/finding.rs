//! The one query of a lookup, and what follows from its rows.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::either;
use crate::exams::certificate::{PUBLIC, PublicCertificate, PublicColumns, is_number};
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

/// The exam's name; a certificate, and whether it is of this exam; a void print number of it.
type Row = (String, Option<(bool, PublicCertificate)>, Option<(String, NaiveDate)>);

/// Name of an exam; nothing when there is none of this code.
pub(super) fn exam_name(tx: &mut Tx, code: &str) -> Result<Option<String>, Error> {
    Ok(exams::table.filter(exams::code.eq(code)).select(exams::name).first(tx.conn).optional()?)
}

/// Looks up in one exam, whose name is answered too; nothing when there is no such exam.
///
/// It is the same statement on the same index whatever is wrong, so that the time it takes
/// tells nothing either. `hash` is of [`lookup_hash`](crate::exams::certificate::lookup_hash),
/// `number` in its one spelling.
pub fn find(tx: &mut Tx, code: &str, hash: String, number: &str) -> Result<Option<(String, Finding)>, Error> {
    // On the connection itself, which knows a statement by its type; the enum of both would write
    // its SQL anew each time, to know it by that.
    let rows: Vec<Row> = either!(tx.conn, conn => query(code, hash).load(conn))?;
    let Some((name, ..)) = rows.first() else { return Ok(None) };
    Ok(Some((name.clone(), decide(rows, number))))
}

/// All certificates of a person beside one exam. Which of them are of this exam is not asked of
/// the database: without statistics SQLite would rather read all certificates of the exam.
#[diesel::dsl::auto_type]
fn query<'a>(code: &'a str, hash: String) -> _ {
    let persons = certificates::lookup_hash.eq(hash);
    let void = voided_prints::certificate_id.eq(certificates::id);
    let public: PublicColumns = PUBLIC;
    exams::table
        .left_join(certificates::table.on(persons))
        .left_join(voided_prints::table.on(void))
        .filter(exams::code.eq(code))
        .select((
            exams::name,
            (certificates::exam_id.eq(exams::id), public).nullable(),
            (voided_prints::print_number, voided_prints::voided_on).nullable(),
        ))
}

/// A certificate comes once for each of its void print numbers, and once without any.
fn decide(rows: Vec<Row>, number: &str) -> Finding {
    let mut voided = None;
    let mut certificates: Vec<PublicCertificate> = Vec::new();
    for (_, certificate, void) in rows {
        let Some((true, certificate)) = certificate else { continue };
        voided = voided.max(void.filter(|(print, _)| is_number(print, number)).map(|(_, day)| day));
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

#[cfg(test)]
mod tests {
    use diesel::sql_types::Text;
    use diesel::sqlite::Sqlite;

    use super::*;
    use crate::store::{Clock, Ids, Store, Vault};

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    /// Whatever SQLite knows of the tables: a scan of an exam's certificates takes a second.
    #[tokio::test]
    async fn sqlite_finds_a_person_by_the_hash() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("plan.db").display());
        let store =
            Store::open(&url, Vault::from_key(&[7; 32]), Clock::system(), Ids::random()).await.unwrap();
        store.migrate().await.unwrap();
        let sql = diesel::debug_query::<Sqlite, _>(&query("01", String::new())).to_string();
        let plan = move |tx: &mut Tx| -> Result<Vec<Step>, Error> {
            Ok(diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(tx.conn)?)
        };
        let steps: Vec<String> =
            store.read(plan).await.unwrap().into_iter().map(|step| step.detail).collect();
        let by = |index: &str| steps.iter().any(|step| step.starts_with("SEARCH") && step.contains(index));
        assert!(by("certificates_lookup_hash") && by("voided_prints_certificate_id"), "{steps:?}");
        assert!(steps.iter().all(|step| !step.starts_with("SCAN")), "{steps:?}");
    }
}
