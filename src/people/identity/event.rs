//! Security events of identities. They contain no personal data.

use diesel::prelude::*;
use serde_json::{Value, json};

use crate::store::schema::security_events::dsl as e;
use crate::store::{CandidateId, Error, Tx};

/// Writes an event to the database and the log. `details` contains codes and keys, no personal data.
pub fn record(
    tx: &mut Tx,
    kind: &'static str,
    candidate: &CandidateId,
    details: &Value,
) -> Result<(), Error> {
    tracing::warn!(kind, %candidate, %details, "security event");
    let row = (
        e::id.eq(tx.id()),
        e::at.eq(tx.now),
        e::kind.eq(kind),
        e::candidate_id.eq(candidate),
        e::details.eq(details.to_string()),
    );
    diesel::insert_into(e::security_events).values(row).execute(tx.conn)?;
    Ok(())
}

/// Writes an event without details, unless the candidate has one of its kind.
pub fn record_once(tx: &mut Tx, kind: &'static str, candidate: &CandidateId) -> Result<(), Error> {
    let known = e::security_events.filter(e::kind.eq(kind)).filter(e::candidate_id.eq(candidate));
    if known.count().get_result::<i64>(tx.conn)? > 0 {
        Ok(())
    } else {
        record(tx, kind, candidate, &json!({}))
    }
}
