//! What a step of an application changes, and who takes it.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::appeal;
use super::business::Business;
use super::deadline::Due;
use super::lifecycle::{Action, Actor};
use super::number::ApplicationNumber;
use crate::store::schema::applications;
use crate::store::{Error, Timestamp, Tx};

/// Columns that a transition sets besides status, version and time. `None` leaves a column as it is.
#[derive(AsChangeset, Default)]
#[diesel(table_name = applications)]
pub(super) struct Change {
    pub number: Option<ApplicationNumber>,
    pub subject: Option<String>,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub result: Option<String>,
    pub round: Option<i32>,
    pub form: Option<String>,
    pub working: Option<Option<String>>,
    pub assignee_id: Option<Option<String>>,
    pub submitted_at: Option<Timestamp>,
    pub decided_at: Option<Option<Timestamp>>,
    pub due_on: Option<Option<NaiveDate>>,
    pub due_days: Option<Option<i32>>,
    pub held_at: Option<Option<Timestamp>>,
    pub appeal_until: Option<Option<NaiveDate>>,
}

impl Change {
    /// The same change with a due day.
    pub fn due(self, Due { on, days }: Due) -> Change {
        Change { due_on: Some(Some(on)), due_days: Some(Some(days)), ..self }
    }

    /// The same change without a due day.
    pub fn not_due(self) -> Change {
        Change { due_on: Some(None), due_days: Some(None), ..self }
    }

    /// The columns that a decision sets. A rejection has the last day of an appeal against it.
    pub fn decided(
        tx: &mut Tx,
        business: &'static Business,
        action: Action,
        result: &str,
    ) -> Result<Change, Error> {
        let appeal_until = match action {
            Action::Reject => appeal::last_day_from_today(tx, business)?,
            _ => None,
        };
        Ok(Change {
            result: Some(result.to_owned()),
            decided_at: Some(Some(tx.now)),
            appeal_until: Some(appeal_until),
            ..Change::default().not_due()
        })
    }
}

/// Who changes an application.
#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    Candidate,
    /// A staff member, by the key of their row.
    Staff(&'a str),
    /// A change of the roster.
    Roster,
    /// A rule of the office that applies by itself.
    Office,
}

impl By<'_> {
    pub(super) fn actor(self) -> Actor {
        match self {
            By::Candidate => Actor::Candidate,
            By::Staff(_) => Actor::Reviewer,
            By::Roster => Actor::Roster,
            By::Office => Actor::Office,
        }
    }

    pub(super) fn staff(&self) -> Option<&str> {
        match self {
            By::Staff(id) => Some(id),
            By::Candidate | By::Roster | By::Office => None,
        }
    }
}
