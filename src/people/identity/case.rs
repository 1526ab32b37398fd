//! Sign-ins that were stopped, and what an administrator decides about them.

mod verdict;

use diesel::prelude::*;
use serde_json::json;

use super::{Arrival, Assurance, Reason, event};
use crate::people::document::DocumentType;
use crate::people::name;
use crate::people::staff::StaffMember;
use crate::store::schema::identity_cases::{self, dsl as i};
use crate::store::{CandidateId, Error, Timestamp, Tx, Vault};
pub use verdict::{CaseRefusal, Verdict, decide};

const NAME: &str = "identity_cases.name";
const NUMBER: &str = "identity_cases.document_number";
const PHONE: &str = "identity_cases.phone";

const OPEN: &str = "open";

/// A sign-in that is stopped.
pub(super) struct Attempt<'a> {
    pub reason: Reason,
    /// Whose account would have been opened.
    pub candidate: &'a CandidateId,
    /// Hash of the account's `sub`.
    pub subject: Option<&'a str>,
    /// Hash of the document.
    pub number: &'a str,
    pub arrival: &'a Arrival,
}

/// A case, with what the portal told.
pub struct Case {
    /// Key of the row.
    pub id: String,
    /// Why the sign-in was stopped.
    pub reason: Reason,
    /// Whose account would have been opened.
    pub candidate: CandidateId,
    /// The portal of the account.
    pub portal: String,
    /// Hash of the account's `sub`, if the portal told one.
    subject: Option<String>,
    /// The name that the portal told.
    pub name: String,
    /// The kind of document that it told.
    pub document_type: DocumentType,
    /// Its number, in clear.
    pub document_number: String,
    /// The hash by which the records of this document are found.
    pub holder: String,
    /// The phone number that the portal told, in clear; may be empty.
    pub phone: String,
    /// Whether the portal vouched for all this.
    pub verified: bool,
    /// How often it was tried.
    pub attempts: i32,
    /// First attempt, UTC.
    pub first_at: Timestamp,
    /// Last attempt, UTC.
    pub last_at: Timestamp,
    /// What was decided; nothing while it is open.
    pub verdict: Option<Verdict>,
    /// When it was decided, UTC.
    pub decided_at: Option<Timestamp>,
    /// Why it was decided so.
    pub decision_reason: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = identity_cases)]
struct Row {
    id: String,
    reason: String,
    candidate_id: CandidateId,
    portal: String,
    subject_hash: Option<String>,
    name: String,
    document_type: String,
    document_number: String,
    document_hash: String,
    phone: String,
    verified: bool,
    attempts: i32,
    first_at: Timestamp,
    last_at: Timestamp,
    status: String,
    decided_at: Option<Timestamp>,
    decision_reason: String,
}

/// One line of the list.
pub struct Line {
    /// Key of the case.
    pub id: String,
    /// Why it was stopped.
    pub reason: Reason,
    /// How often it was tried.
    pub attempts: i32,
    /// Last attempt, UTC.
    pub last_at: Timestamp,
    /// What was decided; nothing while it is open.
    pub verdict: Option<Verdict>,
}

/// Opens a case, or counts another attempt of a known one. Returns whether an administrator has
/// decided that this is another person. A case that was joined and comes again is open again.
pub(super) fn open(tx: &mut Tx, attempt: &Attempt) -> Result<bool, Error> {
    let key = attempt.key(tx.vault);
    let known = i::identity_cases.filter(i::key_hash.eq(&key)).select((i::id, i::status));
    let (id, separated) = match known.first::<(String, String)>(tx.conn).optional()? {
        Some((id, status)) => (count(tx, id, &status)?, status == Verdict::Separate.code()),
        None => (insert(tx, attempt, &key)?, false),
    };
    let details =
        json!({ "case": id, "reason": attempt.reason.code(), "portal": attempt.arrival.account.portal });
    event::note(tx, "identity_stopped", attempt.candidate, &details)?;
    Ok(separated)
}

fn count(tx: &mut Tx, id: String, status: &str) -> Result<String, Error> {
    let again = (i::attempts.eq(i::attempts + 1), i::last_at.eq(tx.now));
    diesel::update(i::identity_cases.find(&id)).set(again).execute(tx.conn)?;
    if status == Verdict::Join.code() {
        diesel::update(i::identity_cases.find(&id)).set(i::status.eq(OPEN)).execute(tx.conn)?;
    }
    Ok(id)
}

