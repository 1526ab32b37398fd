//! Rows that join people: their permit is on record with another number, since it was renewed or is written without
//! its count of renewals.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::job::JoinedRows;
use super::kind::Facts;
use super::spool::{Claim, hash};
use super::table::SEPARATOR;
use crate::people::candidate;
use crate::people::document::permit;
use crate::store::schema::certificates::dsl as c;
use crate::store::{Error, Tx};

/// The permit of a row.
pub struct RowPermit {
    pub number: String,
    /// Hash of the document.
    holder: String,
    /// The number as the row has it, masked. Numbers of one permit differ in it.
    mask: String,
}

/// Marks the claim of a permit, see [`RowPermit::claim`].
const MARK: &str = "permit";

/// Most lines that are remembered.
const MOST_LINES: usize = 100;

impl RowPermit {
    pub fn of(facts: &Facts) -> Option<RowPermit> {
        let [number, holder, mask] =
            ["permit_number", "document_hash", "document_mask"].map(|name| facts.get(name).to_owned());
        (!number.is_empty()).then_some(RowPermit { number, holder, mask })
    }

    /// Contradicts the claim of a row with another number of the same permit.
    fn claim(&self) -> Claim {
        Claim { key: format!("{MARK}{SEPARATOR}{}", self.holder), content: hash(&self.mask) }
    }
}

/// The hash of the document, from the key of a [`RowPermit::claim`]. `None` for any other claim.
pub fn claimed(key: &str) -> Option<&str> {
    key.split_once(SEPARATOR).filter(|(mark, _)| *mark == MARK).map(|(_, holder)| holder)
}

/// Masked numbers on record, by the hash of the permit.
pub struct OnRecord(HashMap<String, HashSet<String>>);

impl OnRecord {
    pub fn load<'a>(tx: &mut Tx, permits: impl Iterator<Item = &'a RowPermit>) -> Result<OnRecord, Error> {
        let holders: Vec<&str> = permits.map(|permit| &*permit.holder).collect();
        let mut masks: HashMap<String, HashSet<String>> = HashMap::new();
        if holders.is_empty() {
            return Ok(OnRecord(masks));
        }
        let own = c::certificates.filter(c::holder_hash.eq_any(&holders));
        let own: Vec<(String, String)> =
            own.select((c::holder_hash, c::document_mask)).distinct().load(tx.conn)?;
        for (holder, mask) in own.into_iter().chain(candidate::masked_numbers(tx, &holders)?) {
            if permit::is_mask(&mask) {
                masks.entry(holder).or_default().insert(mask);
            }
        }
        Ok(OnRecord(masks))
    }
}

/// Collects the rows that join people.
#[derive(Default)]
pub struct JoinedPeople {
    rows: JoinedRows,
    people: HashSet<u64>,
}

impl JoinedPeople {
    /// Compares a row with what is on record. Returns the claim by which it is compared with other rows, if nothing is
    /// on record.
    pub fn compare(&mut self, on_record: &OnRecord, row: &RowPermit, line: u64) -> Option<Claim> {
        match on_record.0.get(&row.holder) {
            None => Some(row.claim()),
            Some(known) => {
                if !known.contains(&row.mask) {
                    self.add(&row.holder, line);
                }
                None
            }
        }
    }

    pub fn add(&mut self, holder: &str, line: u64) {
        self.people.insert(hash(&holder));
        self.rows.count += 1;
        if self.rows.lines.len() < MOST_LINES {
            self.rows.lines.push(line);
        }
    }

    pub fn finish(mut self) -> JoinedRows {
        self.rows.people = self.people.len() as u64;
        self.rows.lines.sort_unstable();
        self.rows
    }
}
