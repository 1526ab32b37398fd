//! The applications of a part of the queue, page by page.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::filter::QueueFilter;
use super::part::{QueuePart, businesses};
use super::position::{NEVER, Position};
use super::selection::Selection;
use super::titles::Titles;
use crate::casework::business::{Business, Registry};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::number::{self, ApplicationNumber};
use crate::either;
use crate::people::mask;
use crate::people::staff::StaffMember;
use crate::store::schema::{application_events, applications, candidates, staff};
use crate::store::{Error, Timestamp, Tx};

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
    pub position: Position,
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
    submitted_at: Option<Timestamp>,
    last_submitted_at: Option<Timestamp>,
    updated_at: Timestamp,
    due_on: Option<NaiveDate>,
    assignee: Option<String>,
}

/// Pages of the queue by due day; by age the oldest first, and decided applications the latest first. One more than
/// the pages have if there is a next page. The caller notes the [`numbers`] that it shows in the audit.
pub fn list(tx: &mut Tx, reader: &StaffMember, filter: &QueueFilter) -> Result<Vec<QueueItem>, Error> {
    let titles = Titles::load(tx, filter.part())?;
    list_of(tx, reader, filter, &titles)
}

/// [`list`], with the titles of the part.
pub(in crate::staff) fn list_of(
    tx: &mut Tx,
    reader: &StaffMember,
    filter: &QueueFilter,
    titles: &Titles,
) -> Result<Vec<QueueItem>, Error> {
    let mut selection = select(tx, reader, filter);
    selection.after = Position::parse(&filter.after);
    selection.number = number::parse(&filter.q);
    let words = if selection.number.is_some() { "" } else { filter.q.trim() };
    if !(filter.exam.is_empty() && words.is_empty()) {
        titles.narrow(&mut selection, &filter.exam, words);
    }
    items(tx, &selection, filter.pages().rows())
}

/// The first applications of a part.
pub(in crate::staff) fn first(
    tx: &mut Tx,
    reader: &StaffMember,
    part: QueuePart,
    most: i64,
) -> Result<Vec<QueueItem>, Error> {
    let filter = QueueFilter { status: part.code().to_owned(), ..QueueFilter::default() };
    let selection = select(tx, reader, &filter);
    items(tx, &selection, most)
}

fn items(tx: &mut Tx, selection: &Selection, most: i64) -> Result<Vec<QueueItem>, Error> {
    if selection.streams.is_empty() {
        return Ok(Vec::new());
    }
    let rows = read(tx, selection, most)?;
    let registry = Registry::of(tx);
    let item = |row: Row| row.item(registry, selection.part);
    let mut items: Vec<QueueItem> = rows.into_iter().map(item).collect::<Result<_, _>>()?;
    // Keys are unique, so that the order of equal positions does not matter.
    items.sort_unstable_by(|one, other| selection.compare(&one.position, &other.position));
    Ok(items)
}

/// The numbers of a list, as the audit notes them.
pub(in crate::staff) fn numbers<'a>(items: impl IntoIterator<Item = &'a QueueItem>) -> String {
    items.into_iter().map(|item| &*item.number).collect::<Vec<_>>().join(" ")
}

/// The applications of a filter, without its titles and numbers.
pub(super) fn select(tx: &Tx, reader: &StaffMember, filter: &QueueFilter) -> Selection {
    let (part, time) = (filter.part(), filter.time());
    let mut kinds = businesses(Registry::of(tx), &reader.duty(), part);
    kinds.retain(|kind| filter.business.is_empty() || *kind == filter.business);
    if time.is_some_and(|time| !time.concerns(part)) {
        kinds.clear();
    }
    let taker = if part == QueuePart::Mine { &reader.id } else { &filter.taker };
    Selection {
        assignee: (!taker.is_empty()).then(|| taker.clone()),
        time: time.map(|time| time.range(tx)),
        ..Selection::of(part, kinds)
    }
}

fn read(tx: &mut Tx, selection: &Selection, most: i64) -> Result<Vec<Row>, Error> {
    use application_events as e;
    let last_submission = e::table
        .filter(e::application_id.eq(applications::id))
        .filter(e::action.eq(Action::Submit.code()))
        .order(e::position.desc())
        .select(e::at)
        .single_value();
    Ok(either!(tx.conn, conn => applications::table
        .inner_join(candidates::table)
        .left_join(staff::table)
        .filter(selection.is_among_first(most))
        .select((
            applications::id,
            applications::number,
            applications::kind,
            applications::title,
            candidates::name,
            applications::status,
            applications::result,
            applications::round,
            applications::submitted_at,
            last_submission,
            applications::updated_at,
            applications::due_on,
            staff::name.nullable(),
        ))
        .load(conn))?)
}

impl Row {
    fn item(self, registry: Registry, part: QueuePart) -> Result<QueueItem, Error> {
        let at = match part {
            QueuePart::Decided => self.updated_at,
            _ => self.submitted_at.ok_or(Error::Corrupt("applications.submitted_at"))?,
        };
        Ok(QueueItem {
            position: Position { due: self.due_on.unwrap_or(NEVER), at, id: self.id },
            number: self.number.unwrap_or_default(),
            business: registry.find(&self.slug).ok_or(Error::Corrupt("applications.kind"))?,
            title: self.title,
            name: mask::name(&self.name),
            status: Status::from_code(&self.status).ok_or(Error::Corrupt("applications.status"))?,
            result: self.result,
            round: self.round,
            since: self.last_submitted_at.unwrap_or(self.updated_at),
            due_on: self.due_on,
            assignee: self.assignee,
        })
    }
}
