//! One person who is several candidates: people whose permit has two numbers from before renewals were left out.

use diesel::prelude::*;

use super::candidate::{self, Candidate};
use super::document::DocumentType;
use super::permit_hashes::PermitHashes;
use crate::store::schema::{candidates::dsl as c, former_documents::dsl as f};
use crate::store::{CandidateId, Error, Tx};

/// Every candidate who is the same person as one of these, and these.
pub fn candidates_of(tx: &mut Tx, ids: &[CandidateId]) -> Result<Vec<CandidateId>, Error> {
    let documents = documents_of(tx, ids)?;
    let mut found = with_documents(tx, &documents)?;
    found.extend(ids.iter().filter(|id| !found.contains(id)).cloned().collect::<Vec<_>>());
    Ok(found)
}

/// Whether two candidates are one person.
pub fn is_same(tx: &mut Tx, one: &CandidateId, other: &CandidateId) -> Result<bool, Error> {
    if one == other {
        return Ok(true);
    }
    // Only a permit can have two numbers.
    let both = c::candidates.filter(c::id.eq_any([one, other]));
    let permit = both.filter(c::document_type.eq(DocumentType::HkMacaoPermit.code())).select(c::id);
    let Some(permit): Option<CandidateId> = permit.first(tx.conn).optional()? else { return Ok(false) };
    let rest = if permit == *one { other } else { one };
    Ok(candidates_of(tx, &[permit])?.contains(rest))
}

/// The hashes of all documents of these people, now and formerly, as any version of the program has stored them.
pub fn documents_of(tx: &mut Tx, ids: &[CandidateId]) -> Result<Vec<String>, Error> {
    let mut documents = candidate::documents_of(tx, ids)?;
    for id in ids {
        let Some(person) = Candidate::load(tx, id)? else { continue };
        if person.document_type == DocumentType::HkMacaoPermit {
            let hashes = PermitHashes::of(tx.vault, &person.document_number);
            documents.push(hashes.present);
            documents.extend(hashes.former);
        }
    }
    Ok(documents)
}

/// The candidates who have one of these documents or had it before a correction.
pub fn with_documents(tx: &mut Tx, holders: &[String]) -> Result<Vec<CandidateId>, Error> {
    let present = c::candidates.filter(c::document_hash.eq_any(holders)).select(c::id);
    let mut found: Vec<CandidateId> = present.load(tx.conn)?;
    let former = f::former_documents.filter(f::document_hash.eq_any(holders)).select(f::candidate_id);
    found.extend(former.load::<CandidateId>(tx.conn)?);
    found.sort_by(|one, other| str::cmp(one, other));
    found.dedup();
    Ok(found)
}
