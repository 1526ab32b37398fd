//! Which applications are assigned, and to whom.

use diesel::dsl::{count_star, max, min, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::casework::business::{Business, Registry};
use crate::casework::lifecycle::Action;
use crate::casework::number::ApplicationNumber;
use crate::people::mask;
use crate::store::schema::{application_events as e, applications as a, candidates as c, staff as s};
use crate::store::{Error, Timestamp, Tx};

/// Applications on one page.
pub(super) const MOST: i64 = 100;

/// How many applications a person has.
pub(super) struct Load {
    pub id: String,
    pub name: String,
    pub count: i64,
    /// When the oldest of them was submitted.
    pub oldest: Option<Timestamp>,
}

pub(super) struct Taken {
    pub number: ApplicationNumber,
    pub version: i32,
    pub business: &'static Business,
    pub title: String,
    /// Masked.
    pub name: String,
    pub assignee: String,
    /// When the assignee got it.
    pub since: Option<Timestamp>,
    pub is_held: bool,
}

/// The literal lets both databases use the index of taken applications.
const IN_REVIEW: &str = "applications.status = 'in_review'";

/// The people who have taken applications, by name.
pub(super) fn loads(tx: &mut Tx) -> Result<Vec<Load>, Error> {
    let rows: Vec<(Option<String>, i64, Option<Timestamp>)> = a::table
        .filter(sql::<Bool>(IN_REVIEW))
        .filter(a::assignee_id.is_not_null())
        .group_by(a::assignee_id)
        .select((a::assignee_id, count_star(), min(a::submitted_at)))
        .load(tx.conn)?;
    let ids: Vec<&String> = rows.iter().filter_map(|(id, ..)| id.as_ref()).collect();
    let names: Vec<(String, String)> =
        s::table.filter(s::id.eq_any(ids)).select((s::id, s::name)).load(tx.conn)?;
    let load = |(id, count, oldest): (Option<String>, i64, Option<Timestamp>)| {
        let id = id.unwrap_or_default();
        let name = names.iter().find(|(known, _)| *known == id).map_or("", |(_, name)| name).to_owned();
        Load { id, name, count, oldest }
    };
    let mut loads: Vec<Load> = rows.into_iter().map(load).collect();
    loads.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    Ok(loads)
}

/// The applications of a person, or with an empty id of everybody, the first submitted first. At most [`MOST`].
pub(super) fn of(tx: &mut Tx, person: &str) -> Result<Vec<Taken>, Error> {
    type Row = (String, String, i32, String, String, String, String, Option<Timestamp>);
    let mut rows = a::table
        .inner_join(c::table)
        .inner_join(s::table)
        .filter(sql::<Bool>(IN_REVIEW))
        .order((a::submitted_at, a::id))
        .limit(MOST)
        .select((
            a::id,
            a::number.assume_not_null(),
            a::version,
            a::kind,
            a::title,
            c::name,
            s::name,
            a::held_at,
        ))
        .into_boxed();
    if !person.is_empty() {
        rows = rows.filter(a::assignee_id.eq(person));
    }
    let rows: Vec<Row> = rows.load(tx.conn)?;
    let ids: Vec<&String> = rows.iter().map(|row| &row.0).collect();
    let since: Vec<(String, Option<Timestamp>)> = e::table
        .filter(e::application_id.eq_any(ids))
        .filter(e::action.eq_any([Action::Take, Action::HandOver].map(Action::code)))
        .group_by(e::application_id)
        .select((e::application_id, max(e::at)))
        .load(tx.conn)?;
    let registry = Registry::of(tx);
    let taken = |(id, number, version, kind, title, name, assignee, held): Row| {
        Ok(Taken {
            number: number.into(),
            version,
            business: registry.find(&kind).ok_or(Error::Corrupt("applications.kind"))?,
            title,
            name: mask::name(&name),
            assignee,
            since: since.iter().find(|(known, _)| *known == id).and_then(|(_, at)| *at),
            is_held: held.is_some(),
        })
    };
    rows.into_iter().map(taken).collect()
}
