//! One way to the portal and back: a row from the moment a browser leaves until its return has been
//! answered, and for a while after, so that a return which is loaded again, or twice at once, ends
//! where the first one ended.
//!
//! The row belongs to the browser that holds the secret cookie of its [`Binding`]. It does not
//! need a session: whoever only looks at the portal leaves none behind.

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::portal::{self, Attempt};
use super::refusal::Refusal;
use crate::store::schema::portal_attempts::dsl as p;
use crate::store::{Error, Tx};
use crate::web::binding::{self, Binding};

/// From leaving for the portal until the return.
pub const LIFETIME: Duration = Duration::minutes(10);

/// A browser that lost the answer with its session gets it again within this time.
const REPEATED: Duration = Duration::seconds(60);

/// How long an attempt that has ended is known to the browser that made it.
const KEPT: Duration = Duration::hours(12);

const VERIFIER: &str = "portal_attempts.verifier";
const NONCE: &str = "portal_attempts.nonce";
const ENDING: &str = "portal_attempts.ending";

const OPEN: &str = "open";
const TAKEN: &str = "taken";
const ENDED: &str = "ended";

/// How an attempt ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Ending {
    /// Somebody is signed in.
    In {
        /// The candidate.
        candidate: String,
        /// The value of the session's cookie.
        session: String,
    },
    /// Nobody is.
    Refused(Refusal),
}

/// An attempt as it stands.
pub struct Known {
    /// Key of the row.
    pub id: String,
    /// Hash of the browser's secret.
    binding: String,
    /// Checked local path to go to afterwards.
    pub next: String,
    /// How it stands.
    pub stage: Stage,
}

/// How an attempt stands.
pub enum Stage {
    /// The browser is at the portal.
    Open,
    /// A return is being answered.
    Taken,
    /// It has been answered.
    Ended {
        /// How.
        ending: Ending,
        /// Whether that is so short ago that the answer may have been lost.
        fresh: bool,
    },
}

/// The cookie that binds an attempt to its browser; each window has one of its own.
pub fn binding(id: &str, https: bool) -> Binding<'_> {
    Binding { name: &id[..16], path: portal::CALLBACK, https }
}

/// Remembers an attempt of the browser that gets `secret`; returns its key.
pub fn begin(tx: &mut Tx, attempt: &Attempt, next: &str, secret: &str) -> Result<(), Error> {
    let row = (
        p::id.eq(key(&attempt.state)),
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

/// The key of the attempt with a `state`.
pub fn key(state: &str) -> String {
    binding::hash(state)
}

/// The attempt of a key. One that was not answered in time is not known any more.
pub fn find(tx: &mut Tx, id: &str) -> Result<Option<Known>, Error> {
    type Row = (String, String, NaiveDateTime, String, Option<NaiveDateTime>, Option<String>);
    let columns = (p::binding, p::next_path, p::expires_at, p::status, p::ended_at, p::ending);
    let row: Option<Row> = p::portal_attempts.find(id).select(columns).first(tx.conn).optional()?;
    let Some((binding, next, expires_at, status, ended_at, ending)) = row else { return Ok(None) };
    let stage = match (status.as_str(), ending) {
        (ENDED, Some(sealed)) => Stage::Ended {
            ending: serde_json::from_str(&tx.vault.open(ENDING, &sealed)?)
                .map_err(|_| Error::Corrupt("portal_attempts.ending"))?,
            fresh: ended_at.is_some_and(|at| tx.now - at < REPEATED),
        },
        (TAKEN, _) => Stage::Taken,
        _ if tx.now < expires_at => Stage::Open,
        _ => return Ok(None),
    };
    Ok(Some(Known { id: id.to_owned(), binding, next, stage }))
}

impl Known {
    /// Whether the browser that holds `secret` began this.
    pub fn is_of(&self, secret: Option<&str>) -> bool {
        secret.is_some_and(|secret| binding::hash(secret) == self.binding)
    }
}

/// Takes an open attempt to answer its return; of several requests one does, whichever process
/// they come to. `state` is the one that came back.
pub fn take(tx: &mut Tx, id: &str, state: &str) -> Result<Option<Attempt>, Error> {
    let open = p::portal_attempts.find(id).filter(p::status.eq(OPEN).and(p::expires_at.gt(tx.now)));
    if diesel::update(open).set(p::status.eq(TAKEN)).execute(tx.conn)? == 0 {
        return Ok(None);
    }
    let row = p::portal_attempts.find(id).select((p::verifier, p::nonce));
    let (verifier, nonce): (String, String) = row.first(tx.conn)?;
    Ok(Some(Attempt {
        state: state.to_owned(),
        verifier: tx.vault.open(VERIFIER, &verifier)?,
        nonce: tx.vault.open(NONCE, &nonce)?,
    }))
}

/// Notes how a return was answered; its secrets are of no use any more.
pub fn end(tx: &mut Tx, id: &str, ending: &Ending) -> Result<(), Error> {
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

/// Removes attempts that nobody comes back from; returns how many.
pub fn sweep(tx: &mut Tx) -> Result<usize, Error> {
    let unanswered = p::status.ne(ENDED).and(p::expires_at.lt(tx.now - LIFETIME));
    let old = p::portal_attempts.filter(unanswered.or(p::expires_at.lt(tx.now - KEPT)));
    Ok(diesel::delete(old).execute(tx.conn)?)
}
