//! The roster: the staff and their roles.

use diesel::prelude::*;

pub use super::audit::{Unaudited, View, audit, audit_command, played_on, viewed};
use super::document::{Document, DocumentType};
use super::{candidate, mask};
use crate::store::schema::{candidates::dsl as c, former_documents::dsl as f, staff::dsl as s};
use crate::store::{CandidateId, Conn, Error, Tx, codes};

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
    pub enum Role {
        /// 审核员: reviews applications.
        Reviewer = "reviewer", "审核员";
        /// 邮寄员: posts certificates.
        Dispatcher = "dispatcher", "邮寄员";
        /// 财务: pays refunds and issues receipts.
        Finance = "finance", "财务";
        /// 管理员: everything.
        Administrator = "administrator", "管理员";
    }
}

impl Role {
    /// Whether this role does the work of another; administrators do all work.
    pub fn does(self, work: Role) -> bool {
        self == work || self == Role::Administrator
    }
}

/// A staff member, as `staff list` shows them.
pub struct Member {
    pub id: String,
    /// Candidates see it in their timeline.
    pub name: String,
    pub role: Role,
    /// Type and masked number.
    pub document: String,
}

/// Adds a staff member, or activates them again with a new name and role. Returns the id of the
/// row. Commands use `casework::roster`, which also puts back applications that the new role does
/// not decide.
pub fn add(tx: &mut Tx, name: &str, document: &Document, role: Role) -> Result<String, Error> {
    let holder = candidate::holder(tx.vault, document.kind(), document.number());
    let known: Option<String> =
        s::staff.filter(s::document_hash.eq(&holder)).select(s::id).first(tx.conn).optional()?;
    let row = (s::name.eq(name), s::role.eq(role.code()), s::active.eq(true));
    if let Some(id) = known {
        diesel::update(s::staff.find(&id)).set(row).execute(tx.conn)?;
        return Ok(id);
    }
    let id = tx.id();
    let shown = format!("{} {}", document.kind().label(), mask::number(document.number()));
    let row = (
        s::id.eq(&id),
        s::document_hash.eq(holder),
        s::document_mask.eq(shown),
        s::created_at.eq(tx.now),
        row,
    );
    diesel::insert_into(s::staff).values(row).execute(tx.conn)?;
    Ok(id)
}

/// A roster row with a permit, of whose number the hash and the mask are known.
pub struct HiddenPermit {
    pub id: String,
    pub hash: String,
    pub mask: String,
}

/// The next roster rows after an id that have a permit.
pub fn permits(tx: &mut Tx, after: &str, most: i64) -> Result<Vec<HiddenPermit>, Error> {
    let label = DocumentType::HkMacaoPermit.label();
    let own = s::staff.filter(s::document_mask.like(format!("{label} %"))).filter(s::id.gt(after));
    let columns = (s::id, s::document_hash, s::document_mask);
    let rows: Vec<(String, String, String)> = own.order(s::id).limit(most).select(columns).load(tx.conn)?;
    let mask = |shown: String| shown.rsplit(' ').next().unwrap_or_default().to_owned();
    Ok(rows.into_iter().map(|(id, hash, shown)| HiddenPermit { id, hash, mask: mask(shown) }).collect())
}

/// The active staff members, by name.
pub fn list(tx: &mut Tx) -> Result<Vec<Member>, Error> {
    let columns = (s::id, s::name, s::role, s::document_mask);
    let rows: Vec<(String, String, String, String)> =
        s::staff.filter(s::active.eq(true)).order(s::name).select(columns).load(tx.conn)?;
    rows.into_iter().map(member).collect()
}

fn member((id, name, role, document): (String, String, String, String)) -> Result<Member, Error> {
    Ok(Member { id, name, role: Role::from_code(&role).ok_or(Error::Corrupt("staff.role"))?, document })
}

/// Deactivates a staff member in every session; the history keeps their actions. Returns the id of
/// their row, if they were active. Commands use `casework::roster`, which also puts back the
/// applications that they had taken.
pub fn remove(tx: &mut Tx, document: &Document) -> Result<Option<String>, Error> {
    let holder = candidate::holder(tx.vault, document.kind(), document.number());
    let row = s::staff.filter(s::document_hash.eq(holder)).filter(s::active.eq(true));
    let known: Option<String> = row.select(s::id).first(tx.conn).optional()?;
    if let Some(id) = &known {
        diesel::update(s::staff.find(id)).set(s::active.eq(false)).execute(tx.conn)?;
    }
    Ok(known)
}

