//! Identity cases: stopped sign-ins, which administrators decide.

mod verdict;

use std::collections::HashSet;

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::json;

use super::account::AccountKey;
use super::{Arrival, Assurance, Reason, event};
use crate::people::document::DocumentType;
use crate::people::holder_hash::HolderHash;
use crate::people::name;
use crate::people::staff::StaffMember;
use crate::store::schema::identity_cases::{self, dsl as i};
use crate::store::{CandidateId, Error, Timestamp, Tx, Vault, meta};
pub use verdict::{CaseRefusal, DocumentChange, IdentityVerdict, decide};

const NAME: &str = "identity_cases.name";
const NUMBER: &str = "identity_cases.document_number";
const PHONE: &str = "identity_cases.phone";

const OPEN: &str = "open";

pub(super) struct StoppedSignIn<'a> {
    pub reason: Reason,
    /// The candidate whom the sign-in would have admitted.
    pub candidate: &'a CandidateId,
    /// Hash of `sub`.
    pub subject: Option<&'a str>,
    /// Hash of the document.
    pub number: &'a str,
    pub arrival: &'a Arrival,
}

/// A case with the claims of the portal.
pub struct IdentityCase {
    pub id: String,
    pub reason: Reason,
    /// The candidate whom the sign-in would have admitted.
    pub candidate: CandidateId,
    pub portal: String,
    /// Hash of `sub`, if the portal sent one.
    subject: Option<String>,
    pub name: String,
    pub document_type: DocumentType,
    /// In clear.
    pub document_number: String,
    /// Hash of the document, by which its records are found.
    pub holder: HolderHash,
    /// In clear; may be empty.
    pub phone: String,
    pub verified: bool,
    pub attempts: i32,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// `None` while the case is open.
    pub verdict: Option<IdentityVerdict>,
    pub decided_at: Option<Timestamp>,
    pub decision_reason: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = identity_cases)]
struct Row {
    id: String,
    key_hash: String,
    reason: String,
    candidate_id: CandidateId,
    portal: String,
    subject_hash: Option<String>,
    name: String,
    document_type: String,
    document_number: String,
    phone: String,
    verified: bool,
    attempts: i32,
    first_at: Timestamp,
    last_at: Timestamp,
    status: String,
    decided_at: Option<Timestamp>,
    decision_reason: String,
}

/// A case in the list.
pub struct CaseSummary {
    pub id: String,
    pub reason: Reason,
    pub attempts: i32,
    pub last_at: Timestamp,
    /// `None` while the case is open.
    pub verdict: Option<IdentityVerdict>,
}

/// Opens a case, or counts another attempt of a known one. A new attempt reopens a joined case.
/// Returns whether an administrator has decided that this is another person.
pub(super) fn open(tx: &mut Tx, attempt: &StoppedSignIn) -> Result<bool, Error> {
    let key = attempt.key(tx.vault);
    let known = i::identity_cases.filter(i::key_hash.eq(&key)).select((i::id, i::status));
    let (id, separated) = match known.first::<(String, String)>(tx.conn).optional()? {
        Some((id, status)) => (count(tx, id, &status)?, status == IdentityVerdict::Separate.code()),
        None => (insert(tx, attempt, &key)?, false),
    };
    let details =
        json!({ "case": id, "reason": attempt.reason.code(), "portal": attempt.arrival.account.portal });
    event::record(tx, "identity_stopped", attempt.candidate, &details)?;
    Ok(separated)
}

fn count(tx: &mut Tx, id: String, status: &str) -> Result<String, Error> {
    let again = (i::attempts.eq(i::attempts + 1), i::last_at.eq(tx.now));
    diesel::update(i::identity_cases.find(&id)).set(again).execute(tx.conn)?;
    if status == IdentityVerdict::Join.code() {
        diesel::update(i::identity_cases.find(&id)).set(i::status.eq(OPEN)).execute(tx.conn)?;
    }
    Ok(id)
}

fn insert(tx: &mut Tx, attempt: &StoppedSignIn, key: &str) -> Result<String, Error> {
    let Arrival { identity, account } = attempt.arrival;
    let id = tx.id();
    let claims = (
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
        claims,
        (i::attempts.eq(1), i::first_at.eq(tx.now), i::last_at.eq(tx.now)),
        (i::status.eq(OPEN), i::decision_reason.eq("")),
    );
    diesel::insert_into(i::identity_cases).values(row).execute(tx.conn)?;
    Ok(id)
}

/// What makes two attempts the same case.
/// Its hashes are of the first data key, so that the key stays the same while keys turn.
struct CaseKey<'a> {
    portal: &'a str,
    subject: Option<&'a str>,
    reason: Reason,
    candidate: &'a CandidateId,
    number: &'a str,
    name: &'a str,
}

impl CaseKey<'_> {
    fn hash(&self, vault: &Vault) -> String {
        let name = name::key(self.name);
        let subject = self.subject.unwrap_or_default();
        let parts = [self.portal, subject, self.reason.code(), self.candidate, self.number, &name];
        vault.blind("identity_case", &parts.join("\n"))
    }
}

