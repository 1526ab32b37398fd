//! Attempts to sign in at the portal (way 1), one row each.
//!
//! The row stays for a while after the callback has been answered, so that a callback which is reloaded, or
//! sent twice at once, gets the same answer. It belongs to the browser with the secret cookie of its
//! [`Binding`] and needs no session.

use chrono::Duration;
use diesel::prelude::*;
use poem::http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::door::Door;
use super::portal::AttemptSecrets;
use super::refusal::Refusal;
use crate::paths;
use crate::people::candidate::Identity;
use crate::people::document::{Document, DocumentType};
use crate::people::identity::{Account, Arrival, Assurance};
use crate::store::schema::portal_attempts::dsl as p;
use crate::store::{CandidateId, Error, Timestamp, Tx, clock};
use crate::web::binding::{self, Binding};

/// From the redirect to the portal until the callback.
pub const LIFETIME: Duration = Duration::minutes(10);

/// A browser that did not receive its session gets it by a repeated callback within this time.
const REPEATABLE: Duration = Duration::seconds(60);

/// How long a person may take to confirm an arrival.
const CONFIRMABLE: Duration = Duration::minutes(10);

const RETENTION: Duration = Duration::hours(12);

/// How much of an attempt's id is in the name of its cookie.
const ID_IN_COOKIE: usize = 16;

const VERIFIER: &str = "portal_attempts.verifier";
const NONCE: &str = "portal_attempts.nonce";
const ENDING: &str = "portal_attempts.ending";

const OPEN: &str = "open";
const TAKEN: &str = "taken";
const ENDED: &str = "ended";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum AttemptEnding {
    In {
        candidate: CandidateId,
        /// The value of the session's cookie.
        session: String,
    },
    Refused(Refusal),
    /// The person at the browser must confirm that they are signing in, because nothing in the return proves
    /// that it belongs to this attempt (login CSRF, RFC 9700 §4.7).
    ToConfirm(HeldArrival),
}

/// An arrival until its person has confirmed it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeldArrival {
    pub name: String,
    document_type: String,
    pub number: String,
    phone: Option<String>,
    portal: String,
    subject: Option<String>,
    is_verified: bool,
}

pub struct StoredAttempt {
    pub id: String,
    pub door: Door,
    /// Hash of the browser's secret.
    binding: String,
    /// Checked local path to go to afterwards.
    pub next: String,
    pub stage: AttemptStage,
}

pub enum AttemptStage {
    /// The browser is at the portal.
    Open,
    /// A callback is being answered.
    Taken,
    /// The callback has been answered.
    Ended {
        ending: AttemptEnding,
        /// Whether the browser may get its session again, or the person may still confirm.
        is_repeatable: bool,
    },
}

impl HeldArrival {
    pub fn hold(arrival: Arrival) -> HeldArrival {
        let Arrival { identity, account } = arrival;
        HeldArrival {
            name: identity.name,
            document_type: identity.document.kind().code().to_owned(),
            number: identity.document.number().to_owned(),
            phone: identity.phone,
            portal: account.portal,
            subject: account.subject,
            is_verified: account.assurance == Assurance::Verified,
        }
    }

    /// # Errors
    /// [`Error::Corrupt`] if the document is not valid any more.
    pub fn release(self, now: Timestamp) -> Result<Arrival, Error> {
        let corrupt = Error::Corrupt("portal_attempts.ending");
        let kind = DocumentType::from_code(&self.document_type);
        let document = kind.and_then(|kind| Document::parse(kind, &self.number, clock::china_date(now)).ok());
        let identity = Identity { name: self.name, document: document.ok_or(corrupt)?, phone: self.phone };
        let assurance = if self.is_verified { Assurance::Verified } else { Assurance::Unknown };
        let account = Account { portal: self.portal, subject: self.subject, assurance };
        Ok(Arrival { identity, account })
    }
}

/// The cookie that binds an attempt to its browser. Each attempt has its own, so that windows are
/// independent.
pub fn binding(id: &str, https: bool) -> Binding<'_> {
    Binding { name: &id[..ID_IN_COOKIE], path: paths::LOGIN_CALLBACK, https }
}

/// The cookie with the `state` of the browser's last attempt, for portals that may not send `state` back.
pub fn last(https: bool) -> Binding<'static> {
    Binding { name: "attempt", path: paths::LOGIN_CALLBACK, https }
}

/// The cookie of a browser that has returned without an attempt and was sent to the portal at once. A second
/// such return gets a page, so that a browser without cookies does not go in circles.
pub fn begun_by_itself(https: bool) -> Binding<'static> {
    Binding { name: "again", path: paths::LOGIN_CALLBACK, https }
}

/// Whether the browser has the cookie of any attempt.
pub fn has_any(headers: &HeaderMap, https: bool) -> bool {
    binding::names(headers, https).iter().any(|name| name.len() == ID_IN_COOKIE && is_hex(name))
}

