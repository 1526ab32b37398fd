//! Who looked at what, and who did what: rows that are only ever added.

use chrono::TimeDelta;
use diesel::prelude::*;

use super::refusal::Refusal;
use crate::store::schema::audit_entries::dsl as a;
use crate::store::{Error, Tx};

/// Looks of one person at one thing share an entry for so long.
const SHARED_FOR: TimeDelta = TimeDelta::minutes(1);

/// Notes that a member of staff did something with somebody's data, such as `approve` with an
/// application's number.
pub fn audit(tx: &mut Tx, staff: &str, action: &str, target: &str) -> Result<(), Error> {
    note(tx, Some(staff), action, target)
}

/// Notes what was done at the command line, which signs nobody in.
pub fn audit_command(tx: &mut Tx, action: &str, target: &str) -> Result<(), Error> {
    note(tx, None, action, target)
}

/// Notes that a member of staff is shown somebody's data. Called where the data is loaded, so that
/// none is shown without an entry.
///
/// # Errors
/// [`Refusal::Unrecorded`] when the entry cannot be written: then nothing is shown.
pub fn viewed(tx: &mut Tx, staff: &str, action: &str, target: &str) -> Result<(), Refusal> {
    let noted = is_recent(tx, staff, action, target).and_then(|recent| match recent {
        true => Ok(()),
        false => note(tx, Some(staff), action, target),
    });
    noted.map_err(Refusal::Unrecorded)
}

fn is_recent(tx: &mut Tx, staff: &str, action: &str, target: &str) -> Result<bool, Error> {
    let recent = a::audit_entries
        .filter(a::target.eq(target))
        .filter(a::at.gt(tx.now - SHARED_FOR))
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
