//! Appeals against rejections: one for each, up to a day that is set with the rejection.

use chrono::{Days, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::business::{Application, Business, Registry};
use super::calendar::Calendar;
use super::lifecycle::Status;
use super::number::ApplicationNumber;
use super::refusal::Refusal;
use super::rules::{self, Rule};
use crate::people::candidate::Candidate;
use crate::store::clock::china_date;
use crate::store::schema::applications::dsl as a;
use crate::store::{CandidateId, Error, Store, Timestamp, Tx};

/// The last day on which a rejection of today can be appealed against. `None` if the business has no appeal.
pub(super) fn last_day_from_today(
    tx: &mut Tx,
    business: &'static Business,
) -> Result<Option<NaiveDate>, Error> {
    if business.appeal.is_none() {
        return Ok(None);
    }
    let days = rules::value(tx, Rule::AppealDays, Some(business))?;
    Ok(Some(last_day(&Calendar::load(tx)?, tx.today(), days.unsigned_abs())))
}

/// The day on which a period of `days` from `from` ends. The first day is not counted. A period that would end on a
/// day off ends with the next working day.
fn last_day(calendar: &Calendar, from: NaiveDate, days: u32) -> NaiveDate {
    calendar.working_day_from(from.checked_add_days(Days::new(days.into())).unwrap_or(from))
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

/// Rejections of one transaction, so that the site can write meanwhile.
const BATCH: i64 = 100;

/// Gives the rejections of an older program, which may run during an update, the last day of an appeal.
pub async fn add_missing_last_days(store: &Store) -> Result<(), Error> {
    while store.read(has_missing_last_days).await? {
        store.write(add_some_last_days).await?;
    }
    Ok(())
}

fn has_missing_last_days(tx: &mut Tx) -> Result<bool, Error> {
    Ok(!without_last_day(tx)?.is_empty())
}

fn add_some_last_days(tx: &mut Tx) -> Result<(), Error> {
    let calendar = Calendar::load(tx)?;
    for (id, kind, decided_at) in without_last_day(tx)? {
        let business = Registry::of(tx).find(&kind).ok_or(Error::Corrupt("applications.kind"))?;
        let days = rules::value(tx, Rule::AppealDays, Some(business))?;
        let last = last_day(&calendar, china_date(decided_at), days.unsigned_abs());
        diesel::update(a::applications.find(id)).set(a::appeal_until.eq(Some(last))).execute(tx.conn)?;
    }
    Ok(())
}

/// Keys, businesses and times of decision of the first rejections without a last day.
fn without_last_day(tx: &mut Tx) -> Result<Vec<(String, String, Timestamp)>, Error> {
    let appealable: Vec<&str> = Registry::of(tx)
        .iter()
        .filter(|business| business.appeal.is_some())
        .map(|business| business.slug)
        .collect();
    // As the partial index has it.
    let missing = sql::<Bool>("status = 'rejected' AND appeal_until IS NULL");
    let rows = a::applications.filter(missing).filter(a::kind.eq_any(appealable));
    Ok(rows
        .filter(a::decided_at.is_not_null())
        .select((a::id, a::kind, a::decided_at.assume_not_null()))
        .limit(BATCH)
        .load(tx.conn)?)
}

impl AppealState {
    /// The state of the appeal against an application, on the day `today` in China. The business has an appeal.
    pub(super) fn of(
        status: Status,
        last_day: Option<NaiveDate>,
        made: Option<MadeAppeal>,
        today: NaiveDate,
    ) -> AppealState {
        match (made, status, last_day) {
            (Some(made), ..) => AppealState::Made(made),
            (None, Status::Rejected, Some(last_day)) => {
                if today <= last_day {
                    AppealState::Until(last_day)
                } else {
                    AppealState::Over(last_day)
                }
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
    Ok(AppealState::of(application.status, application.appeal_until, made, tx.today()))
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
    fn an_appeal_counts_calendar_days_and_ends_on_a_working_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (rejected, days, last) in [
            ("2026-11-23", 30, "2026-12-23"),
            ("2026-09-01", 30, "2026-10-08"), // 国庆 from 10-01 to 10-07
            ("2026-01-16", 30, "2026-02-24"), // 春节 from 02-15 to 02-23
            ("2026-10-02", 8, "2026-10-10"),  // a make-up workday, a Saturday
            ("2026-11-23", 5, "2026-11-30"),  // a Saturday
        ] {
            assert_eq!(last_day(&Calendar::published(), day(rejected), days), day(last), "{rejected}");
        }
    }
}