impl StoppedSignIn<'_> {
    fn key(&self, vault: &Vault) -> String {
        let Arrival { identity, account } = self.arrival;
        let (subject, holder) = (account.first_subject_hash(vault), identity.holder(vault));
        let key = CaseKey {
            portal: &account.portal,
            subject: subject.as_deref(),
            reason: self.reason,
            candidate: self.candidate,
            number: holder.first(),
            name: &identity.name,
        };
        key.hash(vault)
    }
}

/// Name in [`meta`] of the form of names and documents in `key_hash`.
const KEY_FORM: &str = "identity_case_keys";
const PRESENT_FORM: &str = "NFKC, lifelong permits";

/// Computes the hashes of all cases anew, once, since they contain a name and a document in the form in which those
/// are compared. Of two cases that have become one, the later one gets the key.
pub fn renew_keys(tx: &mut Tx) -> Result<(), Error> {
    if meta::get(tx, KEY_FORM)?.as_deref() == Some(PRESENT_FORM) {
        return Ok(());
    }
    let rows: Vec<Row> =
        i::identity_cases.order((i::last_at.desc(), i::id)).select(Row::as_select()).load(tx.conn)?;
    let mut taken: HashSet<String> = rows.iter().map(|row| row.key_hash.clone()).collect();
    for row in rows {
        let former = row.key_hash.clone();
        let case = IdentityCase::open(tx.vault, row)?;
        let key = case.key(tx.vault);
        if taken.insert(key.clone()) {
            taken.remove(&former);
            let hashes = (i::key_hash.eq(key), i::document_hash.eq(case.holder.stored(tx.vault)));
            diesel::update(i::identity_cases.find(&case.id)).set(hashes).execute(tx.conn)?;
        }
    }
    meta::set(tx, KEY_FORM, PRESENT_FORM)
}

/// An expression for the number of open cases, which counts no further than 1000.
pub fn count_open() -> SqlLiteral<BigInt> {
    let cases = "SELECT 1 FROM identity_cases WHERE status = 'open' LIMIT 1000";
    sql(&format!("(SELECT count(*) FROM ({cases}) AS open_cases)"))
}

/// At most `most` open cases, then at most `most` decided ones, each by the latest attempt.
pub fn list(tx: &mut Tx, most: i64) -> Result<Vec<CaseSummary>, Error> {
    let mut cases = Vec::new();
    let columns = (i::id, i::reason, i::attempts, i::last_at, i::status);
    for open in [true, false] {
        let part = i::identity_cases.filter(i::status.eq(OPEN).eq(open));
        let rows: Vec<(String, String, i32, Timestamp, String)> =
            part.order((i::last_at.desc(), i::id.desc())).limit(most).select(columns).load(tx.conn)?;
        for (id, reason, attempts, last_at, status) in rows {
            let reason = Reason::from_code(&reason).ok_or(Error::Corrupt("identity_cases.reason"))?;
            cases.push(CaseSummary {
                id,
                reason,
                attempts,
                last_at,
                verdict: IdentityVerdict::from_code(&status),
            });
        }
    }
    Ok(cases)
}

pub fn load(tx: &mut Tx, id: &str) -> Result<Option<IdentityCase>, Error> {
    let row = i::identity_cases.find(id).select(Row::as_select()).first(tx.conn).optional()?;
    row.map(|row| IdentityCase::open(tx.vault, row)).transpose()
}

impl IdentityCase {
    fn open(vault: &Vault, row: Row) -> Result<IdentityCase, Error> {
        let kind = DocumentType::from_code(&row.document_type)
            .ok_or(Error::Corrupt("identity_cases.document_type"))?;
        let number = vault.open(NUMBER, &row.document_number)?;
        Ok(IdentityCase {
            id: row.id,
            reason: Reason::from_code(&row.reason).ok_or(Error::Corrupt("identity_cases.reason"))?,
            candidate: row.candidate_id,
            portal: row.portal,
            subject: row.subject_hash,
            name: vault.open(NAME, &row.name)?,
            holder: HolderHash::of(vault, kind, &number),
            document_type: kind,
            document_number: number,
            phone: vault.open(PHONE, &row.phone)?,
            verified: row.verified,
            attempts: row.attempts,
            first_at: row.first_at,
            last_at: row.last_at,
            verdict: IdentityVerdict::from_code(&row.status),
            decided_at: row.decided_at,
            decision_reason: row.decision_reason,
        })
    }

    fn key(&self, vault: &Vault) -> String {
        let key = CaseKey {
            portal: &self.portal,
            subject: self.subject.as_deref(),
            reason: self.reason,
            candidate: &self.candidate,
            number: self.holder.first(),
            name: &self.name,
        };
        key.hash(vault)
    }

    /// The account, if the portal sent `sub`; without it the account cannot be bound.
    pub(super) fn account(&self) -> Option<AccountKey<'_>> {
        self.subject.as_deref().map(|subject_hash| AccountKey { portal: &self.portal, subject_hash })
    }

    /// Whether the portal sent `sub`, without which the account cannot be bound.
    pub fn has_subject(&self) -> bool {
        self.subject.is_some()
    }

    /// Whether the case concerns the staff member themselves, who then may not decide it.
    pub fn is_about(&self, tx: &mut Tx, staff: &StaffMember) -> Result<bool, Error> {
        let own = crate::people::candidate::with_document(tx, &self.holder.stored(tx.vault))?;
        Ok(self.candidate == staff.candidate || own.as_ref() == Some(&staff.candidate))
    }
}
