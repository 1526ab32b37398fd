//! The audit: who viewed and who changed personal data. Rows are only added, to a [`chain`].

pub mod actions;
pub mod chain;
pub mod check;
pub mod cut;
pub mod export;
pub mod search;

use chrono::TimeDelta;
use diesel::prelude::*;

use self::chain::Entry;
use super::person;
use super::refusal::Refusal;
use crate::either;
use crate::store::schema::audit_entries::dsl as a;
use crate::store::{CandidateId, Error, Store, Tx};

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
    let entries = views.iter().map(|(action, target)| entry(tx, Some(staff), action, target)).collect();
    append_at_end(tx, entries);
    Ok(())
}

fn note(tx: &mut Tx, staff: Option<&str>, action: &str, target: &str) -> Result<(), Error> {
    let entry = entry(tx, staff, action, target);
    append_at_end(tx, vec![entry]);
    Ok(())
}

fn entry(tx: &Tx, staff: Option<&str>, action: &str, target: &str) -> Entry {
    debug_assert!(actions::is_known(action), "{action} has no label");
    Entry {
        id: tx.id(),
        at: tx.now,
        staff_id: staff.map(str::to_owned),
        candidate_id: None,
        action: action.to_owned(),
        target: target.to_owned(),
    }
}

/// All writers wait for the newest entry of the chain, so the entries of a transaction are its last statements.
fn append_at_end(tx: &mut Tx, mut entries: Vec<Entry>) {
    tx.at_end(move |tx| {
        for entry in &mut entries {
            entry.candidate_id = candidate_of(tx, &entry.target)?;
        }
        chain::append(tx, entries).map_err(|error| match error {
            Error::Database(why) => Error::Unrecorded(why.to_string()),
            other => other,
        })
    });
}

/// The candidate whose data a target names: the number of an application, which the id of a file may follow, the id of an
/// identity case, of a request for deletion or of a message, or the number of a certificate. Other targets, such as a list, are about no candidate or about several.
pub fn candidate_of(tx: &mut Tx, target: &str) -> Result<Option<CandidateId>, Error> {
    use crate::store::schema::certificates::dsl as c;
    use crate::store::schema::{
        applications::dsl as n, deletion_requests::dsl as d, identity_cases::dsl as i, messages::dsl as m,
    };
    let name = target.split('/').next().unwrap_or_default();
    if name.contains(' ') {
        return Ok(None);
    }
    let applicant = n::applications.filter(n::number.eq(name)).select(n::candidate_id);
    let applicant: Option<CandidateId> = either!(tx.conn, conn => applicant.first(conn)).optional()?;
    if applicant.is_some() {
        return Ok(applicant);
    }
    let suspect = i::identity_cases.find(name).select(i::candidate_id);
    let suspect: Option<CandidateId> = either!(tx.conn, conn => suspect.first(conn)).optional()?;
    if suspect.is_some() {
        return Ok(suspect);
    }
    let asker = d::deletion_requests.find(name).select(d::candidate_id);
    let asker: Option<CandidateId> = either!(tx.conn, conn => asker.first(conn)).optional()?;
    if asker.is_some() {
        return Ok(asker);
    }
    let reader = m::messages.find(name).select(m::candidate_id);
    let reader: Option<CandidateId> = either!(tx.conn, conn => reader.first(conn)).optional()?;
    if reader.is_some() {
        return Ok(reader);
    }
    let owner = c::certificates.filter(c::number.eq(name)).select(c::holder_hash);
    let owner: Option<String> = either!(tx.conn, conn => owner.first(conn)).optional()?;
    match owner {
        Some(holder) => Ok(person::with_documents(tx, &[holder])?.into_iter().next()),
        None => Ok(None),
    }
}

/// Entries that one transaction of [`adopt_all`] appends.
const ADOPTED_AT_ONCE: i64 = 500;

/// Appends the entries of an older program to the chain, in short transactions, between which the site can write. An
/// interrupted run continues where it stopped. Returns how many; an entry of the audit has the number too.
pub async fn adopt_all(store: &Store) -> Result<usize, Error> {
    let mut adopted = 0;
    loop {
        let batch = store.write(|tx| chain::adopt(tx, ADOPTED_AT_ONCE, candidate_of)).await?;
        if batch == 0 {
            break;
        }
        adopted += batch;
    }
    if adopted > 0 {
        store.write(move |tx| audit_command(tx, "audit_adopt", &adopted.to_string())).await?;
    }
    Ok(adopted)
}
