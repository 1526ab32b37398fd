//! Assigning an application to a reviewer: taking it, putting it back, handing it over.

use diesel::prelude::*;

use super::business::{self, Business, Registry};
use super::decision::step;
use super::history::{self, Content};
use super::lifecycle::{Action, Status};
use super::record::{Application, By, Change};
use crate::people::staff::{self as roster, Member, Role, StaffMember};
use crate::store::schema::{applications, staff};
use crate::store::{Error, Tx};
use crate::web::Failure;

/// Longest word to a colleague, in characters.
pub const WORD: usize = 200;

/// Tells a reviewer that they cannot handle an appeal against their own decision.
pub const DECIDED_BEFORE: &str = "您办理过被申诉的申请，这件申诉须由其他工作人员办理。";

/// Takes an application from the queue.
pub fn take(
    tx: &mut Tx,
    registry: Registry,
    staff: &StaffMember,
    application: &Application,
) -> Result<(), Failure> {
    let business = decided_by(tx, registry, staff, application)?;
    assign(tx, business, application, (Action::Take, By::Staff(&staff.id)), Some(&staff.id), "")
}

/// Puts a taken application back into the queue: one's own, or as an administrator anybody's.
/// `version` is the one that was looked at.
pub fn put_back(
    tx: &mut Tx,
    registry: Registry,
    staff: &StaffMember,
    application: &Application,
    version: i32,
) -> Result<(), Failure> {
    refuse_own(staff, application)?;
    let business = business::find(registry, &application.kind).ok_or(Failure::NotFound)?;
    let by = By::Staff(&staff.id);
    if application.version != version {
        return Err(application.overtaken(by));
    }
    if staff.role != Role::Administrator {
        refuse_others(staff, application)?;
    }
    assign(tx, business, application, (Action::PutBack, by), None, "")
}

/// Gives an application to the member of staff with the key `to`, with a word to them that may be
/// empty. Administrators only. `version` is the one that was looked at.
pub fn hand_over(
    tx: &mut Tx,
    registry: Registry,
    administrator: &StaffMember,
    (application, version): (&Application, i32),
    (to, word): (&str, &str),
) -> Result<(), Failure> {
    refuse_own(administrator, application)?;
    if administrator.role != Role::Administrator {
        return Err(Failure::Forbidden("只有管理员可以转交申请。"));
    }
    let business = business::find(registry, &application.kind).ok_or(Failure::NotFound)?;
    let by = By::Staff(&administrator.id);
    if application.version != version {
        return Err(application.overtaken(by));
    }
    let Some(to) = colleagues(tx, business, application)?.into_iter().find(|member| member.id == to) else {
        let action = ("重新选择", format!("/staff/applications/{}", application.shown_number()));
        return Err(Failure::Conflict { message: "选择的同事不能办理这件申请".into(), action });
    };
    let word: String = word.trim().chars().take(WORD).collect();
    let aside = if word.is_empty() { String::new() } else { format!("：{word}") };
    let aside = format!("转交给{}{aside}", to.name);
    assign(tx, business, application, (Action::HandOver, by), Some(&to.id), &aside)
}

/// The members of staff to whom an application can be handed over: all who may decide it.
pub fn colleagues(tx: &mut Tx, business: &Business, application: &Application) -> Result<Vec<Member>, Error> {
    let mut refused = roster::entries_of_candidate(tx, &application.candidate_id)?;
    refused.extend(deciders_before(tx, business, application)?);
    refused.extend(application.assignee_id.clone());
    let mut members = roster::list(tx)?;
    members.retain(|member| member.role.does(business.reviewed_by) && !refused.contains(&member.id));
    Ok(members)
}

/// Puts every taken application back whose taker is not on the roster any more, or does not decide
/// its kind. Returns how many.
pub fn free_stuck(tx: &mut Tx, registry: Registry) -> Result<usize, Failure> {
    let taken: Vec<(String, String, Option<String>, Option<bool>)> = applications::table
        .left_join(staff::table)
        .filter(applications::status.eq(Status::InReview.code()))
        .select((applications::id, applications::kind, staff::role.nullable(), staff::active.nullable()))
        .load(tx.conn)?;
    let mut freed = 0;
    for (id, kind, role, active) in taken {
        let Some(business) = business::find(registry, &kind) else { continue };
        let role = role.as_deref().and_then(Role::from_code).filter(|_| active == Some(true));
        if role.is_some_and(|role| role.does(business.reviewed_by)) {
            continue;
        }
        let application = Application::by_id(tx, &id)?;
        let aside = "领取人已不在名单上，或不再办理这类申请";
        match assign(tx, business, &application, (Action::PutBack, By::Roster), None, aside) {
            Err(Failure::Conflict { .. }) => {} // somebody was faster, so it is not stuck
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
    business: &Business,
    application: &Application,
    (action, by): (Action, By),
    to: Option<&str>,
    aside: &str,
) -> Result<(), Failure> {
    let change = Change { assignee_id: Some(to.map(str::to_owned)), ..Change::default() };
    step(tx, business, application, action, by, change, Content { aside: aside.into(), ..Content::default() })
}

/// The kind of an application that this member of staff decides.
pub(super) fn decided_by(
    tx: &mut Tx,
    registry: Registry,
    staff: &StaffMember,
    application: &Application,
) -> Result<&'static Business, Failure> {
    refuse_own(staff, application)?;
    let business = business::find(registry, &application.kind).ok_or(Failure::NotFound)?;
    if !staff.role.does(business.reviewed_by) {
        return Err(Failure::Forbidden("您的岗位不办理这类申请，请联系管理员。"));
    }
    if decided_before(tx, business, application, staff)? {
        return Err(Failure::Forbidden(DECIDED_BEFORE));
    }
    Ok(business)
}

/// Whether a member of staff decided any round of the application that this one appeals against.
pub fn decided_before(
    tx: &mut Tx,
    business: &Business,
    application: &Application,
    staff: &StaffMember,
) -> Result<bool, Error> {
    Ok(deciders_before(tx, business, application)?.contains(&staff.id))
}

fn deciders_before(
    tx: &mut Tx,
    business: &Business,
    application: &Application,
) -> Result<Vec<String>, Error> {
    if !business.is_appeal() {
        return Ok(Vec::new());
    }
    let deciders = history::deciders(tx, &application.parent_id)?;
    roster::entries_of(tx, &deciders)
}

/// Nobody works on their own application.
pub(super) fn refuse_own(staff: &StaffMember, application: &Application) -> Result<(), Failure> {
    if application.candidate_id == staff.candidate {
        return Err(Failure::Forbidden("这是您本人的申请，请由其他工作人员办理。"));
    }
    Ok(())
}

/// Only who took it may go on with it.
pub(super) fn refuse_others(staff: &StaffMember, application: &Application) -> Result<(), Failure> {
    let mine = application.assignee_id.as_deref() == Some(&staff.id);
    if application.status == Status::InReview && mine {
        return Ok(());
    }
    Err(application.overtaken(By::Staff(&staff.id)))
}
