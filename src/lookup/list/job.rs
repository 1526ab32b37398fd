//! The lists in the database. Their rows are sealed, and their ids are hashes of the secrets in their addresses.

use chrono::{Duration, TimeDelta};
use diesel::prelude::*;

use super::row::ListRow;
use crate::either;
use crate::exams::inquiry::{self, Inquiries};
use crate::store::schema::lookup_lists::dsl as l;
use crate::store::schema::organisations;
use crate::store::{Error, Timestamp, Tx, Vault};

/// A list is shown for so long. Housekeeping removes it within ten minutes more, which is a day at most.
pub const KEPT: TimeDelta = TimeDelta::minutes(23 * 60 + 30);

/// Without a sign of life for so long, the process that works on a list has died.
const SILENCE: TimeDelta = TimeDelta::minutes(1);

/// The wait of a list without a key and without a proof of work, and the time between two of them.
pub const WAIT: Duration = Duration::seconds(60);
pub const APART: Duration = Duration::seconds(10);

/// Longest queue of lists that wait.
const LONGEST_QUEUE: Duration = Duration::minutes(30);

/// Random bytes of the secret in an address.
const TOKEN_BYTES: usize = 16;

const SEALED_AS: &str = "lookup_lists.content";

/// What lets a list begin.
#[derive(Clone, Debug)]
pub enum Admission {
    /// Of the organisation with this id.
    Key(String),
    /// The challenge that was solved.
    Proof(String),
    Wait,
}

/// Why a list is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ListRefusal {
    #[error("the challenge was used before")]
    Used,
    #[error("too many lists wait")]
    QueueFull,
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<diesel::result::Error> for ListRefusal {
    fn from(error: diesel::result::Error) -> Self {
        ListRefusal::Store(error.into())
    }
}

/// A list as its page shows it.
pub struct List {
    pub created_at: Timestamp,
    pub starts_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub total: i32,
    pub done: i32,
    /// Name of the organisation; empty without a key.
    pub organisation: String,
    /// Empty before the list has ended.
    pub rows: Vec<ListRow>,
}

fn id_of(vault: &Vault, token: &str) -> String {
    vault.blind("lookup list", token)
}

fn sealed(tx: &Tx, rows: &[ListRow]) -> Result<String, Error> {
    let text = serde_json::to_string(rows).map_err(|_| Error::Corrupt(SEALED_AS))?;
    Ok(tx.vault.seal(SEALED_AS, &text))
}

fn opened(tx: &Tx, content: &str) -> Result<Vec<ListRow>, Error> {
    let text = tx.vault.open(SEALED_AS, content)?;
    serde_json::from_str(&text).map_err(|_| Error::Corrupt(SEALED_AS))
}

