//! Assigning an application to a reviewer: taking it, putting it back (which ends a hold), handing it over.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::application::{By, Change};
use super::business::{Application, Business, Registry};
use super::history::Content;
use super::hold::{self, refuse_strangers};
use super::lifecycle::{Action, Status};
pub use super::permission::decided_before;
use super::permission::{deciders_before, refuse_more, refuse_undecidable};
use super::refusal::Refusal;
use super::transition::step;
use crate::people::staff::{self as roster, Duty, Kinds, Member, Role, StaffMember};
use crate::store::schema::{applications, staff};
use crate::store::{Error, Store, Tx};

/// Longest note to a colleague, in characters.
pub const WORD: usize = 200;

/// Takes an application from the queue.
pub fn take(tx: &mut Tx, staff: &StaffMember, application: &Application) -> Result<(), Refusal> {
    refuse_more(tx, staff)?;
    take_with_others(tx, staff, application)
}

/// [`take`] for an application that is packed or decided together with others: their number does not count.
pub fn take_with_others(tx: &mut Tx, staff: &StaffMember, application: &Application) -> Result<(), Refusal> {
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
    refuse_strangers(tx, staff, application, version)?;
    assign(tx, application, (Action::PutBack, By::Staff(&staff.id)), None, "")
}

/// Assigns an application to the staff member with the key `to`. `word` is a note to them and may be empty.
/// Administrators may hand over any application, others those that they have taken. `version` is the one that the
/// staff member saw. An application on hold stays so.
pub fn hand_over(
    tx: &mut Tx,
    staff: &StaffMember,
    (application, version): (&Application, i32),
    (to, word): (&str, &str),
) -> Result<(), Refusal> {
    refuse_strangers(tx, staff, application, version)?;
    let by = By::Staff(&staff.id);
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
        .retain(|member| application.business.is_decided_by(&member.duty()) && !refused.contains(&member.id));
    Ok(members)
}

/// Applications of one transaction of [`unassign_all_unreviewable`].
const BATCH: usize = 100;

/// Puts back every assigned application that its assignee may not decide, because they have left the roster or have
/// a role that does not decide its business. Returns how many. They are found before anything is written, so that
/// the site can write meanwhile.
pub async fn unassign_all_unreviewable(store: &Store) -> Result<usize, Refusal> {
    let found = store.read::<_, Error, _>(unreviewable).await?;
    let mut freed = 0;
    for batch in found.chunks(BATCH) {
        let batch = batch.to_vec();
        freed += store.write(move |tx| unassign_unreviewable(tx, &batch)).await?;
    }
    Ok(freed)
}

/// [`unassign_all_unreviewable`] for one staff member, in the transaction that changes the roster.
pub(super) fn unassign_unreviewable_of(tx: &mut Tx, assignee: &str) -> Result<usize, Refusal> {
    // The literal lets both databases use the index of taken applications.
    let taken = applications::table
        .left_join(staff::table)
        .filter(applications::assignee_id.eq(assignee))
        .filter(sql::<Bool>("applications.status = 'in_review'"))
        .select(assignment())
        .load(tx.conn)?;
    let found = unreviewable_of(Registry::of(tx), taken);
    unassign_unreviewable(tx, &found)
}

fn unreviewable(tx: &mut Tx) -> Result<Vec<String>, Error> {
    let taken = applications::table
        .left_join(staff::table)
        .filter(applications::status.eq(Status::InReview.code()))
        .select(assignment())
        .load(tx.conn)?;
    Ok(unreviewable_of(Registry::of(tx), taken))
}

/// Id and kind of an application, and the role and kinds of its assignee and whether they are on the roster.
type Assignment = (String, String, Option<String>, Option<String>, Option<bool>);

#[diesel::dsl::auto_type]
fn assignment() -> _ {
    (
        applications::id,
        applications::kind,
        staff::role.nullable(),
        staff::kinds.nullable(),
        staff::active.nullable(),
    )
}

fn unreviewable_of(registry: Registry, taken: Vec<Assignment>) -> Vec<String> {
    let found = taken.into_iter().filter(|(_, kind, role, kinds, active)| {
        let role = role.as_deref().and_then(Role::from_code).filter(|_| *active == Some(true));
        let duty = role.map(|role| Duty { role, kinds: Kinds::parse(kinds.as_deref().unwrap_or_default()) });
        registry.find(kind).is_some_and(|business| !decides(duty, business))
    });
    found.map(|(id, ..)| id).collect()
}

fn decides(duty: Option<Duty>, business: &Business) -> bool {
    duty.is_some_and(|duty| business.is_decided_by(&duty))
}

/// Puts back those of these applications that are assigned to somebody who may not decide them.
fn unassign_unreviewable(tx: &mut Tx, ids: &[String]) -> Result<usize, Refusal> {
    let mut freed = 0;
    for id in ids {
        let application = Application::by_id(tx, id)?;
        let duty = roster::duty_of(tx, application.assignee_id.as_deref())?;
        if application.status != Status::InReview || decides(duty, application.business) {
            continue;
        }
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
    let application = match action {
        Action::PutBack => &hold::end(tx, application, by)?,
        _ => application,
    };
    let change = Change { assignee_id: Some(to.map(str::to_owned)), ..Change::default() };
    step(tx, application, action, by, change, Content { staff_note: staff_note.into(), ..Content::default() })
}
