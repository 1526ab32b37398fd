//! 通知公告: announcements of the authority, as administrators write them.

use diesel::prelude::*;

use super::refusal::Refusal;
use crate::either;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::schema::announcements::dsl as a;
use crate::store::{Error, Timestamp, Tx};

#[derive(Clone, Queryable)]
pub struct Announcement {
    pub id: String,
    pub title: String,
    /// Paragraphs and lists.
    pub body: String,
    /// Readers see it from then on.
    pub published_at: Timestamp,
    /// Rises by one at every change.
    pub version: i32,
    /// Readers do not see it any more.
    pub taken_down_at: Option<Timestamp>,
}

/// What an administrator writes.
#[derive(Clone)]
pub struct Draft {
    pub title: String,
    pub body: String,
    pub published_at: Timestamp,
}

/// The newest announcements, also those that are not published yet and those that were taken down.
pub fn list(tx: &mut Tx, most: i64) -> Result<Vec<Announcement>, Error> {
    let newest = a::announcements.order((a::published_at.desc(), a::id.desc())).limit(most);
    Ok(either!(tx.conn, conn => newest.load(conn))?)
}

pub fn load(tx: &mut Tx, id: &str) -> Result<Option<Announcement>, Error> {
    Ok(a::announcements.find(id).first(tx.conn).optional()?)
}

pub fn add(tx: &mut Tx, staff: &StaffMember, draft: &Draft) -> Result<String, Refusal> {
    let id = tx.id();
    let row = (
        a::id.eq(&id),
        a::title.eq(&draft.title),
        a::body.eq(&draft.body),
        a::published_at.eq(draft.published_at),
        a::version.eq(1),
    );
    diesel::insert_into(a::announcements).values(row).execute(tx.conn)?;
    roster::audit(tx, &staff.id, "announcement_add", &id)?;
    Ok(id)
}

/// Changes an announcement, and puts it up again if it was taken down. `version` is the one that the administrator saw.
pub fn change(
    tx: &mut Tx,
    staff: &StaffMember,
    (id, version): (&str, i32),
    draft: &Draft,
) -> Result<(), Refusal> {
    let text = (a::title.eq(&draft.title), a::body.eq(&draft.body), a::published_at.eq(draft.published_at));
    let step = (a::version.eq(version + 1), a::taken_down_at.eq(None::<Timestamp>));
    let seen = a::announcements.find(id).filter(a::version.eq(version));
    won(diesel::update(seen).set((text, step)).execute(tx.conn)?)?;
    Ok(roster::audit(tx, &staff.id, "announcement_change", id)?)
}

pub fn take_down(tx: &mut Tx, staff: &StaffMember, (id, version): (&str, i32)) -> Result<(), Refusal> {
    let step = (a::version.eq(version + 1), a::taken_down_at.eq(Some(tx.now)));
    let seen = a::announcements.find(id).filter(a::version.eq(version));
    won(diesel::update(seen).set(step).execute(tx.conn)?)?;
    Ok(roster::audit(tx, &staff.id, "announcement_take_down", id)?)
}

fn won(rows: usize) -> Result<(), Refusal> {
    if rows == 0 { Err(Refusal::ChangedMeanwhile) } else { Ok(()) }
}
