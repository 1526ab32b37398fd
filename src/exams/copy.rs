//! 电子证书: files of a certificate with a code, which holders make for a purpose and until a day (加注).

use chrono::{Days, NaiveDate, NaiveTime};
use diesel::prelude::*;

use super::certificate::numbers;
use super::code::claims::{Claims, Part, StatusRef};
use super::code::status::StatusList;
use super::code::{keys, text, token};
use super::held::Certificate;
use super::inquiry::Way;
use super::month_label;
use crate::either;
use crate::people::holder_hash::HolderHash;
use crate::store::clock::CHINA;
use crate::store::schema::certificate_copies::dsl as c;
use crate::store::schema::certificate_inquiries::dsl as q;
use crate::store::schema::{certificates, number_sequences};
use crate::store::{Error, Timestamp, Tx};

/// Longest lifetime in days, from today.
pub const DAYS: i64 = 90;

/// Most live copies of one certificate.
pub const MOST: usize = 3;

/// Shortest and longest purpose in characters.
pub const PURPOSE: std::ops::RangeInclusive<usize> = 2..=40;

const COLUMN: &str = "certificate_copies.code";
const PURPOSE_COLUMN: &str = "certificate_copies.purpose";

/// Name of the sequence of status indices.
const SEQUENCE: &str = "certificate status";

pub struct CertificateCopy {
    pub id: String,
    pub purpose: String,
    pub created_at: Timestamp,
    /// The end of its last day in China.
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    /// Whether the certificate has another name or print number now.
    is_other: bool,
    /// The text of its code.
    pub code: String,
    /// How often our server was asked about its code.
    pub views: i64,
}

/// What has become of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Live,
    Expired,
    Revoked,
    /// The certificate has another name or print number now.
    Replaced,
}

impl CertificateCopy {
    pub fn state(&self, now: Timestamp) -> State {
        match self.revoked_at {
            Some(_) => State::Revoked,
            None if now >= self.expires_at => State::Expired,
            None if self.is_other => State::Replaced,
            None => State::Live,
        }
    }
}

/// What a new copy is for, and its last day.
#[derive(Clone)]
pub struct Wish {
    pub purpose: String,
    pub until: NaiveDate,
}

/// Makes a copy of a holder's certificate. The caller has checked that it is the holder's, that it is not annulled,
/// and the wish. `site` is scheme and host, `list` the address of the status list.
pub fn make(
    tx: &mut Tx,
    held: &Certificate,
    document: &str,
    wish: &Wish,
    site: &str,
    list: &str,
) -> Result<String, Error> {
    let (id, index) = (tx.id(), next_index(tx)?);
    let expires_at = end_of(wish.until);
    let claims = Claims {
        issuer: site.to_owned(),
        issued_at: tx.now,
        expires_at,
        status: StatusRef { index: index.unsigned_abs(), uri: list.to_owned() },
        facts: facts(held, document, &wish.purpose),
    };
    let code = text::write(&token::sign(&claims, &keys::current(tx)?));
    let row = (
        c::id.eq(&id),
        c::certificate_id.eq(&held.id),
        c::status_index.eq(index),
        c::code.eq(tx.vault.seal(COLUMN, &code)),
        c::purpose.eq(tx.vault.seal(PURPOSE_COLUMN, &wish.purpose)),
        c::holder_name.eq(&held.holder_name),
        c::print_number.eq(&held.print_number),
        c::created_at.eq(tx.now),
        c::expires_at.eq(expires_at),
    );
    diesel::insert_into(c::certificate_copies).values(row).execute(tx.conn)?;
    Ok(id)
}

/// The end of a day in China.
fn end_of(day: NaiveDate) -> Timestamp {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    Timestamp::from(next.and_time(NaiveTime::MIN).and_utc()) - CHINA
}

fn facts(held: &Certificate, document: &str, purpose: &str) -> Vec<(Part, String)> {
    let mut facts = vec![
        (Part::Name, held.holder_name.clone()),
        (Part::Document, document.to_owned()),
        (Part::Exam, held.exam.clone()),
        (Part::Level, held.level.clone()),
        (Part::Specialty, held.specialty.clone()),
        (Part::Month, month_label(&held.month)),
    ];
    let numbers = numbers(&held.number, &held.query_number, &held.print_number);
    facts.extend(numbers.into_iter().map(|(kind, number)| (Part::of(kind), number.to_owned())));
    facts.extend([
        (Part::ApprovedOn, held.approved_on.to_string()),
        (Part::IssuingBody, held.issuing_body.clone()),
        (Part::Purpose, purpose.to_owned()),
    ]);
    facts.retain(|(_, fact)| !fact.is_empty());
    facts
}

