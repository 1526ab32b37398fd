//! Assigning an application to a reviewer: taking it, putting it back, handing it over.

use diesel::prelude::*;

use super::application::{By, Change};
use super::business::{Application, Registry};
use super::history::Content;
use super::lifecycle::{Action, Status};
pub use super::permission::decided_before;
use super::permission::{deciders_before, refuse_others, refuse_own, refuse_undecidable};
use super::refusal::Refusal;
use super::transition::step;
use crate::people::staff::{self as roster, Member, Role, StaffMember};
use crate::store::schema::{applications, staff};
use crate::store::{Error, Tx};

/// Longest note to a colleague, in characters.
pub const WORD: usize = 200;

/// Takes an application from the queue.
pub fn take(tx: &mut Tx, staff: &StaffMember, application: &Application) -> Result<(), Refusal> {
    refuse_undecidable(tx, staff, application)?;
    assign(tx, application, (Action::Take, By::Staff(&staff.id)), Some(&staff.id), "")
}

/// Puts an assigned application back into the queue. Administrators may put back those of others.
/// `version` is the one that the staff member saw.
pub fn put_back(
    tx: &mut Tx,
    staff: &StaffMember,
    application: &Application,
    version: i32,
) -> Result<(), Refusal> {
    refuse_own(staff, application)?;
    let by = By::Staff(&staff.id);
    if application.version != version {
        return Err(application.overtaken(by));
    }
    if staff.role != Role::Administrator {
        refuse_others(staff, application)?;
    }
    assign(tx, application, (Action::PutBack, by), None, "")
}

/// Assigns an application to the staff member with the key `to`. `word` is a note to them and may be empty.
/// Administrators only. `version` is the one that the administrator saw.
pub fn hand_over(
    tx: &mut Tx,
    administrator: &StaffMember,
    (application, version): (&Application, i32),
    (to, word): (&str, &str),
) -> Result<(), Refusal> {
    refuse_own(administrator, application)?;
    if administrator.role != Role::Administrator {
        return Err(Refusal::AdministratorsOnly);
    }
    let by = By::Staff(&administrator.id);
    if application.version != version {
        return Err(application.overtaken(by));
    }
    let Some(to) = colleagues(tx, application)?.into_iter().find(|member| member.id == to) else {
        return Err(Refusal::NotAColleague { number: application.shown_number().to_owned().into() });
    };
    let word: String = word.trim().chars().take(WORD).collect();
    let staff_note = if word.is_empty() { String::new() } else { format!("：{word}") };
    let staff_note = format!("转交给{}{staff_note}", to.name);
    assign(tx, application, (Action::HandOver, by), Some(&to.id), &staff_note)
}

/// The staff members who may decide an application, without its present assignee.
pub fn colleagues(tx: &mut Tx, application: &Application) -> Result<Vec<Member>, Error> {
    let mut refused = roster::entries_of_candidate(tx, &application.candidate_id)?;
    refused.extend(deciders_before(tx, application)?);
    refused.extend(application.assignee_id.clone());
    let mut members = roster::list(tx)?;
    members
        .retain(|member| member.role.does(application.business.reviewed_by) && !refused.contains(&member.id));
    Ok(members)
}

/// Puts back every assigned application whose assignee has left the roster or has a role that does not decide
/// its business. Returns how many.
pub fn unassign_unreviewable(tx: &mut Tx) -> Result<usize, Refusal> {
    let taken: Vec<(String, String, Option<String>, Option<bool>)> = applications::table
        .left_join(staff::table)
        .filter(applications::status.eq(Status::InReview.code()))
        .select((applications::id, applications::kind, staff::role.nullable(), staff::active.nullable()))
        .load(tx.conn)?;
    let mut freed = 0;
    for (id, kind, role, active) in taken {
        let Some(business) = Registry::of(tx).find(&kind) else { continue };
        let role = role.as_deref().and_then(Role::from_code).filter(|_| active == Some(true));
        if role.is_some_and(|role| role.does(business.reviewed_by)) {
            continue;
        }
        let application = Application::by_id(tx, &id)?;
        let staff_note = "领取人已不在名单上，或不再办理这类申请";
        match assign(tx, &application, (Action::PutBack, By::Roster), None, staff_note) {
            Err(Refusal::Overtaken { .. }) => {} // it was put back or decided in the meantime
            done => {
                done?;
                freed += 1;
            }
        }
    }
    Ok(freed)
}

fn assign(
    tx: &mut Tx,
    application: &Application,
    (action, by): (Action, By),
    to: Option<&str>,
    staff_note: &str,
) -> Result<(), Refusal> {
    let change = Change { assignee_id: Some(to.map(str::to_owned)), ..Change::default() };
    step(tx, application, action, by, change, Content { staff_note: staff_note.into(), ..Content::default() })
}
