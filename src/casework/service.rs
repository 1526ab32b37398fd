//! 送达: a decision is served when the candidate confirms that they have read it, and the periods that begin then.

use chrono::{Days, Months, NaiveDate};

use super::application::{By, Change};
use super::business::Application;
use super::calendar::Calendar;
use super::history::{Content, Event};
use super::lifecycle::{Action, Status};
use super::refusal::Refusal;
use super::transition::step;
use crate::store::{Timestamp, Tx};

/// Days in which one can apply for 行政复议 (中华人民共和国行政复议法, art. 20).
const REVIEW_DAYS: u64 = 60;

/// Months in which one can bring 行政诉讼 (中华人民共和国行政诉讼法, art. 46).
const SUIT_MONTHS: u32 = 6;

/// Title of the document of a decision. `None` if there is no decision, or its business serves none.
pub fn document_of(application: &Application) -> Option<&'static str> {
    let is_decided = matches!(application.status, Status::Approved | Status::Rejected);
    application.business.decision.filter(|_| is_decided)
}

/// When the present decision was served. A reopened application is decided and served anew.
pub fn served_at(events: &[Event]) -> Option<Timestamp> {
    let last = events.iter().rev().find(|event| {
        matches!(event.action, Action::Serve | Action::Approve | Action::Reject | Action::Reopen)
    });
    last.filter(|event| event.action == Action::Serve).map(|event| event.at)
}

/// Notes that the candidate has read the decision. The second time it changes nothing.
///
/// # Errors
/// [`Refusal::NotFound`] if there is no decision to serve.
pub fn serve(tx: &mut Tx, application: &Application, events: &[Event]) -> Result<(), Refusal> {
    document_of(application).ok_or(Refusal::NotFound)?;
    if served_at(events).is_some() {
        return Ok(());
    }
    step(tx, application, Action::Serve, By::Candidate, Change::default(), Content::default())
}

/// The last days to contest a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastDays {
    /// Of 行政复议.
    pub review: NaiveDate,
    /// Of 行政诉讼.
    pub suit: NaiveDate,
}

/// The last days for a decision that was served on a day. The day itself is not counted, and a period that ends on a
/// holiday ends with the next working day (中华人民共和国行政复议法, art. 88).
pub fn last_days(calendar: &Calendar, served_on: NaiveDate) -> LastDays {
    let working = |day: NaiveDate| calendar.working_day_from(day);
    LastDays {
        review: working(served_on.checked_add_days(Days::new(REVIEW_DAYS)).unwrap_or(served_on)),
        suit: working(served_on.checked_add_months(Months::new(SUIT_MONTHS)).unwrap_or(served_on)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_end_on_a_working_day() {
        let table = [
            ("2026-04-01", "2026-06-01", "2026-10-08"), // from a Sunday to Monday, and over 国庆
            ("2025-12-19", "2026-02-24", "2026-06-22"), // over 春节 and 端午
            ("2026-01-15", "2026-03-16", "2026-07-15"),
            ("2025-08-31", "2025-10-30", "2026-02-28"), // no 31 February, and a Saturday that is worked
        ];
        for (served, review, suit) in table {
            let day = |text: &str| text.parse::<NaiveDate>().unwrap();
            let expected = LastDays { review: day(review), suit: day(suit) };
            assert_eq!(last_days(&Calendar::published(), day(served)), expected, "{served}");
        }
    }
}
