//! Security events of identities. They contain no personal data.

use diesel::prelude::*;
use serde_json::Value;

use crate::store::schema::security_events::dsl as e;
use crate::store::{Error, Tx};

/// Writes an event to the database and the log. `details` contains codes and keys, no personal data.
pub fn record(tx: &mut Tx, kind: &'static str, candidate: &str, details: &Value) -> Result<(), Error> {
    tracing::warn!(kind, candidate, %details, "security event");
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
