//! How many applications wait, up to a bound.

use diesel::sql_types::BigInt;

use super::part::{QueuePart, businesses};
use super::selection::{Selection, push_union};
use super::sql::Sql;
use crate::casework::business::Registry;
use crate::people::staff::Duty;

/// The number of applications that wait for a decision or a task of this person, but at most `most`.
pub(in crate::staff) fn waiting(registry: Registry, duty: &Duty, most: i64) -> Sql<BigInt> {
    let of = |part| Selection::of(part, businesses(registry, duty, part));
    let work = [QueuePart::Waiting, QueuePart::ToDo].map(of);
    if work.iter().all(|selection| selection.streams.is_empty()) {
        return Sql::new("CAST(0 AS BIGINT)");
    }
    let mut sql = Sql::new("(SELECT count(*) FROM (");
    push_union(&mut sql, &work, most);
    sql.push_limit(most);
    sql.push(") AS waiting)");
    sql
}
