//! The events of an application. Rows are only added.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::answers::Answers;
use super::lifecycle::{Action, Status};
use crate::store::schema::{application_events as e, staff};
use crate::store::{Error, Timestamp, Tx};

/// Column name under which an event's content is sealed.
const SEALED_AS: &str = "application_events.content";

/// A reviewer's remark on a question or material.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Name of the question or slot; empty for the whole application.
    pub name: String,
    pub reason: String,
}

/// A decision that a colleague has to confirm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// Code of the action that a confirmation takes.
    action: String,
    /// [`Content::result`] of that action.
    pub result: String,
    /// The note to the candidate.
    pub note: String,
}

impl Proposed {
    pub(super) fn new(action: Action, content: Content) -> Proposed {
        Proposed { action: action.code().to_owned(), result: content.result, note: content.note }
    }

    /// The action that a confirmation takes.
    pub fn action(&self) -> Result<Action, Error> {
        Action::from_code(&self.action).ok_or(Error::Corrupt("event"))
    }
}

/// The sealed part of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The note of the reviewer to the candidate.
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub marks: Vec<Mark>,
    /// The submitted answers.
    #[serde(default)]
    pub answers: Option<Answers>,
    /// The answers of staff to the questions of a task.
    #[serde(default)]
    pub outcome: Option<Answers>,
    /// Label of the event where its action has several results, such as 部分成立.
    #[serde(default, rename = "told")]
    pub result: String,
    /// The decision that this event proposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Proposed>,
    /// A note that only staff see.
    #[serde(default, rename = "aside")]
    pub staff_note: String,
    /// Code of the action whose outcome this event amends or takes back, or empty.
    #[serde(default)]
    pub amends: String,
    /// The outcome that it replaces.
    #[serde(default)]
    pub replaced: Option<Answers>,
}

#[derive(Clone)]
pub struct Event {
    pub at: Timestamp,
    pub action: Action,
    /// The state after it.
    pub to: Status,
    /// Name of the staff member. `None` for the candidate and for a change of the roster.
    pub staff: Option<String>,
    pub content: Content,
}

pub(super) struct NewEvent<'a> {
    pub application: &'a str,
    pub position: i32,
    pub action: Action,
    pub from: Status,
    pub to: Status,
    pub staff: Option<&'a str>,
    pub content: &'a Content,
}

