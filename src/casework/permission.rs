//! Which staff member may decide an application. [`Task::role`](super::business::Task::role) says who carries out a task.

use super::application::By;
use super::business::Application;
use super::history;
use super::lifecycle::Status;
use super::refusal::Refusal;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::{Error, Tx};

/// Refuses a staff member who may not decide an application: their own, another role's business, or
/// an appeal against their own decision.
pub(super) fn refuse_undecidable(
    tx: &mut Tx,
    staff: &StaffMember,
    application: &Application,
) -> Result<(), Refusal> {
    refuse_own(staff, application)?;
    if !staff.role.does(application.business.reviewed_by) {
        return Err(Refusal::NotTheirBusiness);
    }
    if decided_before(tx, application, staff)? {
        return Err(Refusal::DecidedBefore);
    }
    Ok(())
}

/// Whether a staff member decided any round of the application that this appeal is about.
pub fn decided_before(tx: &mut Tx, application: &Application, staff: &StaffMember) -> Result<bool, Error> {
    Ok(deciders_before(tx, application)?.contains(&staff.id))
}

pub(super) fn deciders_before(tx: &mut Tx, application: &Application) -> Result<Vec<String>, Error> {
    if !application.business.is_appeal() {
        return Ok(Vec::new());
    }
    let deciders = history::deciders(tx, &application.parent_id)?;
    roster::entries_of(tx, &deciders)
}

/// Refuses staff members who are the applicant.
pub(super) fn refuse_own(staff: &StaffMember, application: &Application) -> Result<(), Refusal> {
    if application.candidate_id == staff.candidate {
        return Err(Refusal::OwnApplication);
    }
    Ok(())
}

/// Refuses staff members to whom the application is not assigned.
pub(super) fn refuse_others(staff: &StaffMember, application: &Application) -> Result<(), Refusal> {
    let mine = application.assignee_id.as_deref() == Some(&staff.id);
    if application.status == Status::InReview && mine {
        return Ok(());
    }
    Err(application.overtaken(By::Staff(&staff.id)))
}
