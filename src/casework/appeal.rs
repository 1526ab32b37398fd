//! Appeals against rejections: one for each, within [`DAYS`] days.

use chrono::{Days, NaiveDate};

use super::business::{Application, Business};
use super::lifecycle::Status;
use super::number::ApplicationNumber;
use super::refusal::Refusal;
use crate::people::candidate::Candidate;
use crate::store::clock::china_date;
use crate::store::{Error, Tx};

/// Days from a rejection on which it can be appealed against.
pub const DAYS: u64 = 30;

/// The last day on which a rejection of this day can be appealed against.
pub fn last_day(rejected_on: NaiveDate) -> NaiveDate {
    rejected_on.checked_add_days(Days::new(DAYS)).unwrap_or(rejected_on)
}

/// Whether an application can be appealed against.
pub enum AppealState {
    /// It was not rejected, or its business has no appeal.
    None,
    /// It can be appealed against up to and including this day.
    Until(NaiveDate),
    /// The last day has passed.
    Over(NaiveDate),
    /// This appeal was submitted.
    Made(Box<Application>),
}

/// Whether an application can be appealed against today in China.
pub fn state(tx: &mut Tx, application: &Application) -> Result<AppealState, Error> {
    if application.business.appeal.is_none() {
        return Ok(AppealState::None);
    }
    if let Some(made) = Application::appeal_of(tx, &application.candidate_id, &application.id)? {
        return Ok(AppealState::Made(Box::new(made)));
    }
    let (Status::Rejected, Some(decided_at)) = (application.status, application.decided_at) else {
        return Ok(AppealState::None);
    };
    let last_day = last_day(china_date(decided_at));
    Ok(if tx.today() <= last_day { AppealState::Until(last_day) } else { AppealState::Over(last_day) })
}

/// The business of the appeal and the rejected application that it is about.
///
/// # Errors
/// [`Refusal::NotFound`] for what is not the candidate's; [`Refusal::NotRejected`] or
/// [`Refusal::AppealedAlready`] when it cannot be appealed against. A late appeal is no error here: its form keeps what
/// was typed and says that it is too late.
pub fn against(
    tx: &mut Tx,
    business: &'static Business,
    candidate: &Candidate,
    number: &ApplicationNumber,
) -> Result<(&'static Business, Application), Refusal> {
    let rejected = Application::own(tx, &candidate.id, business.slug, number)?;
    let by = business.appeal.ok_or(Refusal::NotFound)?;
    let number =
        |application: &Application| -> ApplicationNumber { application.shown_number().to_owned().into() };
    match state(tx, &rejected)? {
        AppealState::Until(_) | AppealState::Over(_) => Ok((by, rejected)),
        AppealState::None => Err(Refusal::NotRejected { slug: business.slug, number: number(&rejected) }),
        AppealState::Made(made) => {
            Err(Refusal::AppealedAlready { slug: made.business.slug, number: number(&made) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_appeal_has_thirty_calendar_days() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(last_day(day("2026-11-23")), day("2026-12-23"));
        assert_eq!(last_day(day("2026-09-01")), day("2026-10-01")); // a holiday
    }
}
