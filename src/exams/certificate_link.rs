//! 核验链接: by it a holder lets somebody verify one certificate for some days.
//!
//! Whoever has the link may read, so its token is a secret: the database holds it sealed, for
//! the holder to see again, and hashed, to be found by.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

use super::certificate::{PUBLIC, PublicCertificate};
use crate::either;
use crate::store::schema::certificate_link_views::dsl as v;
use crate::store::schema::{certificate_links as links, certificates, exams};
use crate::store::{Error, Tx, Vault};

/// Days that a link may live, to choose from.
pub const DAYS: [i64; 3] = [1, 7, 30];

/// Links of one certificate that live at a time.
pub const MOST: usize = 10;

/// Bytes of a token: beyond guessing.
const TOKEN_BYTES: usize = 16;

/// A link as its maker sees it.
pub struct Link {
    /// Key of the row.
    pub id: String,
    /// The secret part of its address.
    pub token: String,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub expires_at: NaiveDateTime,
    /// UTC; nothing while it has not been taken back. When its time is over and that has been noted, it
    /// is the same as `expires_at`.
    pub revoked_at: Option<NaiveDateTime>,
    /// When it was opened, as minutes in UTC with how often, the latest first.
    pub views: Vec<(NaiveDateTime, i32)>,
}

/// What was opened by links and is not noted yet, by link and minute.
pub type Opened = BTreeMap<(String, NaiveDateTime), i32>;

impl Link {
    /// Whether it opens at a moment.
    pub fn is_live(&self, now: NaiveDateTime) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// How often it was opened.
    pub fn view_count(&self) -> i32 {
        self.views.iter().map(|view| view.1).sum()
    }
}

fn hash(vault: &Vault, token: &str) -> String {
    vault.blind("certificate link", token)
}

/// Makes a link to a certificate, which the caller has found to be the holder's.
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

/// The links of a holder's certificate, the newest first; none of anybody else's.
pub fn of(tx: &mut Tx, holder: &str, certificate: &str) -> Result<Vec<Link>, Error> {
    type Row = (String, String, NaiveDateTime, NaiveDateTime, Option<NaiveDateTime>);
    let own = certificates::id.eq(certificate).and(certificates::holder_hash.eq(holder));
    let columns = (links::id, links::token, links::created_at, links::expires_at, links::revoked_at);
    let rows: Vec<Row> = links::table
        .inner_join(certificates::table)
        .filter(own)
        .order(links::id.desc())
        .select(columns)
        .load(tx.conn)?;
    rows.into_iter().map(|row| with_views(tx, row)).collect()
}

fn with_views(
    tx: &mut Tx,
    (id, token, created_at, expires_at, revoked_at): (
        String,
        String,
        NaiveDateTime,
        NaiveDateTime,
        Option<NaiveDateTime>,
    ),
) -> Result<Link, Error> {
    let views = v::certificate_link_views.filter(v::link_id.eq(&id)).order(v::minute.desc());
    let views = views.select((v::minute, v::count)).load(tx.conn)?;
    let token = tx.vault.open("certificate_links.token", &token)?;
    Ok(Link { id, token, created_at, expires_at, revoked_at, views })
}

/// Takes a link of a holder's certificate back; one of anybody else's stays.
pub fn revoke(tx: &mut Tx, holder: &str, certificate: &str, link: &str) -> Result<(), Error> {
    let own = certificates::table
        .filter(certificates::id.eq(certificate).and(certificates::holder_hash.eq(holder)))
        .select(certificates::id);
    let live = links::table.find(link).filter(links::revoked_at.is_null());
    diesel::update(live.filter(links::certificate_id.eq_any(own)))
        .set(links::revoked_at.eq(tx.now))
        .execute(tx.conn)?;
    Ok(())
}

/// What a token opens.
pub enum Opening {
    /// Id of the link, name of the exam, the certificate.
    Live(String, String, Box<PublicCertificate>),
    /// The time of this link is over.
    Expired(String),
}

/// What a token opens now, if it is one of a link that was not taken back.
pub fn open(tx: &mut Tx, token: &str) -> Result<Option<Opening>, Error> {
    type Row = (String, NaiveDateTime, String, PublicCertificate);
    let row: Option<Row> = links::table
        .inner_join(certificates::table.inner_join(exams::table))
        .filter(links::token_hash.eq(hash(tx.vault, token)).and(links::revoked_at.is_null()))
        .select((links::id, links::expires_at, exams::name, PUBLIC))
        .first(tx.conn)
        .optional()?;
    Ok(row.map(|(link, expires_at, exam, certificate)| match tx.now < expires_at {
        true => Opening::Live(link, exam, Box::new(certificate)),
        false => Opening::Expired(link),
    }))
}

/// Stores that the time of links is over: they stay so when the clock goes back.
pub fn expire(tx: &mut Tx, over: &BTreeSet<String>) -> Result<(), Error> {
    let rows = links::table.filter(links::id.eq_any(over)).filter(links::revoked_at.is_null());
    diesel::update(rows).set(links::revoked_at.eq(links::expires_at.nullable())).execute(tx.conn)?;
    Ok(())
}

/// [`expire`] for all links whose time is over; returns how many.
pub fn sweep(tx: &mut Tx) -> Result<usize, Error> {
    let over = links::table.filter(links::revoked_at.is_null().and(links::expires_at.le(tx.now)));
    Ok(diesel::update(over).set(links::revoked_at.eq(links::expires_at.nullable())).execute(tx.conn)?)
}

/// Notes that links were opened.
pub fn note_views(tx: &mut Tx, opened: &Opened) -> Result<(), Error> {
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
