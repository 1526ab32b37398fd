//! Reads the figures. The databases count; this module gets a row for each group and pair of days.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use super::super::queue::{Sql, Value};
use super::period::Period;
use super::waits::{Waits, WorkingDays};
use crate::casework::calendar::Calendar;
use crate::casework::lifecycle::Action;
use crate::either;
use crate::people::staff::StaffMember;
use crate::store::schema::staff::dsl as s;
use crate::store::{Conn, Error, Tx};

/// The figures of a group, such as a business.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Applications that wait for a decision now, and those of them that are overdue.
    pub waiting: i64,
    pub overdue: i64,
    pub approved: i64,
    pub returned: i64,
    pub rejected: i64,
    pub waits: Waits,
}

/// Applications that were submitted first on a day, and the decisions of that day.
#[derive(Clone, Copy, Debug, Default)]
pub struct Day {
    pub received: i64,
    pub approved: i64,
    pub returned: i64,
    pub rejected: i64,
}

/// The figures of a period.
#[derive(Default)]
pub struct Figures {
    /// By the slug of a business, by title, and by the key of a staff member.
    pub kinds: BTreeMap<String, Group>,
    pub exams: BTreeMap<String, Group>,
    pub staff: BTreeMap<String, Group>,
    pub days: BTreeMap<NaiveDate, Day>,
    /// Names of the staff members.
    pub names: BTreeMap<String, String>,
}

/// What a row is grouped by, the group, the action, the days of the last submission and of the decision, and how many.
type Decided = (String, String, String, Option<NaiveDate>, NaiveDate, i64);

/// What a row is grouped by, the group, how many wait, and how many of these are overdue.
type Open = (String, String, i64, i64);

const KIND: &str = "kind";
const EXAM: &str = "exam";
const STAFF: &str = "staff";

impl Group {
    pub fn decided(&self) -> i64 {
        self.approved + self.returned + self.rejected
    }
}

impl Figures {
    /// Of everything, or with `only` of the work of one person.
    pub fn load(tx: &mut Tx, period: Period, only: Option<&StaffMember>) -> Result<Figures, Error> {
        let mut figures = Figures::default();
        figures.days.extend(period.days().map(|day| (day, Day::default())));
        figures.add_decided(tx, period, only)?;
        let open: Vec<Open> = {
            let sql = open(tx, only);
            either!(tx.conn, conn => sql.load(conn))?
        };
        for (grouped_by, name, waiting, overdue) in open {
            let group = figures.group(&grouped_by, name);
            (group.waiting, group.overdue) = (group.waiting + waiting, group.overdue + overdue);
        }
        if only.is_none() {
            let sql = received(tx, period);
            let received: Vec<(NaiveDate, i64)> = either!(tx.conn, conn => sql.load(conn))?;
            for (day, count) in received {
                figures.days.entry(day).or_default().received += count;
            }
        }
        let names: Vec<(String, String)> = s::staff.select((s::id, s::name)).load(tx.conn)?;
        figures.names.extend(names);
        Ok(figures)
    }

    fn add_decided(&mut self, tx: &mut Tx, period: Period, only: Option<&StaffMember>) -> Result<(), Error> {
        let sql = decided(tx, period, only);
        let rows: Vec<Decided> = either!(tx.conn, conn => sql.load(conn))?;
        let first = rows.iter().filter_map(|(.., submitted_on, _, _)| *submitted_on).min();
        let calendar = Calendar::load(tx)?;
        let working = WorkingDays::of(&calendar, first.unwrap_or(period.from), period.to);
        for (grouped_by, name, action, submitted_on, decided_on, count) in rows {
            let Some(action) = Action::from_code(&action) else { continue };
            if grouped_by == KIND {
                let day = self.days.entry(decided_on).or_default();
                add(action, count, &mut day.approved, &mut day.returned, &mut day.rejected);
            }
            let group = self.group(&grouped_by, name);
            add(action, count, &mut group.approved, &mut group.returned, &mut group.rejected);
            if let Some(submitted_on) = submitted_on {
                group.waits.add(working.between(submitted_on, decided_on), count);
            }
        }
        Ok(())
    }

    fn group(&mut self, grouped_by: &str, name: String) -> &mut Group {
        let groups = match grouped_by {
            KIND => &mut self.kinds,
            EXAM => &mut self.exams,
            _ => &mut self.staff,
        };
        groups.entry(name).or_default()
    }
}

