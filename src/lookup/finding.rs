//! The query of a lookup.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::either;
use crate::exams::certificate::{KINDS, PublicCertificate, is_number, public_columns};
use crate::store::schema::{certificates, exams, voided_prints};
use crate::store::{Error, Tx};

pub enum Finding {
    /// No such certificate. The result does not tell which field was wrong.
    Nothing,
    /// All certificates of the person in this exam; first the one whose number was given.
    Found(Vec<PublicCertificate>),
    /// The print number was replaced on this day.
    Voided(NaiveDate),
}

/// The exam's name; a certificate, and whether it is of this exam; a void print number of the certificate.
type Row = (String, Option<(bool, PublicCertificate)>, Option<(String, NaiveDate)>);

pub(super) fn exam_name(tx: &mut Tx, code: &str) -> Result<Option<String>, Error> {
    Ok(exams::table.filter(exams::code.eq(code)).select(exams::name).first(tx.conn).optional()?)
}

/// Looks up a certificate in one exam. Returns the exam's name too; `None` if there is no such exam.
///
/// The statement and its index are the same whichever field is wrong, so its timing does not tell. `hashes`
/// come from [`person_hashes`](crate::exams::certificate::person_hashes); `number` is normalised.
pub fn find(
    tx: &mut Tx,
    code: &str,
    hashes: [String; KINDS],
    number: &str,
) -> Result<Option<(String, Finding)>, Error> {
    // Runs on the inner connection, where diesel caches the statement by its type. On the enum of both
    // connections it would generate the SQL for each lookup.
    let rows: Vec<Row> = either!(tx.conn, conn => query(code, hashes).load(conn))?;
    let Some((name, ..)) = rows.first() else { return Ok(None) };
    Ok(Some((name.clone(), decide(rows, number))))
}

type Is = diesel::dsl::Eq<certificates::person_hash, String>;
type Or<T> = diesel::dsl::Or<T, Is>;
type IsAnyOf = Or<Or<Or<Or<Or<Or<Is>>>>>>;

/// Not `eq_any`, whose statement diesel does not cache.
fn is_any_of([a, b, c, d, e, f, g]: [String; KINDS]) -> IsAnyOf {
    let is = |hash| certificates::person_hash.eq(hash);
    is(a).or(is(b)).or(is(c)).or(is(d)).or(is(e)).or(is(f)).or(is(g))
}

/// One exam with all certificates of a person. [`decide`] filters by exam, because without statistics SQLite
/// would choose the index by exam and read all its certificates.
#[diesel::dsl::auto_type]
fn query<'a>(code: &'a str, hashes: [String; KINDS]) -> _ {
    let persons: IsAnyOf = is_any_of(hashes);
    let void = voided_prints::certificate_id.eq(certificates::id);
    exams::table
        .left_join(certificates::table.on(persons))
        .left_join(voided_prints::table.on(void))
        .filter(exams::code.eq(code))
        .select((
            exams::name,
            (certificates::exam_id.eq(exams::id), public_columns()).nullable(),
            (voided_prints::print_number, voided_prints::voided_on).nullable(),
        ))
}

/// A certificate that was found by one of its numbers, in whichever exam.
pub struct Listed {
    /// Name of the exam.
    pub exam: String,
    pub certificate: PublicCertificate,
    /// Set if the number is a print number that was replaced on this day.
    pub voided_on: Option<NaiveDate>,
}

/// Looks up a certificate in all exams, with one statement whatever is wrong. See [`find`].
pub fn find_anywhere(tx: &mut Tx, hashes: [String; KINDS], number: &str) -> Result<Option<Listed>, Error> {
    type Row = (String, PublicCertificate, Option<(String, NaiveDate)>);
    let rows: Vec<Row> = either!(tx.conn, conn => query_anywhere(hashes).load(conn))?;
    let mut void = None;
    for (exam, certificate, voided) in rows {
        if certificate.has_number(number) {
            return Ok(Some(Listed { exam, certificate, voided_on: None }));
        }
        if let Some((_, day)) = voided.filter(|(print, _)| is_number(print, number)) {
            void = Some(Listed { exam, certificate, voided_on: Some(day) });
        }
    }
    Ok(void)
}

/// All certificates of a person.
#[diesel::dsl::auto_type]
fn query_anywhere(hashes: [String; KINDS]) -> _ {
    let persons: IsAnyOf = is_any_of(hashes);
    let void = voided_prints::certificate_id.eq(certificates::id);
    certificates::table
        .inner_join(exams::table)
        .left_join(voided_prints::table.on(void))
        .filter(persons)
        .select((
            exams::name,
            public_columns(),
            (voided_prints::print_number, voided_prints::voided_on).nullable(),
        ))
}

/// The rows have a certificate once for each of its void print numbers, or once if it has none.
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

    /// A scan of an exam's certificates would take a second.
    #[tokio::test]
    async fn sqlite_finds_a_person_by_the_hash() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("plan.db").display());
        let store =
            Store::open(&url, Vault::from_key(&[7; 32]), Clock::system(), Ids::random()).await.unwrap();
        store.migrate().await.unwrap();
        let of_exam = diesel::debug_query::<Sqlite, _>(&query("01", Default::default())).to_string();
        let of_all = diesel::debug_query::<Sqlite, _>(&query_anywhere(Default::default())).to_string();
        for sql in [of_exam, of_all] {
            check_plan(&store, sql).await;
        }
    }

    async fn check_plan(store: &Store, sql: String) {
        let plan = move |tx: &mut Tx| -> Result<Vec<Step>, Error> {
            Ok(diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(tx.conn)?)
        };
        let steps: Vec<String> =
            store.read(plan).await.unwrap().into_iter().map(|step| step.detail).collect();
        let by = |index: &str| steps.iter().any(|step| step.starts_with("SEARCH") && step.contains(index));
        assert!(by("certificates_person_hash") && by("voided_prints_certificate_id"), "{steps:?}");
        assert!(steps.iter().all(|step| !step.starts_with("SCAN")), "{steps:?}");
    }
}
