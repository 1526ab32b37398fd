//! Which staff member may take and decide an application. [`Task::role`](super::business::Task::role) says who carries out a task.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::application::By;
use super::business::Application;
use super::history;
use super::lifecycle::Status;
use super::refusal::Refusal;
use super::rules::{self, Rule};
use super::sight::Sight;
use crate::people::person;
use crate::people::staff::{self as roster, Role, StaffMember};
use crate::store::schema::{applications::dsl as a, staff::dsl as s};
use crate::store::{Conn, Error, Tx};

/// Refuses a staff member who may not decide an application: their own, another role's business, or
/// an appeal against their own decision.
pub(super) fn refuse_undecidable(
    tx: &mut Tx,
    staff: &StaffMember,
    application: &Application,
) -> Result<(), Refusal> {
    refuse_own(tx, staff, application)?;
    if !application.business.is_decided_by(&staff.duty()) {
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

/// Refuses staff members who are the applicant, also as another candidate with the same permit.
pub(super) fn refuse_own(tx: &mut Tx, staff: &StaffMember, application: &Application) -> Result<(), Refusal> {
    match person::is_same(tx, &staff.candidate, &application.candidate_id)? {
        true => Err(Refusal::OwnApplication),
        false => Ok(()),
    }
}

/// Refuses staff members who have taken as many applications as one may have. Those on hold do not count.
pub fn refuse_more(tx: &mut Tx, staff: &StaffMember) -> Result<(), Refusal> {
    if let Conn::Postgres(conn) = tx.conn {
        // Two windows of one person wait for each other. SQLite has one writer.
        s::staff.find(&staff.id).select(s::id).for_no_key_update().first::<String>(conn).optional()?;
    }
    let most = rules::value(tx, Rule::MostTaken, None)?;
    let most = i64::from(most);
    // No more are read than one may have.
    let taken = a::applications
        .filter(a::assignee_id.eq(&staff.id))
        .filter(sql::<Bool>("status = 'in_review'"))
        .filter(a::held_at.is_null())
        .filter(a::proposed_by.is_null());
    let taken: Vec<String> = taken.select(a::id).limit(most).load(tx.conn)?;
    if taken.len() as i64 >= most { Err(Refusal::TooManyTaken { most }) } else { Ok(()) }
}

/// Refuses staff members to whom the application is not assigned.
pub(super) fn refuse_others(staff: &StaffMember, application: &Application) -> Result<(), Refusal> {
    let mine = application.assignee_id.as_deref() == Some(&staff.id);
    if application.status == Status::InReview && mine {
        return Ok(());
    }
    Err(application.overtaken(By::Staff(&staff.id)))
}

/// Refuses to uncover the full number of the candidate's document to anybody but who is deciding the application, and
/// administrators.
pub fn refuse_uncovering(tx: &mut Tx, staff: &StaffMember, application: &Application) -> Result<(), Refusal> {
    refuse_own(tx, staff, application)?;
    match Sight::of(staff.duty(), application.business, application.status).person() {
        false => Err(Refusal::NotTheirBusiness),
        true if staff.role == Role::Administrator => Ok(()),
        true => refuse_others(staff, application),
    }
}
