//! Organisations, such as employers, that look up lists of certificates with an access key.
//!
//! A key is shown once, when it is made. The database has a keyed hash of it.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::either;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::schema::organisation_uses::dsl as u;
use crate::store::schema::organisations::dsl as o;
use crate::store::{Error, Timestamp, Tx, Vault};

/// What an organisation agrees to, a sentence a line. A changed text gets another version.
pub const TERMS: &str = "只查询本单位应聘、聘用或业务往来所必需的人员，并已告知本人。
查询结果只用于核验资格，不转给他人，不用于其他目的，用后删除。
查询记录（时间、本单位名称）向持证人公开。
妥善保管密钥，不交给其他单位；泄露时立即告知考试机构。
违反约定的，考试机构停用密钥并依法处理。";

/// The version of [`TERMS`].
pub const TERMS_VERSION: &str = "2026-11";

/// Every key begins with it, so that a key that was published by mistake can be recognised.
pub const KEY_PREFIX: &str = "kzk_";

/// Random bytes of a key.
const KEY_BYTES: usize = 24;

/// Characters of a key that stay visible.
const KEY_START: usize = 8;

const SEALED_AS: &str = "organisations.contact";

pub struct Organisation {
    pub id: String,
    pub name: String,
    /// Name and phone of a person.
    pub contact: String,
    /// Rows a day.
    pub daily_quota: i32,
    /// The last day of the key.
    pub expires_on: NaiveDate,
    /// Version of the terms that it agreed to.
    pub terms: String,
    pub agreed_on: NaiveDate,
    pub has_key: bool,
    /// First characters of the key.
    pub key_start: String,
    pub key_made_at: Timestamp,
    pub version: i32,
}

/// What an administrator enters.
#[derive(Clone, Debug)]
pub struct Entry {
    pub name: String,
    pub contact: String,
    pub daily_quota: i32,
    pub expires_on: NaiveDate,
}

