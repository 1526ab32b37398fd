//! Replaces the hashes of records that an older program has computed from a permit's number with its count of
//! renewals, see [`people::permit_hashes`](crate::people::permit_hashes).
//!
//! Records store no number. At the start the numbers of candidates are known. Those on certificates and on the roster
//! are found by their masks: a mask hides four digits of such a number, and a stored hash tells which of the 10,000
//! numbers it is. Registrations, violations and integrity records of anybody else are left until their holder
//! signs in or a file names the number.

use std::collections::HashMap;

use diesel::prelude::*;

use super::certificate::person_hash;
use super::correction;
use crate::either;
use crate::people::candidate;
use crate::people::document::{Document, DocumentType, permit};
use crate::people::permit_hashes::{self, PermitHashes, Twins, as_given};
use crate::people::staff;
use crate::store::schema::certificates::dsl as c;
use crate::store::schema::former_documents::dsl as d;
use crate::store::schema::former_values::dsl as f;
use crate::store::schema::{candidates, certificates, integrity_records, registrations, violations};
use crate::store::{Error, Tx, meta};

/// Rows of one batch. To find the number behind a mask takes some hundredths of a second.
const BATCH: i64 = 50;

/// Numbers of permits whose hashes may be of an older program.
pub struct Batch {
    pub numbers: Vec<String>,
    /// Id of the last row that was looked at, after which the next batch begins; `None` when all are done.
    pub last: Option<String>,
}

/// Where numbers are found. The order does not matter.
#[derive(Clone, Copy)]
pub struct Source {
    /// Part of a key in `meta`.
    pub name: &'static str,
    /// The next numbers after an id.
    pub find: fn(&mut Tx, &str) -> Result<Batch, Error>,
}

pub const SOURCES: [Source; 3] = [
    Source { name: "candidates", find: of_candidates },
    Source { name: "staff", find: of_staff },
    Source { name: "certificates", find: of_certificates },
];

fn of_candidates(tx: &mut Tx, after: &str) -> Result<Batch, Error> {
    let rows = candidate::permits(tx, after, BATCH)?;
    let last = rows.last().map(|(id, _)| id.to_string());
    Ok(Batch { numbers: rows.into_iter().filter_map(|(_, number)| number).collect(), last })
}

fn of_staff(tx: &mut Tx, after: &str) -> Result<Batch, Error> {
    let rows = staff::permits(tx, after, BATCH)?;
    let number = |row: &staff::HiddenPermit| {
        permit::behind_mask(&row.mask)?.find(|number| as_given(tx.vault, number).stored(tx.vault) == row.hash)
    };
    let numbers = rows.iter().filter_map(number).collect();
    Ok(Batch { numbers, last: rows.last().map(|row| row.id.clone()) })
}

fn of_certificates(tx: &mut Tx, after: &str) -> Result<Batch, Error> {
    let masked = c::document_mask.like("H__****____").or(c::document_mask.like("M__****____"));
    let rows = c::certificates.filter(masked).filter(c::id.gt(after)).order(c::id).limit(BATCH);
    let columns = (c::id, c::holder_hash, c::holder_name, c::person_hash, c::document_mask);
    let rows: Vec<(String, String, String, String, String)> = rows.select(columns).load(tx.conn)?;
    let mut numbers = Vec::new();
    for (_, holder, name, person, mask) in &rows {
        // The holder's document may have been corrected since; the other hash is of the printed one.
        let is_printed = |number: &String| {
            let hash = as_given(tx.vault, number);
            hash.stored(tx.vault) == *holder || person_hash(tx.vault, name, &hash) == *person
        };
        numbers.extend(permit::behind_mask(mask).and_then(|mut numbers| numbers.find(is_printed)));
    }
    Ok(Batch { numbers, last: rows.last().map(|row| row.0.clone()) })
}

/// Whether the database is older than the present hashes, so that it may have former ones.
pub fn is_possible(tx: &mut Tx) -> Result<bool, Error> {
    Ok(meta::get(tx, "permit_hashes.former")?.is_some())
}

/// Replaces the hashes of a document that is a permit. Every sign-in calls this.
pub fn renew_of_document(tx: &mut Tx, document: &Document) -> Result<(), Error> {
    if document.kind() == DocumentType::HkMacaoPermit && is_possible(tx)? {
        renew(tx, document.number())?;
    }
    Ok(())
}

