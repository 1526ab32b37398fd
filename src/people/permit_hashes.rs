//! Stored hashes of permits from before all numbers of one permit had one hash.
//!
//! An older program hashed the count of renewals too, so that one person could be a hundred. The hash of a record
//! cannot be computed anew from itself. Whenever a number becomes known (when the program starts, when the holder
//! signs in, or from a file), every hash that an older program may have made of it is replaced by the present one, and
//! `renewed_hashes` notes the pair for exports of an older program.

use diesel::prelude::*;

use super::candidate;
use super::document::{DocumentType, permit};
use super::holder_hash::HolderHash;
use crate::either;
use crate::store::schema::candidates::dsl as c;
use crate::store::schema::former_documents::dsl as f;
use crate::store::schema::renewed_hashes::dsl as n;
use crate::store::schema::staff::dsl as s;
use crate::store::{CandidateId, Error, Tx, Vault};

/// The hashes of one permit.
pub struct PermitHashes {
    pub document: HolderHash,
    /// `document` as records have it at the moment.
    pub present: String,
    /// Those that an older program may have made, one for each count of renewals.
    pub former_documents: Vec<HolderHash>,
    /// `former_documents` as records have them at the moment.
    pub former: Vec<String>,
}

/// People who have the same permit as another one, and therefore keep a former hash.
#[derive(Default)]
pub struct Twins {
    pub candidates: Vec<CandidateId>,
    /// Ids of roster rows.
    pub staff: Vec<String>,
}

/// The hash that an older program made of a permit's number.
pub fn as_given(vault: &Vault, number: &str) -> HolderHash {
    HolderHash::as_given(vault, DocumentType::HkMacaoPermit, number)
}

impl PermitHashes {
    /// Of a number with or without a count of renewals.
    pub fn of(vault: &Vault, number: &str) -> PermitHashes {
        let lifelong = permit::lifelong(number);
        let document = as_given(vault, lifelong);
        let former_documents: Vec<HolderHash> =
            permit::renewals(lifelong).map(|number| as_given(vault, &number)).collect();
        PermitHashes {
            present: document.stored(vault),
            document,
            former: former_documents.iter().map(|former| former.stored(vault)).collect(),
            former_documents,
        }
    }
}

/// Gives the people with a permit its present hash.
pub fn renew(tx: &mut Tx, hashes: &PermitHashes) -> Result<Twins, Error> {
    let candidates = renew_candidates(tx, hashes)?;
    renew_former_documents(tx, hashes)?;
    Ok(Twins { candidates, staff: renew_staff(tx, hashes)? })
}

/// The candidate who signed in last gets the hash, unless another one has it already.
fn renew_candidates(tx: &mut Tx, hashes: &PermitHashes) -> Result<Vec<CandidateId>, Error> {
    let rows = c::candidates.filter(c::document_hash.eq_any(&hashes.former));
    let rows: Vec<(CandidateId, String)> =
        rows.order((c::signed_in_at.desc(), c::id)).select((c::id, c::document_hash)).load(tx.conn)?;
    let mut rows = rows.into_iter();
    let present = c::candidates.filter(c::document_hash.eq(&hashes.present)).count();
    if present.get_result::<i64>(tx.conn)? == 0
        && let Some((id, former)) = rows.next()
    {
        let renewed = diesel::update(c::candidates.find(&id)).set(c::document_hash.eq(&hashes.present));
        renewed.execute(tx.conn)?;
        // A document is either the present one of somebody or a former one.
        diesel::delete(f::former_documents.find(&hashes.present)).execute(tx.conn)?;
        // Programs of the former version, which may run during an update, find the candidate by this.
        add_former_document(tx, &former, &id)?;
        note(tx, &former, &hashes.present)?;
    }
    let mut twins = Vec::new();
    for (id, former) in rows {
        note(tx, &former, &hashes.present)?;
        twins.push(id);
    }
    Ok(twins)
}

/// A candidate whose permit was corrected to another document is found by it, too.
fn renew_former_documents(tx: &mut Tx, hashes: &PermitHashes) -> Result<(), Error> {
    let rows = f::former_documents.filter(f::document_hash.eq_any(&hashes.former));
    let owner: Option<CandidateId> =
        rows.order(f::replaced_at.desc()).select(f::candidate_id).first(tx.conn).optional()?;
    match owner {
        Some(id) if candidate::with_document(tx, &hashes.present)?.is_none() => {
            add_former_document(tx, &hashes.present, &id)
        }
        _ => Ok(()),
    }
}

fn add_former_document(tx: &mut Tx, hash: &str, id: &CandidateId) -> Result<(), Error> {
    let row = (f::document_hash.eq(hash), f::candidate_id.eq(id), f::replaced_at.eq(tx.now));
    let insert = diesel::insert_into(f::former_documents).values(row).on_conflict_do_nothing();
    either!(tx.conn, conn => insert.execute(conn))?;
    Ok(())
}

/// The active row gets the hash, unless another one has it already.
fn renew_staff(tx: &mut Tx, hashes: &PermitHashes) -> Result<Vec<String>, Error> {
    let rows = s::staff.filter(s::document_hash.eq_any(&hashes.former));
    let rows: Vec<String> = rows.order((s::active.desc(), s::id)).select(s::id).load(tx.conn)?;
    let mut rows = rows.into_iter();
    let present = s::staff.filter(s::document_hash.eq(&hashes.present)).count();
    if present.get_result::<i64>(tx.conn)? == 0
        && let Some(id) = rows.next()
    {
        diesel::update(s::staff.find(id)).set(s::document_hash.eq(&hashes.present)).execute(tx.conn)?;
    }
    Ok(rows.collect())
}

/// Notes that a stored hash was replaced.
pub fn note(tx: &mut Tx, former: &str, present: &str) -> Result<(), Error> {
    let row = (n::former.eq(former), n::present.eq(present));
    let insert = diesel::insert_into(n::renewed_hashes).values(row).on_conflict_do_nothing();
    either!(tx.conn, conn => insert.execute(conn))?;
    Ok(())
}