/// Why a change of an organisation is refused.
#[derive(Debug, thiserror::Error)]
pub enum OrganisationRefusal {
    #[error("no such organisation")]
    NotFound,
    #[error("another organisation has the name")]
    NameTaken,
    #[error("somebody else has changed it meanwhile")]
    ChangedMeanwhile,
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<diesel::result::Error> for OrganisationRefusal {
    fn from(error: diesel::result::Error) -> Self {
        OrganisationRefusal::Store(error.into())
    }
}

impl Organisation {
    /// Whether its key can be used on a day.
    pub fn is_live(&self, today: NaiveDate) -> bool {
        self.has_key && today <= self.expires_on
    }
}

fn key_hash(vault: &Vault, key: &str) -> String {
    vault.blind("organisation key", key)
}

type Row =
    (String, String, String, i32, NaiveDate, String, NaiveDate, Option<String>, String, Timestamp, i32);

fn organisation(tx: &Tx, row: Row) -> Result<Organisation, Error> {
    let (id, name, contact, daily_quota, expires_on, terms, agreed_on, key, key_start, key_made_at, version) =
        row;
    let contact = tx.vault.open(SEALED_AS, &contact)?;
    let has_key = key.is_some();
    Ok(Organisation {
        id,
        name,
        contact,
        daily_quota,
        expires_on,
        terms,
        agreed_on,
        has_key,
        key_start,
        key_made_at,
        version,
    })
}

/// All organisations by name.
pub fn list(tx: &mut Tx) -> Result<Vec<Organisation>, Error> {
    let rows: Vec<Row> = o::organisations.order(o::name).load(tx.conn)?;
    rows.into_iter().map(|row| organisation(tx, row)).collect()
}

pub fn load(tx: &mut Tx, id: &str) -> Result<Option<Organisation>, Error> {
    let row: Option<Row> = o::organisations.find(id).first(tx.conn).optional()?;
    row.map(|row| organisation(tx, row)).transpose()
}

/// The organisation whose key has this hash, if the key can be used today.
pub fn by_key(tx: &mut Tx, key: &str) -> Result<Option<Organisation>, Error> {
    let known = o::organisations.filter(o::key_hash.eq(key_hash(tx.vault, key)));
    let row: Option<Row> = known.first(tx.conn).optional()?;
    let known = row.map(|row| organisation(tx, row)).transpose()?;
    Ok(known.filter(|known| known.is_live(tx.today())))
}

/// Names by id.
pub fn names(tx: &mut Tx, ids: &[String]) -> Result<Vec<(String, String)>, Error> {
    Ok(o::organisations.filter(o::id.eq_any(ids)).select((o::id, o::name)).load(tx.conn)?)
}

/// Adds an organisation that has agreed to [`TERMS`]. Returns its id and its key.
pub fn add(tx: &mut Tx, staff: &StaffMember, entry: &Entry) -> Result<(String, String), OrganisationRefusal> {
    let key = new_key(tx);
    let id = insert(tx, entry, &key)?;
    roster::audit(tx, &staff.id, "organisation_add", &entry.name)?;
    Ok((id, key))
}

/// Stores a new organisation with its key. Returns its id.
pub fn insert(tx: &mut Tx, entry: &Entry, key: &str) -> Result<String, OrganisationRefusal> {
    let id = tx.id();
    let row = (
        (o::id.eq(&id), o::name.eq(&entry.name)),
        o::contact.eq(tx.vault.seal(SEALED_AS, &entry.contact)),
        (o::daily_quota.eq(entry.daily_quota), o::expires_on.eq(entry.expires_on)),
        (o::terms.eq(TERMS_VERSION), o::agreed_on.eq(tx.today())),
        (
            o::key_hash.eq(Some(key_hash(tx.vault, key))),
            o::key_start.eq(start(key)),
            o::key_made_at.eq(tx.now),
        ),
        o::version.eq(1),
    );
    let added = either!(tx.conn, conn => diesel::insert_into(o::organisations)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    if added == 0 { Err(OrganisationRefusal::NameTaken) } else { Ok(id) }
}

fn new_key(tx: &Tx) -> String {
    format!("{KEY_PREFIX}{}", tx.ids.token(KEY_BYTES))
}

fn start(key: &str) -> String {
    key.chars().take(KEY_START).collect()
}

/// Changes an organisation whose version was `seen`.
pub fn change(
    tx: &mut Tx,
    staff: &StaffMember,
    (id, seen): (&str, i32),
    entry: &Entry,
) -> Result<(), OrganisationRefusal> {
    let same_name = o::organisations.filter(o::name.eq(&entry.name)).filter(o::id.ne(id));
    if same_name.count().get_result::<i64>(tx.conn)? > 0 {
        return Err(OrganisationRefusal::NameTaken);
    }
    let change = (
        o::name.eq(&entry.name),
        o::contact.eq(tx.vault.seal(SEALED_AS, &entry.contact)),
        o::daily_quota.eq(entry.daily_quota),
        o::expires_on.eq(entry.expires_on),
        o::version.eq(seen + 1),
    );
    let row = o::organisations.find(id).filter(o::version.eq(seen));
    changed(diesel::update(row).set(change).execute(tx.conn)?)?;
    Ok(roster::audit(tx, &staff.id, "organisation_change", &entry.name)?)
}

/// Makes a new key. The one before stops to work. Returns the key.
pub fn renew_key(
    tx: &mut Tx,
    staff: &StaffMember,
    (id, seen): (&str, i32),
) -> Result<String, OrganisationRefusal> {
    let known = load(tx, id)?.ok_or(OrganisationRefusal::NotFound)?;
    let key = new_key(tx);
    let change = (
        o::key_hash.eq(Some(key_hash(tx.vault, &key))),
        o::key_start.eq(start(&key)),
        o::key_made_at.eq(tx.now),
        (o::terms.eq(TERMS_VERSION), o::agreed_on.eq(tx.today())),
        o::version.eq(seen + 1),
    );
    let row = o::organisations.find(id).filter(o::version.eq(seen));
    changed(diesel::update(row).set(change).execute(tx.conn)?)?;
    roster::audit(tx, &staff.id, "organisation_key", &known.name)?;
    Ok(key)
}

/// Revokes the key, from now on.
pub fn revoke_key(
    tx: &mut Tx,
    staff: &StaffMember,
    (id, seen): (&str, i32),
) -> Result<(), OrganisationRefusal> {
    let known = load(tx, id)?.ok_or(OrganisationRefusal::NotFound)?;
    let row = o::organisations.find(id).filter(o::version.eq(seen));
    let change = (o::key_hash.eq(None::<String>), o::version.eq(seen + 1));
    changed(diesel::update(row).set(change).execute(tx.conn)?)?;
    Ok(roster::audit(tx, &staff.id, "organisation_revoke", &known.name)?)
}

fn changed(rows: usize) -> Result<(), OrganisationRefusal> {
    if rows == 0 { Err(OrganisationRefusal::ChangedMeanwhile) } else { Ok(()) }
}

/// Rows looked up today.
pub fn used_today(tx: &mut Tx, id: &str) -> Result<i32, Error> {
    let used = u::organisation_uses.find((id, tx.today())).select(u::count).first(tx.conn).optional()?;
    Ok(used.unwrap_or(0))
}

/// Counts rows for today. Returns how many are left, or `None` if there are too few; then the transaction must not be
/// committed.
pub fn count(tx: &mut Tx, organisation: &Organisation, rows: i32) -> Result<Option<i32>, Error> {
    let row = (u::organisation_id.eq(&organisation.id), u::day.eq(tx.today()), u::count.eq(rows));
    let insert = diesel::insert_into(u::organisation_uses).values(row);
    let used: i32 = either!(tx.conn, conn => insert
        .on_conflict((u::organisation_id, u::day))
        .do_update()
        .set(u::count.eq(u::count + rows))
        .returning(u::count)
        .get_result(conn))?;
    let left = organisation.daily_quota.saturating_sub(used);
    Ok((left >= 0).then_some(left))
}
