//! Candidates: who they are, as the portal told us.

use chrono::NaiveDate;
use diesel::prelude::*;
use poem::{FromRequest, Request, RequestBody};

use super::document::{Document, DocumentType, Gender};
use super::{mask, staff};
use crate::either;
use crate::store::schema::candidates::{self, dsl as c};
use crate::store::schema::former_documents::dsl as f;
use crate::store::{Conn, Error, Store, Tx, Vault};
use crate::web::{Failure, SignedIn};

/// Column names under which personal data is sealed; what the portal told is sealed like what
/// we know, because it begins as the same.
const NUMBER: &str = "candidates.document_number";
const PHONE: &str = "candidates.phone";

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

/// Somebody who has signed in at least once.
#[derive(Clone)]
pub struct Candidate {
    /// Key of the row.
    pub id: String,
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

/// Who the portal's identity is to us.
pub struct Known {
    /// The candidate's id.
    pub candidate: String,
    /// The staff member's id, when the roster has this person.
    pub staff: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = candidates)]
struct Row {
    id: String,
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

/// Recognises a person or takes them in, and notes what the portal tells now. A document from
/// before a correction is theirs as well.
pub fn sign_in(tx: &mut Tx, identity: &Identity) -> Result<Known, Error> {
    let holder = holder(tx.vault, identity.document.kind(), identity.document.number());
    let candidate = match with_document(tx, &holder)? {
        Some(id) => refresh(tx, &id, identity)?,
        None => take_in(tx, &holder, identity)?,
    };
    let documents = documents_of(tx, &candidate)?;
    let staff = staff::active_with_documents(tx, &documents)?;
    Ok(Known { candidate, staff })
}

/// Who a candidate is to us now, for another device of theirs.
pub fn known(tx: &mut Tx, candidate: &str) -> Result<Option<Known>, Error> {
    let documents = documents_of(tx, candidate)?;
    if documents.is_empty() {
        return Ok(None);
    }
    let staff = staff::active_with_documents(tx, &documents)?;
    Ok(Some(Known { candidate: candidate.to_owned(), staff }))
}

fn with_document(tx: &mut Tx, holder: &str) -> Result<Option<String>, Error> {
    let present = c::candidates.filter(c::document_hash.eq(holder)).select(c::id);
    if let Some(id) = present.first(tx.conn).optional()? {
        return Ok(Some(id));
    }
    Ok(f::former_documents.find(holder).select(f::candidate_id).first(tx.conn).optional()?)
}

/// Hashes of the documents that a candidate has and had.
fn documents_of(tx: &mut Tx, candidate: &str) -> Result<Vec<String>, Error> {
    let present = c::candidates.find(candidate).select(c::document_hash);
    let mut documents: Vec<String> = present.load(tx.conn)?;
    let former = f::former_documents.filter(f::candidate_id.eq(candidate)).select(f::document_hash);
    documents.extend(former.load::<String>(tx.conn)?);
    Ok(documents)
}

/// What the portal tells counts when it is new: what it told before may have been corrected.
fn refresh(tx: &mut Tx, id: &str, identity: &Identity) -> Result<String, Error> {
    let row = c::candidates.find(id);
    let (name, phone): (String, String) = row.select((c::portal_name, c::portal_phone)).first(tx.conn)?;
    diesel::update(row).set(c::signed_in_at.eq(tx.now)).execute(tx.conn)?;
    if identity.name != name {
        let told = (c::name.eq(&identity.name), c::portal_name.eq(&identity.name));
        diesel::update(row).set(told).execute(tx.conn)?;
    }
    if let Some(phone) =
        identity.phone.as_ref().filter(|told| tx.vault.open(PHONE, &phone).as_ref() != Ok(told))
    {
        let sealed = tx.vault.seal(PHONE, phone);
        diesel::update(row).set((c::phone.eq(&sealed), c::portal_phone.eq(&sealed))).execute(tx.conn)?;
    }
    Ok(id.to_owned())
}

/// Changes what is on record about somebody; a former document goes on opening their account.
///
/// # Errors
/// [`Failure::Conflict`] when the new document is somebody else's.
pub fn correct(tx: &mut Tx, before: &Candidate, after: &Candidate) -> Result<(), Failure> {
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

fn change_document(tx: &mut Tx, before: &Candidate, after: &Candidate) -> Result<(), Failure> {
    if with_document(tx, &after.holder)?.is_some_and(|owner| owner != before.id) {
        let message = "新的证件号码已有人使用，请退回申请并与考生核实".to_owned();
        return Err(Failure::Conflict { message, action: ("返回待办", "/staff/queue".to_owned()) });
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
fn take_in(tx: &mut Tx, holder: &str, identity: &Identity) -> Result<String, Error> {
    let id = tx.id();
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
    pub fn load(tx: &mut Tx, id: &str) -> Result<Option<Candidate>, Error> {
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
            c::candidates.find(&self.id).select(c::id).for_update().first::<String>(conn)?;
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

/// The signed-in candidate; a request without one is sent to sign in.
impl<'a> FromRequest<'a> for Candidate {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let who = SignedIn::from_request(req, body).await?;
        let store = req.data::<Store>().ok_or_else(|| Failure::Internal("no store".into()))?;
        let found = store.read(move |tx| Candidate::load(tx, &who.candidate)).await.map_err(Failure::from)?;
        Ok(found.ok_or(Failure::SignIn)?)
    }
}
