//! 核验链接: links by which a holder lets others verify a certificate for some days.
//!
//! The token in a link is a secret. The database stores it sealed, to show it to the holder again, and hashed, to
//! find the link.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use diesel::prelude::*;

use super::certificate::{PublicCertificate, public_columns};
use crate::either;
use crate::people::holder_hash::HolderHash;
use crate::store::schema::certificate_link_views::dsl as v;
use crate::store::schema::{certificate_links as links, certificates, exams};
use crate::store::{Error, Timestamp, Tx, Vault};

/// Lifetimes to choose from, in days.
pub const DAYS: [i64; 3] = [1, 7, 30];

/// Most live links of one certificate.
pub const MOST: usize = 10;

/// Bytes of a token.
const TOKEN_BYTES: usize = 16;

pub struct Link {
    pub id: String,
    /// The secret part of its address.
    pub token: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// Equals `expires_at` once the end of the link is stored by [`expire`].
    pub revoked_at: Option<Timestamp>,
    /// Views by minute, the latest first.
    pub views: Vec<(Timestamp, i32)>,
}

/// Counts of views that are not stored yet, by link and minute.
pub type Opened = BTreeMap<(String, Timestamp), i32>;

impl Link {
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    pub fn view_count(&self) -> i32 {
        self.views.iter().map(|view| view.1).sum()
    }
}

fn hash(vault: &Vault, token: &str) -> String {
    vault.blind("certificate link", token)
}

/// The caller has checked that the certificate belongs to the holder.
pub fn make(tx: &mut Tx, certificate: &str, days: i64) -> Result<(), Error> {
    let token = tx.ids.token(TOKEN_BYTES);
    let row = (
        links::id.eq(tx.id()),
        links::certificate_id.eq(certificate),
        links::token.eq(tx.vault.seal("certificate_links.token", &token)),
        links::token_hash.eq(hash(tx.vault, &token)),
        links::created_at.eq(tx.now),
        links::expires_at.eq(tx.now + Duration::days(days)),
    );
    diesel::insert_into(links::table).values(row).execute(tx.conn)?;
    Ok(())
}

type Row = (String, String, Timestamp, Timestamp, Option<Timestamp>);

/// The links of a holder's certificate, the newest first. Empty if the certificate is another holder's.
pub fn of(tx: &mut Tx, holder: &HolderHash, certificate: &str) -> Result<Vec<Link>, Error> {
    let own = certificates::id.eq(certificate).and(certificates::holder_hash.eq(holder.stored(tx.vault)));
    let columns = (links::id, links::token, links::created_at, links::expires_at, links::revoked_at);
    let rows: Vec<Row> = links::table
        .inner_join(certificates::table)
        .filter(own)
        .order(links::id.desc())
        .select(columns)
        .load(tx.conn)?;
    rows.into_iter().map(|row| with_views(tx, row)).collect()
}

fn with_views(tx: &mut Tx, (id, token, created_at, expires_at, revoked_at): Row) -> Result<Link, Error> {
    let views = v::certificate_link_views.filter(v::link_id.eq(&id)).order(v::minute.desc());
    let views = views.select((v::minute, v::count)).load(tx.conn)?;
    let token = tx.vault.open("certificate_links.token", &token)?;
    Ok(Link { id, token, created_at, expires_at, revoked_at, views })
}

/// Revokes a link of a holder's certificate. Does nothing to another holder's link.
pub fn revoke(tx: &mut Tx, holder: &HolderHash, certificate: &str, link: &str) -> Result<(), Error> {
    let own = certificates::table
        .filter(certificates::id.eq(certificate).and(certificates::holder_hash.eq(holder.stored(tx.vault))))
        .select(certificates::id);
    let live = links::table.find(link).filter(links::revoked_at.is_null());
    diesel::update(live.filter(links::certificate_id.eq_any(own)))
        .set(links::revoked_at.eq(tx.now))
        .execute(tx.conn)?;
    Ok(())
}

/// Revokes every link of a holder's certificates.
pub fn revoke_all(tx: &mut Tx, holder: &HolderHash) -> Result<(), Error> {
    let own = certificates::table
        .filter(certificates::holder_hash.eq(holder.stored(tx.vault)))
        .select(certificates::id);
    let live = links::table.filter(links::revoked_at.is_null());
    diesel::update(live.filter(links::certificate_id.eq_any(own)))
        .set(links::revoked_at.eq(tx.now))
        .execute(tx.conn)?;
    Ok(())
}

pub enum Opening {
    /// Id of the link, name of the exam, and the certificate.
    Live(String, String, Box<PublicCertificate>),
    /// Id of the link.
    Expired(String),
}

/// `None` if there is no such link or it was revoked.
pub fn open(tx: &mut Tx, token: &str) -> Result<Option<Opening>, Error> {
    type Row = (String, Timestamp, String, PublicCertificate);
    let row: Option<Row> = links::table
        .inner_join(certificates::table.inner_join(exams::table))
        .filter(links::token_hash.eq(hash(tx.vault, token)).and(links::revoked_at.is_null()))
        .select((links::id, links::expires_at, exams::name, public_columns()))
        .first(tx.conn)
        .optional()?;
    Ok(row.map(|(link, expires_at, exam, certificate)| match tx.now < expires_at {
        true => Opening::Live(link, exam, Box::new(certificate)),
        false => Opening::Expired(link),
    }))
}

/// Stores that links have expired. They stay expired if the clock goes back.
pub fn expire(tx: &mut Tx, over: &BTreeSet<String>) -> Result<(), Error> {
    let rows = links::table.filter(links::id.eq_any(over)).filter(links::revoked_at.is_null());
    diesel::update(rows).set(links::revoked_at.eq(links::expires_at.nullable())).execute(tx.conn)?;
    Ok(())
}

/// Stores the end of all expired links. Returns their number.
pub fn sweep(tx: &mut Tx) -> Result<usize, Error> {
    let over = links::table.filter(links::revoked_at.is_null().and(links::expires_at.le(tx.now)));
    Ok(diesel::update(over).set(links::revoked_at.eq(links::expires_at.nullable())).execute(tx.conn)?)
}

/// Adds to the stored counts.
pub fn add_views(tx: &mut Tx, opened: &Opened) -> Result<(), Error> {
    for ((link, minute), times) in opened {
        let row = (v::link_id.eq(link), v::minute.eq(minute), v::count.eq(times));
        let insert = diesel::insert_into(v::certificate_link_views).values(row);
        either!(tx.conn, conn => insert
            .on_conflict((v::link_id, v::minute))
            .do_update()
            .set(v::count.eq(v::count + times))
            .execute(conn))?;
    }
    Ok(())
}
