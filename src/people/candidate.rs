//! Candidates and their personal data.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::consent::Consents;
use super::document::{Document, DocumentType, Gender};
use super::holder_hash::{HolderHash, holder};
use super::mask;
use super::name_hash::{self, name_hash};
use super::refusal::Refusal;
use crate::either;
use crate::store::schema::candidates::{self, dsl as c};
use crate::store::schema::former_documents::dsl as f;
use crate::store::schema::office_texts;
use crate::store::{CandidateId, Conn, Error, Timestamp, Tx, Vault};

/// Column names under which personal data is sealed. The portal's phone number is sealed under the
/// same name, since both columns begin with one value.
pub(super) const NUMBER: &str = "candidates.document_number";
pub(super) const PHONE: &str = "candidates.phone";

/// A person as the portal or an import describes them, validated.
#[derive(Clone)]
pub struct Identity {
    /// As the portal or the authority writes it, see [`name::given`](super::name::given).
    pub name: String,
    pub document: Document,
    /// Normalised; `None` if the portal sends none.
    pub phone: Option<String>,
}

impl Identity {
    /// See [`HolderHash`].
    pub fn holder(&self, vault: &Vault) -> HolderHash {
        HolderHash::of(vault, self.document.kind(), self.document.number())
    }
}

#[derive(Clone)]
pub struct Candidate {
    pub id: CandidateId,
    pub document_type: DocumentType,
    /// In clear.
    pub document_number: String,
    /// What the authority's records refer to. Two candidates whose permits have become one have the same.
    pub holder: HolderHash,
    pub name: String,
    /// In clear; may be empty.
    pub phone: String,
    pub profile: Profile,
    pub consents: Consents,
}

/// Further data of a candidate; each may be missing.
#[derive(Clone, Default)]
pub struct Profile {
    pub gender: Option<Gender>,
    pub born_on: Option<NaiveDate>,
    pub education: String,
    /// Id of the uploaded portrait.
    pub portrait_id: Option<String>,
}

pub struct AdmittedPerson {
    pub candidate: CandidateId,
    /// The id of the staff member, if the review desk opens to this sign-in.
    pub staff: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = candidates)]
pub(super) struct Row {
    id: CandidateId,
    document_type: String,
    document_number: String,
    name: String,
    phone: String,
    gender: String,
    born_on: Option<NaiveDate>,
    education: String,
    portrait_id: Option<String>,
    agreed_version: Option<i32>,
    agreed_purposes: String,
    #[diesel(select_expression = newest_privacy_notice())]
    #[diesel(select_expression_type = newest_privacy_notice)]
    privacy_notice: Option<i32>,
}

/// The version of the privacy notice that is in use, as a part of the statement that reads a candidate. `None` for the
/// text of the program.
#[diesel::dsl::auto_type]
fn newest_privacy_notice() -> _ {
    let name: &'static str = PRIVACY_NOTICE;
    office_texts::table
        .filter(office_texts::kind.eq(""))
        .filter(office_texts::name.eq(name))
        .select(office_texts::version)
        .order(office_texts::version.desc())
        .limit(1_i64)
        .single_value()
}

/// The name under which versions of the privacy notice are stored.
pub const PRIVACY_NOTICE: &str = "privacy";

/// Finds or creates the candidate of an identity that the authority itself vouches for. Sign-ins at
/// the portal use [`identity::sign_in`](super::identity::sign_in).
pub fn enrol(tx: &mut Tx, identity: &Identity) -> Result<CandidateId, Error> {
    let holder = identity.holder(tx.vault).stored(tx.vault);
    match with_document(tx, &holder)? {
        Some(id) => Ok(id),
        None => insert(tx, &holder, identity),
    }
}

/// The candidate who has a document or had it before a correction.
pub(super) fn with_document(tx: &mut Tx, holder: &str) -> Result<Option<CandidateId>, Error> {
    let present = c::candidates.filter(c::document_hash.eq(holder)).select(c::id);
    if let Some(id) = present.first(tx.conn).optional()? {
        return Ok(Some(id));
    }
    Ok(f::former_documents.find(holder).select(f::candidate_id).first(tx.conn).optional()?)
}

