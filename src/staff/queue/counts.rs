//! The numbers beside the options of the filters.
//!
//! A number says how many applications the list has with that option, while the other filters stay as they are. All
//! are counted in one statement, each up to a bound, so that they cost the same however many applications there are.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};

use super::filter::QueueFilter;
use super::list::select;
use super::part::QueuePart;
use super::selection::{Selection, push_codes, push_states};
use super::sql::{Sql, Value};
use super::time::TimeFilter;
use super::titles::names_sitting;
use crate::casework::business::Registry;
use crate::casework::number;
use crate::either;
use crate::people::staff::StaffMember;
use crate::staff::count::Count;
use crate::store::{Conn, Error, Tx};

/// The bound of the numbers beside states.
const MOST: i64 = 499;

/// The bound of the numbers beside other options.
const MOST_OF_STATE: i64 = 99;

/// The numbers of the options, by their value in the query string. Without them if part of a title is searched.
#[derive(Default)]
pub(in crate::staff) struct Counts(Vec<(String, Count)>);

impl Counts {
    pub fn load(tx: &mut Tx, reader: &StaffMember, filter: &QueueFilter) -> Result<Counts, Error> {
        let has_words = !filter.q.trim().is_empty() && number::parse(&filter.q).is_none();
        if has_words || !(filter.exam.is_empty() || names_sitting(&filter.exam)) {
            return Ok(Counts::default());
        }
        let options = options(tx, filter);
        let mut sql = Sql::new("");
        if filter.is_narrow() {
            sql.prepare_each_time();
        }
        for (place, (_, most, of_option)) in options.iter().enumerate() {
            let selection = select(tx, reader, of_option);
            sql.push(if place == 0 { "SELECT " } else { " UNION ALL SELECT " });
            sql.push_number(place);
            push_count(&mut sql, tx, &selection, of_option, *most);
        }
        let sql: Sql<(Integer, BigInt)> = sql;
        let mut numbers: Vec<(i32, i64)> = either!(tx.conn, conn => sql.load(conn))?;
        numbers.sort_unstable();
        let count = |((name, most, _), (_, number)): ((String, i64, QueueFilter), (i32, i64))| {
            (name, Count::up_to(most, number))
        };
        Ok(Counts(options.into_iter().zip(numbers).map(count).collect()))
    }

    /// The number of an option of a filter.
    pub fn of(&self, filter: &str, option: &str) -> Option<Count> {
        let found =
            self.0.iter().find(|(name, _)| name.strip_prefix(filter).is_some_and(|rest| rest == option));
        found.map(|(_, count)| *count)
    }
}

/// Every option that is counted: its filter and value, the bound, and the filter with it.
fn options(tx: &Tx, filter: &QueueFilter) -> Vec<(String, i64, QueueFilter)> {
    let parts = QueuePart::ALL.map(|part| {
        let of_part = QueueFilter { status: part.code().to_owned(), ..filter.clone() };
        (format!("status{}", part.code()), MOST, of_part)
    });
    let kinds = Registry::of(tx).iter().map(|business| {
        let of_kind = QueueFilter { business: business.slug.to_owned(), ..filter.clone() };
        (format!("kind{}", business.slug), MOST_OF_STATE, of_kind)
    });
    let times = TimeFilter::ALL.map(|time| {
        let of_time = QueueFilter { time: time.code().to_owned(), ..filter.clone() };
        (format!("time{}", time.code()), MOST_OF_STATE, of_time)
    });
    parts.into_iter().chain(kinds).chain(times).collect()
}

fn push_count<T>(sql: &mut Sql<T>, tx: &Tx, selection: &Selection, filter: &QueueFilter, most: i64) {
    if selection.streams.is_empty() {
        return sql.push(", CAST(0 AS BIGINT)");
    }
    let kinds = selection.streams.iter().map(|stream| stream.kind);
    sql.push(", (SELECT count(*) FROM (SELECT 1 FROM ");
    match tx.conn {
        Conn::Sqlite(_) => {
            sql.push("applications WHERE kind IN ('");
            push_codes(sql, kinds, "', '");
            sql.push("')");
            push_conditions(sql, selection, filter);
        }
        // PostgreSQL would read the table from its beginning, where there may be none, unless the order is that of an
        // index. An index has an order for each business.
        Conn::Postgres(_) => {
            sql.push("(VALUES ('");
            push_codes(sql, kinds, "'), ('");
            sql.push(
                "')) AS kinds (slug) CROSS JOIN LATERAL (SELECT 1 FROM applications WHERE kind = kinds.slug",
            );
            push_conditions(sql, selection, filter);
            sql.push(" ORDER BY ");
            sql.push(selection.counted_column());
            sql.push_limit(most + 1);
            sql.push(") AS found");
        }
    }
    sql.push_limit(most + 1);
    sql.push(") AS counted)");
}

fn push_conditions<T>(sql: &mut Sql<T>, selection: &Selection, filter: &QueueFilter) {
    sql.push(" AND ");
    push_states(sql, selection.part);
    if names_sitting(&filter.exam) {
        sql.push_with(" AND title = ", Value::Text(filter.exam.clone()));
    }
    if let Some(number) = number::parse(&filter.q) {
        sql.push_with(" AND number = ", Value::Text(number.to_string()));
    }
    selection.push_conditions(sql);
}
