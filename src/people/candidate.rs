//! Candidates: who they are, as the portal told us.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::document::{Document, DocumentType, Gender};
use super::mask;
use super::refusal::Refusal;
use crate::either;
use crate::store::schema::candidates::{self, dsl as c};
use crate::store::schema::former_documents::dsl as f;
use crate::store::{CandidateId, Conn, Error, Timestamp, Tx, Vault};

/// Column names under which personal data is sealed; what the portal told is sealed like what
/// we know, because it begins as the same.
pub(super) const NUMBER: &str = "candidates.document_number";
pub(super) const PHONE: &str = "candidates.phone";

/// What the portal says about a person, checked.
#[derive(Clone)]
pub struct Identity {
    /// In its one spelling, see [`name::parse`](super::name::parse).
    pub name: String,
    /// The document they identified themselves with.
    pub document: Document,
    /// In its one spelling; the portal may not tell.
    pub phone: Option<String>,
}

impl Identity {
    /// The hash by which the records of this person are found, see [`holder`].
    pub fn holder(&self, vault: &Vault) -> String {
        holder(vault, self.document.kind(), self.document.number())
    }
}

/// Somebody who has signed in at least once.
#[derive(Clone)]
pub struct Candidate {
    /// Key of the row.
    pub id: CandidateId,
    /// Kind of the identity document.
    pub document_type: DocumentType,
    /// Its number, in clear.
    pub document_number: String,
    /// Searchable hash of kind and number; what the authority's records refer to.
    pub holder: String,
    /// Full name.
    pub name: String,
    /// Mobile number, in clear; may be empty.
    pub phone: String,
    /// What else is on record.
    pub profile: Profile,
}

/// What is on record about a candidate besides name, document and phone; each may be missing.
#[derive(Clone, Default)]
pub struct Profile {
    /// 性别
    pub gender: Option<Gender>,
    /// Date of birth.
    pub born_on: Option<NaiveDate>,
    /// 学历
    pub education: String,
    /// Id of the upload that is their portrait.
    pub portrait_id: Option<String>,
}

/// Who a sign-in is to us.
pub struct Known {
    /// The candidate's id.
    pub candidate: CandidateId,
    /// The staff member's id, when the review desk opens to this sign-in.
    pub staff: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = candidates)]
struct Row {
    id: CandidateId,
    document_type: String,
    document_number: String,
    document_hash: String,
    name: String,
    phone: String,
    gender: String,
    born_on: Option<NaiveDate>,
    education: String,
    portrait_id: Option<String>,
}

/// The hash by which a person's records are found. The kind counts: passports and
/// permits of two people may carry the same digits.
pub fn holder(vault: &Vault, kind: DocumentType, number: &str) -> String {
    vault.blind("document", &format!("{}:{number}", kind.code()))
}

/// Takes in somebody for whom the authority itself vouches, or recognises them. A sign-in at the
/// portal is [`identity::sign_in`](super::identity::sign_in).
pub fn enrol(tx: &mut Tx, identity: &Identity) -> Result<CandidateId, Error> {
    let holder = identity.holder(tx.vault);
    match with_document(tx, &holder)? {
        Some(id) => Ok(id),
        None => take_in(tx, &holder, identity),
    }
}

/// The candidate who has a document, or had it before a correction.
pub(super) fn with_document(tx: &mut Tx, holder: &str) -> Result<Option<CandidateId>, Error> {
    let present = c::candidates.filter(c::document_hash.eq(holder)).select(c::id);
    if let Some(id) = present.first(tx.conn).optional()? {
        return Ok(Some(id));
    }
    Ok(f::former_documents.find(holder).select(f::candidate_id).first(tx.conn).optional()?)
}

