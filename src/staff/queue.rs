//! The applications that wait at the desk. Lists do not decrypt forms.

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

codes! {
    /// The part of the work that a list shows.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum QueuePart {
        /// Nobody has taken it.
        #[default]
        Waiting = "submitted", "待审核";
        /// Somebody has taken it.
        InReview = "in_review", "审核中";
        /// The reader has taken it.
        Mine = "mine", "我领取的";
        /// It is approved, and its task is not carried out yet.
        ToDo = "todo", "待办结";
        /// It is decided or returned to the candidate.
        Decided = "decided", "已办理";
    }
}

impl QueuePart {
    fn states(self) -> Vec<&'static str> {
        let states: &[Status] = match self {
            QueuePart::Waiting => &[Status::Submitted],
            QueuePart::InReview | QueuePart::Mine => &[Status::InReview],
            QueuePart::ToDo => &[Status::Approved],
            QueuePart::Decided => &[Status::Returned, Status::Rejected, Status::Approved, Status::Completed],
        };
        states.iter().map(|status| status.code()).collect()
    }
}

/// The query string of the queue.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct QueueFilter {
    /// Slug of a business; empty for all.
    #[serde(rename = "kind")]
    pub business: String,
    /// Code of a [`QueuePart`]; any other text means 待审核.
    pub status: String,
    /// Part of an exam's title, or a whole 受理号.
    pub q: String,
    /// Not empty: only overdue applications.
    pub overdue: String,
    /// Pages to skip.
    pub page: i64,
}

impl QueueFilter {
    pub fn part(&self) -> QueuePart {
        QueuePart::from_code(&self.status).unwrap_or_default()
    }

    /// Without a status, a role that decides nothing sees the applications whose task is due.
    pub(super) fn for_role(self, registry: Registry, role: Role) -> QueueFilter {
        let todo = self.status.is_empty() && !decides(registry, role);
        QueueFilter { status: if todo { QueuePart::ToDo.code().to_owned() } else { self.status }, ..self }
    }

    /// Whether it filters by anything but the part.
    pub fn is_narrow(&self) -> bool {
        !(self.business.is_empty() && self.q.trim().is_empty() && self.overdue.is_empty())
    }
}

pub struct QueueItem {
    pub number: ApplicationNumber,
    pub business: &'static Business,
    /// Exam and sitting.
    pub title: String,
    /// The candidate's name, masked.
    pub name: String,
    pub status: Status,
    /// The word for its state, if it differs from the status; else empty.
    pub result: String,
    /// Number of its submissions.
    pub round: i32,
    /// Its last submission.
    pub since: Timestamp,
    /// The last day for the decision.
    pub due_on: Option<NaiveDate>,
    pub assignee: Option<String>,
}

#[derive(Queryable)]
struct Row {
    id: String,
    number: Option<ApplicationNumber>,
    slug: String,
    title: String,
    name: String,
    status: String,
    result: String,
    round: i32,
    updated_at: Timestamp,
    due_on: Option<NaiveDate>,
    assignee: Option<String>,
}

/// A page of the queue by due day; decided applications the latest first. One more than [`PAGE`]
/// if there is a next page. The audit notes the numbers shown.
pub fn list(tx: &mut Tx, reader: &StaffMember, filter: &QueueFilter) -> Result<Vec<QueueItem>, Refusal> {
    read(tx, reader, filter, PAGE)
}

/// Like [`list`], with at most `most` applications and one more.
pub(super) fn read(
    tx: &mut Tx,
    reader: &StaffMember,
    filter: &QueueFilter,
    most: i64,
) -> Result<Vec<QueueItem>, Refusal> {
    let part = filter.part();
    let mut query = applications::table
        .inner_join(candidates::table)
        .left_join(staff::table)
        .filter(applications::status.eq_any(part.states()))
        .filter(applications::kind.eq_any(businesses(Registry::of(tx), reader.role, part)))
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
    if !filter.business.is_empty() {
        query = query.filter(applications::kind.eq(&filter.business));
    }
    if part == QueuePart::Mine {
        query = query.filter(applications::assignee_id.eq(&reader.id));
    }
    if !filter.overdue.is_empty() && part != QueuePart::Decided {
        query = query.filter(applications::due_on.lt(tx.today()));
    }
    match (filter.q.trim(), number::parse(&filter.q)) {
        ("", _) => {}
        (_, Some(number)) => query = query.filter(applications::number.eq(number)),
        (words, None) => query = query.filter(applications::title.like(pattern(words)).escape('\\')),
    }
    query = match part {
        QueuePart::Decided => query.order((applications::updated_at.desc(), applications::id.desc())),
        _ => query.order((applications::due_on, applications::submitted_at, applications::id)),
    };
    let rows: Vec<Row> = query.load(tx.conn)?;
    let shown = rows.iter().take(usize::try_from(most).unwrap_or_default());
    let numbers: Vec<&str> = shown.filter_map(|row| row.number.as_deref()).collect();
    if !numbers.is_empty() {
        roster::viewed(tx, &reader.id, "list", &numbers.join(" "))?;
    }
    Ok(items(tx, rows)?)
}

