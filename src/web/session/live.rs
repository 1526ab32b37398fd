//! Lists and ends the sessions in which somebody is signed in.

use diesel::prelude::*;
use serde_json::Value;
use tower_sessions::Session;

use super::{Id, SIGNED_IN, SignedIn, hash};
use crate::settings::Settings;
use crate::store::schema::sessions::dsl as s;
use crate::store::{CandidateId, Error, Tx};

/// A session that has not expired.
pub struct Live {
    /// The hash of the cookie's value.
    pub key: String,
    pub who: SignedIn,
}

/// The key of a session.
pub fn own_key(session: &Session) -> Option<String> {
    session.id().map(|id| hash(&id))
}

/// Whether a session exists and has not expired.
pub fn is_live(tx: &mut Tx, id: &Id) -> Result<bool, Error> {
    let row = s::sessions.find(hash(id)).filter(s::expires_at.gt(tx.now));
    Ok(diesel::select(diesel::dsl::exists(row)).get_result(tx.conn)?)
}

/// A candidate's live sessions, the most recently used first.
pub fn of_candidate(tx: &mut Tx, candidate: &CandidateId, settings: &Settings) -> Result<Vec<Live>, Error> {
    let rows: Vec<(String, String)> = s::sessions
        .filter(s::candidate_id.eq(candidate))
        .filter(s::expires_at.gt(tx.now))
        .select((s::id, s::data))
        .load(tx.conn)?;
    let mut live: Vec<Live> = rows.into_iter().filter_map(|(key, data)| Live::read(key, &data)).collect();
    live.retain(|session| tx.now - session.who.since < settings.session_absolute);
    live.sort_by_key(|session| std::cmp::Reverse(session.who.seen));
    Ok(live)
}

impl Live {
    fn read(key: String, data: &str) -> Option<Live> {
        let mut data: Value = serde_json::from_str(data).ok()?;
        Some(Live { key, who: serde_json::from_value(data.get_mut(SIGNED_IN)?.take()).ok()? })
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
