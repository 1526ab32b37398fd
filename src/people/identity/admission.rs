//! One sign-in: what is known, the decision, and what is stored of it.

use serde_json::json;

use super::decision::{self, Decision, Facts};
use super::{Account, Reason, account, case, event, notice};
use crate::people::candidate::{self, Identity};
use crate::people::staff;
use crate::store::{CandidateId, Error, Tx};

/// Somebody who comes back from the portal.
#[derive(Clone)]
pub struct Arrival {
    /// Who the portal says they are.
    pub identity: Identity,
    /// The account by which it knows them.
    pub account: Account,
}

/// How a sign-in ended.
pub enum Entry {
    /// They are in.
    In(candidate::Known),
    /// The account must be verified at the portal first.
    Unverified,
    /// The portal does not say which account this is.
    Nameless,
    /// An administrator decides, or has decided that this is another person.
    Stopped {
        /// Why.
        reason: Reason,
        /// The decision was: another person.
        separated: bool,
    },
}

/// Decides a sign-in and does what follows, in one transaction.
pub fn sign_in(tx: &mut Tx, arrival: &Arrival) -> Result<Entry, Error> {
    let admission = Admission::load(tx, arrival)?;
    let decision = admission.decide();
    admission.carry_out(tx, decision)
}

/// A sign-in with all that is known about it.
struct Admission<'a> {
    arrival: &'a Arrival,
    /// Hash of the account's `sub`.
    subject: Option<String>,
    /// Hash of the document.
    number: String,
    bound: Option<Known<account::Bound>>,
    holder: Option<Known<bool>>,
}

/// A candidate with their names, and what else is known.
struct Known<T> {
    candidate: CandidateId,
    names: [String; 2],
    more: T,
}

impl<T> Known<T> {
    fn names(&self) -> [&str; 2] {
        [&self.names[0], &self.names[1]]
    }
}

impl Admission<'_> {
    fn load<'a>(tx: &mut Tx, arrival: &'a Arrival) -> Result<Admission<'a>, Error> {
        let subject = arrival.account.subject_hash(tx.vault);
        let number = arrival.identity.holder(tx.vault);
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
                has_number: holder.is_some_and(|holder| holder.candidate == bound.candidate),
            }),
            holder: holder.map(|holder| decision::Holder { names: holder.names(), has_account: holder.more }),
        })
    }

    /// Whose account would be opened.
    fn candidate(&self) -> Option<&CandidateId> {
        let bound = self.bound.as_ref().map(|bound| &bound.candidate);
        bound.or(self.holder.as_ref().map(|holder| &holder.candidate))
    }

    fn carry_out(&self, tx: &mut Tx, decision: Decision) -> Result<Entry, Error> {
        match (decision, self.candidate()) {
            (Decision::Unverified, _) => Ok(Entry::Unverified),
            (Decision::Nameless, _) => Ok(Entry::Nameless),
            (Decision::Stop(reason), Some(candidate)) => self.stop(tx, reason, candidate),
            (_, Some(candidate)) => self.admit(tx, decision, candidate),
            (_, None) => {
                let candidate = candidate::take_in(tx, &self.number, &self.arrival.identity)?;
                self.admit(tx, decision, &candidate)
            }
        }
    }

    fn stop(&self, tx: &mut Tx, reason: Reason, candidate: &CandidateId) -> Result<Entry, Error> {
        let attempt = case::Attempt {
            reason,
            candidate,
            subject: self.subject.as_deref(),
            number: &self.number,
            arrival: self.arrival,
        };
        let separated = case::open(tx, &attempt)?;
        Ok(Entry::Stopped { reason, separated })
    }

    fn admit(&self, tx: &mut Tx, decision: Decision, candidate: &CandidateId) -> Result<Entry, Error> {
        let identity = &self.arrival.identity;
        candidate::note_sign_in(tx, candidate)?;
        match decision {
            Decision::Admit | Decision::AdmitRenamed => {
                candidate::note_name(tx, candidate, &identity.name)?;
                let before = self.bound.as_ref().map(|bound| bound.more.phone.as_str());
                candidate::note_phone(tx, candidate, identity, before.unwrap_or_default())?;
            }
            Decision::Bind => {
                let before = candidate::portal_phone(tx, candidate)?;
                candidate::note_phone(tx, candidate, identity, &before)?;
            }
            // The phone number of a further account is told by no one the candidate knows yet.
            _ => {}
        }
        self.tell(tx, decision, candidate)?;
        if let Some(subject) = &self.subject {
            let phone = identity.phone.as_deref().unwrap_or_default();
            let key = (self.arrival.account.portal.as_str(), subject.as_str());
            account::bind(tx, key, candidate, &identity.name, phone)?;
        }
        let staff = self.staff(tx, candidate)?;
        Ok(Entry::In(candidate::Known { candidate: candidate.clone(), staff }))
    }

    /// What the candidate should know about this sign-in.
    fn tell(&self, tx: &mut Tx, decision: Decision, candidate: &CandidateId) -> Result<(), Error> {
        let (kind, event) = match decision {
            Decision::AdmitRenamed => (notice::NoticeKind::AnotherName, "identity_renamed"),
            Decision::BindAnother => (notice::NoticeKind::AnotherAccount, "identity_another_account"),
            _ => return Ok(()),
        };
        notice::tell(tx, candidate, kind, "")?;
        event::note(tx, event, candidate, &json!({ "portal": self.arrival.account.portal }))
    }

    /// The roster's entry of this person, if the desk opens to this sign-in.
    fn staff(&self, tx: &mut Tx, candidate: &CandidateId) -> Result<Option<String>, Error> {
        let documents = candidate::documents_of(tx, candidate)?;
        let Some((id, roster)) = staff::active_with_documents(tx, &documents)? else { return Ok(None) };
        let Arrival { identity, account } = self.arrival;
        if decision::opens_desk(&roster, &identity.name, account.assurance) {
            return Ok(Some(id));
        }
        notice::tell_once(tx, candidate, notice::NoticeKind::DeskClosed)?;
        event::note(tx, "desk_closed", candidate, &json!({ "staff": id }))?;
        Ok(None)
    }
}

fn bound_candidate(
    tx: &mut Tx,
    portal: &str,
    subject: Option<&str>,
) -> Result<Option<Known<account::Bound>>, Error> {
    let Some(subject) = subject else { return Ok(None) };
    let Some(bound) = account::find(tx, portal, subject)? else { return Ok(None) };
    let [name, _] = candidate::names(tx, &bound.candidate)?;
    let names = [name, bound.name.clone()];
    Ok(Some(Known { candidate: bound.candidate.clone(), names, more: bound }))
}

fn holder_of(tx: &mut Tx, number: &str) -> Result<Option<Known<bool>>, Error> {
    let Some(candidate) = candidate::with_document(tx, number)? else { return Ok(None) };
    let names = candidate::names(tx, &candidate)?;
    let has_account = account::has_any(tx, &candidate)?;
    Ok(Some(Known { candidate, names, more: has_account }))
}
