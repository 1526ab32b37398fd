//! Sessions in which somebody is signed in: finds, lists and ends them.

use chrono::Duration;
use diesel::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower_sessions::Session;

use super::{Id, SIGNED_IN, SignedIn, hash};
use crate::either;
use crate::settings::SessionRules;
use crate::store::schema::sessions::dsl as s;
use crate::store::{CandidateId, Error, Timestamp, Tx};

/// A session that has not expired.
#[derive(Clone)]
pub struct Live {
    /// The hash of the cookie's value.
    pub key: String,
    pub who: SignedIn,
    /// The last use, to within a minute.
    pub used_at: Timestamp,
    data: Value,
}

pub enum SessionState {
    /// There is none, or nobody is signed in in it.
    Missing,
    Expired,
    Live(Live),
}

/// The key of a session's row.
pub fn key(id: &Id) -> String {
    hash(id)
}

/// The key of a request's session.
pub fn own_key(session: &Session) -> Option<String> {
    session.id().as_ref().map(key)
}

/// Finds a session by its key.
pub fn find(tx: &mut Tx, key: &str, rules: &SessionRules) -> Result<SessionState, Error> {
    let row = s::sessions.find(key).select((s::data, s::used_at, s::expires_at));
    let row: Option<(String, Option<Timestamp>, Timestamp)> =
        either!(tx.conn, conn => row.first(conn)).optional()?;
    let Some((data, used_at, expires_at)) = row else { return Ok(SessionState::Missing) };
    if expires_at <= tx.now {
        return Ok(SessionState::Expired);
    }
    Ok(match Live::parse(key.to_owned(), &data, used_at) {
        None => SessionState::Missing,
        Some(live) if live.has_expired(tx.now, rules) => SessionState::Expired,
        Some(live) => SessionState::Live(live),
    })
}

/// Only updates, so that a session that was signed out meanwhile stays signed out.
pub fn note_use(tx: &mut Tx, key: &str, at: Timestamp, idle: Duration) -> Result<(), Error> {
    let row = (s::used_at.eq(at), s::expires_at.eq(at + idle));
    diesel::update(s::sessions.find(key)).set(row).execute(tx.conn)?;
    Ok(())
}

pub fn remove(tx: &mut Tx, key: &str) -> Result<(), Error> {
    diesel::delete(s::sessions.find(key)).execute(tx.conn)?;
    Ok(())
}

/// Whether a session exists and has not expired.
pub fn is_live(tx: &mut Tx, id: &Id) -> Result<bool, Error> {
    let row = s::sessions.find(hash(id)).filter(s::expires_at.gt(tx.now));
    Ok(diesel::select(diesel::dsl::exists(row)).get_result(tx.conn)?)
}

/// A candidate's live sessions, the most recently used first.
pub fn of_candidate(tx: &mut Tx, candidate: &CandidateId, rules: &SessionRules) -> Result<Vec<Live>, Error> {
    let rows: Vec<(String, String, Option<Timestamp>)> = s::sessions
        .filter(s::candidate_id.eq(candidate))
        .filter(s::expires_at.gt(tx.now))
        .select((s::id, s::data, s::used_at))
        .load(tx.conn)?;
    let parse = |(key, data, used_at): (String, String, _)| Live::parse(key, &data, used_at);
    let mut live: Vec<Live> = rows.into_iter().filter_map(parse).collect();
    live.retain(|session| !session.has_expired(tx.now, rules));
    live.sort_by_key(|session| std::cmp::Reverse(session.used_at));
    Ok(live)
}

impl Live {
    /// `None` if nobody is signed in. A value of another version that cannot be read counts as not signed in.
    fn parse(key: String, data: &str, used_at: Option<Timestamp>) -> Option<Live> {
        let data: Value = serde_json::from_str(data).ok()?;
        let who = SignedIn::deserialize(data.get(SIGNED_IN)?).ok()?;
        Some(Live { key, used_at: used_at.unwrap_or(who.since), who, data })
    }

    fn has_expired(&self, now: Timestamp, rules: &SessionRules) -> bool {
        let length = rules.length(self.who.staff.is_some());
        now - self.who.since >= length.absolute || now - self.used_at >= length.idle
    }

    /// Another value of the session.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.data.get(name)?).ok()
    }
}

/// Ends one of a candidate's sessions. Returns whether the candidate had it.
pub fn end(tx: &mut Tx, candidate: &CandidateId, key: &str) -> Result<bool, Error> {
    let row = s::sessions.find(key).filter(s::candidate_id.eq(candidate));
    Ok(diesel::delete(row).execute(tx.conn)? > 0)
}

/// Ends all sessions of a candidate except `own_key`. Returns how many.
pub fn end_others(tx: &mut Tx, candidate: &CandidateId, own_key: &str) -> Result<usize, Error> {
    let rows = s::sessions.filter(s::candidate_id.eq(candidate)).filter(s::id.ne(own_key));
    Ok(diesel::delete(rows).execute(tx.conn)?)
}