fn add(action: Action, count: i64, approved: &mut i64, returned: &mut i64, rejected: &mut i64) {
    match action {
        Action::Approve => *approved += count,
        Action::Return => *returned += count,
        Action::Reject => *rejected += count,
        _ => {}
    }
}

/// The decisions of a period by three groupings, in one statement that reads each decision once.
fn decided(
    tx: &Tx,
    period: Period,
    only: Option<&StaffMember>,
) -> Sql<(Text, Text, Text, Nullable<Date>, Date, BigInt)> {
    let (start, end) = period.bounds();
    let mut sql = Sql::new("WITH decided AS MATERIALIZED (SELECT a.kind, a.title, e.staff_id, e.action, ");
    push_day(&mut sql, tx, "e.at");
    sql.push(" AS decided_on, ");
    // The condition is that of the index, so that it alone is read.
    push_day(
        &mut sql,
        tx,
        "(SELECT s.at FROM application_events AS s WHERE s.application_id = e.application_id \
         AND s.position < e.position AND s.action IN ('submit', 'revise') ORDER BY s.position DESC LIMIT 1)",
    );
    sql.push(
        " AS submitted_on FROM application_events AS e JOIN applications AS a ON a.id = e.application_id",
    );
    sql.push_with(" WHERE e.action IN ('return', 'reject', 'approve') AND e.at >= ", Value::Time(start));
    sql.push_with(" AND e.at < ", Value::Time(end));
    if let Some(person) = only {
        sql.push_with(" AND e.staff_id = ", Value::Text(person.id.clone()));
    }
    sql.push(")");
    let groupings = [(KIND, "kind"), (EXAM, "title"), (STAFF, "coalesce(staff_id, '')")];
    for (at, (grouped_by, column)) in groupings.into_iter().enumerate() {
        sql.push(if at == 0 { " SELECT '" } else { " UNION ALL SELECT '" });
        sql.push(grouped_by);
        sql.push("', ");
        sql.push(column);
        sql.push(", action, submitted_on, decided_on, count(*) FROM decided GROUP BY ");
        sql.push(column);
        sql.push(", action, submitted_on, decided_on");
    }
    sql
}

/// The day in China of a time in UTC.
fn push_day<T>(sql: &mut Sql<T>, tx: &Tx, time: &'static str) {
    let (before, after) = match tx.conn {
        Conn::Sqlite(_) => ("date(", ", '+8 hours')"),
        Conn::Postgres(_) => ("CAST(", " + INTERVAL '8 hours' AS DATE)"),
    };
    sql.push(before);
    sql.push(time);
    sql.push(after);
}

/// What waits now by three groupings, each from an index that has all that is counted.
fn open(tx: &Tx, only: Option<&StaffMember>) -> Sql<(Text, Text, BigInt, BigInt)> {
    const COUNTED: &str = ", count(*), CAST(coalesce(sum(CASE WHEN coalesce(due_on, '9999-12-31') < ";
    let groupings = [(KIND, "kind"), (EXAM, "title"), (STAFF, "assignee_id")];
    let mut sql = Sql::new("");
    for (at, (grouped_by, column)) in groupings.into_iter().enumerate() {
        sql.push(if at == 0 { "SELECT '" } else { " UNION ALL SELECT '" });
        sql.push(grouped_by);
        sql.push("', ");
        sql.push(column);
        sql.push_with(COUNTED, Value::Day(tx.today()));
        sql.push(" THEN 1 ELSE 0 END), 0) AS BIGINT) FROM applications WHERE ");
        match only {
            Some(person) => {
                sql.push_with("status = 'in_review' AND assignee_id = ", Value::Text(person.id.clone()));
            }
            None if grouped_by == STAFF => sql.push("status = 'in_review' AND assignee_id IS NOT NULL"),
            None => sql.push("status IN ('submitted', 'in_review')"),
        }
        sql.push(" GROUP BY ");
        sql.push(column);
    }
    sql
}

fn received(tx: &Tx, period: Period) -> Sql<(Date, BigInt)> {
    let (start, end) = period.bounds();
    let mut sql = Sql::new("SELECT ");
    push_day(&mut sql, tx, "submitted_at");
    sql.push_with(" AS received_on, count(*) FROM applications WHERE submitted_at >= ", Value::Time(start));
    sql.push_with(" AND submitted_at < ", Value::Time(end));
    sql.push(" GROUP BY received_on");
    sql
}
