//! Messages to candidates. The site shows each of them, and the office's gateway can also send it as SMS.
//!
//! A message and its place in the [`outbox`] are written in the transaction of the change that it tells of. Every step of
//! an application passes [`steps`], which says what it tells.

pub mod outbox;
pub mod reminders;
pub(super) mod steps;
pub mod template;
pub mod topic;

use chrono::TimeDelta;
use diesel::prelude::*;

use self::template::render;
use self::topic::{Facts, Topic};
use super::business::Business;
use crate::either;
use crate::store::schema::{messages as m, sms_opt_outs as o, sms_outbox as q};
use crate::store::{CandidateId, Error, Timestamp, Tx};

/// Messages on one page.
pub const PAGE: i64 = 20;

/// Column name under which a body is sealed.
const BODY: &str = "messages.body";

/// A message to write.
#[derive(Clone)]
pub struct News {
    pub topic: Topic,
    pub business: Option<&'static Business>,
    /// Key of the application, certificate or record that it is about, or empty.
    pub subject: String,
    pub facts: Facts,
    /// Of a reminder: what it reminds of. Nobody is reminded of the same twice.
    pub once: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Message {
    pub id: String,
    pub topic: Topic,
    /// Slug of the business, or empty.
    pub kind: String,
    /// See [`News::subject`].
    pub subject: String,
    pub body: String,
    pub created_at: Timestamp,
    pub read_at: Option<Timestamp>,
    /// When the gateway took it.
    pub texted_at: Option<Timestamp>,
}

/// Tells a candidate, on the site and by SMS. Returns whether it was not told before.
pub fn tell(tx: &mut Tx, candidate: &CandidateId, news: &News) -> Result<bool, Error> {
    let text = template::current(tx, news.topic, news.business)?;
    let id = tx.id();
    let row = (
        m::id.eq(&id),
        m::candidate_id.eq(candidate),
        m::topic.eq(news.topic.code()),
        m::kind.eq(news.business.map_or("", |business| business.slug)),
        m::subject.eq(&news.subject),
        m::body.eq(tx.vault.seal(BODY, &render(&text.body, &news.facts))),
        m::once.eq(&news.once),
        m::created_at.eq(tx.now),
    );
    let insert = diesel::insert_into(m::table).values(row).on_conflict_do_nothing();
    let added = either!(tx.conn, conn => insert.execute(conn))?;
    if added > 0 {
        outbox::add(tx, &id, &text.name, &news.facts)?;
    }
    Ok(added > 0)
}

type Row = (String, String, String, String, String, Timestamp, Option<Timestamp>, Option<Timestamp>);

#[diesel::dsl::auto_type]
fn columns() -> _ {
    (m::id, m::topic, m::kind, m::subject, m::body, m::created_at, m::read_at, m::texted_at)
}

fn message(tx: &Tx, row: Row) -> Result<Message, Error> {
    let (id, topic, kind, subject, body, created_at, read_at, texted_at) = row;
    Ok(Message {
        id,
        topic: Topic::from_code(&topic).ok_or(Error::Corrupt("messages.topic"))?,
        kind,
        subject,
        body: tx.vault.open(BODY, &body)?,
        created_at,
        read_at,
        texted_at,
    })
}

/// A candidate's messages, the newest first, at most `most`. With `after`, those that follow a message of this time and
/// id.
pub fn list(
    tx: &mut Tx,
    candidate: &CandidateId,
    after: Option<&(Timestamp, String)>,
    most: i64,
) -> Result<Vec<Message>, Error> {
    // Every time is earlier.
    let (at, id) = after.cloned().unwrap_or((tx.now + TimeDelta::days(36_500), String::new()));
    let follows = m::created_at.lt(at).or(m::created_at.eq(at).and(m::id.lt(id)));
    let own = m::table.filter(m::candidate_id.eq(candidate)).filter(follows);
    let page = own.order((m::created_at.desc(), m::id.desc())).limit(most).select(columns());
    let rows: Vec<Row> = either!(tx.conn, conn => page.load(conn))?;
    rows.into_iter().map(|row| message(tx, row)).collect()
}

/// The number of messages that a candidate has not read.
pub fn unread(tx: &mut Tx, candidate: &CandidateId) -> Result<i64, Error> {
    let unread = m::table.filter(m::candidate_id.eq(candidate)).filter(m::read_at.is_null()).count();
    Ok(either!(tx.conn, conn => unread.get_result(conn))?)
}

/// A candidate's message, which they read now.
pub fn open(tx: &mut Tx, candidate: &CandidateId, id: &str) -> Result<Option<Message>, Error> {
    let own = m::table.filter(m::candidate_id.eq(candidate)).filter(m::id.eq(id));
    let row: Option<Row> = own.select(columns()).first(tx.conn).optional()?;
    let Some(message) = row.map(|row| message(tx, row)).transpose()? else { return Ok(None) };
    let unread = m::table.find(id).filter(m::read_at.is_null());
    diesel::update(unread).set(m::read_at.eq(Some(tx.now))).execute(tx.conn)?;
    Ok(Some(message))
}

/// Notes that a candidate has read all messages.
pub fn read_all(tx: &mut Tx, candidate: &CandidateId) -> Result<(), Error> {
    let unread = m::table.filter(m::candidate_id.eq(candidate)).filter(m::read_at.is_null());
    diesel::update(unread).set(m::read_at.eq(Some(tx.now))).execute(tx.conn)?;
    Ok(())
}

/// Whether a candidate gets every message by SMS, and not only the obligatory ones.
pub fn wants_sms(tx: &mut Tx, candidate: &CandidateId) -> Result<bool, Error> {
    let opted_out: i64 = o::table.find(candidate).count().get_result(tx.conn)?;
    Ok(opted_out == 0)
}

/// Stores [`wants_sms`].
pub fn choose_sms(tx: &mut Tx, candidate: &CandidateId, wants: bool) -> Result<(), Error> {
    if wants {
        diesel::delete(o::table.find(candidate)).execute(tx.conn)?;
        return Ok(());
    }
    let row = (o::candidate_id.eq(candidate), o::at.eq(tx.now));
    let insert = diesel::insert_into(o::table).values(row).on_conflict_do_nothing();
    either!(tx.conn, conn => insert.execute(conn))?;
    Ok(())
}

/// Deletes a candidate's messages, also those that are still to be sent, and their choice.
pub(super) fn forget(tx: &mut Tx, candidate: &CandidateId) -> Result<(), Error> {
    let own = m::table.filter(m::candidate_id.eq(candidate)).select(m::id).load(tx.conn)?;
    delete(tx, own)?;
    choose_sms(tx, candidate, true)
}

/// Deletes the oldest messages that were written before a time, at most `most`. Returns how many.
pub(super) fn delete_old(tx: &mut Tx, before: Timestamp, most: i64) -> Result<usize, Error> {
    let old = m::table.filter(m::created_at.lt(before)).order(m::created_at).limit(most);
    let old = old.select(m::id).load(tx.conn)?;
    delete(tx, old)
}

fn delete(tx: &mut Tx, ids: Vec<String>) -> Result<usize, Error> {
    diesel::delete(q::table.filter(q::message_id.eq_any(&ids))).execute(tx.conn)?;
    Ok(diesel::delete(m::table.filter(m::id.eq_any(&ids))).execute(tx.conn)?)
}