fn pattern(words: &str) -> String {
    let plain = words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{plain}%")
}

fn items(tx: &mut Tx, rows: Vec<Row>) -> Result<Vec<QueueItem>, Error> {
    let registry = Registry::of(tx);
    let since = last_submissions(tx, rows.iter().map(|row| row.id.as_str()).collect())?;
    rows.into_iter()
        .map(|row| {
            Ok(QueueItem {
                number: row.number.unwrap_or_default(),
                business: registry.find(&row.slug).ok_or(Error::Corrupt("applications.kind"))?,
                title: row.title,
                name: mask::name(&row.name),
                status: Status::from_code(&row.status).ok_or(Error::Corrupt("applications.status"))?,
                result: row.result,
                round: row.round,
                since: since.get(&row.id).copied().unwrap_or(row.updated_at),
                due_on: row.due_on,
                assignee: row.assignee,
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

/// Slugs of the businesses that are the work of a role in a part of the queue.
fn businesses(registry: Registry, role: Role, part: QueuePart) -> Vec<&'static str> {
    let is_work = |business: &&'static Business| match part {
        QueuePart::Waiting | QueuePart::InReview | QueuePart::Mine => role.does(business.reviewed_by),
        QueuePart::ToDo => awaits(business, role),
        QueuePart::Decided => business.is_work_of(role),
    };
    registry.iter().filter(is_work).map(|business| business.slug).collect()
}

/// Whether approved applications of a business wait for a task of this role.
fn awaits(business: &Business, role: Role) -> bool {
    business.awaited_task(Status::Approved).is_some_and(|task| role.does(task.role))
}

/// Whether a role takes and decides applications.
pub(super) fn decides(registry: Registry, role: Role) -> bool {
    !businesses(registry, role, QueuePart::Waiting).is_empty()
}

/// Whether a role carries out tasks.
pub(super) fn carries_out(registry: Registry, role: Role) -> bool {
    !businesses(registry, role, QueuePart::ToDo).is_empty()
}

/// The number of applications that wait for a decision or a task of this role.
pub(super) fn count_waiting(tx: &mut Tx, role: Role) -> Result<i64, Error> {
    let registry = Registry::of(tx);
    let mut count = |part: QueuePart| {
        let rows = applications::table.filter(applications::status.eq_any(part.states()));
        let rows = rows.filter(applications::kind.eq_any(businesses(registry, role, part)));
        rows.count().get_result::<i64>(tx.conn)
    };
    Ok(count(QueuePart::Waiting)? + count(QueuePart::ToDo)?)
}

/// Takes the first application that is neither the reviewer's own nor an appeal against their own
/// decision, and skips those that somebody else takes at the same time. Returns its number.
pub fn take_next(tx: &mut Tx, reviewer: &StaffMember) -> Result<Option<ApplicationNumber>, Refusal> {
    let entries = roster::entries_of(tx, std::slice::from_ref(&reviewer.id))?;
    let decided = application_events::table
        .filter(application_events::staff_id.eq_any(entries))
        .filter(application_events::action.eq_any(DECISIONS.map(Action::code)))
        .select(application_events::application_id);
    let waiting: Vec<String> = applications::table
        .filter(applications::status.eq(Status::Submitted.code()))
        .filter(applications::kind.eq_any(businesses(Registry::of(tx), reviewer.role, QueuePart::Waiting)))
        .filter(applications::candidate_id.ne(&reviewer.candidate))
        // The parent of an appeal is the rejected application.
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
    fn unknown_status_shows_waiting_applications() {
        let filter = |status: &str| QueueFilter { status: status.into(), ..QueueFilter::default() };
        assert_eq!(filter("").part(), QueuePart::Waiting);
        assert_eq!(filter("everything").part(), QueuePart::Waiting);
        for part in QueuePart::ALL {
            assert_eq!(filter(part.code()).part(), part);
        }
    }

    #[test]
    fn wildcards_of_like_are_escaped() {
        assert_eq!(pattern("100%_\\"), "%100\\%\\_\\\\%");
    }
}
