//! Finds entries of the audit, the newest first.

use chrono::{NaiveDate, NaiveTime};
use diesel::prelude::*;

use crate::people::document::DocumentType;
use crate::people::{document, holder_hash, person};
use crate::store::clock::CHINA;
use crate::store::schema::audit_entries::dsl as a;
use crate::store::schema::staff::dsl as s;
use crate::store::{CandidateId, Error, Timestamp, Tx};

/// Which entries are wanted. `None` is no condition.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub staff: Option<String>,
    /// Entries about one of these candidates.
    pub candidates: Option<Vec<CandidateId>>,
    /// Number of an application. `candidates` must be given too, since it has the index.
    pub number: Option<String>,
    /// A day in China.
    pub day: Option<NaiveDate>,
    /// Time and id of the entry after which the page begins.
    pub after: Option<(Timestamp, String)>,
}

/// An entry as people read it.
#[derive(Queryable)]
pub struct FoundEntry {
    pub id: String,
    pub at: Timestamp,
    pub action: String,
    pub target: String,
    /// Name and code of the role of the staff member. `None` for a command.
    pub who: Option<(String, String)>,
}

/// The first `most` entries.
pub fn find(tx: &mut Tx, wanted: &Wanted, most: i64) -> Result<Vec<FoundEntry>, Error> {
    let mut rows = a::audit_entries
        .left_join(s::staff)
        .order((a::at.desc(), a::id.desc()))
        .limit(most)
        .select((a::id, a::at, a::action, a::target, (s::name, s::role).nullable()))
        .into_boxed();
    if let Some(staff) = &wanted.staff {
        rows = rows.filter(a::staff_id.eq(staff));
    }
    if let Some(candidates) = &wanted.candidates {
        rows = rows.filter(a::candidate_id.eq_any(candidates));
    }
    if let Some(number) = &wanted.number {
        rows = rows.filter(a::target.eq(number).or(a::target.like(format!("{number}/%"))));
    }
    if let Some(day) = wanted.day {
        let begins = Timestamp::from_utc(day.and_time(NaiveTime::MIN) - CHINA);
        rows = rows.filter(a::at.ge(begins)).filter(a::at.lt(begins + chrono::TimeDelta::days(1)));
    }
    if let Some((at, id)) = &wanted.after {
        rows = rows.filter(a::at.lt(*at).or(a::at.eq(*at).and(a::id.lt(id))));
    }
    Ok(rows.load(tx.conn)?)
}

/// The candidates who have a document with this number, whatever its type, now or formerly.
pub fn candidates_with_number(tx: &mut Tx, number: &str) -> Result<Vec<CandidateId>, Error> {
    let today = tx.today();
    let document = |kind: DocumentType| document::Document::parse(kind, number, today).ok();
    let documents = DocumentType::ALL.into_iter().filter_map(document);
    let holders: Vec<String> =
        documents.map(|known| holder_hash::holder(tx.vault, known.kind(), known.number())).collect();
    person::with_documents(tx, &holders)
}