/// Replaces every hash that an older program may have made of a permit, given one of its numbers.
pub fn renew(tx: &mut Tx, number: &str) -> Result<Twins, Error> {
    let hashes = PermitHashes::of(tx.vault, number);
    let twins = permit_hashes::renew(tx, &hashes)?;
    let owner = present_owner(tx, &hashes.present)?;
    for former in stored(tx, &hashes.former)? {
        correction::move_records(tx, &former, &owner)?;
        permit_hashes::note(tx, &former, &hashes.present)?;
    }
    renew_certificates(tx, &hashes, &owner)?;
    Ok(twins)
}

/// The hash under which the records of a permit's holder are stored: the permit may have been corrected to another
/// document.
fn present_owner(tx: &mut Tx, hash: &str) -> Result<String, Error> {
    let corrected = d::former_documents.inner_join(candidates::table).filter(d::document_hash.eq(hash));
    let present: Option<String> = corrected.select(candidates::document_hash).first(tx.conn).optional()?;
    Ok(present.unwrap_or_else(|| hash.to_owned()))
}

/// Those of the hashes that records have.
fn stored(tx: &mut Tx, hashes: &[String]) -> Result<Vec<String>, Error> {
    use {certificates as c, integrity_records as i, registrations as r, violations as v};
    let mut found: Vec<String> = Vec::new();
    let own = r::table.filter(r::holder_hash.eq_any(hashes));
    found.extend(own.select(r::holder_hash).distinct().load::<String>(tx.conn)?);
    let own = c::table.filter(c::holder_hash.eq_any(hashes));
    found.extend(own.select(c::holder_hash).distinct().load::<String>(tx.conn)?);
    let own = v::table.filter(v::holder_hash.eq_any(hashes));
    found.extend(own.select(v::holder_hash).distinct().load::<String>(tx.conn)?);
    let own = i::table.filter(i::holder_hash.eq_any(hashes));
    found.extend(own.select(i::holder_hash).distinct().load::<String>(tx.conn)?);
    found.sort();
    found.dedup();
    Ok(found)
}

/// Replaces the hashes by which the public lookup finds the certificates of an owner, and those that a correction
/// has replaced.
fn renew_certificates(tx: &mut Tx, hashes: &PermitHashes, owner: &str) -> Result<(), Error> {
    let own =
        c::certificates.filter(c::holder_hash.eq(owner)).select((c::id, c::holder_name, c::person_hash));
    let own: Vec<(String, String, String)> = own.load(tx.conn)?;
    let ids: Vec<&String> = own.iter().map(|(id, ..)| id).collect();
    let replaced = f::former_values.filter(f::record_id.eq_any(ids));
    let replaced: Vec<(String, String, String)> =
        replaced.select((f::record_id, f::field, f::value)).load(tx.conn)?;
    for (id, name, person) in &own {
        let values = |field: &'static str| {
            let own = replaced.iter().filter(move |row| row.0 == *id && row.1 == field);
            own.map(|(.., value)| value)
        };
        let renewed = renewed(tx, hashes, values("holder_name").chain([name]));
        if let Some(present) = renewed.get(person) {
            diesel::update(c::certificates.find(id)).set(c::person_hash.eq(present)).execute(tx.conn)?;
            permit_hashes::note(tx, person, present)?;
        }
        for present in values("person_hash").filter_map(|former| renewed.get(former)) {
            let row = (f::record_id.eq(id), f::field.eq("person_hash"), f::value.eq(present));
            let insert = diesel::insert_into(f::former_values).values(row).on_conflict_do_nothing();
            either!(tx.conn, conn => insert.execute(conn))?;
        }
    }
    Ok(())
}

/// The present hash of each name with the permit, by the hash that an older program may have made of it.
fn renewed<'a>(
    tx: &Tx,
    hashes: &PermitHashes,
    names: impl Iterator<Item = &'a String>,
) -> HashMap<String, String> {
    let mut renewed = HashMap::new();
    for name in names {
        let present = person_hash(tx.vault, name, &hashes.document);
        for former in &hashes.former_documents {
            renewed.insert(person_hash(tx.vault, name, former), present.clone());
        }
    }
    renewed
}
