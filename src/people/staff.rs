//! The roster: who reviews, and what each may do.

use diesel::prelude::*;
use poem::{FromRequest, Request, RequestBody};

use super::document::Document;
use super::{candidate, mask};
use crate::store::schema::{audit_entries::dsl as a, staff::dsl as s};
use crate::store::{Error, Store, Tx};
use crate::web::{Failure, SignedIn};

/// What somebody on the roster does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// 审核员: reviews applications.
    Reviewer,
    /// 邮寄员: posts certificates.
    Dispatcher,
    /// 财务: pays refunds and issues receipts.
    Finance,
    /// 管理员: everything.
    Administrator,
}

/// Code kept in the database, and the word on the screen.
const ROLES: &[(Role, &str, &str)] = &[
    (Role::Reviewer, "reviewer", "审核员"),
    (Role::Dispatcher, "dispatcher", "邮寄员"),
    (Role::Finance, "finance", "财务"),
    (Role::Administrator, "administrator", "管理员"),
];

impl Role {
    fn row(self) -> &'static (Role, &'static str, &'static str) {
        ROLES.iter().find(|(role, ..)| *role == self).unwrap_or(&ROLES[0])
    }

    /// The code kept in the database.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// The word people read.
    pub fn label(self) -> &'static str {
        self.row().2
    }

    /// Reads a code back.
    pub fn from_code(code: &str) -> Option<Role> {
        ROLES.iter().find(|(_, known, _)| *known == code).map(|(role, ..)| *role)
    }

    /// Whether the work of a role is this one's: administrators do everybody's.
    pub fn does(self, work: Role) -> bool {
        self == work || self == Role::Administrator
    }
}

/// Somebody on the roster, as `staff list` shows them.
pub struct Member {
    /// Key of the row.
    pub id: String,
    /// Full name; candidates see it in their timeline.
    pub name: String,
    /// What they do.
    pub role: Role,
    /// Kind and number of the document, masked.
    pub document: String,
}

/// Puts somebody on the roster, or back on it with a new name or role.
pub fn add(tx: &mut Tx, name: &str, document: &Document, role: Role) -> Result<(), Error> {
    let holder = candidate::holder(tx.vault, document.kind(), document.number());
    let row = (s::name.eq(name), s::role.eq(role.code()), s::active.eq(true));
    let known = diesel::update(s::staff.filter(s::document_hash.eq(&holder))).set(row).execute(tx.conn)?;
    if known > 0 {
        return Ok(());
    }
    let shown = format!("{} {}", document.kind().label(), mask::number(document.number()));
    let row = (
        s::id.eq(tx.id()),
        s::document_hash.eq(holder),
        s::document_mask.eq(shown),
        s::created_at.eq(tx.now),
        row,
    );
    diesel::insert_into(s::staff).values(row).execute(tx.conn)?;
    Ok(())
}

/// Everybody who is on the roster now, by name.
pub fn list(tx: &mut Tx) -> Result<Vec<Member>, Error> {
    let columns = (s::id, s::name, s::role, s::document_mask);
    let rows: Vec<(String, String, String, String)> =
        s::staff.filter(s::active.eq(true)).order(s::name).select(columns).load(tx.conn)?;
    rows.into_iter().map(member).collect()
}

fn member((id, name, role, document): (String, String, String, String)) -> Result<Member, Error> {
    Ok(Member { id, name, role: Role::from_code(&role).ok_or(Error::Corrupt("staff.role"))?, document })
}

/// Takes somebody off the roster, at once and for every session; what they did stays in the
/// history. Returns whether they were on it.
pub fn remove(tx: &mut Tx, document: &Document) -> Result<bool, Error> {
    let holder = candidate::holder(tx.vault, document.kind(), document.number());
    let row = s::staff.filter(s::document_hash.eq(holder)).filter(s::active.eq(true));
    Ok(diesel::update(row).set(s::active.eq(false)).execute(tx.conn)? > 0)
}

/// Id and name of whoever on the roster has one of these documents.
pub(super) fn active_with_documents(
    tx: &mut Tx,
    holders: &[String],
) -> Result<Option<(String, String)>, Error> {
    let row = s::staff.filter(s::document_hash.eq_any(holders)).filter(s::active.eq(true));
    Ok(row.select((s::id, s::name)).first(tx.conn).optional()?)
}

/// A signed-in member of staff. Asked of the roster at every request: who was removed is out.
#[derive(Clone)]
pub struct StaffMember {
    /// Key of the roster's row.
    pub id: String,
    /// Full name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Who they are as a candidate: nobody reviews their own application.
    pub candidate: String,
}

impl<'a> FromRequest<'a> for StaffMember {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        const NOT_STAFF: Failure = Failure::Forbidden("这里是工作人员的审核台，您的账号不在工作人员名单上。");
        let who = SignedIn::from_request(req, body).await?;
        let store = req.data::<Store>().ok_or_else(|| Failure::Internal("no store".into()))?;
        let id = who.staff.ok_or(NOT_STAFF)?;
        let found = store.read(move |tx| active(tx, &id)).await.map_err(Failure::from)?;
        let Member { id, name, role, .. } = found.ok_or(NOT_STAFF)?;
        Ok(StaffMember { id, name, role, candidate: who.candidate })
    }
}

fn active(tx: &mut Tx, id: &str) -> Result<Option<Member>, Error> {
    let columns = (s::id, s::name, s::role, s::document_mask);
    let row = s::staff.find(id).filter(s::active.eq(true)).select(columns);
    row.first(tx.conn).optional()?.map(member).transpose()
}

/// The role of a session's staff id, if it is on the roster now.
pub fn role_of(tx: &mut Tx, id: Option<&str>) -> Result<Option<Role>, Error> {
    let Some(id) = id else { return Ok(None) };
    Ok(active(tx, id)?.map(|member| member.role))
}

/// Notes that a member of staff did something with somebody's data, such as `open` with an
/// application's number.
pub fn audit(tx: &mut Tx, staff: &str, action: &str, target: &str) -> Result<(), Error> {
    let row = (
        a::id.eq(tx.id()),
        a::at.eq(tx.now),
        a::staff_id.eq(staff),
        a::action.eq(action),
        a::target.eq(target),
    );
    diesel::insert_into(a::audit_entries).values(row).execute(tx.conn)?;
    Ok(())
}