/// The candidates who have one of these documents, or had it before a correction.
pub fn with_documents(tx: &mut Tx, holders: &[String]) -> Result<Vec<CandidateId>, Error> {
    let present = c::candidates.filter(c::document_hash.eq_any(holders)).select(c::id);
    let mut found: Vec<CandidateId> = present.load(tx.conn)?;
    let former = f::former_documents.filter(f::document_hash.eq_any(holders)).select(f::candidate_id);
    found.extend(former.load::<CandidateId>(tx.conn)?);
    Ok(found)
}

/// A stored number in clear.
pub fn open_number(vault: &Vault, sealed: &str) -> Result<String, Error> {
    Ok(vault.open(NUMBER, sealed)?)
}

/// The next candidates after an id whose document is a 港澳居民来往内地通行证, with their numbers in clear. `None`
/// for a number that cannot be opened.
pub fn permits(tx: &mut Tx, after: &str, most: i64) -> Result<Vec<(CandidateId, Option<String>)>, Error> {
    // The literal lets both databases use their index.
    let permits = c::candidates.filter(sql::<Bool>("document_type = 'hk_macao_permit'"));
    let rows = permits.filter(c::id.gt(CandidateId::from(after.to_owned()))).order(c::id).limit(most);
    let rows: Vec<(CandidateId, String)> = rows.select((c::id, c::document_number)).load(tx.conn)?;
    Ok(rows.into_iter().map(|(id, sealed)| (id, tx.vault.open(NUMBER, &sealed).ok())).collect())
}

/// The masked present numbers of documents, by their hashes. A number that cannot be opened is left out.
pub fn masked_numbers(tx: &mut Tx, holders: &[&str]) -> Result<Vec<(String, String)>, Error> {
    let rows = c::candidates.filter(c::document_hash.eq_any(holders));
    let rows: Vec<(String, String)> = rows.select((c::document_hash, c::document_number)).load(tx.conn)?;
    let open = |(holder, sealed): (String, String)| {
        Some((holder, mask::number(&tx.vault.open(NUMBER, &sealed).ok()?)))
    };
    Ok(rows.into_iter().filter_map(open).collect())
}

/// Hashes of the present and former documents of candidates.
pub(super) fn documents_of(tx: &mut Tx, candidates: &[CandidateId]) -> Result<Vec<String>, Error> {
    let present = c::candidates.filter(c::id.eq_any(candidates)).select(c::document_hash);
    let mut documents: Vec<String> = present.load(tx.conn)?;
    let former = f::former_documents.filter(f::candidate_id.eq_any(candidates)).select(f::document_hash);
    documents.extend(former.load::<String>(tx.conn)?);
    Ok(documents)
}

/// A document that was corrected.
pub struct CorrectedDocument {
    /// The present number, masked. Empty if it cannot be opened.
    pub mask: String,
    /// Hashes of the former documents, the latest first.
    pub former: Vec<String>,
}

/// Every corrected document, by the hash of the present one.
pub fn corrected_documents(tx: &mut Tx) -> Result<HashMap<String, CorrectedDocument>, Error> {
    let rows: Vec<(String, String, String)> = f::former_documents
        .inner_join(c::candidates)
        .order((f::replaced_at.desc(), f::document_hash))
        .select((c::document_hash, c::document_number, f::document_hash))
        .load(tx.conn)?;
    let mut corrected = HashMap::new();
    for (present, sealed, former) in rows {
        let mask = || tx.vault.open(NUMBER, &sealed).map(|number| mask::number(&number)).unwrap_or_default();
        let document = corrected
            .entry(present)
            .or_insert_with(|| CorrectedDocument { mask: mask(), former: Vec::new() });
        document.former.push(former);
    }
    Ok(corrected)
}

/// The present document of a candidate: its hash, and its number in clear.
pub(super) struct PresentDocument {
    pub holder: String,
    pub number: String,
}

