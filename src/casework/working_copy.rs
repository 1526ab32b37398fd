//! What a reviewer has typed and not decided with: one copy for each reviewer and application, seen by nobody else.
//!
//! It is deleted once the application is decided.

use diesel::prelude::*;

use super::business::Application;
use super::lifecycle::Status;
use super::permission::refuse_own;
use super::refusal::Refusal;
use crate::either;
use crate::people::staff::StaffMember;
use crate::store::schema::working_marks::dsl as w;
use crate::store::{Error, Timestamp, Tx};

/// Column name under which it is sealed.
const SEALED_AS: &str = "working_marks.content";

/// Replaces the copy of a staff member. An empty `content` deletes it.
///
/// It is stored although somebody else has taken the application meanwhile, so that nothing that was typed is lost.
///
/// # Errors
/// [`Refusal::NotTheirBusiness`] if the staff member does not decide the business, [`Refusal::Overtaken`] if it does
/// not wait for a decision.
pub fn save(
    tx: &mut Tx,
    staff: &StaffMember,
    application: &Application,
    content: &str,
) -> Result<(), Refusal> {
    refuse_own(tx, staff, application)?;
    if !application.business.is_decided_by(&staff.duty()) {
        return Err(Refusal::NotTheirBusiness);
    }
    if !matches!(application.status, Status::Submitted | Status::InReview) {
        return Err(application.overtaken(super::application::By::Staff(&staff.id)));
    }
    let key = (&application.id, &staff.id);
    if content.is_empty() {
        diesel::delete(w::working_marks.find(key)).execute(tx.conn)?;
        return Ok(());
    }
    let saved = (w::content.eq(tx.vault.seal(SEALED_AS, content)), w::saved_at.eq(tx.now));
    let row = (w::application_id.eq(&application.id), w::staff_id.eq(&staff.id), saved.clone());
    either!(tx.conn, conn => diesel::insert_into(w::working_marks)
        .values(row)
        .on_conflict((w::application_id, w::staff_id))
        .do_update()
        .set(saved)
        .execute(conn))?;
    Ok(())
}

/// The copy of a staff member, and when it was saved.
pub fn load(tx: &mut Tx, staff: &str, application: &str) -> Result<Option<(String, Timestamp)>, Error> {
    let row = w::working_marks.find((application, staff)).select((w::content, w::saved_at));
    let row: Option<(String, Timestamp)> = row.first(tx.conn).optional()?;
    row.map(|(sealed, at)| Ok((tx.vault.open(SEALED_AS, &sealed)?, at))).transpose()
}

/// Deletes every copy for an application.
pub(super) fn forget(tx: &mut Tx, application: &str) -> Result<(), Error> {
    diesel::delete(w::working_marks.filter(w::application_id.eq(application))).execute(tx.conn)?;
    Ok(())
}
