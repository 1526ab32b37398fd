//! The audit: who viewed and who changed personal data. Rows are only added.

use chrono::TimeDelta;
use diesel::prelude::*;

use super::refusal::Refusal;
use crate::store::schema::audit_entries::dsl as a;
use crate::store::{Error, Tx};

/// Repeated views of one target by one person within this time share an entry.
const SHARED_FOR: TimeDelta = TimeDelta::minutes(1);

/// How long the pieces of a recording share the entry of its opening. A browser fetches them while it plays.
const PLAYED_FOR: TimeDelta = TimeDelta::hours(4);

/// Notes an action of a staff member, such as `approve` with the number of an application.
pub fn audit(tx: &mut Tx, staff: &str, action: &str, target: &str) -> Result<(), Error> {
    note(tx, Some(staff), action, target)
}

/// Notes an action at the command line, which has no staff member.
pub fn audit_command(tx: &mut Tx, action: &str, target: &str) -> Result<(), Error> {
    note(tx, None, action, target)
}

/// Notes that a staff member views personal data. The functions that load such data call it, so
/// that none is shown without an entry.
///
/// # Errors
/// [`Refusal::Unrecorded`] if the entry cannot be written; the data must not be shown then.
pub fn viewed(tx: &mut Tx, staff: &str, action: &str, target: &str) -> Result<(), Refusal> {
    viewed_within(tx, staff, action, target, SHARED_FOR)
}

/// [`viewed`], for a further piece of a recording: it has an entry unless the recording was opened before.
pub fn played_on(tx: &mut Tx, staff: &str, action: &str, target: &str) -> Result<(), Refusal> {
    viewed_within(tx, staff, action, target, PLAYED_FOR)
}

fn viewed_within(
    tx: &mut Tx,
    staff: &str,
    action: &str,
    target: &str,
    shared_for: TimeDelta,
) -> Result<(), Refusal> {
    let noted = is_recent(tx, staff, action, target, shared_for).and_then(|recent| match recent {
        true => Ok(()),
        false => note(tx, Some(staff), action, target),
    });
    noted.map_err(Refusal::Unrecorded)
}

fn is_recent(
    tx: &mut Tx,
    staff: &str,
    action: &str,
    target: &str,
    shared_for: TimeDelta,
) -> Result<bool, Error> {
    let recent = a::audit_entries
        .filter(a::target.eq(target))
        .filter(a::at.gt(tx.now - shared_for))
        .filter(a::staff_id.eq(staff))
        .filter(a::action.eq(action));
    Ok(diesel::select(diesel::dsl::exists(recent)).get_result(tx.conn)?)
}

fn note(tx: &mut Tx, staff: Option<&str>, action: &str, target: &str) -> Result<(), Error> {
    let row = (
        a::id.eq(tx.id()),
        a::at.eq(tx.now),
        a::staff_id.eq(staff),
        a::action.eq(action),
        a::target.eq(target),
    );
    diesel::insert_into(a::audit_entries).values(row).execute(tx.conn)?;
    Ok(())
}