fn insert(tx: &mut Tx, attempt: &Attempt, key: &str) -> Result<String, Error> {
    let Arrival { identity, account } = attempt.arrival;
    let id = tx.id();
    let told = (
        i::name.eq(tx.vault.seal(NAME, &identity.name)),
        i::document_type.eq(identity.document.kind().code()),
        i::document_number.eq(tx.vault.seal(NUMBER, identity.document.number())),
        i::document_hash.eq(attempt.number),
        i::phone.eq(tx.vault.seal(PHONE, identity.phone.as_deref().unwrap_or_default())),
        i::verified.eq(account.assurance == Assurance::Verified),
    );
    let row = (
        i::id.eq(&id),
        i::key_hash.eq(key),
        i::reason.eq(attempt.reason.code()),
        i::candidate_id.eq(attempt.candidate),
        i::portal.eq(&account.portal),
        i::subject_hash.eq(attempt.subject),
        told,
        (i::attempts.eq(1), i::first_at.eq(tx.now), i::last_at.eq(tx.now)),
        (i::status.eq(OPEN), i::decision_reason.eq("")),
    );
    diesel::insert_into(i::identity_cases).values(row).execute(tx.conn)?;
    Ok(id)
}

impl Attempt<'_> {
    /// What makes two attempts the same case.
    fn key(&self, vault: &Vault) -> String {
        let Arrival { identity, account } = self.arrival;
        let parts = [
            account.portal.as_str(),
            self.subject.unwrap_or_default(),
            self.reason.code(),
            self.candidate,
            self.number,
            &name::key(&identity.name),
        ];
        vault.blind("identity_case", &parts.join("\n"))
    }
}

/// How many cases wait for a decision.
pub fn count_open(tx: &mut Tx) -> Result<i64, Error> {
    Ok(i::identity_cases.filter(i::status.eq(OPEN)).count().get_result(tx.conn)?)
}

/// So many cases of each sort, the open ones first, the latest attempt first.
pub fn list(tx: &mut Tx, most: i64) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    let columns = (i::id, i::reason, i::attempts, i::last_at, i::status);
    for open in [true, false] {
        let cases = i::identity_cases.filter(i::status.eq(OPEN).eq(open));
        let rows: Vec<(String, String, i32, Timestamp, String)> =
            cases.order((i::last_at.desc(), i::id.desc())).limit(most).select(columns).load(tx.conn)?;
        for (id, reason, attempts, last_at, status) in rows {
            let reason = Reason::from_code(&reason).ok_or(Error::Corrupt("identity_cases.reason"))?;
            lines.push(Line { id, reason, attempts, last_at, verdict: Verdict::from_code(&status) });
        }
    }
    Ok(lines)
}

/// One case.
pub fn load(tx: &mut Tx, id: &str) -> Result<Option<Case>, Error> {
    let row = i::identity_cases.find(id).select(Row::as_select()).first(tx.conn).optional()?;
    row.map(|row| Case::open(tx.vault, row)).transpose()
}

impl Case {
    fn open(vault: &Vault, row: Row) -> Result<Case, Error> {
        Ok(Case {
            id: row.id,
            reason: Reason::from_code(&row.reason).ok_or(Error::Corrupt("identity_cases.reason"))?,
            candidate: row.candidate_id,
            portal: row.portal,
            subject: row.subject_hash,
            name: vault.open(NAME, &row.name)?,
            document_type: DocumentType::from_code(&row.document_type)
                .ok_or(Error::Corrupt("identity_cases.document_type"))?,
            document_number: vault.open(NUMBER, &row.document_number)?,
            holder: row.document_hash,
            phone: vault.open(PHONE, &row.phone)?,
            verified: row.verified,
            attempts: row.attempts,
            first_at: row.first_at,
            last_at: row.last_at,
            verdict: Verdict::from_code(&row.status),
            decided_at: row.decided_at,
            decision_reason: row.decision_reason,
        })
    }

    /// Whether the portal named the account, without which it can be bound to nobody.
    pub fn has_subject(&self) -> bool {
        self.subject.is_some()
    }

    /// Whether a member of staff is one of its two sides: nobody decides about themselves.
    pub fn is_about(&self, tx: &mut Tx, staff: &StaffMember) -> Result<bool, Error> {
        let own = crate::people::candidate::with_document(tx, &self.holder)?;
        Ok(self.candidate == staff.candidate || own.as_ref() == Some(&staff.candidate))
    }
}
