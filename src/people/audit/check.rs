//! Checks the chain of the audit in the database.

use std::fmt;

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Text};

use super::chain::{self, Entry, Head, Place};
use super::cut::Cut;
use crate::either;
use crate::store::schema::audit_entries::dsl as a;
use crate::store::vault::generation_of;
use crate::store::{Error, Tx, Vault};

/// Entries that are read at once.
const PAGE: i64 = 5_000;

/// An entry with its columns of the chain.
pub struct Link {
    pub place: Place,
    pub previous: String,
    pub hash: String,
    pub entry: Entry,
}

/// What is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    Changed(Place),
    Inserted(Place),
    /// Entries after the first place and before the second. `None`: from the beginning.
    Missing(Option<Place>, Place),
    /// The newest entries, up to this place.
    Cut(Option<Place>, Place),
    /// The note that the entries up to this place were removed by the program is false.
    FalseCut(Place),
    /// So many entries have no place.
    Unchained(i64),
    /// The newest entry, or the note of removed ones, is of a data key that has been replaced.
    FormerKey,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entry {}", self.day, self.seq)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Changed(place) => write!(f, "{place}: changed"),
            Fault::Inserted(place) => write!(f, "{place}: inserted"),
            Fault::Missing(None, until) => write!(f, "{until}: the entries before it are missing"),
            Fault::Missing(Some(after), until) if after.day != until.day => {
                write!(f, "missing between {after} and {until}")
            }
            Fault::Missing(Some(after), until) if after.seq + 2 == until.seq => {
                write!(f, "{} entry {}: missing", until.day, after.seq + 1)
            }
            Fault::Missing(Some(after), until) => {
                write!(f, "{} entries {} to {}: missing", until.day, after.seq + 1, until.seq - 1)
            }
            Fault::Cut(None, newest) => write!(f, "missing: all entries up to {newest}"),
            Fault::Cut(Some(after), newest) => {
                write!(f, "missing: the entries after {after}, up to {newest}")
            }
            Fault::FalseCut(place) => {
                write!(f, "the note that the entries up to {place} were removed is not by this program")
            }
            Fault::FormerKey => {
                write!(
                    f,
                    "the end of the chain, or the note of removed entries, was made with a replaced data key"
                )
            }
            Fault::Unchained(count) => write!(
                f,
                "{count} entries have no place in the chain: inserted, or written by an older program \
                 (see `kaozheng migrate`)"
            ),
        }
    }
}

/// Reads the chain from `from` to `to` in order.
pub fn walk<E: From<Error>>(
    tx: &mut Tx,
    (from, to): (NaiveDate, NaiveDate),
    mut visit: impl FnMut(&mut Tx, Link) -> Result<(), E>,
) -> Result<(), E> {
    // Places are unique unless somebody has removed the index.
    let mut after = (from, 0, String::new());
    loop {
        let page = page(tx, &after, to)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = (last.place.day, last.place.seq, last.entry.id.clone());
        for link in page {
            visit(tx, link)?;
        }
    }
}

fn page(tx: &mut Tx, after: &(NaiveDate, i64, String), to: NaiveDate) -> Result<Vec<Link>, Error> {
    type Row = (Option<NaiveDate>, Option<i64>, String, String, Entry);
    let (day, seq, id) = after;
    let entry = (a::id, a::at, a::staff_id, a::candidate_id, a::action, a::target);
    let rows: Vec<Row> = either!(tx.conn, conn => a::audit_entries
        .filter(
            sql::<Bool>("(day, seq, id) > (")
                .bind::<Date, _>(day)
                .sql(", ")
                .bind::<BigInt, _>(seq)
                .sql(", ")
                .bind::<Text, _>(id)
                .sql(")"),
        )
        .filter(a::day.le(to))
        .order((a::day, a::seq, a::id))
        .limit(PAGE)
        .select((a::day, a::seq, a::previous, a::hash, entry))
        .load(conn))
    .map_err(Error::from)?;
    let link = |(day, seq, previous, hash, entry): Row| {
        let place = Place { day: day?, seq: seq? };
        Some(Link { place, previous, hash, entry })
    };
    Ok(rows.into_iter().filter_map(link).collect())
}

