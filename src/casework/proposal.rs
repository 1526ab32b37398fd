//! A second pair of eyes (复核): a decision that one staff member proposes and another confirms.
//!
//! [`Rule::ConfirmedShare`] says how many of a hundred decisions of a business are drawn. The application stays with its
//! reviewer and in its state, its promised days run on, and the candidate reads nothing before the confirmation. That
//! takes the step of the decision, with all its effects.

use super::application::{By, Change};
use super::business::Application;
use super::history::{self, Content, Event, Proposed};
use super::hold;
use super::lifecycle::Action;
use super::permission::refuse_undecidable;
use super::refusal::Refusal;
use super::rules::{self, Rule};
use super::transition::step;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::{Error, Tx};

/// Of a hundred decisions on this business, how many are confirmed.
pub fn share(tx: &mut Tx, application: &Application) -> Result<i32, Error> {
    rules::value(tx, Rule::ConfirmedShare, Some(application.business))
}

/// Draws whether a decision needs a confirmation. A round that was drawn once stays drawn, so that nobody takes a
/// proposal back until another draw lets the decision pass.
pub(super) fn is_needed(tx: &mut Tx, application: &Application) -> Result<bool, Error> {
    let share = u32::try_from(share(tx, application)?).unwrap_or_default();
    Ok(share > 0 && (history::is_proposed_in_round(tx, &application.id)? || tx.ids.number(0..100) < share))
}

pub(super) fn propose(
    tx: &mut Tx,
    application: &Application,
    by: By,
    proposed: Proposed,
) -> Result<(), Refusal> {
    let content = Content { proposed: Some(proposed), ..Content::default() };
    step(tx, application, Action::Propose, by, Change::default(), content)
}

/// The event of the proposal that waits for its confirmation.
pub fn waiting<'a>(application: &Application, events: &'a [Event]) -> Option<&'a Event> {
    application.proposed_by.as_ref()?;
    history::last(events, Action::Propose)
}

/// Whether a staff member has proposed the decision that waits for its confirmation. A person may have several entries
/// of the roster.
pub fn is_by(tx: &mut Tx, application: &Application, staff: &StaffMember) -> Result<bool, Error> {
    let proposer: Vec<String> = application.proposed_by.iter().cloned().collect();
    Ok(roster::entries_of(tx, &proposer)?.contains(&staff.id))
}

/// Confirms the proposal, which takes effect. `version` is the one that the staff member saw.
pub fn confirm(
    tx: &mut Tx,
    staff: &StaffMember,
    application: &Application,
    version: i32,
) -> Result<(), Refusal> {
    refuse_unconfirmable(tx, staff, application, version)?;
    let events = history::of(tx, &application.id)?;
    let proposal = waiting(application, &events).ok_or(Error::Corrupt("applications.proposed_by"))?;
    let proposed = proposal.content.proposed.clone().ok_or(Error::Corrupt("event"))?;
    let proposer = proposal.staff.as_deref().unwrap_or_default();
    let staff_note = format!("{proposer}提出，{}复核", staff.name);
    let action = proposed.action()?;
    let change = Change::decided(tx, application.business, action, &proposed.result)?;
    let content = Content { note: proposed.note, result: proposed.result, staff_note, ..Content::default() };
    step(tx, application, action, By::Staff(&staff.id), change, content)
}

/// Sends the proposal back to its reviewer, with a word that only staff see.
pub fn send_back(
    tx: &mut Tx,
    staff: &StaffMember,
    application: &Application,
    version: i32,
    word: &str,
) -> Result<(), Refusal> {
    refuse_unconfirmable(tx, staff, application, version)?;
    let content = Content { staff_note: word.to_owned(), ..Content::default() };
    step(tx, application, Action::SendBack, By::Staff(&staff.id), Change::default(), content)
}

/// Takes back one's own proposal.
pub fn retract(
    tx: &mut Tx,
    staff: &StaffMember,
    application: &Application,
    version: i32,
) -> Result<(), Refusal> {
    let by = By::Staff(&staff.id);
    if application.version != version || application.proposed_by.as_deref() != Some(&staff.id) {
        return Err(application.overtaken(by));
    }
    step(tx, application, Action::Retract, by, Change::default(), Content::default())
}

/// Refuses a staff member who may not confirm the proposal: whoever may not decide the application, and the proposer.
fn refuse_unconfirmable(
    tx: &mut Tx,
    staff: &StaffMember,
    application: &Application,
    version: i32,
) -> Result<(), Refusal> {
    refuse_undecidable(tx, staff, application)?;
    hold::refuse_held(application)?;
    if application.version != version || application.proposed_by.is_none() {
        return Err(application.overtaken(By::Staff(&staff.id)));
    }
    if is_by(tx, application, staff)? {
        return Err(Refusal::OwnProposal);
    }
    Ok(())
}
