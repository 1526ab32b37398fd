//! Which applications a list shows, as SQL that reads no more rows than the list needs.
//!
//! An index gives the applications of one state and one business in order. A selection reads the first few of
//! each of its [`Stream`]s and merges them. The migrations `desk_indexes` and `finding` describe the indexes.

use std::cmp::Ordering;

use diesel::sql_types::Bool;

use super::part::QueuePart;
use super::position::Position;
use super::sql::{Sql, Value};
use super::time::TimeRange;
use crate::casework::history::JUDGEMENTS;
use crate::casework::lifecycle::Action;
use crate::casework::number::ApplicationNumber;
use crate::store::CandidateId;

/// Applications of one business, or of one business with one title.
pub(super) struct Stream {
    /// Slug of the business.
    pub kind: &'static str,
    pub title: Option<String>,
}

/// The applications of a part of the queue that meet all conditions. `None` is no condition.
pub(super) struct Selection {
    pub part: QueuePart,
    pub streams: Vec<Stream>,
    /// Key of the staff member who has taken them.
    pub assignee: Option<String>,
    pub number: Option<ApplicationNumber>,
    /// Patterns of LIKE, for searches that have no streams of titles.
    pub titles: Vec<String>,
    pub time: Option<TimeRange>,
    pub after: Option<Position>,
    pub reviewer: Option<Reviewer>,
    /// Who could confirm the proposals.
    pub confirmer: Option<Confirmer>,
}

/// Leaves out the proposals that this person cannot confirm: their own, and those about their applications.
pub(super) struct Confirmer {
    pub id: String,
    pub candidate: CandidateId,
}

/// Leaves out what this person may not take: their own applications, and appeals against their decisions.
pub(super) struct Reviewer {
    /// Their ids as candidates.
    pub candidates: Vec<CandidateId>,
    /// Keys of their rows of the roster.
    pub entries: Vec<String>,
}

/// The due day; a day after all others if there is none. The indexes have the same expression.
pub(super) const DUE: &str = "coalesce(due_on, '9999-12-31')";

/// The order of a list.
#[derive(PartialEq)]
struct Order {
    /// The columns that it compares.
    columns: &'static str,
    by: &'static str,
    /// What it compares first.
    first: &'static str,
}

const BY_DUE_DAY: Order = Order {
    columns: "id, coalesce(due_on, '9999-12-31') AS due, submitted_at AS moment",
    by: "due, moment, id",
    first: DUE,
};

const OLDEST_FIRST: Order =
    Order { columns: "id, submitted_at AS moment", by: "moment, id", first: "submitted_at" };

const LATEST_FIRST: Order =
    Order { columns: "id, updated_at AS moment", by: "moment DESC, id DESC", first: "updated_at" };