/// Most faults that are told.
const MOST: usize = 1_000;

/// A check in progress, which gets the entries in order.
pub struct Check<'a> {
    vault: &'a Vault,
    /// The last genuine entry.
    last: Option<(Place, String)>,
    /// An entry whose hash does not fit. The next one shows whether it was there before.
    suspect: Option<(Place, String)>,
    pub entries: u64,
    pub faults: Vec<Fault>,
}

impl<'a> Check<'a> {
    /// A check of the entries after a cut; without one of all.
    pub fn after(vault: &'a Vault, cut: Option<&Cut>) -> Check<'a> {
        let genuine = cut.filter(|cut| cut.is_genuine(vault));
        let last = genuine.map(|cut| (cut.place, cut.hash.clone()));
        let mut check = Check { vault, last, suspect: None, entries: 0, faults: Vec::new() };
        if let (Some(cut), None) = (cut, genuine) {
            check.tell(Fault::FalseCut(cut.place));
        }
        check
    }

    pub fn take(&mut self, link: &Link) {
        self.entries += 1;
        self.judge_suspect(&link.previous);
        let genuine = chain::is_genuine(self.vault, &link.hash, &link.previous, link.place, &link.entry);
        // Whoever has a replaced key could otherwise continue the chain with it.
        let is_of_former_key = generation_of(&link.hash) < generation_of(self.last_hash());
        if !genuine || is_of_former_key {
            self.suspect = Some((link.place, link.hash.clone()));
            return;
        }
        if link.previous != self.last_hash() {
            self.tell(Fault::Missing(self.last_place(), link.place));
        }
        self.last = Some((link.place, link.hash.clone()));
    }

    /// Checks that the ends of the chain are of the newest data key that has replaced all others, or of a later one:
    /// whoever has a replaced key could otherwise make a whole chain.
    pub fn check_keys(&mut self, head: &Head, cut: Option<&Cut>, replaced_all: u8) {
        let ends = std::iter::once(&head.hash).chain(cut.map(|cut| &cut.seal));
        // An empty chain has no hash.
        if ends.filter(|hash| !hash.is_empty()).any(|hash| generation_of(hash) < replaced_all) {
            self.tell(Fault::FormerKey);
        }
    }

    /// Compares the end of the chain with the newest entry that was written, and counts the rows without a place.
    pub fn end(mut self, head: &Head, unchained: i64) -> (u64, Vec<Fault>) {
        self.judge_suspect(&head.hash);
        if self.last_hash() != head.hash {
            self.tell(Fault::Cut(self.last_place(), head.place));
        }
        if unchained > 0 {
            self.tell(Fault::Unchained(unchained));
        }
        (self.entries, self.faults)
    }

    /// The entry after an inserted one continues the one before it.
    fn judge_suspect(&mut self, next_previous: &str) {
        let Some((place, hash)) = self.suspect.take() else { return };
        let is_copy = hash == self.last_hash();
        if hash == next_previous && !is_copy {
            self.tell(Fault::Changed(place));
            self.last = Some((place, hash));
        } else {
            self.tell(Fault::Inserted(place));
        }
    }

    fn tell(&mut self, fault: Fault) {
        if self.faults.len() < MOST {
            self.faults.push(fault);
        }
    }

    fn last_hash(&self) -> &str {
        self.last.as_ref().map_or("", |(_, hash)| hash)
    }

    fn last_place(&self) -> Option<Place> {
        self.last.as_ref().map(|(place, _)| *place)
    }
}

/// How many rows have no place.
pub fn unchained(tx: &mut Tx) -> Result<i64, Error> {
    Ok(a::audit_entries.filter(a::seq.is_null()).count().get_result(tx.conn)?)
}
