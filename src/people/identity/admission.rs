//! One sign-in: loads what is known, decides, and stores the result.

use serde_json::json;

use super::account::{self, AccountKey, Arrival, BoundAccount};
use super::case::{self, StoppedSignIn};
use super::decision::{self, Decision, Facts};
use super::notice::{self, NoticeKind};
use super::{Reason, event};
use crate::people::candidate::{self, AdmittedPerson};
use crate::people::staff::{self, Member};
use crate::store::{CandidateId, Error, Tx};

pub enum SignInOutcome {
    Admitted(AdmittedPerson),
    /// The portal does not say which account this is.
    Nameless,
    /// An administrator must decide, or has refused the account.
    Stopped {
        reason: Reason,
        /// An administrator has decided that the account is another person's.
        separated: bool,
    },
}

/// Decides a sign-in and stores the result, in one transaction.
pub fn sign_in(tx: &mut Tx, arrival: &Arrival) -> Result<SignInOutcome, Error> {
    let admission = Admission::load(tx, arrival)?;
    let decision = admission.decide();
    admission.carry_out(tx, decision)
}

/// A sign-in with everything that the decision depends on.
struct Admission<'a> {
    arrival: &'a Arrival,
    /// Hash of the account's `sub`.
    subject: Option<String>,
    /// Hash of the document.
    number: String,
    bound: Option<KnownCandidate<BoundCandidate>>,
    holder: Option<KnownCandidate<bool>>,
}

/// The account that a candidate is bound to.
struct BoundCandidate {
    account: BoundAccount,
    /// Hash of the candidate's present document.
    document: String,
}

/// A candidate with the names to compare. `more` is the bound account, or whether any account is
/// bound to the holder of the document.
struct KnownCandidate<T> {
    candidate: CandidateId,
    names: [String; 2],
    more: T,
}

impl<T> KnownCandidate<T> {
    fn names(&self) -> [&str; 2] {
        [&self.names[0], &self.names[1]]
    }
}

