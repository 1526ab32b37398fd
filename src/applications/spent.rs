//! A form whose draft has been submitted: the candidate goes back, reloads, or taps twice. They see what they
//! submitted, not an empty form.

use chrono::TimeDelta;

use super::request::FormAddress;
use crate::casework::appeal::{self, AppealState, MadeAppeal};
use crate::casework::business::{Application, Business, Origin};
use crate::casework::lifecycle::Status;
use crate::casework::number::ApplicationNumber;
use crate::casework::sheet::{FormTarget, Window};
use crate::pages::links;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::{Error, Tx};
use crate::web::Failure;

/// For so long after a submission, the address of a new form leads to the submitted application.
const REMEMBERED: TimeDelta = TimeDelta::days(1);

/// The page to show in place of a form whose step is over.
///
/// `after` is the number of the application that was the last one when the form was opened, or empty.
pub(super) fn instead_of_form(
    tx: &mut Tx,
    business: &'static Business,
    candidate: &Candidate,
    address: &FormAddress,
    after: &str,
) -> Result<Option<String>, Failure> {
    match address {
        FormAddress::Target(FormTarget::Appeal(number)) => {
            Ok(appeal_against(tx, business, candidate, number)?.as_ref().map(links::appeal))
        }
        FormAddress::Target(FormTarget::New) if business.origin == Origin::Nothing => {
            Ok(instead_of_draft(tx, business, candidate, after)?)
        }
        FormAddress::Target(FormTarget::Edit(number)) => {
            let application = Application::own(tx, &candidate.id, business.slug, number)?;
            let is_over = business.submits_by(application.status).is_none();
            Ok(is_over.then(|| links::application(&application)))
        }
        _ => Ok(None),
    }
}

/// The application that was submitted since the form of a new one was opened, if no draft has been begun since.
pub(super) fn instead_of_draft(
    tx: &mut Tx,
    business: &'static Business,
    candidate: &Candidate,
    after: &str,
) -> Result<Option<String>, Error> {
    if Application::draft(tx, &candidate.id, business.slug, "")?.is_some() {
        return Ok(None);
    }
    let last = Application::last_submitted(tx, &candidate.id, business.slug)?;
    let since = last.filter(|(number, at)| **number != *after && tx.now - *at < REMEMBERED);
    Ok(since.map(|(number, _)| paths::submitted(business.slug, number)))
}

/// The page to show in place of the outcome of a form that was sent before.
pub(super) fn instead_of_saving(
    tx: &mut Tx,
    business: &'static Business,
    candidate: &Candidate,
    address: &FormAddress,
    window: &Window,
) -> Result<Option<String>, Failure> {
    if let FormAddress::Target(FormTarget::Appeal(number)) = address
        && let Some(appeal) = appeal_against(tx, business, candidate, number)?
    {
        return Ok(Some(paths::submitted(appeal.business.slug, &appeal.number)));
    }
    let sent_before = match &window.seen {
        Some(seen) => Application::own_by_id(tx, &candidate.id, &seen.id)?
            .filter(|application| is_sent_before(application, seen.version, &window.name)),
        // The page was loaded before its draft was begun.
        None if !window.name.is_empty() => {
            Application::submitted_from(tx, &candidate.id, business.slug, &window.name)?
        }
        None => None,
    };
    Ok(sent_before.as_ref().map(after_submission))
}

/// Whether the draft that the window shows was submitted meanwhile, by this window or another one.
fn is_sent_before(application: &Application, seen: i32, window: &str) -> bool {
    let was_draft = seen == 0 && application.status != Status::Draft;
    let is_own = window.is_empty() || application.saved_by == window;
    was_draft || (is_own && application.status == Status::Submitted && application.version == seen + 1)
}

pub(super) fn after_submission(application: &Application) -> String {
    match application.status {
        Status::Submitted => paths::submitted(application.business.slug, application.shown_number()),
        _ => links::application(application),
    }
}

fn appeal_against(
    tx: &mut Tx,
    business: &'static Business,
    candidate: &Candidate,
    number: &ApplicationNumber,
) -> Result<Option<MadeAppeal>, Failure> {
    let application = Application::own(tx, &candidate.id, business.slug, number)?;
    Ok(match appeal::state(tx, &application)? {
        AppealState::Made(appeal) => Some(appeal),
        _ => None,
    })
}