/// Adds an event. Its position is the version of the application after it. Positions are unique, so of two
/// writers one fails.
pub(super) fn add(tx: &mut Tx, event: &NewEvent) -> Result<(), Error> {
    let json = serde_json::to_string(event.content).map_err(|_| Error::Corrupt("event"))?;
    let row = (
        e::id.eq(tx.id()),
        e::application_id.eq(event.application),
        e::position.eq(event.position),
        e::at.eq(tx.now),
        e::action.eq(event.action.code()),
        e::from_status.eq(event.from.code()),
        e::to_status.eq(event.to.code()),
        e::staff_id.eq(event.staff),
        e::content.eq(tx.vault.seal(SEALED_AS, &json)),
    );
    diesel::insert_into(e::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// The events of an application, oldest first.
pub fn of(tx: &mut Tx, application: &str) -> Result<Vec<Event>, Error> {
    type Row = (Timestamp, String, String, Option<String>, String);
    let rows: Vec<Row> = e::table
        .left_join(staff::table)
        .filter(e::application_id.eq(application))
        .order(e::position)
        .select((e::at, e::action, e::to_status, staff::name.nullable(), e::content))
        .load(tx.conn)?;
    rows.into_iter()
        .map(|(at, action, to, staff, content)| {
            Ok(Event {
                at,
                action: Action::from_code(&action).ok_or(Error::Corrupt("application_events.action"))?,
                to: Status::from_code(&to).ok_or(Error::Corrupt("application_events.to_status"))?,
                staff,
                content: read_content(tx, &content)?,
            })
        })
        .collect()
}

/// For those of the applications that were handed to their present assignee: who did it, and the word for them.
pub fn words_of_handover(tx: &mut Tx, applications: &[String]) -> Result<HashMap<String, String>, Error> {
    if applications.is_empty() {
        return Ok(HashMap::new());
    }
    let assigning = [Action::Take, Action::PutBack, Action::HandOver].map(Action::code);
    let rows: Vec<(String, String, Option<String>, String)> = e::table
        .left_join(staff::table)
        .filter(e::application_id.eq_any(applications))
        .filter(e::action.eq_any(assigning))
        .order(e::position)
        .select((e::application_id, e::action, staff::name.nullable(), e::content))
        .load(tx.conn)?;
    let mut last = HashMap::new();
    for (application, action, staff, content) in rows {
        last.insert(application, (action, staff, content));
    }
    last.retain(|_, (action, ..)| action == Action::HandOver.code());
    let word = |(application, (_, staff, content)): (String, (String, Option<String>, String))| {
        let content = read_content(tx, &content)?;
        Ok((application, format!("{}{}", staff.unwrap_or_default(), content.staff_note)))
    };
    last.into_iter().map(word).collect()
}

fn read_content(tx: &Tx, sealed: &str) -> Result<Content, Error> {
    let content = tx.vault.open(SEALED_AS, sealed)?;
    serde_json::from_str(&content).map_err(|_| Error::Corrupt("event"))
}

/// The actions that end a review.
pub const DECISIONS: [Action; 4] = [Action::Return, Action::Reject, Action::Approve, Action::Uphold];

/// The actions after which a staff member does not review an appeal: [`DECISIONS`] and proposals of one.
pub const JUDGEMENTS: [Action; 5] =
    [Action::Return, Action::Reject, Action::Approve, Action::Uphold, Action::Propose];

/// Keys of the staff members who decided an application in any round, or proposed a decision.
pub(super) fn deciders(tx: &mut Tx, application: &str) -> Result<Vec<String>, Error> {
    let decisions = e::table
        .filter(e::application_id.eq(application))
        .filter(e::action.eq_any(JUDGEMENTS.map(Action::code)))
        .filter(e::staff_id.is_not_null());
    Ok(decisions.select(e::staff_id.assume_not_null()).distinct().load(tx.conn)?)
}

/// When an application was approved last, also by an upheld appeal.
pub(super) fn last_approval(tx: &mut Tx, application: &str) -> Result<Option<Timestamp>, Error> {
    let approvals = e::table
        .filter(e::application_id.eq(application))
        .filter(e::action.eq_any([Action::Approve, Action::Uphold].map(Action::code)));
    Ok(approvals.select(diesel::dsl::max(e::at)).first(tx.conn)?)
}

/// The last event of an action.
pub fn last(events: &[Event], action: Action) -> Option<&Event> {
    events.iter().rev().find(|event| event.action == action)
}

/// Whether an application has had a proposal since it was submitted last.
pub(super) fn is_proposed_in_round(tx: &mut Tx, application: &str) -> Result<bool, Error> {
    let steps = [Action::Submit, Action::Propose].map(Action::code);
    let last: Option<String> = e::table
        .filter(e::application_id.eq(application))
        .filter(e::action.eq_any(steps))
        .order(e::position.desc())
        .select(e::action)
        .first(tx.conn)
        .optional()?;
    Ok(last.as_deref() == Some(Action::Propose.code()))
}

/// The marks of the last return or failure.
pub fn last_marks(events: &[Event]) -> &[Mark] {
    last_asking(events).map_or(&[], |event| &event.content.marks)
}

/// The last event that asked the candidate to correct something.
pub(super) fn last_asking(events: &[Event]) -> Option<&Event> {
    events.iter().rev().find(|event| matches!(event.action, Action::Return | Action::Fail))
}

/// The answers of the round before the last one.
pub fn previous_answers(events: &[Event]) -> Option<&Answers> {
    events.iter().rev().filter_map(|event| event.content.answers.as_ref()).nth(1)
}
