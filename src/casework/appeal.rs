//! Appeals against rejections: one for each, within [`DAYS`] days.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use super::business::{Application, Business, Registry};
use super::lifecycle::Status;
use super::number::ApplicationNumber;
use super::refusal::Refusal;
use crate::people::candidate::Candidate;
use crate::store::clock::china_date;
use crate::store::schema::applications::dsl as a;
use crate::store::{CandidateId, Error, Timestamp, Tx};

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
    Made(MadeAppeal),
}

/// A submitted appeal.
pub struct MadeAppeal {
    pub business: &'static Business,
    pub number: ApplicationNumber,
    pub status: Status,
}

/// Slug, number and code of the status of an appeal, from columns of `applications`.
pub(super) type MadeRow = (String, Option<ApplicationNumber>, String);

impl MadeAppeal {
    /// `申诉审核中`, or the business's own word that begins so.
    pub fn word(&self) -> String {
        let word = self.business.word(self.status);
        if word.starts_with("申诉") { word.to_owned() } else { format!("申诉{word}") }
    }

    pub(super) fn open(registry: Registry, (kind, number, status): MadeRow) -> Result<MadeAppeal, Error> {
        Ok(MadeAppeal {
            business: registry.find(&kind).ok_or(Error::Corrupt("applications.kind"))?,
            number: number.ok_or(Error::Corrupt("applications.number"))?,
            status: Status::from_code(&status).ok_or(Error::Corrupt("applications.status"))?,
        })
    }
}

impl AppealState {
    /// The state of the appeal against an application, on the day `today` in China. The business has an appeal.
    pub(super) fn of(
        status: Status,
        decided_at: Option<Timestamp>,
        made: Option<MadeAppeal>,
        today: NaiveDate,
    ) -> AppealState {
        match (made, status, decided_at) {
            (Some(made), ..) => AppealState::Made(made),
            (None, Status::Rejected, Some(decided_at)) => {
                let last_day = last_day(china_date(decided_at));
                if today <= last_day { AppealState::Until(last_day) } else { AppealState::Over(last_day) }
            }
            _ => AppealState::None,
        }
    }
}

/// Whether an application can be appealed against today in China.
pub fn state(tx: &mut Tx, application: &Application) -> Result<AppealState, Error> {
    if application.business.appeal.is_none() {
        return Ok(AppealState::None);
    }
    let made = made_against(tx, &application.candidate_id, &application.id)?;
    Ok(AppealState::of(application.status, application.decided_at, made, tx.today()))
}

pub(super) fn made_against(
    tx: &mut Tx,
    candidate: &CandidateId,
    application: &str,
) -> Result<Option<MadeAppeal>, Error> {
    let made: Option<MadeRow> = a::applications
        .filter(a::candidate_id.eq(candidate))
        .filter(a::parent_id.eq(application))
        .filter(a::status.ne(Status::Draft.code()))
        .filter(a::status.ne(Status::Withdrawn.code()))
        .order(a::submitted_at.desc())
        .select((a::kind, a::number, a::status))
        .first(tx.conn)
        .optional()?;
    made.map(|row| MadeAppeal::open(Registry::of(tx), row)).transpose()
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
    match state(tx, &rejected)? {
        AppealState::Until(_) | AppealState::Over(_) => Ok((by, rejected)),
        AppealState::None => {
            let number = rejected.shown_number().to_owned().into();
            Err(Refusal::NotRejected { slug: business.slug, number })
        }
        AppealState::Made(made) => {
            Err(Refusal::AppealedAlready { slug: made.business.slug, number: made.number })
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