/// Whether a text has the form of an attempt's id.
pub fn is_id(text: &str) -> bool {
    text.len() == 64 && is_hex(text)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Stores an attempt of the browser that gets the cookie `secret`.
pub fn begin(
    tx: &mut Tx,
    door: Door,
    attempt: &AttemptSecrets,
    next: &str,
    secret: &str,
) -> Result<(), Error> {
    let row = (
        p::door.eq(door.code()),
        p::id.eq(id_of(&attempt.state)),
        p::binding.eq(binding::hash(secret)),
        p::verifier.eq(tx.vault.seal(VERIFIER, &attempt.verifier)),
        p::nonce.eq(tx.vault.seal(NONCE, &attempt.nonce)),
        p::next_path.eq(next),
        p::expires_at.eq(tx.now + LIFETIME),
        p::status.eq(OPEN),
    );
    diesel::insert_into(p::portal_attempts).values(row).execute(tx.conn)?;
    Ok(())
}

pub fn id_of(state: &str) -> String {
    binding::hash(state)
}

/// Finds an attempt. `None` also if its callback did not come in time.
pub fn find(tx: &mut Tx, id: &str) -> Result<Option<StoredAttempt>, Error> {
    type Row = (String, String, String, Timestamp, String, Option<Timestamp>, Option<String>);
    let columns = (p::door, p::binding, p::next_path, p::expires_at, p::status, p::ended_at, p::ending);
    let row: Option<Row> = p::portal_attempts.find(id).select(columns).first(tx.conn).optional()?;
    let Some((door, binding, next, expires_at, status, ended_at, ending)) = row else { return Ok(None) };
    let door = Door::from_code(&door).ok_or(Error::Corrupt("portal_attempts.door"))?;
    let stage = match (status.as_str(), ending) {
        (ENDED, Some(sealed)) => {
            let ending = serde_json::from_str(&tx.vault.open(ENDING, &sealed)?)
                .map_err(|_| Error::Corrupt("portal_attempts.ending"))?;
            let time = if matches!(ending, AttemptEnding::ToConfirm(_)) { CONFIRMABLE } else { REPEATABLE };
            AttemptStage::Ended { ending, is_repeatable: ended_at.is_some_and(|at| tx.now - at < time) }
        }
        (TAKEN, _) => AttemptStage::Taken,
        _ if tx.now < expires_at => AttemptStage::Open,
        _ => return Ok(None),
    };
    Ok(Some(StoredAttempt { id: id.to_owned(), door, binding, next, stage }))
}

impl StoredAttempt {
    /// Whether the browser with the cookie `secret` began it.
    pub fn is_of(&self, secret: Option<&str>) -> bool {
        secret.is_some_and(|secret| binding::hash(secret) == self.binding)
    }
}

/// Takes an open attempt to answer its callback. Of several requests, in any process, only one gets it.
pub fn take(tx: &mut Tx, id: &str, state: &str) -> Result<Option<AttemptSecrets>, Error> {
    let open = p::portal_attempts.find(id).filter(p::status.eq(OPEN).and(p::expires_at.gt(tx.now)));
    if diesel::update(open).set(p::status.eq(TAKEN)).execute(tx.conn)? == 0 {
        return Ok(None);
    }
    let row = p::portal_attempts.find(id).select((p::verifier, p::nonce));
    let (verifier, nonce): (String, String) = row.first(tx.conn)?;
    Ok(Some(AttemptSecrets {
        state: state.to_owned(),
        verifier: tx.vault.open(VERIFIER, &verifier)?,
        nonce: tx.vault.open(NONCE, &nonce)?,
    }))
}

/// Stores how a callback was answered, and removes the attempt's secrets.
pub fn end(tx: &mut Tx, id: &str, ending: &AttemptEnding) -> Result<(), Error> {
    let text = serde_json::to_string(ending).map_err(|_| Error::Corrupt("portal_attempts.ending"))?;
    let row = (
        p::status.eq(ENDED),
        p::ended_at.eq(tx.now),
        p::ending.eq(tx.vault.seal(ENDING, &text)),
        (p::verifier.eq(""), p::nonce.eq("")),
    );
    diesel::update(p::portal_attempts.find(id)).set(row).execute(tx.conn)?;
    Ok(())
}

/// Removes attempts without a callback and ended ones whose retention is over. Returns how many.
pub fn sweep(tx: &mut Tx) -> Result<usize, Error> {
    let unanswered = p::status.ne(ENDED).and(p::expires_at.lt(tx.now - LIFETIME));
    let old = p::portal_attempts.filter(unanswered.or(p::expires_at.lt(tx.now - RETENTION)));
    Ok(diesel::delete(old).execute(tx.conn)?)
}
