//! Security events: what happened to identities, without personal data.

use diesel::prelude::*;
use serde_json::Value;

use crate::store::schema::security_events::dsl as e;
use crate::store::{CandidateId, Error, Tx};

/// Notes an event in the database and in the log. `details` names codes and keys, never a person.
pub fn note(tx: &mut Tx, kind: &'static str, candidate: &CandidateId, details: &Value) -> Result<(), Error> {
    tracing::warn!(kind, candidate = &**candidate, %details, "security event");
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
