//! Changes of the roster, with what follows from them in the same transaction: the cases of who
//! does not decide them any more go back into the queue, and the audit has an entry.

use super::assignment::unassign_unreviewable_of;
use super::refusal::Refusal;
use crate::people::document::Document;
use crate::people::staff::{self, Duty};
use crate::store::Tx;

/// Adds a staff member or changes their name or role. Returns how many applications went back into the queue.
pub fn add(tx: &mut Tx, name: &str, document: &Document, duty: &Duty) -> Result<usize, Refusal> {
    let id = staff::add_limited(tx, name, document, duty)?;
    let role = duty.role.code();
    let limited = duty.kinds.slugs().iter().fold(String::new(), |kinds, slug| format!("{kinds}:{slug}"));
    staff::audit_command(tx, &format!("roster_add:{role}{limited}"), &id)?;
    unassign_unreviewable_of(tx, &id)
}

/// Removes a staff member. Returns how many applications went back into the queue, or `None` if nobody on the
/// roster has this document.
pub fn remove(tx: &mut Tx, document: &Document) -> Result<Option<usize>, Refusal> {
    let Some(id) = staff::remove(tx, document)? else { return Ok(None) };
    staff::audit_command(tx, "roster_remove", &id)?;
    Ok(Some(unassign_unreviewable_of(tx, &id)?))
}
