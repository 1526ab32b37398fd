//! The audit: who viewed and who changed personal data. Rows are only added.

use chrono::TimeDelta;
use diesel::prelude::*;

use super::refusal::Refusal;
use crate::store::schema::audit_entries::dsl as a;
use crate::store::{Error, Store, Tx};

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

/// A view of personal data: its action, such as `open`, and its target, such as a number.
pub type View = (&'static str, String);

/// Notes that a staff member views personal data. The functions that load such data call it, so
/// that none is shown without an entry.
///
/// # Errors
/// [`Refusal::Unrecorded`] if the entry cannot be written; the data must not be shown then.
pub fn viewed(tx: &mut Tx, staff: &str, action: &'static str, target: &str) -> Result<(), Refusal> {
    viewed_within(tx, staff, (action, target), SHARED_FOR)
}

/// [`viewed`], for a further piece of a recording: it has an entry unless the recording was opened before.
pub fn played_on(tx: &mut Tx, staff: &str, action: &'static str, target: &str) -> Result<(), Refusal> {
    viewed_within(tx, staff, (action, target), PLAYED_FOR)
}

fn viewed_within(
    tx: &mut Tx,
    staff: &str,
    (action, target): (&'static str, &str),
    shared_for: TimeDelta,
) -> Result<(), Refusal> {
    let missing = missing(tx, staff, vec![(action, target.to_owned())], shared_for);
    missing.and_then(|views| note_views(tx, staff, &views)).map_err(Refusal::Unrecorded)
}

/// Personal data that was read for a staff member. It can be shown once the audit has an entry for each view.
/// Unlike [`viewed`], it needs no write transaction while it is read.
pub struct Unaudited<T> {
    data: T,
    staff: String,
    /// The views that need an entry.
    missing: Vec<View>,
}

impl<T> Unaudited<T> {
    /// # Errors
    /// [`Refusal::Unrecorded`] if the audit cannot be read.
    pub fn new(tx: &mut Tx, staff: &str, views: Vec<View>, data: T) -> Result<Unaudited<T>, Refusal> {
        let missing = missing(tx, staff, views, SHARED_FOR).map_err(Refusal::Unrecorded)?;
        Ok(Unaudited { data, staff: staff.to_owned(), missing })
    }

    /// Writes the entries, and nothing else, in one transaction. Returns the data.
    ///
    /// # Errors
    /// [`Refusal::Unrecorded`] if the entries cannot be written.
    pub async fn disclose(self, store: &Store) -> Result<T, Refusal> {
        let Unaudited { data, staff, missing } = self;
        if !missing.is_empty() {
            let write = move |tx: &mut Tx| note_views(tx, &staff, &missing);
            store.write(write).await.map_err(Refusal::Unrecorded)?;
        }
        Ok(data)
    }
}

/// The views without an entry that is younger than `shared_for`.
fn missing(
    tx: &mut Tx,
    staff: &str,
    mut views: Vec<View>,
    shared_for: TimeDelta,
) -> Result<Vec<View>, Error> {
    if views.is_empty() {
        return Ok(views);
    }
    let recent: Vec<(String, String)> = a::audit_entries
        .filter(a::target.eq_any(views.iter().map(|(_, target)| target)))
        .filter(a::at.gt(tx.now - shared_for))
        .filter(a::staff_id.eq(staff))
        .select((a::action, a::target))
        .load(tx.conn)?;
    views.retain(|(action, target)| !recent.iter().any(|(noted, of)| noted == action && of == target));
    Ok(views)
}

fn note_views(tx: &mut Tx, staff: &str, views: &[View]) -> Result<(), Error> {
    views.iter().try_for_each(|(action, target)| note(tx, Some(staff), action, target))
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