/// The active staff member with a document.
pub fn active_with(tx: &mut Tx, document: &Document) -> Result<Option<Member>, Error> {
    let holder = candidate::holder(tx.vault, document.kind(), document.number());
    active_with_documents(tx, &[holder])
}

/// The active staff member with a key.
pub fn entry(tx: &mut Tx, id: &str) -> Result<Option<Member>, Error> {
    active(tx, id)
}

/// Changes the name and the role of a row. `casework::roster` does what follows from it.
pub fn rename(tx: &mut Tx, id: &str, name: &str, role: Role) -> Result<(), Error> {
    let change = (s::name.eq(name), s::role.eq(role.code()));
    diesel::update(s::staff.find(id)).set(change).execute(tx.conn)?;
    Ok(())
}

/// Deactivates a row. `casework::roster` does what follows from it.
pub fn deactivate(tx: &mut Tx, id: &str) -> Result<(), Error> {
    diesel::update(s::staff.find(id)).set(s::active.eq(false)).execute(tx.conn)?;
    Ok(())
}

/// Ids of the active administrators. Until the end of the transaction nobody else changes their rows.
pub fn lock_administrators(tx: &mut Tx) -> Result<Vec<String>, Error> {
    let own = s::staff.filter(s::active.eq(true)).filter(s::role.eq(Role::Administrator.code()));
    let own = own.order(s::id).select(s::id);
    Ok(match tx.conn {
        Conn::Postgres(conn) => own.for_update().load(conn)?,
        Conn::Sqlite(conn) => own.load(conn)?,
    })
}

/// Ids of all rows that belong to the same people as these rows: a staff member whose document was
/// corrected may have a second row.
pub fn entries_of(tx: &mut Tx, ids: &[String]) -> Result<Vec<String>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let documents: Vec<String> = s::staff.filter(s::id.eq_any(ids)).select(s::document_hash).load(tx.conn)?;
    let mut people: Vec<CandidateId> =
        c::candidates.filter(c::document_hash.eq_any(&documents)).select(c::id).load(tx.conn)?;
    let former = f::former_documents.filter(f::document_hash.eq_any(&documents)).select(f::candidate_id);
    people.extend(former.load::<CandidateId>(tx.conn)?);
    let mut entries = entries_of_people(tx, &people)?;
    entries.extend_from_slice(ids);
    Ok(entries)
}

pub fn entries_of_candidate(tx: &mut Tx, candidate: &CandidateId) -> Result<Vec<String>, Error> {
    entries_of_people(tx, &[candidate.to_owned()])
}

fn entries_of_people(tx: &mut Tx, candidates: &[CandidateId]) -> Result<Vec<String>, Error> {
    let documents = candidate::documents_of(tx, candidates)?;
    Ok(s::staff.filter(s::document_hash.eq_any(documents)).select(s::id).load(tx.conn)?)
}

/// The active staff member who has one of these documents.
pub(super) fn active_with_documents(tx: &mut Tx, holders: &[String]) -> Result<Option<Member>, Error> {
    let columns = (s::id, s::name, s::role, s::document_mask);
    let row = s::staff.filter(s::document_hash.eq_any(holders)).filter(s::active.eq(true));
    row.select(columns).first(tx.conn).optional()?.map(member).transpose()
}

/// A signed-in staff member, read from the roster at every request.
#[derive(Clone)]
pub struct StaffMember {
    pub id: String,
    pub name: String,
    pub role: Role,
    /// Their id as a candidate: nobody reviews their own application.
    pub candidate: CandidateId,
}

/// The active staff member of an id, who is also the candidate `candidate`.
pub fn member_of(tx: &mut Tx, id: &str, candidate: &CandidateId) -> Result<Option<StaffMember>, Error> {
    let found = active(tx, id)?;
    let candidate = candidate.clone();
    Ok(found.map(|Member { id, name, role, .. }| StaffMember { id, name, role, candidate }))
}

fn active(tx: &mut Tx, id: &str) -> Result<Option<Member>, Error> {
    let columns = (s::id, s::name, s::role, s::document_mask);
    let row = s::staff.find(id).filter(s::active.eq(true)).select(columns);
    row.first(tx.conn).optional()?.map(member).transpose()
}

/// The role of a session's staff id, if the member is active.
pub fn role_of(tx: &mut Tx, id: Option<&str>) -> Result<Option<Role>, Error> {
    let Some(id) = id else { return Ok(None) };
    Ok(active(tx, id)?.map(|member| member.role))
}