/// Hashes of the documents that a candidate has and had.
pub(super) fn documents_of(tx: &mut Tx, candidate: &CandidateId) -> Result<Vec<String>, Error> {
    let present = c::candidates.find(candidate).select(c::document_hash);
    let mut documents: Vec<String> = present.load(tx.conn)?;
    let former = f::former_documents.filter(f::candidate_id.eq(candidate)).select(f::document_hash);
    documents.extend(former.load::<String>(tx.conn)?);
    Ok(documents)
}

/// The name on record, and the last one that a portal told.
pub(super) fn names(tx: &mut Tx, id: &CandidateId) -> Result<[String; 2], Error> {
    let row = c::candidates.find(id).select((c::name, c::portal_name));
    let (name, told): (String, String) = row.first(tx.conn)?;
    Ok([name, told])
}

/// When a candidate signed in.
pub struct Seen {
    /// For the first time, UTC.
    pub since: Timestamp,
    /// For the last time, UTC.
    pub last: Timestamp,
}

/// When a candidate signed in.
pub fn seen(tx: &mut Tx, id: &CandidateId) -> Result<Seen, Error> {
    let (since, last) = c::candidates.find(id).select((c::created_at, c::signed_in_at)).first(tx.conn)?;
    Ok(Seen { since, last })
}

/// Notes that a candidate signs in now.
pub(super) fn note_sign_in(tx: &mut Tx, id: &CandidateId) -> Result<(), Error> {
    diesel::update(c::candidates.find(id)).set(c::signed_in_at.eq(tx.now)).execute(tx.conn)?;
    Ok(())
}

/// Keeps the portal's name beside the one on record, which only a correction changes.
pub(super) fn note_name(tx: &mut Tx, id: &CandidateId, told: &str) -> Result<(), Error> {
    diesel::update(c::candidates.find(id)).set(c::portal_name.eq(told)).execute(tx.conn)?;
    Ok(())
}

/// The last phone number that a portal told, in clear.
pub(super) fn portal_phone(tx: &mut Tx, id: &CandidateId) -> Result<String, Error> {
    let sealed: String = c::candidates.find(id).select(c::portal_phone).first(tx.conn)?;
    Ok(tx.vault.open(PHONE, &sealed)?)
}

/// Takes the portal's phone number over if the portal told another one `before`: the one on record
/// may have been corrected since.
pub(super) fn note_phone(
    tx: &mut Tx,
    id: &CandidateId,
    identity: &Identity,
    before: &str,
) -> Result<(), Error> {
    let Some(told) = identity.phone.as_deref().filter(|told| *told != before) else { return Ok(()) };
    let sealed = tx.vault.seal(PHONE, told);
    let row = (c::phone.eq(&sealed), c::portal_phone.eq(&sealed));
    diesel::update(c::candidates.find(id)).set(row).execute(tx.conn)?;
    Ok(())
}

/// Changes what is on record about somebody; a former document goes on opening their account.
///
/// # Errors
/// [`Refusal::DocumentTaken`] when the new document is somebody else's.
pub fn correct(tx: &mut Tx, before: &Candidate, after: &Candidate) -> Result<(), Refusal> {
    if before.holder != after.holder {
        change_document(tx, before, after)?;
    }
    let profile = &after.profile;
    let row = (
        c::name.eq(&after.name),
        c::phone.eq(tx.vault.seal(PHONE, &after.phone)),
        c::gender.eq(profile.gender.map_or("", Gender::code)),
        c::born_on.eq(profile.born_on),
        c::education.eq(&profile.education),
        c::portrait_id.eq(&profile.portrait_id),
    );
    diesel::update(c::candidates.find(&after.id)).set(row).execute(tx.conn)?;
    Ok(())
}

