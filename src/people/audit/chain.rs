//! The chain of the audit. Each entry has a place, a day in China and a number, and a keyed hash of itself, its place
//! and the hash of the entry before it. Whoever changes, removes or inserts an entry needs the data key to make the
//! hashes fit, and the key is not in the database.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::store::schema::audit_entries::{self, dsl as a};
use crate::store::schema::audit_head::dsl as h;
use crate::store::{CandidateId, Conn, Error, Timestamp, Tx, Vault};

/// The id of the only row of `audit_head`.
const HEAD: i32 = 1;

#[derive(Clone, Debug, Queryable, Insertable)]
#[diesel(table_name = audit_entries)]
pub struct Entry {
    pub id: String,
    pub at: Timestamp,
    /// `None` for a command.
    pub staff_id: Option<String>,
    /// The candidate whose data it is about, if it is about one.
    pub candidate_id: Option<CandidateId>,
    pub action: String,
    pub target: String,
}

/// The place of an entry: a day in China, and its number on this day, which begins at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub day: NaiveDate,
    pub seq: i64,
}

/// The newest entry of the chain.
#[derive(Clone, Debug)]
pub struct Head {
    pub place: Place,
    pub hash: String,
}

impl Head {
    pub fn read(tx: &mut Tx) -> Result<Head, Error> {
        let row = h::audit_head.find(HEAD).select((h::day, h::seq, h::hash));
        Head::of(row.first(tx.conn).optional()?)
    }

    /// Other writers wait until the transaction ends. SQLite needs no lock, since it has one writer.
    pub(super) fn lock(tx: &mut Tx) -> Result<Head, Error> {
        let row = h::audit_head.find(HEAD).select((h::day, h::seq, h::hash));
        Head::of(match tx.conn {
            Conn::Sqlite(conn) => row.first(conn).optional()?,
            Conn::Postgres(conn) => row.for_update().first(conn).optional()?,
        })
    }

    fn of(row: Option<(NaiveDate, i64, String)>) -> Result<Head, Error> {
        let (day, seq, hash) = row.ok_or(Error::Corrupt("audit_head"))?;
        Ok(Head { place: Place { day, seq }, hash })
    }

    /// The place of the next entry. A transaction that began before midnight may come after one of the new day; its
    /// entries then belong to the new day.
    fn next(&self, today: NaiveDate) -> Place {
        match self.place.day >= today {
            true => Place { seq: self.place.seq + 1, ..self.place },
            false => Place { day: today, seq: 1 },
        }
    }

    /// Puts an entry at the end. Returns its columns of the chain.
    fn push(&mut self, tx: &Tx, entry: &Entry) -> (Place, String) {
        let place = self.next(tx.today());
        let hash = hash(tx.vault, &self.hash, place, entry);
        self.place = place;
        (place, std::mem::replace(&mut self.hash, hash))
    }

    fn store(&self, tx: &mut Tx) -> Result<(), Error> {
        let row = (h::day.eq(self.place.day), h::seq.eq(self.place.seq), h::hash.eq(&self.hash));
        diesel::update(h::audit_head.find(HEAD)).set(row).execute(tx.conn)?;
        Ok(())
    }
}

/// Adds entries at the end of the chain.
pub(super) fn append(tx: &mut Tx, entries: Vec<Entry>) -> Result<(), Error> {
    let mut head = Head::lock(tx)?;
    for entry in entries {
        let (place, previous) = head.push(tx, &entry);
        let link =
            (a::day.eq(place.day), a::seq.eq(place.seq), a::previous.eq(previous), a::hash.eq(&head.hash));
        diesel::insert_into(a::audit_entries).values((entry, link)).execute(tx.conn)?;
    }
    head.store(tx)
}

/// Appends rows that have no place yet, at most `most`, in their order. Returns how many.
pub(super) fn adopt(
    tx: &mut Tx,
    most: i64,
    candidate_of: fn(&mut Tx, &str) -> Result<Option<CandidateId>, Error>,
) -> Result<usize, Error> {
    let mut head = Head::lock(tx)?;
    let rows: Vec<Entry> = a::audit_entries
        .filter(a::seq.is_null())
        .order(a::id)
        .limit(most)
        .select((a::id, a::at, a::staff_id, a::candidate_id, a::action, a::target))
        .load(tx.conn)?;
    if rows.is_empty() {
        return Ok(0);
    }
    for mut entry in rows.iter().cloned() {
        entry.candidate_id = candidate_of(tx, &entry.target)?;
        let (place, previous) = head.push(tx, &entry);
        let link = (
            a::day.eq(place.day),
            a::seq.eq(place.seq),
            a::previous.eq(previous),
            a::hash.eq(&head.hash),
            a::candidate_id.eq(&entry.candidate_id),
        );
        diesel::update(a::audit_entries.find(&entry.id)).set(link).execute(tx.conn)?;
    }
    head.store(tx)?;
    Ok(rows.len())
}

const HASH: &str = "audit_entries.hash";

/// Whether this program made the hash of an entry at its place, with any key of this installation.
pub(super) fn is_genuine(vault: &Vault, hash: &str, previous: &str, place: Place, entry: &Entry) -> bool {
    vault.is_authentic(hash, HASH, &text(previous, place, entry))
}

/// The keyed hash of an entry at its place.
fn hash(vault: &Vault, previous: &str, place: Place, entry: &Entry) -> String {
    vault.authenticate(HASH, &text(previous, place, entry))
}

/// Everything that a hash covers. Each part has its length before it, so that no two entries have the same text.
pub(super) fn text(previous: &str, place: Place, entry: &Entry) -> String {
    let candidate = entry.candidate_id.as_ref().map(ToString::to_string).unwrap_or_default();
    let parts = [
        previous,
        &place.day.to_string(),
        &place.seq.to_string(),
        &entry.id,
        &entry.at.and_utc().timestamp_millis().to_string(),
        entry.staff_id.as_deref().unwrap_or_default(),
        &candidate,
        &entry.action,
        &entry.target,
    ];
    parts.iter().map(|part| format!("{}:{part},", part.len())).collect()
}
