//! How many applications wait for staff or for their candidates, and for how long. The numbers have no personal data.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::{count_star, min, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date};

use super::business::Registry;
use super::lifecycle::Status;
use crate::store::schema::applications as a;
use crate::store::{Error, Timestamp, Tx, clock};

/// The states in which an application waits.
const WAITING: [Status; 3] = [Status::Submitted, Status::InReview, Status::Returned];

/// The applications of a business in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlog {
    pub business: &'static str,
    pub status: Status,
    pub count: i64,
    /// When the oldest was submitted first.
    pub oldest: Option<Timestamp>,
    /// How many wait for staff after their due day.
    pub overdue: i64,
}

/// Counts along an index. A business without applications has a count of 0.
pub fn load(tx: &mut Tx) -> Result<Vec<Backlog>, Error> {
    let waiting = a::table.filter(a::status.eq_any(WAITING.map(Status::code)));
    let by_state = waiting.group_by((a::kind, a::status));
    let rows: Vec<(String, String, i64, Option<Timestamp>)> =
        by_state.select((a::kind, a::status, count_star(), min(a::submitted_at))).load(tx.conn)?;
    let overdue = overdue(tx)?;
    let counted: HashMap<_, _> =
        rows.into_iter().map(|(kind, status, count, oldest)| ((kind, status), (count, oldest))).collect();
    let pairs = Registry::of(tx).iter().flat_map(|business| WAITING.map(|status| (business.slug, status)));
    let backlog = |(business, status): (&'static str, Status)| {
        let key = (business.to_owned(), status.code().to_owned());
        let (count, oldest) = counted.get(&key).copied().unwrap_or_default();
        let overdue = overdue.get(&key).copied().unwrap_or_default();
        Backlog { business, status, count, oldest, overdue }
    };
    Ok(pairs.map(backlog).collect())
}

fn overdue(tx: &mut Tx) -> Result<HashMap<(String, String), i64>, Error> {
    let today: NaiveDate = clock::china_date(tx.now);
    // As the indexes of the queue have it.
    let is_over = sql::<Bool>("coalesce(due_on, '9999-12-31') < ").bind::<Date, _>(today);
    let with_staff = a::table.filter(a::status.eq_any([Status::Submitted.code(), Status::InReview.code()]));
    let late = with_staff.filter(is_over).group_by((a::kind, a::status));
    let rows: Vec<(String, String, i64)> = late.select((a::kind, a::status, count_star())).load(tx.conn)?;
    Ok(rows.into_iter().map(|(kind, status, count)| ((kind, status), count)).collect())
}
