//! Sessions: tower-sessions over our own store. Their length is a setting, [`SessionRules`].
//!
//! [`Session`] is lazy: a request without a session cookie costs nothing, and a page that does not use its
//! session does not load it. The database has only the hash of the cookie's value, so a stolen database
//! signs nobody in.

pub mod live;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::Duration;
use diesel::prelude::*;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Request, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
pub use tower_sessions::Session;
use tower_sessions::cookie::time::OffsetDateTime;
pub use tower_sessions::session::Id;
use tower_sessions::session::Record;
use tower_sessions::session_store::{self, SessionStore};

use super::{Failure, frame};
use crate::settings::SessionRules;
use crate::store::schema::sessions::dsl as s;
use crate::store::{self, CandidateId, Store, Timestamp, Tx};

const SIGNED_IN: &str = "signed_in";

/// A way to sign in; shown with a candidate's devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// On this device, at the portal.
    Portal,
    /// By scanning our code with a phone.
    Scan,
    /// By the portal's own code.
    Device,
}

/// Who is signed in, as stored in the session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignedIn {
    pub candidate: CandidateId,
    /// The staff member's id, if this person is on the roster.
    pub staff: Option<String>,
    pub since: Timestamp,
    pub way: Way,
    /// Browser and system, such as `Windows 电脑 · Chrome`.
    pub device: String,
    /// The handshake by which this device was signed in, if any.
    pub handshake: Option<String>,
}

impl SignedIn {
    /// A sign-in at `now`, at the portal on this device.
    pub fn at(now: Timestamp, candidate: CandidateId, staff: Option<String>, device: String) -> SignedIn {
        SignedIn { candidate, staff, since: now, way: Way::Portal, device, handshake: None }
    }

    /// The same by a handshake that another device approved.
    pub fn by_handshake(self, way: Way, handshake: String) -> SignedIn {
        SignedIn { way, handshake: Some(handshake), ..self }
    }
}

/// The session of a request; [`begin`] puts one on each.
pub fn of(req: &Request) -> Session {
    req.extensions()
        .get::<Session>()
        .cloned()
        .expect("site puts a session on every request that may have one")
}

/// Signs somebody in within a transaction, in a new session with nothing of the old one, whose id an
/// attacker may know. [`give`] sets the cookie of the new session.
pub fn replace(
    tx: &mut Tx,
    old: Option<Id>,
    who: &SignedIn,
    rules: &SessionRules,
) -> Result<Id, store::Error> {
    if let Some(old) = old {
        diesel::delete(s::sessions.find(hash(&old))).execute(tx.conn)?;
    }
    let (id, data) = (Id::default(), serde_json::json!({ SIGNED_IN: who }).to_string());
    insert(tx, hash(&id), data, Some(&who.candidate), rules.length(who.staff.is_some()).idle)?;
    Ok(id)
}

fn insert(
    tx: &mut Tx,
    key: String,
    data: String,
    candidate: Option<&CandidateId>,
    idle: Duration,
) -> Result<(), store::Error> {
    let row =
        (s::id.eq(key), s::data.eq(data), s::candidate_id.eq(candidate), s::expires_at.eq(tx.now + idle));
    diesel::insert_into(s::sessions).values((row, s::used_at.eq(tx.now))).execute(tx.conn)?;
    Ok(())
}

/// Ends a session by removing its row.
///
/// # Errors
/// [`Failure::NotSignedOut`] when the row cannot be removed; the session goes on.
pub async fn end(session: &Session) -> Result<(), Failure> {
    session.flush().await.map_err(|error| {
        tracing::error!(%error, "a session could not be ended");
        Failure::NotSignedOut
    })
}

/// `__Host-` ties the cookie to this host and to HTTPS (RFC 6265bis §4.1.3.2).
fn cookie_name(https: bool) -> &'static str {
    if https { "__Host-kaozheng" } else { "kaozheng" }
}

/// The session id in a request's cookie.
pub fn id_in(headers: &HeaderMap, https: bool) -> Option<Id> {
    frame::cookie(headers, cookie_name(https))?.parse().ok()
}