fn change_document(tx: &mut Tx, before: &Candidate, after: &Candidate) -> Result<(), Refusal> {
    if with_document(tx, &after.holder)?.is_some_and(|owner| owner != before.id) {
        return Err(Refusal::DocumentTaken);
    }
    diesel::delete(f::former_documents.find(&after.holder)).execute(tx.conn)?;
    let former =
        (f::document_hash.eq(&before.holder), f::candidate_id.eq(&before.id), f::replaced_at.eq(tx.now));
    diesel::insert_into(f::former_documents).values(former).execute(tx.conn)?;
    let document = (
        c::document_type.eq(after.document_type.code()),
        c::document_number.eq(tx.vault.seal(NUMBER, &after.document_number)),
        c::document_hash.eq(&after.holder),
    );
    diesel::update(c::candidates.find(&before.id)).set(document).execute(tx.conn)?;
    Ok(())
}

/// Of two processes where somebody signs in for the first time, one is faster.
pub(super) fn take_in(tx: &mut Tx, holder: &str, identity: &Identity) -> Result<CandidateId, Error> {
    let id = CandidateId::from(tx.id());
    let phone = identity.phone.as_deref().unwrap_or_default();
    let row = (
        c::id.eq(&id),
        c::document_type.eq(identity.document.kind().code()),
        c::document_number.eq(tx.vault.seal(NUMBER, identity.document.number())),
        c::document_hash.eq(holder),
        c::name.eq(&identity.name),
        c::portal_name.eq(&identity.name),
        c::phone.eq(tx.vault.seal(PHONE, phone)),
        c::portal_phone.eq(tx.vault.seal(PHONE, phone)),
        c::gender.eq(identity.document.gender().map_or("", Gender::code)),
        c::born_on.eq(identity.document.birth_date()),
        c::created_at.eq(tx.now),
        c::signed_in_at.eq(tx.now),
    );
    let insert = diesel::insert_into(c::candidates).values(row).on_conflict_do_nothing();
    either!(tx.conn, conn => insert.execute(conn))?;
    Ok(c::candidates.filter(c::document_hash.eq(holder)).select(c::id).first(tx.conn)?)
}

impl Candidate {
    /// The candidate of an id.
    pub fn load(tx: &mut Tx, id: &CandidateId) -> Result<Option<Candidate>, Error> {
        let row = c::candidates.find(id).select(Row::as_select()).first(tx.conn).optional()?;
        row.map(|row| Candidate::open(tx.vault, row)).transpose()
    }

    /// The candidate whose records carry this hash, see [`holder`].
    pub fn with_holder(tx: &mut Tx, holder: &str) -> Result<Option<Candidate>, Error> {
        let row = c::candidates.filter(c::document_hash.eq(holder)).select(Row::as_select());
        row.first(tx.conn).optional()?.map(|row| Candidate::open(tx.vault, row)).transpose()
    }

    fn open(vault: &Vault, row: Row) -> Result<Candidate, Error> {
        Ok(Candidate {
            document_type: DocumentType::from_code(&row.document_type)
                .ok_or(Error::Corrupt("candidates.document_type"))?,
            document_number: vault.open(NUMBER, &row.document_number)?,
            phone: vault.open(PHONE, &row.phone)?,
            profile: Profile {
                gender: Gender::from_code(&row.gender),
                born_on: row.born_on,
                education: row.education,
                portrait_id: row.portrait_id,
            },
            id: row.id,
            holder: row.document_hash,
            name: row.name,
        })
    }

    /// Until this transaction ends, other writes of this candidate wait: two taps or two windows
    /// are read one after the other. SQLite has one writer, so there they do anyway.
    pub fn lock(&self, tx: &mut Tx) -> Result<(), Error> {
        if let Conn::Postgres(conn) = tx.conn {
            c::candidates.find(&self.id).select(c::id).for_update().first::<CandidateId>(conn)?;
        }
        Ok(())
    }

    /// The name as others may see it.
    pub fn masked_name(&self) -> String {
        mask::name(&self.name)
    }

    /// Kind and masked number of the document.
    pub fn masked_document(&self) -> String {
        format!("{} {}", self.document_type.label(), mask::number(&self.document_number))
    }
}
