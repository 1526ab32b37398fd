//! What waits at the desk. Lists read columns only: no sealed form is opened for them.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::max;
use diesel::prelude::*;
use serde::Deserialize;

use crate::casework::application::PAGE;
use crate::casework::business::{Application, Business, Registry};
use crate::casework::history::DECISIONS;
use crate::casework::lifecycle::{Action, Status};
use crate::casework::number::{self, ApplicationNumber};
use crate::casework::{Refusal, assignment};
use crate::people::mask;
use crate::people::staff::{self as roster, Role, StaffMember};
use crate::store::schema::{application_events, applications, candidates, staff};
use crate::store::{Error, Timestamp, Tx, codes};

/// Which part of the work a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// Nobody has taken it.
    #[default]
    Waiting,
    /// Somebody has taken it.
    InReview,
    /// The reader has taken it.
    Mine,
    /// It is approved and has to be carried out.
    ToDo,
    /// It has left the desk, for good or back to the candidate.
    Decided,
}

codes!(Show {
    Waiting = "submitted", "待审核";
    InReview = "in_review", "审核中";
    Mine = "mine", "我领取的";
    ToDo = "todo", "待办结";
    Decided = "decided", "已办理";
});

impl Show {
    fn states(self) -> Vec<&'static str> {
        let states: &[Status] = match self {
            Show::Waiting => &[Status::Submitted],
            Show::InReview | Show::Mine => &[Status::InReview],
            Show::ToDo => &[Status::Approved],
            Show::Decided => &[Status::Returned, Status::Rejected, Status::Approved, Status::Completed],
        };
        states.iter().map(|status| status.code()).collect()
    }
}

/// What of the queue is asked for, as the address says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Slug of a business; empty for all.
    pub kind: String,
    /// Code of a [`Show`]; anything else is 待审核.
    pub status: String,
    /// Part of the exam's title, or a whole 受理号.
    pub q: String,
    /// Not empty: only what is past its day.
    pub overdue: String,
    /// Pages to skip.
    pub page: i64,
}

impl Filter {
    /// The part of the work it asks for.
    pub fn show(&self) -> Show {
        Show::from_code(&self.status).unwrap_or_default()
    }

    /// The same, beginning where a role's work is: who decides nothing has only what is to be
    /// carried out.
    pub(super) fn opened_by(self, registry: Registry, role: Role) -> Filter {
        let todo = self.status.is_empty() && !decides(registry, role);
        Filter { status: if todo { Show::ToDo.code().to_owned() } else { self.status }, ..self }
    }

    /// Whether it leaves anything out besides by state.
    pub fn is_narrow(&self) -> bool {
        !(self.kind.is_empty() && self.q.trim().is_empty() && self.overdue.is_empty())
    }
}

/// One application of a list.
pub struct Item {
    /// 受理号
    pub number: ApplicationNumber,
    /// Its kind.
    pub business: &'static Business,
    /// Exam and sitting.
    pub title: String,
    /// Masked.
    pub name: String,
    /// Where it stands.
    pub status: Status,
    /// What its state is called, where it has a word of its own.
    pub result: String,
    /// How often it was submitted.
    pub round: i32,
    /// Since when it has been with the desk: its last submission, UTC.
    pub since: Timestamp,
    /// When the desk promised to be done.
    pub due_on: Option<NaiveDate>,
    /// Who took it.
    pub assignee: Option<String>,
}

type Row = (
    String,
    Option<ApplicationNumber>,
    String,
    String,
    String,
    String,
    String,
    i32,
    Timestamp,
    Option<NaiveDate>,
    Option<String>,
);

/// A page of the queue: what is due first comes first, decided ones the latest first. One
/// more than [`PAGE`] when there is a next page. The audit has an entry with the numbers shown.
pub fn list(tx: &mut Tx, reader: &StaffMember, filter: &Filter) -> Result<Vec<Item>, Refusal> {
    read(tx, reader, filter, PAGE)
}

/// [`list`] of at most `most` and one more.
pub(super) fn read(
    tx: &mut Tx,
    reader: &StaffMember,
    filter: &Filter,
    most: i64,
) -> Result<Vec<Item>, Refusal> {
    let show = filter.show();
    let mut query = applications::table
        .inner_join(candidates::table)
        .left_join(staff::table)
        .filter(applications::status.eq_any(show.states()))
        .filter(applications::kind.eq_any(kinds(Registry::of(tx), reader.role, show)))
        .offset(filter.page.max(0).saturating_mul(PAGE))
        .limit(most + 1)
        .select((
            applications::id,
            applications::number,
            applications::kind,
            applications::title,
            candidates::name,
            applications::status,
            applications::result,
            applications::round,
            applications::updated_at,
            applications::due_on,
            staff::name.nullable(),
        ))
        .into_boxed();
    if !filter.kind.is_empty() {
        query = query.filter(applications::kind.eq(&filter.kind));
    }
    if show == Show::Mine {
        query = query.filter(applications::assignee_id.eq(&reader.id));
    }
    if !filter.overdue.is_empty() && show != Show::Decided {
        query = query.filter(applications::due_on.lt(tx.today()));
    }
    match (filter.q.trim(), number::parse(&filter.q)) {
        ("", _) => {}
        (_, Some(number)) => query = query.filter(applications::number.eq(number)),
        (words, None) => query = query.filter(applications::title.like(pattern(words)).escape('\\')),
    }
    query = match show {
        Show::Decided => query.order((applications::updated_at.desc(), applications::id.desc())),
        _ => query.order((applications::due_on, applications::submitted_at, applications::id)),
    };
    let rows: Vec<Row> = query.load(tx.conn)?;
    let shown = rows.iter().take(usize::try_from(most).unwrap_or_default());
    let numbers: Vec<&str> = shown.filter_map(|row| row.1.as_deref()).collect();
    if !numbers.is_empty() {
        roster::viewed(tx, &reader.id, "list", &numbers.join(" "))?;
    }
    Ok(items(tx, rows)?)
}