/// Attaches its session to a request, without loading it.
pub fn begin(req: &mut Request, rows: &Arc<SessionRows>, https: bool) -> Session {
    let session = Session::new(id_in(req.headers(), https), rows.clone(), None);
    req.extensions_mut().insert(session.clone());
    session
}

/// Saves the session if it has changed, and adds its cookie to the response.
pub async fn save(session: &Session, response: &mut Response, https: bool) -> Result<(), Failure> {
    match session.id() {
        _ if !session.is_modified() => {}
        None if session.is_empty().await => set_cookie(response, "", "; Max-Age=0", https),
        None => {
            session.save().await?;
            give(response, &session.id().unwrap_or_default(), https);
        }
        Some(_) => session.save().await?,
    }
    Ok(())
}

pub fn give(response: &mut Response, session: &Id, https: bool) {
    set_cookie(response, &session.to_string(), "", https);
}

fn set_cookie(response: &mut Response, value: &str, max_age: &str, https: bool) {
    let (name, secure) = (cookie_name(https), if https { "; Secure" } else { "" });
    let cookie = format!("{name}={value}; Path=/{max_age}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// The `sessions` table as tower-sessions sees it.
#[derive(Clone)]
pub struct SessionRows {
    store: Store,
    idle: Duration,
}

impl fmt::Debug for SessionRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionRows")
    }
}

impl SessionRows {
    /// Sessions expire `idle` after they were last saved.
    pub fn new(store: Store, idle: Duration) -> SessionRows {
        SessionRows { store, idle }
    }

    /// Removes expired rows. Returns how many.
    pub async fn sweep(&self) -> Result<usize, store::Error> {
        self.store
            .write(|tx| Ok(diesel::delete(s::sessions.filter(s::expires_at.le(tx.now))).execute(tx.conn)?))
            .await
    }

    fn encode(record: &Record) -> session_store::Result<(String, Option<CandidateId>)> {
        let data = serde_json::to_string(&record.data)
            .map_err(|error| session_store::Error::Encode(error.to_string()))?;
        let candidate = record.data.get(SIGNED_IN).and_then(|who| who.get("candidate")?.as_str());
        Ok((data, candidate.map(|id| CandidateId::from(id.to_owned()))))
    }
}

fn hash(id: &Id) -> String {
    Sha256::digest(id.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn backend(error: store::Error) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for SessionRows {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let (data, candidate) = Self::encode(record)?;
        let (key, idle) = (hash(&record.id), self.idle);
        self.store.write(move |tx| insert(tx, key, data, candidate.as_ref(), idle)).await.map_err(backend)
    }

    /// Only updates, so that a session that was signed out meanwhile stays signed out.
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let (data, candidate) = Self::encode(record)?;
        let (key, idle) = (hash(&record.id), self.idle);
        self.store
            .write(move |tx| {
                let row = (s::data.eq(data), s::candidate_id.eq(candidate), s::expires_at.eq(tx.now + idle));
                diesel::update(s::sessions.find(key)).set((row, s::used_at.eq(tx.now))).execute(tx.conn)?;
                Ok(())
            })
            .await
            .map_err(backend)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let key = hash(id);
        let read = self.store.read(move |tx| {
            let row = s::sessions.find(key).select((s::data, s::expires_at));
            Ok((row.first::<(String, Timestamp)>(tx.conn).optional()?, tx.now))
        });
        let data = match read.await.map_err(backend)? {
            (Some((data, expires_at)), now) if now < expires_at => data,
            (Some(_), _) => {
                // Removed at once, so that it stays expired when the clock goes back.
                if let Err(error) = self.delete(id).await {
                    tracing::warn!(%error, "an expired session was not removed");
                }
                return Ok(None);
            }
            (None, _) => return Ok(None),
        };
        let data =
            serde_json::from_str(&data).map_err(|error| session_store::Error::Decode(error.to_string()))?;
        // The expiry has been checked above by our clock; tower-sessions does not check this field.
        Ok(Some(Record { id: *id, data, expiry_date: OffsetDateTime::UNIX_EPOCH }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        let key = hash(id);
        self.store
            .write(move |tx| {
                diesel::delete(s::sessions.find(key)).execute(tx.conn)?;
                Ok(())
            })
            .await
            .map_err(backend)
    }
}
