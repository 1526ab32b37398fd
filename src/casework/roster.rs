//! Changes of the roster, with what follows from them in the same transaction: the cases of who
//! does not decide them any more go back into the queue, and the audit has an entry.

use super::assignment::free_stuck;
use super::business::Registry;
use crate::people::document::Document;
use crate::people::staff::{self, Role};
use crate::store::Tx;
use crate::web::Failure;

/// Puts somebody on the roster, or changes their name or role. Returns how many cases went back.
pub fn add(
    tx: &mut Tx,
    registry: Registry,
    name: &str,
    document: &Document,
    role: Role,
) -> Result<usize, Failure> {
    let id = staff::add(tx, name, document, role)?;
    staff::audit_command(tx, &format!("roster_add:{}", role.code()), &id)?;
    free_stuck(tx, registry)
}

/// Takes somebody off the roster. Returns how many cases went back, or nothing when nobody on the
/// roster has this document.
pub fn remove(tx: &mut Tx, registry: Registry, document: &Document) -> Result<Option<usize>, Failure> {
    let Some(id) = staff::remove(tx, document)? else { return Ok(None) };
    staff::audit_command(tx, "roster_remove", &id)?;
    Ok(Some(free_stuck(tx, registry)?))
}