fn pattern(words: &str) -> String {
    let plain = words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{plain}%")
}

fn items(tx: &mut Tx, rows: Vec<Row>) -> Result<Vec<Item>, Error> {
    let registry = Registry::of(tx);
    let since = last_submissions(tx, rows.iter().map(|row| row.0.as_str()).collect())?;
    rows.into_iter()
        .map(|(id, number, kind, title, name, status, result, round, updated_at, due_on, assignee)| {
            Ok(Item {
                number: number.unwrap_or_default(),
                business: registry.find(&kind).ok_or(Error::Corrupt("applications.kind"))?,
                title,
                name: mask::name(&name),
                status: Status::from_code(&status).ok_or(Error::Corrupt("applications.status"))?,
                result,
                round,
                since: since.get(&id).copied().unwrap_or(updated_at),
                due_on,
                assignee,
            })
        })
        .collect()
}

fn last_submissions(tx: &mut Tx, ids: Vec<&str>) -> Result<HashMap<String, Timestamp>, Error> {
    use application_events as e;
    let rows: Vec<(String, Option<Timestamp>)> = e::table
        .filter(e::application_id.eq_any(ids))
        .filter(e::action.eq(Action::Submit.code()))
        .group_by(e::application_id)
        .select((e::application_id, max(e::at)))
        .load(tx.conn)?;
    Ok(rows.into_iter().filter_map(|(id, at)| Some((id, at?))).collect())
}

/// Kinds that are the work of a role, in a part of the queue.
fn kinds(registry: Registry, role: Role, show: Show) -> Vec<&'static str> {
    let is_work = |business: &&'static Business| match show {
        Show::Waiting | Show::InReview | Show::Mine => role.does(business.reviewed_by),
        Show::ToDo => awaited_by(business, role),
        Show::Decided => business.is_work_of(role),
    };
    registry.iter().filter(is_work).map(|business| business.slug).collect()
}

/// Whether what is approved of a business waits for a task of this role.
fn awaited_by(business: &Business, role: Role) -> bool {
    business.awaited_task(Status::Approved).is_some_and(|task| role.does(task.role))
}

/// Whether somebody of a role takes applications and decides them.
pub(super) fn decides(registry: Registry, role: Role) -> bool {
    !kinds(registry, role, Show::Waiting).is_empty()
}

/// Whether somebody of a role carries out what is approved.
pub(super) fn carries_out(registry: Registry, role: Role) -> bool {
    !kinds(registry, role, Show::ToDo).is_empty()
}

/// How many wait for somebody of a role, to be decided or to be carried out.
pub(super) fn count_waiting(tx: &mut Tx, role: Role) -> Result<i64, Error> {
    let registry = Registry::of(tx);
    let mut count = |show: Show| {
        let part = applications::table.filter(applications::status.eq_any(show.states()));
        let part = part.filter(applications::kind.eq_any(kinds(registry, role, show)));
        part.count().get_result::<i64>(tx.conn)
    };
    Ok(count(Show::Waiting)? + count(Show::ToDo)?)
}

/// Takes the first of the queue that is neither the reviewer's own nor an appeal against what they
/// decided; of what somebody else takes at
/// the same moment, the following one. Returns its number, or nothing when nothing waits.
pub fn take_next(tx: &mut Tx, reviewer: &StaffMember) -> Result<Option<ApplicationNumber>, Refusal> {
    let entries = roster::entries_of(tx, std::slice::from_ref(&reviewer.id))?;
    let decided = application_events::table
        .filter(application_events::staff_id.eq_any(entries))
        .filter(application_events::action.eq_any(DECISIONS.map(Action::code)))
        .select(application_events::application_id);
    let waiting: Vec<String> = applications::table
        .filter(applications::status.eq(Status::Submitted.code()))
        .filter(applications::kind.eq_any(kinds(Registry::of(tx), reviewer.role, Show::Waiting)))
        .filter(applications::candidate_id.ne(&reviewer.candidate))
        // An appeal's parent is what it is about.
        .filter(applications::parent_id.ne_all(decided))
        .order((applications::due_on, applications::submitted_at, applications::id))
        .limit(PAGE)
        .select(applications::id)
        .load(tx.conn)?;
    for id in waiting {
        let application = Application::by_id(tx, &id)?;
        match assignment::take(tx, reviewer, &application) {
            Err(Refusal::Overtaken { .. }) => {}
            taken => {
                taken?;
                roster::audit(tx, &reviewer.id, Action::Take.code(), application.shown_number())?;
                return Ok(application.number);
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_state_shows_what_waits() {
        let filter = |status: &str| Filter { status: status.into(), ..Filter::default() };
        assert_eq!(filter("").show(), Show::Waiting);
        assert_eq!(filter("everything").show(), Show::Waiting);
        for show in Show::ALL {
            assert_eq!(filter(show.code()).show(), show);
        }
    }

    #[test]
    fn signs_of_like_are_searched_for_as_they_are() {
        assert_eq!(pattern("100%_\\"), "%100\\%\\_\\\\%");
    }
}
