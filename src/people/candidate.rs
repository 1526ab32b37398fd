//! Candidates: who they are, as the portal told us.

use diesel::prelude::*;
use poem::{FromRequest, Request, RequestBody};

use super::document::{Document, DocumentType};
use super::{mask, staff};
use crate::either;
use crate::store::schema::candidates::dsl as c;
use crate::store::{Conn, Error, Store, Tx, Vault};
use crate::web::{Failure, SignedIn};

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
}

/// Who the portal's identity is to us.
pub struct Known {
    /// The candidate's id.
    pub candidate: String,
    /// The staff member's id, when the roster has this person.
    pub staff: Option<String>,
}

#[derive(Queryable)]
struct Row {
    id: String,
    document_type: String,
    document_number: String,
    document_hash: String,
    name: String,
    phone: String,
}

/// The hash by which a person's records are found. The kind counts: passports and
/// permits of two people may carry the same digits.
pub fn holder(vault: &Vault, kind: DocumentType, number: &str) -> String {
    vault.blind("document", &format!("{}:{number}", kind.code()))
}

/// Recognises a person or takes them in, and notes what the portal tells now.
pub fn sign_in(tx: &mut Tx, identity: &Identity) -> Result<Known, Error> {
    let holder = holder(tx.vault, identity.document.kind(), identity.document.number());
    let known = c::candidates.filter(c::document_hash.eq(&holder)).select(c::id);
    let candidate = match known.first::<String>(tx.conn).optional()? {
        Some(id) => refresh(tx, &id, identity)?,
        None => take_in(tx, &holder, identity)?,
    };
    let staff = staff::active_with_document(tx, &holder)?;
    Ok(Known { candidate, staff })
}

/// Who a candidate is to us now, for another device of theirs.
pub fn known(tx: &mut Tx, candidate: &str) -> Result<Option<Known>, Error> {
    let holder = c::candidates.find(candidate).select(c::document_hash);
    let Some(holder) = holder.first::<String>(tx.conn).optional()? else { return Ok(None) };
    let staff = staff::active_with_document(tx, &holder)?;
    Ok(Some(Known { candidate: candidate.to_owned(), staff }))
}

fn refresh(tx: &mut Tx, id: &str, identity: &Identity) -> Result<String, Error> {
    let row = (c::name.eq(&identity.name), c::signed_in_at.eq(tx.now));
    diesel::update(c::candidates.find(id)).set(row).execute(tx.conn)?;
    if let Some(phone) = &identity.phone {
        let sealed = tx.vault.seal("candidates.phone", phone);
        diesel::update(c::candidates.find(id)).set(c::phone.eq(sealed)).execute(tx.conn)?;
    }
    Ok(id.to_owned())
}

/// Of two processes where somebody signs in for the first time, one is faster.
fn take_in(tx: &mut Tx, holder: &str, identity: &Identity) -> Result<String, Error> {
    let id = tx.id();
    let phone = identity.phone.as_deref().unwrap_or_default();
    let row = (
        c::id.eq(&id),
        c::document_type.eq(identity.document.kind().code()),
        c::document_number.eq(tx.vault.seal("candidates.document_number", identity.document.number())),
        c::document_hash.eq(holder),
        c::name.eq(&identity.name),
        c::phone.eq(tx.vault.seal("candidates.phone", phone)),
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
        let columns = (c::id, c::document_type, c::document_number, c::document_hash, c::name, c::phone);
        let row = c::candidates.find(id).select(columns).first::<Row>(tx.conn).optional()?;
        row.map(|row| Candidate::open(tx.vault, row)).transpose()
    }

    /// The candidate whose records carry this hash, see [`holder`].
    pub fn with_holder(tx: &mut Tx, holder: &str) -> Result<Option<Candidate>, Error> {
        let columns = (c::id, c::document_type, c::document_number, c::document_hash, c::name, c::phone);
        let row = c::candidates.filter(c::document_hash.eq(holder)).select(columns);
        row.first::<Row>(tx.conn).optional()?.map(|row| Candidate::open(tx.vault, row)).transpose()
    }

    fn open(vault: &Vault, row: Row) -> Result<Candidate, Error> {
        Ok(Candidate {
            document_type: DocumentType::from_code(&row.document_type)
                .ok_or(Error::Corrupt("candidates.document_type"))?,
            document_number: vault.open("candidates.document_number", &row.document_number)?,
            phone: vault.open("candidates.phone", &row.phone)?,
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
