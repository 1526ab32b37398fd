//! Repeated denials pause an account: it cannot confirm logins for ten minutes (RFC 10027 §6.1.11). This
//! limits attackers who send their codes to people, and people who guess numbers. The denials are in the
//! database, for all processes.

use chrono::Duration;
use diesel::dsl::max;
use diesel::prelude::*;

use crate::people::candidate::Candidate;
use crate::store::schema::login_denials::dsl as d;
use crate::store::{CandidateId, Error, Timestamp, Tx};
use crate::web::address::Network;

/// This many denials of one account, or from one network, start a pause.
const MAX_DENIALS: i64 = 3;

/// The period in which denials count.
const WITHIN: Duration = Duration::minutes(10);

const PAUSE: Duration = Duration::minutes(10);

/// How long a denial stays in the database, for the investigation of incidents.
const RETENTION: Duration = Duration::days(1);

/// The end of a candidate's pause. Locks the candidate until the transaction ends, so that parallel
/// guesses are counted one after the other.
pub fn lock_and_read(tx: &mut Tx, candidate: &Candidate) -> Result<Option<Timestamp>, Error> {
    candidate.lock(tx)?;
    read(tx, &candidate.id)
}

/// The end of a candidate's pause, without a lock.
pub fn read(tx: &mut Tx, candidate: &CandidateId) -> Result<Option<Timestamp>, Error> {
    let on = d::login_denials.filter(d::candidate_id.eq(candidate)).filter(d::paused_until.gt(tx.now));
    Ok(on.select(max(d::paused_until)).first(tx.conn)?)
}

/// Records that a phone in `network` denied a login. `candidate` was signed in on it.
pub fn record_denial(tx: &mut Tx, candidate: Option<&CandidateId>, network: &Network) -> Result<(), Error> {
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
    if candidate.is_some() && of_candidate.max(of_network) >= MAX_DENIALS {
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

/// Removes denials of more than a day ago. Returns how many.
pub fn sweep(tx: &mut Tx) -> Result<usize, Error> {
    Ok(diesel::delete(d::login_denials.filter(d::denied_at.lt(tx.now - RETENTION))).execute(tx.conn)?)
}