/// Adds a list. Returns the secret of its address.
pub fn add(tx: &mut Tx, admission: &Admission, rows: &[ListRow]) -> Result<String, ListRefusal> {
    let token = tx.ids.token(TOKEN_BYTES);
    let (organisation, challenge) = match admission {
        Admission::Key(id) => (Some(id), None),
        Admission::Proof(challenge) => (None, Some(challenge)),
        Admission::Wait => (None, None),
    };
    let starts_at = match admission {
        Admission::Wait => next_start(tx)?,
        Admission::Key(_) | Admission::Proof(_) => tx.now,
    };
    let row = (
        l::id.eq(id_of(tx.vault, &token)),
        l::organisation_id.eq(organisation),
        l::challenge.eq(challenge),
        (l::created_at.eq(tx.now), l::starts_at.eq(starts_at)),
        (l::total.eq(i32::try_from(rows.len()).unwrap_or(i32::MAX)), l::done.eq(0)),
        l::content.eq(sealed(tx, rows)?),
    );
    let added = either!(tx.conn, conn => diesel::insert_into(l::lookup_lists)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    if added == 0 { Err(ListRefusal::Used) } else { Ok(token) }
}

/// When the next list that waits may begin.
fn next_start(tx: &mut Tx) -> Result<Timestamp, ListRefusal> {
    let waiting = l::lookup_lists
        .filter(l::ended_at.is_null())
        .filter(l::starts_at.gt(tx.now))
        .select(diesel::dsl::max(l::starts_at));
    let last: Option<Timestamp> = waiting.first(tx.conn)?;
    let next = last.map_or(tx.now + WAIT, |last| (last + APART).max(tx.now + WAIT));
    if next > tx.now + LONGEST_QUEUE { Err(ListRefusal::QueueFull) } else { Ok(next) }
}

/// The list at an address, unless it is too old.
pub fn load(tx: &mut Tx, token: &str) -> Result<Option<List>, Error> {
    type Row = ((Timestamp, Timestamp, Option<Timestamp>), (i32, i32, String), Option<String>);
    let row: Option<Row> = l::lookup_lists
        .left_join(organisations::table.on(l::organisation_id.eq(organisations::id.nullable())))
        .filter(l::id.eq(id_of(tx.vault, token)))
        .filter(l::created_at.gt(tx.now - KEPT))
        .select((
            (l::created_at, l::starts_at, l::ended_at),
            (l::total, l::done, l::content),
            organisations::name.nullable(),
        ))
        .first(tx.conn)
        .optional()?;
    let Some(((created_at, starts_at, ended_at), (total, done, content), organisation)) = row else {
        return Ok(None);
    };
    let rows = if ended_at.is_some() { opened(tx, &content)? } else { Vec::new() };
    let organisation = organisation.unwrap_or_default();
    Ok(Some(List { created_at, starts_at, ended_at, total, done, organisation, rows }))
}

/// A list that this process works on.
#[derive(Clone)]
pub(super) struct Claimed {
    pub id: String,
    pub organisation: Option<String>,
    pub rows: Vec<ListRow>,
}

/// Whether [`claim`] would find a list.
pub(super) fn is_due(tx: &mut Tx) -> Result<bool, Error> {
    Ok(diesel::select(diesel::dsl::exists(due(tx.now))).get_result(tx.conn)?)
}

/// Lists that may begin, and that no living process works on.
#[diesel::dsl::auto_type]
fn due(now: Timestamp) -> _ {
    let silent: Timestamp = now - SILENCE;
    l::lookup_lists
        .filter(l::ended_at.is_null())
        .filter(l::starts_at.le(now))
        .filter(l::beat_at.is_null().or(l::beat_at.lt(silent)))
}

/// Takes the list that waits longest, if one is due.
pub(super) fn claim(tx: &mut Tx) -> Result<Option<Claimed>, Error> {
    type Row = (String, Option<String>, String);
    let first = due(tx.now).order(l::starts_at).select((l::id, l::organisation_id, l::content));
    let row: Option<Row> = first.first(tx.conn).optional()?;
    let Some((id, organisation, content)) = row else { return Ok(None) };
    let silent = tx.now - SILENCE;
    let free = l::lookup_lists.find(&id).filter(l::beat_at.is_null().or(l::beat_at.lt(silent)));
    // Another process may have taken it meanwhile.
    if diesel::update(free).set(l::beat_at.eq(tx.now)).execute(tx.conn)? == 0 {
        return Ok(None);
    }
    let rows = opened(tx, &content)?;
    Ok(Some(Claimed { id, organisation, rows }))
}

/// Notes how many rows are done.
pub(super) fn beat(tx: &mut Tx, id: &str, done: i32) -> Result<(), Error> {
    let change = (l::beat_at.eq(tx.now), l::done.eq(done));
    diesel::update(l::lookup_lists.find(tx.vault.present_hash(id))).set(change).execute(tx.conn)?;
    Ok(())
}

/// Stores the result, and the inquiries for the holders. Of two processes that worked on the list, the first one's
/// result counts.
pub(super) fn end(tx: &mut Tx, list: &Claimed, inquiries: &Inquiries) -> Result<(), Error> {
    let change = (l::ended_at.eq(Some(tx.now)), l::done.eq(l::total), l::content.eq(sealed(tx, &list.rows)?));
    let open = l::lookup_lists.find(tx.vault.present_hash(&list.id)).filter(l::ended_at.is_null());
    if diesel::update(open).set(change).execute(tx.conn)? == 1 {
        inquiry::record(tx, inquiries)?;
    }
    Ok(())
}

/// Removes lists that are too old. Returns how many.
pub fn sweep(tx: &mut Tx) -> Result<usize, Error> {
    let old = l::lookup_lists.filter(l::created_at.le(tx.now - KEPT));
    Ok(diesel::delete(old).execute(tx.conn)?)
}
