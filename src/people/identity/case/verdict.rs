//! The two decisions about an identity case, and what each changes.

use diesel::prelude::*;
use serde_json::json;

use super::{IdentityCase, OPEN};
use crate::people::Refusal;
use crate::people::candidate::{self, Candidate};
use crate::people::identity::account::{self, AccountKey};
use crate::people::identity::notice::{self, NoticeKind};
use crate::people::identity::{Reason, event};
use crate::people::staff::StaffMember;
use crate::store::schema::identity_cases::dsl as i;
use crate::store::{Error, Tx, codes};

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum IdentityVerdict {
        /// The account is the candidate's.
        Join = "joined",
        /// The account is another person's.
        Separate = "separated",
    }
}

/// Why a decision is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseRefusal {
    /// Somebody else has decided it.
    Decided,
    /// The case concerns the administrator.
    Own,
    /// The portal sent no `sub`, so the account cannot be bound.
    NoSubject,
    /// The number belongs to another candidate.
    NumberTaken,
    /// The account is bound to another candidate by now.
    BoundElsewhere,
}

/// A candidate before and after a change of their document.
pub struct DocumentChange {
    pub before: Candidate,
    pub after: Candidate,
}

/// Decides a case. Joining a case of [`Reason::AnotherNumber`] changes the candidate's document; the
/// caller must then move the records to the new one.
pub fn decide(
    tx: &mut Tx,
    case: &IdentityCase,
    verdict: IdentityVerdict,
    staff: &StaffMember,
    reason: &str,
) -> Result<Result<Option<DocumentChange>, CaseRefusal>, Refusal> {
    account::lock(tx, case.subject.as_deref(), &case.holder.stored(tx.vault))?;
    if let Some(refusal) = refusal(tx, case, verdict, staff)? {
        return Ok(Err(refusal));
    }
    if !close(tx, case, verdict, staff, reason)? {
        return Ok(Err(CaseRefusal::Decided));
    }
    let changed = match (verdict, case.reason) {
        (IdentityVerdict::Join, Reason::AnotherNumber) => Some(change_document(tx, case)?),
        _ => None,
    };
    match (verdict, case.reason, case.account()) {
        (IdentityVerdict::Join, _, Some(account)) => bind(tx, case, account)?,
        (IdentityVerdict::Separate, Reason::AnotherNumber, Some(account)) => account::unbind(tx, account)?,
        _ => {}
    }
    let kind = if verdict == IdentityVerdict::Join { "identity_joined" } else { "identity_separated" };
    event::record(tx, kind, &case.candidate, &json!({ "case": case.id, "staff": staff.id }))?;
    Ok(Ok(changed))
}

fn refusal(
    tx: &mut Tx,
    case: &IdentityCase,
    verdict: IdentityVerdict,
    staff: &StaffMember,
) -> Result<Option<CaseRefusal>, Error> {
    if case.is_about(tx, staff)? {
        return Ok(Some(CaseRefusal::Own));
    }
    let Some(account) = case.account() else {
        return Ok((verdict == IdentityVerdict::Join).then_some(CaseRefusal::NoSubject));
    };
    let bound = account::find(tx, account)?;
    if bound.is_some_and(|bound| bound.candidate != case.candidate) {
        return Ok(Some(CaseRefusal::BoundElsewhere));
    }
    if (verdict, case.reason) == (IdentityVerdict::Join, Reason::AnotherNumber) {
        let owner = candidate::with_document(tx, &case.holder.stored(tx.vault))?;
        return Ok(owner.filter(|owner| *owner != case.candidate).map(|_| CaseRefusal::NumberTaken));
    }
    Ok(None)
}

/// Returns `false` if another administrator has decided the case meanwhile.
fn close(
    tx: &mut Tx,
    case: &IdentityCase,
    verdict: IdentityVerdict,
    staff: &StaffMember,
    reason: &str,
) -> Result<bool, Error> {
    let open = i::identity_cases.find(&case.id).filter(i::status.eq(OPEN));
    let decision = (
        i::status.eq(verdict.code()),
        i::decided_at.eq(tx.now),
        i::decided_by.eq(&staff.id),
        i::decision_reason.eq(reason),
    );
    Ok(diesel::update(open).set(decision).execute(tx.conn)? == 1)
}

/// Also accepts the account's name, so that the next sign-in is not stopped again.
fn bind(tx: &mut Tx, case: &IdentityCase, account: AccountKey) -> Result<(), Error> {
    account::bind(tx, account, &case.candidate, &case.name, &case.phone)?;
    let kind = match case.reason {
        Reason::AnotherAccount | Reason::AnotherPerson => NoticeKind::AnotherAccount,
        Reason::AnotherName => NoticeKind::AnotherName,
        Reason::AnotherNumber => return Ok(()),
    };
    notice::add(tx, &case.candidate, kind, "")
}

fn change_document(tx: &mut Tx, case: &IdentityCase) -> Result<DocumentChange, Refusal> {
    let before = Candidate::load(tx, &case.candidate)?.ok_or(Refusal::NoCandidate)?;
    let after = Candidate {
        document_type: case.document_type,
        document_number: case.document_number.clone(),
        holder: case.holder.clone(),
        ..before.clone()
    };
    candidate::correct(tx, &before, &after)?;
    Ok(DocumentChange { before, after })
}