impl Admission<'_> {
    fn load<'a>(tx: &mut Tx, arrival: &'a Arrival) -> Result<Admission<'a>, Error> {
        let subject = arrival.account.subject_hash(tx.vault);
        let number = arrival.identity.holder(tx.vault).stored(tx.vault);
        account::lock(tx, subject.as_deref(), &number)?;
        let bound = bound_candidate(tx, &arrival.account.portal, subject.as_deref())?;
        let holder = holder_of(tx, &number)?;
        Ok(Admission { arrival, subject, number, bound, holder })
    }

    fn decide(&self) -> Decision {
        let holder = self.holder.as_ref();
        decision::decide(&Facts {
            name: &self.arrival.identity.name,
            has_subject: self.subject.is_some(),
            assurance: self.arrival.account.assurance,
            bound: self.bound.as_ref().map(|bound| decision::Bound {
                names: bound.names(),
                // The document of two candidates whose permits have become one leads to the other one.
                has_number: bound.more.document == self.number
                    || holder.is_some_and(|holder| holder.candidate == bound.candidate),
            }),
            holder: holder.map(|holder| decision::Holder { names: holder.names(), has_account: holder.more }),
        })
    }

    fn candidate(&self) -> Option<&CandidateId> {
        let bound = self.bound.as_ref().map(|bound| &bound.candidate);
        bound.or(self.holder.as_ref().map(|holder| &holder.candidate))
    }

    fn carry_out(&self, tx: &mut Tx, decision: Decision) -> Result<SignInOutcome, Error> {
        match (decision, self.candidate()) {
            (Decision::Nameless, _) => Ok(SignInOutcome::Nameless),
            (Decision::Stop(reason), Some(candidate)) => self.stop(tx, reason, candidate),
            (_, Some(candidate)) => self.admit(tx, decision, candidate),
            (_, None) => {
                let candidate = candidate::insert(tx, &self.number, &self.arrival.identity)?;
                self.admit(tx, decision, &candidate)
            }
        }
    }

    fn stop(&self, tx: &mut Tx, reason: Reason, candidate: &CandidateId) -> Result<SignInOutcome, Error> {
        let attempt = StoppedSignIn {
            reason,
            candidate,
            subject: self.subject.as_deref(),
            number: &self.number,
            arrival: self.arrival,
        };
        let separated = case::open(tx, &attempt)?;
        Ok(SignInOutcome::Stopped { reason, separated })
    }

    fn admit(
        &self,
        tx: &mut Tx,
        decision: Decision,
        candidate: &CandidateId,
    ) -> Result<SignInOutcome, Error> {
        let identity = &self.arrival.identity;
        candidate::record_sign_in(tx, candidate)?;
        self.save_number(tx, candidate)?;
        match decision {
            Decision::Admit | Decision::AdmitRenamed => {
                candidate::save_portal_name(tx, candidate, &identity.name)?;
                let before = self.bound.as_ref().map(|bound| bound.more.account.phone.as_str());
                candidate::update_phone(tx, candidate, identity, before.unwrap_or_default())?;
            }
            Decision::Bind => {
                let before = candidate::portal_phone(tx, candidate)?;
                candidate::update_phone(tx, candidate, identity, &before)?;
            }
            // The phone number of a further account is not taken over: the candidate does not know that
            // account yet.
            _ => {}
        }
        self.notify(tx, decision, candidate)?;
        if let Some(subject) = &self.subject {
            let phone = identity.phone.as_deref().unwrap_or_default();
            let key = AccountKey { portal: &self.arrival.account.portal, subject_hash: subject };
            account::bind(tx, key, candidate, &identity.name, phone)?;
        }
        let staff = self.staff(tx, candidate)?;
        Ok(SignInOutcome::Admitted(AdmittedPerson { candidate: candidate.to_owned(), staff }))
    }

    /// Stores the portal's number if it is another one of the document on record: a permit was renewed, or it is
    /// written in another way.
    fn save_number(&self, tx: &mut Tx, candidate: &CandidateId) -> Result<(), Error> {
        let (known, number) = (candidate::document(tx, candidate)?, self.arrival.identity.document.number());
        if known.holder != self.number || known.number == number {
            return Ok(());
        }
        candidate::save_number(tx, candidate, number)?;
        event::record(tx, "identity_renewed", candidate, &json!({ "portal": self.arrival.account.portal }))
    }

    /// Adds a notice and a security event if the sign-in was unusual.
    fn notify(&self, tx: &mut Tx, decision: Decision, candidate: &CandidateId) -> Result<(), Error> {
        let portal = &self.arrival.account.portal;
        let (kind, event) = match decision {
            Decision::AdmitRenamed => (NoticeKind::AnotherName, "identity_renamed"),
            // The first account of another portal is expected, because staff may have a portal of their own.
            Decision::BindAnother if !account::has_at(tx, candidate, portal)? => return Ok(()),
            Decision::BindAnother => (NoticeKind::AnotherAccount, "identity_another_account"),
            _ => return Ok(()),
        };
        notice::add(tx, candidate, kind, "")?;
        event::record(tx, event, candidate, &json!({ "portal": portal }))
    }

    /// Id of the person's roster row, if this sign-in may open the desk.
    fn staff(&self, tx: &mut Tx, candidate: &CandidateId) -> Result<Option<String>, Error> {
        let documents = candidate::documents_of(tx, std::slice::from_ref(candidate))?;
        let Some(Member { id, name, .. }) = staff::active_with_documents(tx, &documents)? else {
            return Ok(None);
        };
        if decision::opens_desk(&name, &self.arrival.identity.name) {
            return Ok(Some(id));
        }
        notice::add_once(tx, candidate, NoticeKind::DeskClosed)?;
        event::record(tx, "desk_closed", candidate, &json!({ "staff": id }))?;
        Ok(None)
    }
}

fn bound_candidate(
    tx: &mut Tx,
    portal: &str,
    subject: Option<&str>,
) -> Result<Option<KnownCandidate<BoundCandidate>>, Error> {
    let Some(subject_hash) = subject else { return Ok(None) };
    let Some(bound) = account::find(tx, AccountKey { portal, subject_hash })? else { return Ok(None) };
    let [name, _] = candidate::names(tx, &bound.candidate)?;
    let names = [name, bound.name.clone()];
    let document = candidate::document(tx, &bound.candidate)?.holder;
    let (candidate, more) = (bound.candidate.clone(), BoundCandidate { account: bound, document });
    Ok(Some(KnownCandidate { candidate, names, more }))
}

fn holder_of(tx: &mut Tx, number: &str) -> Result<Option<KnownCandidate<bool>>, Error> {
    let Some(candidate) = candidate::with_document(tx, number)? else { return Ok(None) };
    let names = candidate::names(tx, &candidate)?;
    let has_account = account::has_any(tx, &candidate)?;
    Ok(Some(KnownCandidate { candidate, names, more: has_account }))
}
