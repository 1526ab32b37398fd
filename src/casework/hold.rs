//! 暂缓: an assigned application waits, and its promised days stand still until it is resumed.
//!
//! While it is on hold it has no due day, so no list and no import of a calendar counts it as late.
//! [`Application::due_days`] keeps the working days that were left.

use std::ops::RangeInclusive;

use super::application::{By, Change};
use super::business::Application;
use super::deadline::{self, Due};
use super::history::Content;
use super::lifecycle::Action;
use super::permission::{refuse_others, refuse_own};
use super::refusal::Refusal;
use super::transition::step;
use crate::people::staff::{Role, StaffMember};
use crate::store::Tx;

/// Lengths of the reason, in characters.
pub const REASON: RangeInclusive<usize> = 2..=500;

/// Puts an application on hold. Only staff read the reason. Administrators may do so with those of others.
/// `version` is the one that the staff member saw.
pub fn hold(
    tx: &mut Tx,
    staff: &StaffMember,
    (application, version): (&Application, i32),
    reason: &str,
) -> Result<(), Refusal> {
    let by = By::Staff(&staff.id);
    refuse_strangers(tx, staff, application, version)?;
    if application.held_at.is_some() {
        return Err(application.not_now(by, Action::Hold));
    }
    let left = application.due_on.map(|due_on| deadline::days_left(tx, due_on)).transpose()?;
    let change =
        Change { held_at: Some(Some(tx.now)), due_on: Some(None), due_days: Some(left), ..Change::default() };
    let content = Content { staff_note: reason.to_owned(), ..Content::default() };
    step(tx, application, Action::Hold, by, change, content)
}

/// Ends the hold of an application. Its remaining days are counted from today.
pub fn resume(
    tx: &mut Tx,
    staff: &StaffMember,
    application: &Application,
    version: i32,
) -> Result<(), Refusal> {
    let by = By::Staff(&staff.id);
    refuse_strangers(tx, staff, application, version)?;
    if application.held_at.is_none() {
        return Err(application.not_now(by, Action::Resume));
    }
    end(tx, application, by).map(drop)
}

/// Ends the hold of an application, if it is on hold. Returns the application after it.
pub(super) fn end(tx: &mut Tx, application: &Application, by: By) -> Result<Application, Refusal> {
    if application.held_at.is_none() {
        return Ok(application.clone());
    }
    let change = Change { held_at: Some(None), ..Change::default() };
    let change = match application.due_days {
        Some(left) => change.due(Due::in_days(tx, left)?),
        None => change,
    };
    step(tx, application, Action::Resume, by, change, Content::default())?;
    Application::by_id(tx, &application.id)
}

/// Refuses to decide or carry out what is on hold.
pub(super) fn refuse_held(application: &Application) -> Result<(), Refusal> {
    match application.held_at {
        Some(_) => Err(Refusal::OnHold { number: application.shown_number().to_owned().into() }),
        None => Ok(()),
    }
}

/// Refuses an outdated page, the applicant, and everybody but the assignee and administrators.
pub(super) fn refuse_strangers(
    tx: &mut Tx,
    staff: &StaffMember,
    application: &Application,
    version: i32,
) -> Result<(), Refusal> {
    refuse_own(tx, staff, application)?;
    if application.version != version {
        return Err(application.overtaken(By::Staff(&staff.id)));
    }
    match staff.role {
        Role::Administrator => Ok(()),
        _ => refuse_others(staff, application),
    }
}