/// The part of a stream that comes after a position.
enum Rest<'a> {
    All,
    /// Those due on the same day.
    SameDay(&'a Position),
    /// Those due on a later day.
    LaterDays(&'a Position),
    /// Those that were submitted later.
    Later(&'a Position),
    /// Those that were changed earlier.
    Earlier(&'a Position),
}

impl Selection {
    /// All of a part that has these businesses.
    pub fn of(part: QueuePart, kinds: Vec<&'static str>) -> Selection {
        let stream = |kind| Stream { kind, title: None };
        Selection {
            part,
            streams: kinds.into_iter().map(stream).collect(),
            assignee: None,
            number: None,
            titles: Vec::new(),
            time: None,
            after: None,
            reviewer: None,
            confirmer: None,
        }
    }

    /// The condition that an application is one of the first `most`.
    pub fn is_among_first(&self, most: i64) -> Sql<Bool> {
        let mut sql = Sql::new("applications.id IN (SELECT id FROM (");
        if self.is_hardly_repeated() {
            sql.prepare_each_time();
        }
        push_union(&mut sql, std::slice::from_ref(self), most);
        sql.push(" ORDER BY ");
        sql.push(self.order().by);
        sql.push_limit(most);
        sql.push(") AS picked)");
        sql
    }

    /// By due day; decided applications the latest first, and by age the oldest first.
    pub fn compare(&self, one: &Position, other: &Position) -> Ordering {
        match self.order() {
            LATEST_FIRST => (other.at, &other.id).cmp(&(one.at, &one.id)),
            OLDEST_FIRST => (one.at, &one.id).cmp(&(other.at, &other.id)),
            _ => (one.due, one.at, &one.id).cmp(&(other.due, other.at, &other.id)),
        }
    }

    /// The column by which an index has the applications of a business in order.
    pub(super) fn first_column(&self) -> &'static str {
        self.order().first
    }

    /// The column by whose order it is counted: there is an index with it that has all that the conditions name.
    /// PostgreSQL reads a table for each entry of an index with an expression, such as that of the due day.
    pub(super) fn counted_column(&self) -> &'static str {
        match (self.part, &self.time) {
            (QueuePart::Decided, _) => LATEST_FIRST.first,
            (_, Some(TimeRange::DueBefore(_) | TimeRange::DueOn(_))) => DUE,
            _ => OLDEST_FIRST.first,
        }
    }

    /// Whether it has more than the filters of a link: there are thousands of such statements.
    pub(super) fn is_hardly_repeated(&self) -> bool {
        let is_of_taker = self.assignee.is_some() && self.part != QueuePart::Mine;
        is_of_taker || self.time.is_some() || self.streams.iter().any(|stream| stream.title.is_some())
    }

    fn push_stream<T>(&self, sql: &mut Sql<T>, stream: &Stream, rest: &Rest, most: i64) {
        // Both databases limit a part of a union only inside of a subquery.
        sql.push("SELECT * FROM (SELECT ");
        sql.push(self.order().columns);
        sql.push(" FROM applications WHERE ");
        push_states(sql, self.part);
        sql.push_with(" AND kind = ", Value::Text(stream.kind.to_owned()));
        if let Some(title) = &stream.title {
            sql.push_with(" AND title = ", Value::Text(title.clone()));
        }
        self.push_conditions(sql);
        self.push_rest(sql, rest);
        sql.push(" ORDER BY ");
        // SQLite sorts once more unless the constant day is left out.
        sql.push(if matches!(rest, Rest::SameDay(_)) { "moment, id" } else { self.order().by });
        sql.push_limit(most);
        sql.push(") AS stream");
    }

    pub(super) fn push_conditions<T>(&self, sql: &mut Sql<T>) {
        if let Some(assignee) = &self.assignee {
            sql.push_with(" AND assignee_id = ", Value::Text(assignee.clone()));
        }
        if let Some(number) = &self.number {
            sql.push_with(" AND number = ", Value::Text(number.to_string()));
        }
        for pattern in &self.titles {
            sql.push_with(" AND title LIKE ", Value::Text(pattern.clone()));
            sql.push(" ESCAPE '\\'");
        }
        if let Some(time) = &self.time {
            time.push(sql, self.part);
        }
        if let Some(Confirmer { id, candidate }) = &self.confirmer {
            sql.push_with(" AND proposed_by <> ", Value::Text(id.clone()));
            sql.push_with(" AND candidate_id <> ", Value::Text(candidate.to_string()));
        }
        if let Some(reviewer) = &self.reviewer {
            reviewer.push_conditions(sql);
        }
    }

    fn push_rest<T>(&self, sql: &mut Sql<T>, rest: &Rest) {
        match rest {
            Rest::All => {}
            Rest::SameDay(position) => {
                sql.push_with(" AND coalesce(due_on, '9999-12-31') = ", Value::Day(position.due));
                sql.push(" AND (submitted_at, id) > ");
                push_moment(sql, position);
            }
            Rest::LaterDays(position) => {
                sql.push_with(" AND coalesce(due_on, '9999-12-31') > ", Value::Day(position.due));
            }
            Rest::Later(position) => {
                sql.push(" AND (submitted_at, id) > ");
                push_moment(sql, position);
            }
            Rest::Earlier(position) => {
                sql.push(" AND (updated_at, id) < ");
                push_moment(sql, position);
            }
        }
    }

    fn rests(&self) -> Vec<Rest<'_>> {
        let Some(position) = &self.after else { return vec![Rest::All] };
        match self.order() {
            LATEST_FIRST => vec![Rest::Earlier(position)],
            OLDEST_FIRST => vec![Rest::Later(position)],
            _ => vec![Rest::SameDay(position), Rest::LaterDays(position)],
        }
    }

    fn order(&self) -> Order {
        match (self.part, &self.time) {
            (QueuePart::Decided, _) => LATEST_FIRST,
            (_, Some(TimeRange::Before(_))) => OLDEST_FIRST,
            _ => BY_DUE_DAY,
        }
    }
}

/// The first `most` of each stream, one stream after the other. The selections must have the same order.
pub(super) fn push_union<T>(sql: &mut Sql<T>, selections: &[Selection], most: i64) {
    let mut between = "";
    for selection in selections {
        let rests = selection.rests();
        for (stream, rest) in
            selection.streams.iter().flat_map(|stream| rests.iter().map(move |rest| (stream, rest)))
        {
            sql.push(between);
            between = " UNION ALL ";
            selection.push_stream(sql, stream, rest, most);
        }
    }
}

impl Reviewer {
    fn push_conditions<T>(&self, sql: &mut Sql<T>) {
        for candidate in &self.candidates {
            sql.push_with(" AND candidate_id <> ", Value::Text(candidate.to_string()));
        }
        // The parent of an appeal is the rejected application. PostgreSQL counts for each row, where it would turn
        // NOT EXISTS into a join with all events.
        sql.push(" AND (parent_id = '' OR (SELECT count(*) FROM application_events");
        sql.push(" WHERE application_id = applications.parent_id AND action IN ('");
        push_codes(sql, JUDGEMENTS.map(Action::code), "', '");
        sql.push("') AND staff_id IN (");
        let mut between = "";
        for entry in &self.entries {
            sql.push_with(between, Value::Text(entry.clone()));
            between = ", ";
        }
        sql.push(")) = 0)");
    }
}

/// The condition on the state. Codes are written out, because those of partial indexes are.
pub(super) fn push_states<T>(sql: &mut Sql<T>, part: QueuePart) {
    match part.states() {
        [state] => {
            sql.push("status = '");
            sql.push(state.code());
            sql.push("'");
        }
        states => {
            sql.push("status IN ('");
            push_codes(sql, states.iter().map(|state| state.code()), "', '");
            sql.push("')");
        }
    }
    match part {
        QueuePart::Held => sql.push(" AND held_at IS NOT NULL"),
        QueuePart::ToConfirm => sql.push(" AND proposed_by IS NOT NULL"),
        _ => {}
    }
}

/// Codes with what stands between them.
pub(super) fn push_codes<T>(
    sql: &mut Sql<T>,
    codes: impl IntoIterator<Item = &'static str>,
    between: &'static str,
) {
    for (at, code) in codes.into_iter().enumerate() {
        sql.push(if at == 0 { "" } else { between });
        sql.push(code);
    }
}

fn push_moment<T>(sql: &mut Sql<T>, position: &Position) {
    sql.push_with("(", Value::Time(position.at));
    sql.push_with(", ", Value::Text(position.id.clone()));
    sql.push(")");
}
