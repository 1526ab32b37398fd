//! The two decisions about a case, and what each changes.

use diesel::prelude::*;
use serde_json::json;

use super::{Case, OPEN};
use crate::people::Refusal;
use crate::people::candidate::{self, Candidate};
use crate::people::identity::{Reason, account, event, notice};
use crate::people::staff::StaffMember;
use crate::store::schema::identity_cases::dsl as i;
use crate::store::{Error, Tx, codes};

/// What an administrator decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The account is the candidate's.
    Join,
    /// The account is another person's.
    Separate,
}

codes!(Verdict {
    Join = "joined",
    Separate = "separated",
});

/// Why a case cannot be decided so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseRefusal {
    /// Somebody else has decided it.
    Decided,
    /// The administrator is one of its sides.
    Own,
    /// The portal named no account that could be bound.
    NoSubject,
    /// The number belongs to another candidate.
    NumberTaken,
    /// The account has been bound to another candidate since.
    BoundElsewhere,
}

/// Decides a case. Joining a case of another number changes the candidate's document; returns the
/// candidate before and after, whose records must follow.
pub fn decide(
    tx: &mut Tx,
    case: &Case,
    verdict: Verdict,
    staff: &StaffMember,
    reason: &str,
) -> Result<Result<Option<(Candidate, Candidate)>, CaseRefusal>, Refusal> {
    account::lock(tx, case.subject.as_deref(), &case.holder)?;
    if let Some(refusal) = refusal(tx, case, verdict, staff)? {
        return Ok(Err(refusal));
    }
    if !close(tx, case, verdict, staff, reason)? {
        return Ok(Err(CaseRefusal::Decided));
    }
    let changed = match (verdict, case.reason) {
        (Verdict::Join, Reason::AnotherNumber) => Some(change_document(tx, case)?),
        _ => None,
    };
    match (verdict, case.reason, &case.subject) {
        (Verdict::Join, _, Some(subject)) => bind(tx, case, subject)?,
        (Verdict::Separate, Reason::AnotherNumber, Some(subject)) => {
            account::release(tx, &case.portal, subject)?;
        }
        _ => {}
    }
    let kind = if verdict == Verdict::Join { "identity_joined" } else { "identity_separated" };
    event::note(tx, kind, &case.candidate, &json!({ "case": case.id, "staff": staff.id }))?;
    Ok(Ok(changed))
}

fn refusal(
    tx: &mut Tx,
    case: &Case,
    verdict: Verdict,
    staff: &StaffMember,
) -> Result<Option<CaseRefusal>, Error> {
    if case.is_about(tx, staff)? {
        return Ok(Some(CaseRefusal::Own));
    }
    let Some(subject) = &case.subject else {
        return Ok((verdict == Verdict::Join).then_some(CaseRefusal::NoSubject));
    };
    let bound = account::find(tx, &case.portal, subject)?;
    if bound.is_some_and(|bound| bound.candidate != case.candidate) {
        return Ok(Some(CaseRefusal::BoundElsewhere));
    }
    if (verdict, case.reason) == (Verdict::Join, Reason::AnotherNumber) {
        let owner = candidate::with_document(tx, &case.holder)?;
        return Ok(owner.filter(|owner| *owner != case.candidate).map(|_| CaseRefusal::NumberTaken));
    }
    Ok(None)
}

/// Of two administrators who decide at once, one is faster.
fn close(
    tx: &mut Tx,
    case: &Case,
    verdict: Verdict,
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

/// The account's name is accepted with it, so that the next sign-in is not stopped again.
fn bind(tx: &mut Tx, case: &Case, subject: &str) -> Result<(), Error> {
    account::bind(tx, (&case.portal, subject), &case.candidate, &case.name, &case.phone)?;
    let told = match case.reason {
        Reason::AnotherAccount | Reason::AnotherPerson => notice::NoticeKind::AnotherAccount,
        Reason::AnotherName => notice::NoticeKind::AnotherName,
        Reason::AnotherNumber => return Ok(()),
    };
    notice::tell(tx, &case.candidate, told, "")
}

fn change_document(tx: &mut Tx, case: &Case) -> Result<(Candidate, Candidate), Refusal> {
    let before = Candidate::load(tx, &case.candidate)?.ok_or(Refusal::NoCandidate)?;
    let after = Candidate {
        document_type: case.document_type,
        document_number: case.document_number.clone(),
        holder: case.holder.clone(),
        ..before.clone()
    };
    candidate::correct(tx, &before, &after)?;
    Ok((before, after))
}