fn next_index(tx: &mut Tx) -> Result<i64, Error> {
    use number_sequences::dsl as n;
    let first = (n::name.eq(SEQUENCE), n::last.eq(0));
    Ok(either!(tx.conn, conn => diesel::insert_into(n::number_sequences)
        .values(first)
        .on_conflict(n::name)
        .do_update()
        .set(n::last.eq(n::last + 1))
        .returning(n::last)
        .get_result(conn))?)
}

type Row = (String, String, String, (Timestamp, Timestamp, Option<Timestamp>), bool);

/// The copies of a holder's certificate, the newest first. Empty if the certificate is another holder's.
pub fn of(tx: &mut Tx, holder: &HolderHash, certificate: &str) -> Result<Vec<CertificateCopy>, Error> {
    let own = certificates::id.eq(certificate).and(certificates::holder_hash.eq(holder.stored(tx.vault)));
    let rows: Vec<Row> = c::certificate_copies
        .inner_join(certificates::table)
        .filter(own)
        .order(c::id.desc())
        .select((c::id, c::purpose, c::code, (c::created_at, c::expires_at, c::revoked_at), is_other()))
        .load(tx.conn)?;
    let counts: Vec<(String, i32)> = q::certificate_inquiries
        .filter(q::certificate_id.eq(certificate).and(q::way.eq(Way::Code.code())))
        .select((q::asker, q::count))
        .load(tx.conn)?;
    let copy = |(id, purpose, code, (created_at, expires_at, revoked_at), is_other): Row| {
        let (code, purpose) = (tx.vault.open(COLUMN, &code)?, tx.vault.open(PURPOSE_COLUMN, &purpose)?);
        let views = counts.iter().filter(|(asker, _)| *asker == id).map(|(_, count)| i64::from(*count)).sum();
        Ok(CertificateCopy { id, purpose, created_at, expires_at, revoked_at, is_other, code, views })
    };
    rows.into_iter().map(copy).collect()
}

/// Revokes a copy of a holder's certificate. Does nothing to another holder's, or to one that was revoked before.
pub fn revoke(tx: &mut Tx, holder: &HolderHash, certificate: &str, copy: &str) -> Result<(), Error> {
    let own = certificates::table
        .filter(certificates::id.eq(certificate).and(certificates::holder_hash.eq(holder.stored(tx.vault))))
        .select(certificates::id);
    let live = c::certificate_copies.find(copy).filter(c::revoked_at.is_null());
    diesel::update(live.filter(c::certificate_id.eq_any(own)))
        .set(c::revoked_at.eq(tx.now))
        .execute(tx.conn)?;
    Ok(())
}

/// Revokes every copy of a holder's certificates.
pub fn revoke_all(tx: &mut Tx, holder: &HolderHash) -> Result<(), Error> {
    let own = certificates::table
        .filter(certificates::holder_hash.eq(holder.stored(tx.vault)))
        .select(certificates::id);
    let live = c::certificate_copies.filter(c::revoked_at.is_null());
    diesel::update(live.filter(c::certificate_id.eq_any(own)))
        .set(c::revoked_at.eq(tx.now))
        .execute(tx.conn)?;
    Ok(())
}

/// A copy that somebody asks about.
pub struct Asked {
    pub certificate: String,
    pub copy: String,
    /// Whether it is not valid any more.
    pub is_invalid: bool,
}

/// The copy with a status index.
pub fn at_index(tx: &mut Tx, index: u64) -> Result<Option<Asked>, Error> {
    let Ok(index) = i64::try_from(index) else { return Ok(None) };
    let row = c::certificate_copies.inner_join(certificates::table).filter(c::status_index.eq(index));
    let row: Option<(String, String, bool)> =
        row.select((c::certificate_id, c::id, invalid())).first(tx.conn).optional()?;
    Ok(row.map(|(certificate, copy, is_invalid)| Asked { certificate, copy, is_invalid }))
}

/// Copies that were revoked, copies of annulled certificates, and those whose certificate has another name or print
/// number now.
#[diesel::dsl::auto_type]
fn invalid() -> _ {
    c::revoked_at.is_not_null().or(certificates::annulled_on.is_not_null()).or(is_other())
}

#[diesel::dsl::auto_type]
fn is_other() -> _ {
    certificates::holder_name.ne(c::holder_name).or(certificates::print_number.ne(c::print_number))
}

/// The status list, which is at `uri`.
pub fn status_list(tx: &mut Tx, uri: &str) -> Result<StatusList, Error> {
    use number_sequences::dsl as n;
    let last: Option<i64> = n::number_sequences.find(SEQUENCE).select(n::last).first(tx.conn).optional()?;
    let set = c::certificate_copies.inner_join(certificates::table).filter(invalid()).select(c::status_index);
    let set: Vec<i64> = set.load(tx.conn)?;
    let set: Vec<u64> = set.into_iter().map(i64::unsigned_abs).collect();
    let length = last.map_or(0, |last| last.unsigned_abs() + 1);
    Ok(StatusList::new(uri.to_owned(), tx.now, length, &set))
}
