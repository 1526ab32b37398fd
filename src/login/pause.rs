//! Repeated denials: whoever keeps being shown logins that are not theirs, or keeps guessing numbers,
//! confirms no login for a while (RFC 10027 §6.1.11). In the database, for all processes.

use chrono::{Duration, NaiveDateTime};
use diesel::dsl::max;
use diesel::prelude::*;

use crate::people::candidate::Candidate;
use crate::store::schema::login_denials::dsl as d;
use crate::store::{Error, Tx};
use crate::web::address::Network;

/// So many denials of one account, or from one network, start a pause.
const MOST: i64 = 3;

/// The time in which they count.
const WITHIN: Duration = Duration::minutes(10);

/// How long a pause lasts.
const PAUSE: Duration = Duration::minutes(10);

/// How long a denial is kept for whoever looks into an incident.
const KEPT: Duration = Duration::days(1);

/// Until when (UTC) a candidate confirms no login, if a pause is on. Until the transaction ends, other
/// guesses of this candidate wait.
pub fn until(tx: &mut Tx, candidate: &Candidate) -> Result<Option<NaiveDateTime>, Error> {
    candidate.lock(tx)?;
    read(tx, &candidate.id)
}

/// [`until`] for a page, which waits for nobody.
pub fn read(tx: &mut Tx, candidate: &str) -> Result<Option<NaiveDateTime>, Error> {
    let on = d::login_denials.filter(d::candidate_id.eq(candidate)).filter(d::paused_until.gt(tx.now));
    Ok(on.select(max(d::paused_until)).first(tx.conn)?)
}

/// Notes that a phone of `network` denied a login; `candidate` was signed in there.
pub fn note(tx: &mut Tx, candidate: Option<&str>, network: &Network) -> Result<(), Error> {
    let network = match network {
        Network::Known(network) => Some(network),
        Network::Unknown => None,
    };
    let id = tx.id();
    let row = (d::id.eq(&id), d::candidate_id.eq(candidate), d::network.eq(network), d::denied_at.eq(tx.now));
    diesel::insert_into(d::login_denials).values(row).execute(tx.conn)?;
    let recent = d::login_denials.filter(d::denied_at.gt(tx.now - WITHIN));
    let of_candidate: i64 = recent.filter(d::candidate_id.eq(candidate)).count().get_result(tx.conn)?;
    let of_network: i64 = recent.filter(d::network.eq(network)).count().get_result(tx.conn)?;
    if candidate.is_some() && of_candidate.max(of_network) >= MOST {
        let until = d::paused_until.eq(tx.now + PAUSE);
        diesel::update(d::login_denials.find(&id)).set(until).execute(tx.conn)?;
        tracing::warn!(
            of_candidate,
            of_network,
            "repeated denials: an account confirms no login for a while"
        );
    }
    Ok(())
}

/// Removes denials of more than a day ago; returns how many.
pub fn sweep(tx: &mut Tx) -> Result<usize, Error> {
    Ok(diesel::delete(d::login_denials.filter(d::denied_at.lt(tx.now - KEPT))).execute(tx.conn)?)
}