pub(super) fn document(tx: &mut Tx, id: &CandidateId) -> Result<PresentDocument, Error> {
    let row = c::candidates.find(id).select((c::document_type, c::document_number));
    let (code, sealed): (String, String) = row.first(tx.conn)?;
    let kind = DocumentType::from_code(&code).ok_or(Error::Corrupt("candidates.document_type"))?;
    let number = tx.vault.open(NUMBER, &sealed)?;
    Ok(PresentDocument { holder: holder(tx.vault, kind, &number), number })
}

/// Stores another number of the same document, such as that of a renewed permit.
pub(super) fn save_number(tx: &mut Tx, id: &CandidateId, number: &str) -> Result<(), Error> {
    let sealed = tx.vault.seal(NUMBER, number);
    diesel::update(c::candidates.find(id)).set(c::document_number.eq(sealed)).execute(tx.conn)?;
    Ok(())
}

/// The name on record, and the last one from a portal.
pub(super) fn names(tx: &mut Tx, id: &CandidateId) -> Result<[String; 2], Error> {
    let row = c::candidates.find(id).select((c::name, c::portal_name));
    let (name, portal_name): (String, String) = row.first(tx.conn)?;
    Ok([name, portal_name])
}

pub struct SignInTimes {
    pub first: Timestamp,
    pub last: Timestamp,
}

pub fn sign_in_times(tx: &mut Tx, id: &CandidateId) -> Result<SignInTimes, Error> {
    let (first, last) = c::candidates.find(id).select((c::created_at, c::signed_in_at)).first(tx.conn)?;
    Ok(SignInTimes { first, last })
}

/// Sets the time of the last sign-in to now.
pub(super) fn record_sign_in(tx: &mut Tx, id: &CandidateId) -> Result<(), Error> {
    diesel::update(c::candidates.find(id)).set(c::signed_in_at.eq(tx.now)).execute(tx.conn)?;
    Ok(())
}

/// Stores the portal's name beside the one on record, which only a correction changes.
pub(super) fn save_portal_name(tx: &mut Tx, id: &CandidateId, name: &str) -> Result<(), Error> {
    diesel::update(c::candidates.find(id)).set(c::portal_name.eq(name)).execute(tx.conn)?;
    Ok(())
}

/// The last phone number from a portal, in clear.
pub(super) fn portal_phone(tx: &mut Tx, id: &CandidateId) -> Result<String, Error> {
    let sealed: String = c::candidates.find(id).select(c::portal_phone).first(tx.conn)?;
    Ok(tx.vault.open(PHONE, &sealed)?)
}

/// Overwrites the phone number only if the portal's number differs from `before`, its last one: the
/// number on record may have been corrected meanwhile.
pub(super) fn update_phone(
    tx: &mut Tx,
    id: &CandidateId,
    identity: &Identity,
    before: &str,
) -> Result<(), Error> {
    let Some(phone) = identity.phone.as_deref().filter(|phone| *phone != before) else { return Ok(()) };
    let sealed = tx.vault.seal(PHONE, phone);
    let row = (c::phone.eq(&sealed), c::portal_phone.eq(&sealed));
    diesel::update(c::candidates.find(id)).set(row).execute(tx.conn)?;
    Ok(())
}

