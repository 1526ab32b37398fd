//! The roster: the staff and their roles.

use diesel::prelude::*;

pub use super::audit::{Unaudited, View, audit, audit_command, played_on, viewed};
use super::document::{Document, DocumentType};
use super::{holder_hash, mask, person};
use crate::store::schema::staff::dsl as s;
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

/// The businesses to which a staff member is limited: slugs. Empty: everything that their role does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinds(Vec<String>);

impl Kinds {
    pub fn of(slugs: impl IntoIterator<Item = String>) -> Kinds {
        Kinds(slugs.into_iter().collect())
    }

    /// Reads slugs that are separated by commas, as the roster stores them.
    pub fn parse(text: &str) -> Kinds {
        Kinds::of(text.split(',').map(str::trim).filter(|slug| !slug.is_empty()).map(str::to_owned))
    }

    pub fn slugs(&self) -> &[String] {
        &self.0
    }

    fn include(&self, slug: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|kind| kind == slug)
    }
}

/// What a staff member does: the work of their role, in the businesses to which they are limited.
#[derive(Clone, Debug)]
pub struct Duty {
    pub role: Role,
    pub kinds: Kinds,
}

impl Duty {
    /// Whether they do the work of a role in a business. Administrators do all work in all businesses.
    pub fn does(&self, work: Role, slug: &str) -> bool {
        self.role == Role::Administrator || (self.role == work && self.kinds.include(slug))
    }
}

/// A staff member, as `staff list` shows them.
pub struct Member {
    pub id: String,
    /// Candidates see it in their timeline.
    pub name: String,
    pub role: Role,
    pub kinds: Kinds,
    /// Type and masked number.
    pub document: String,
}

/// Adds a staff member, or activates them again with a new name and role. Returns the id of the
/// row. Commands use `casework::roster`, which also puts back applications that the new role does
/// not decide.
pub fn add(tx: &mut Tx, name: &str, document: &Document, role: Role) -> Result<String, Error> {
    add_limited(tx, name, document, &Duty { role, kinds: Kinds::default() })
}

/// [`add`] for somebody who is limited to some businesses.
pub fn add_limited(tx: &mut Tx, name: &str, document: &Document, duty: &Duty) -> Result<String, Error> {
    let holder = holder_hash::holder(tx.vault, document.kind(), document.number());
    let known: Option<String> =
        s::staff.filter(s::document_hash.eq(&holder)).select(s::id).first(tx.conn).optional()?;
    let kinds = duty.kinds.slugs().join(",");
    let row = (s::name.eq(name), s::role.eq(duty.role.code()), s::active.eq(true), s::kinds.eq(kinds));
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
    let rows: Vec<MemberRow> =
        s::staff.filter(s::active.eq(true)).order(s::name).select(member_columns()).load(tx.conn)?;
    rows.into_iter().map(member).collect()
}

type MemberRow = (String, String, String, String, String);

#[diesel::dsl::auto_type]
fn member_columns() -> _ {
    (s::id, s::name, s::role, s::kinds, s::document_mask)
}

fn member((id, name, role, kinds, document): MemberRow) -> Result<Member, Error> {
    let role = Role::from_code(&role).ok_or(Error::Corrupt("staff.role"))?;
    Ok(Member { id, name, role, kinds: Kinds::parse(&kinds), document })
}

impl Member {
    pub fn duty(&self) -> Duty {
        Duty { role: self.role, kinds: self.kinds.clone() }
    }
}

/// Deactivates a staff member in every session; the history keeps their actions. Returns the id of
/// their row, if they were active. Commands use `casework::roster`, which also puts back the
/// applications that they had taken.
pub fn remove(tx: &mut Tx, document: &Document) -> Result<Option<String>, Error> {
    let holder = holder_hash::holder(tx.vault, document.kind(), document.number());
    let row = s::staff.filter(s::document_hash.eq(holder)).filter(s::active.eq(true));
    let known: Option<String> = row.select(s::id).first(tx.conn).optional()?;
    if let Some(id) = &known {
        diesel::update(s::staff.find(id)).set(s::active.eq(false)).execute(tx.conn)?;
    }
    Ok(known)
}

/// The active staff member with a document.
pub fn active_with(tx: &mut Tx, document: &Document) -> Result<Option<Member>, Error> {
    let holder = holder_hash::holder(tx.vault, document.kind(), document.number());
    active_with_documents(tx, &[holder])
}

/// The active staff member with a key.
pub fn entry(tx: &mut Tx, id: &str) -> Result<Option<Member>, Error> {
    active(tx, id)
}

/// Changes the name and the duty of a row. `casework::roster` does what follows from it.
pub fn change(tx: &mut Tx, id: &str, name: &str, duty: &Duty) -> Result<(), Error> {
    let change = (s::name.eq(name), s::role.eq(duty.role.code()), s::kinds.eq(duty.kinds.slugs().join(",")));
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
    let people = person::with_documents(tx, &documents)?;
    let mut entries = entries_of_people(tx, &people)?;
    entries.extend_from_slice(ids);
    Ok(entries)
}

pub fn entries_of_candidate(tx: &mut Tx, candidate: &CandidateId) -> Result<Vec<String>, Error> {
    entries_of_people(tx, &[candidate.to_owned()])
}

fn entries_of_people(tx: &mut Tx, candidates: &[CandidateId]) -> Result<Vec<String>, Error> {
    let candidates = person::candidates_of(tx, candidates)?;
    let documents = person::documents_of(tx, &candidates)?;
    Ok(s::staff.filter(s::document_hash.eq_any(documents)).select(s::id).load(tx.conn)?)
}

/// The active staff member who has one of these documents.
pub(super) fn active_with_documents(tx: &mut Tx, holders: &[String]) -> Result<Option<Member>, Error> {
    let row = s::staff.filter(s::document_hash.eq_any(holders)).filter(s::active.eq(true));
    row.select(member_columns()).first(tx.conn).optional()?.map(member).transpose()
}

/// A signed-in staff member, read from the roster at every request.
#[derive(Clone)]
pub struct StaffMember {
    pub id: String,
    pub name: String,
    pub role: Role,
    pub kinds: Kinds,
    /// Their id as a candidate: nobody reviews their own application. See [`person`] for people with several.
    pub candidate: CandidateId,
}

impl StaffMember {
    pub fn duty(&self) -> Duty {
        Duty { role: self.role, kinds: self.kinds.clone() }
    }
}

/// The active staff member of an id, who is also the candidate `candidate`.
pub fn member_of(tx: &mut Tx, id: &str, candidate: &CandidateId) -> Result<Option<StaffMember>, Error> {
    let found = active(tx, id)?;
    let candidate = candidate.clone();
    Ok(found.map(|Member { id, name, role, kinds, .. }| StaffMember { id, name, role, kinds, candidate }))
}

fn active(tx: &mut Tx, id: &str) -> Result<Option<Member>, Error> {
    let row = s::staff.find(id).filter(s::active.eq(true)).select(member_columns());
    row.first(tx.conn).optional()?.map(member).transpose()
}

/// What the staff member of a session's id does, if they are active.
pub fn duty_of(tx: &mut Tx, id: Option<&str>) -> Result<Option<Duty>, Error> {
    let Some(id) = id else { return Ok(None) };
    Ok(active(tx, id)?.map(|member| member.duty()))
}
