//! Changes of the roster, with what follows from them in the same transaction: the cases of who
//! does not decide them any more go back into the queue, and the audit has an entry.
//!
//! [`add`] and [`remove`] are commands; [`enter`], [`change`] and [`leave`] are what an administrator does at the desk.

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::assignment::unassign_unreviewable_of;
use super::lifecycle::Status;
use super::refusal::Refusal;
use crate::people::document::Document;
use crate::people::staff::{self, Duty, Member, Role, StaffMember};
use crate::store::schema::applications::dsl as a;
use crate::store::{Error, Tx};

/// Adds a staff member or changes their name or role. Returns how many applications went back into the queue.
pub fn add(tx: &mut Tx, name: &str, document: &Document, duty: &Duty) -> Result<usize, Refusal> {
    if let Some(known) = staff::active_with(tx, document)? {
        refuse_last_administrator(tx, &known, Some(duty.role))?;
    }
    let id = staff::add_limited(tx, name, document, duty)?;
    staff::audit_command(tx, &format!("roster_add:{}", coded(duty)), &id)?;
    unassign_unreviewable_of(tx, &id)
}

/// Removes a staff member. Returns how many applications went back into the queue, or `None` if nobody on the
/// roster has this document.
pub fn remove(tx: &mut Tx, document: &Document) -> Result<Option<usize>, Refusal> {
    if let Some(known) = staff::active_with(tx, document)? {
        refuse_last_administrator(tx, &known, None)?;
    }
    let Some(id) = staff::remove(tx, document)? else { return Ok(None) };
    staff::audit_command(tx, "roster_remove", &id)?;
    Ok(Some(unassign_unreviewable_of(tx, &id)?))
}

/// Adds a staff member, also one who was on the roster before. Returns the key of the entry.
pub fn enter(
    tx: &mut Tx,
    by: &StaffMember,
    name: &str,
    document: &Document,
    duty: &Duty,
) -> Result<String, Refusal> {
    if let Some(Member { id, name, .. }) = staff::active_with(tx, document)? {
        return Err(Refusal::OnRoster { id, name });
    }
    let id = staff::add_limited(tx, name, document, duty)?;
    staff::audit(tx, &by.id, &format!("roster_add:{}", coded(duty)), &id)?;
    Ok(id)
}

/// Name and duty of an entry, as an administrator saw them or changes them.
pub type Seen<'a> = (&'a str, &'a Duty);

/// The code of a role, and the businesses to which somebody is limited.
fn coded(duty: &Duty) -> String {
    let role = duty.role.code().to_owned();
    duty.kinds.slugs().iter().fold(role, |kinds, slug| format!("{kinds}:{slug}"))
}

/// Changes the name and the duty of a staff member. Returns how many applications went back into the queue.
pub fn change(
    tx: &mut Tx,
    by: &StaffMember,
    (id, seen): (&str, Seen),
    (name, duty): Seen,
) -> Result<usize, Refusal> {
    let entry = current(tx, id, seen)?;
    if duty.role != entry.role {
        refuse_own(tx, by, id)?;
        refuse_last_administrator(tx, &entry, Some(duty.role))?;
    }
    staff::change(tx, id, name, duty)?;
    staff::audit(tx, &by.id, &format!("roster_change:{}", coded(duty)), id)?;
    unassign_unreviewable_of(tx, id)
}

/// Takes a staff member off the roster. Returns how many applications went back into the queue.
pub fn leave(tx: &mut Tx, by: &StaffMember, id: &str, seen: Seen) -> Result<usize, Refusal> {
    let entry = current(tx, id, seen)?;
    refuse_own(tx, by, id)?;
    refuse_last_administrator(tx, &entry, None)?;
    staff::deactivate(tx, id)?;
    staff::audit(tx, &by.id, "roster_remove", id)?;
    unassign_unreviewable_of(tx, id)
}

/// How many applications a staff member has taken.
pub fn taken_by(tx: &mut Tx, id: &str) -> Result<i64, Error> {
    let taken = a::applications.filter(a::assignee_id.eq(id)).filter(a::status.eq(Status::InReview.code()));
    Ok(taken.count().get_result(tx.conn)?)
}

/// [`taken_by`] of everybody who has taken any.
pub fn taken(tx: &mut Tx) -> Result<Vec<(String, i64)>, Error> {
    Ok(a::applications
        .filter(a::status.eq(Status::InReview.code()))
        .filter(a::assignee_id.is_not_null())
        .group_by(a::assignee_id)
        .select((a::assignee_id.assume_not_null(), count_star()))
        .load(tx.conn)?)
}

/// The entry, unless it is not what the administrator saw.
fn current(tx: &mut Tx, id: &str, (name, duty): Seen) -> Result<Member, Refusal> {
    let entry = staff::entry(tx, id)?.ok_or(Refusal::ChangedMeanwhile)?;
    if entry.name != name || entry.role != duty.role || entry.kinds != duty.kinds {
        return Err(Refusal::ChangedMeanwhile);
    }
    Ok(entry)
}

/// Refuses an administrator who would lose their own role, by any of their entries.
fn refuse_own(tx: &mut Tx, by: &StaffMember, id: &str) -> Result<(), Refusal> {
    let own = staff::entries_of(tx, std::slice::from_ref(&by.id))?;
    if own.iter().any(|entry| entry == id) { Err(Refusal::OwnEntry) } else { Ok(()) }
}

/// Refuses to leave the roster without an administrator. Two changes at once come one after the other here.
fn refuse_last_administrator(tx: &mut Tx, entry: &Member, role: Option<Role>) -> Result<(), Refusal> {
    if entry.role != Role::Administrator || role == Some(Role::Administrator) {
        return Ok(());
    }
    let others = staff::lock_administrators(tx)?.into_iter().any(|id| id != entry.id);
    if others { Ok(()) } else { Err(Refusal::LastAdministrator) }
}