/// Changes the data of a candidate. Sign-ins with the former document still find the candidate.
///
/// # Errors
/// [`Refusal::DocumentTaken`] if the new document belongs to another candidate, [`Refusal::DocumentShared`] if the
/// former one does.
pub fn correct(tx: &mut Tx, before: &Candidate, after: &Candidate) -> Result<(), Refusal> {
    if before.holder != after.holder {
        change_document(tx, before, after)?;
    } else if before.document_number != after.document_number {
        save_number(tx, &before.id, &after.document_number)?;
    }
    name_hash::change(tx, &before.id, &before.name, &after.name)?;
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

/// Removes what a candidate's applications do not need: phone numbers and the profile.
pub fn clear_profile(tx: &mut Tx, id: &CandidateId) -> Result<(), Error> {
    let nothing = tx.vault.seal(PHONE, "");
    let row = (
        c::phone.eq(&nothing),
        c::portal_phone.eq(&nothing),
        c::gender.eq(""),
        c::born_on.eq(None::<NaiveDate>),
        c::education.eq(""),
        c::portrait_id.eq(None::<String>),
    );
    diesel::update(c::candidates.find(id)).set(row).execute(tx.conn)?;
    Ok(())
}

fn change_document(tx: &mut Tx, before: &Candidate, after: &Candidate) -> Result<(), Refusal> {
    let (hash_before, hash_after) = (before.holder.stored(tx.vault), after.holder.stored(tx.vault));
    if with_document(tx, &hash_after)?.is_some_and(|owner| owner != before.id) {
        return Err(Refusal::DocumentTaken);
    }
    if with_document(tx, &hash_before)?.is_some_and(|owner| owner != before.id) {
        return Err(Refusal::DocumentShared);
    }
    diesel::delete(f::former_documents.find(&hash_after)).execute(tx.conn)?;
    let former =
        (f::document_hash.eq(hash_before), f::candidate_id.eq(&before.id), f::replaced_at.eq(tx.now));
    diesel::insert_into(f::former_documents).values(former).execute(tx.conn)?;
    let document = (
        c::document_type.eq(after.document_type.code()),
        c::document_number.eq(tx.vault.seal(NUMBER, &after.document_number)),
        c::document_hash.eq(hash_after),
    );
    diesel::update(c::candidates.find(&before.id)).set(document).execute(tx.conn)?;
    Ok(())
}

/// Inserts a candidate and returns the id. If another process has inserted the same document at the
/// same time, returns the id of its row.
pub(super) fn insert(tx: &mut Tx, holder: &str, identity: &Identity) -> Result<CandidateId, Error> {
    let id = CandidateId::from(tx.id());
    let phone = identity.phone.as_deref().unwrap_or_default();
    let row = (
        c::id.eq(&id),
        c::document_type.eq(identity.document.kind().code()),
        c::document_number.eq(tx.vault.seal(NUMBER, identity.document.number())),
        c::document_hash.eq(holder),
        c::name.eq(&identity.name),
        c::name_hash.eq(name_hash(tx.vault, &identity.name)),
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
    pub fn load(tx: &mut Tx, id: &CandidateId) -> Result<Option<Candidate>, Error> {
        let row = c::candidates.find(id).select(Row::as_select()).first(tx.conn).optional()?;
        row.map(|row| Candidate::open(tx.vault, row)).transpose()
    }

    /// The candidate of a document.
    pub fn with_holder(tx: &mut Tx, holder: &HolderHash) -> Result<Option<Candidate>, Error> {
        let row = c::candidates.filter(c::document_hash.eq(holder.stored(tx.vault))).select(Row::as_select());
        row.first(tx.conn).optional()?.map(|row| Candidate::open(tx.vault, row)).transpose()
    }

    pub(super) fn open(vault: &Vault, row: Row) -> Result<Candidate, Error> {
        let kind =
            DocumentType::from_code(&row.document_type).ok_or(Error::Corrupt("candidates.document_type"))?;
        let number = vault.open(NUMBER, &row.document_number)?;
        Ok(Candidate {
            holder: HolderHash::of(vault, kind, &number),
            document_type: kind,
            document_number: number,
            phone: vault.open(PHONE, &row.phone)?,
            profile: Profile {
                gender: Gender::from_code(&row.gender),
                born_on: row.born_on,
                education: row.education,
                portrait_id: row.portrait_id,
            },
            consents: Consents::of(row.agreed_version, &row.agreed_purposes, row.privacy_notice.unwrap_or(0)),
            id: row.id,
            name: row.name,
        })
    }

    /// Makes other writes of this candidate wait until the transaction ends, such as those of a second
    /// window. SQLite needs no lock, since it has one writer.
    pub fn lock(&self, tx: &mut Tx) -> Result<(), Error> {
        if let Conn::Postgres(conn) = tx.conn {
            // Rows that refer to the candidate may be inserted meanwhile.
            c::candidates.find(&self.id).select(c::id).for_no_key_update().first::<CandidateId>(conn)?;
        }
        Ok(())
    }

    pub fn masked_name(&self) -> String {
        mask::name(&self.name)
    }

    /// Type and masked number.
    pub fn masked_document(&self) -> String {
        format!("{} {}", self.document_type.label(), mask::number(&self.document_number))
    }
}
