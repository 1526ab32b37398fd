//! Admits a person who returns from the portal.

use super::refusal::{Refusal, admitted};
use crate::exams::permit_hashes;
use crate::people::candidate::AdmittedPerson;
use crate::people::identity::{self, Arrival};
use crate::store::{Error, Tx};

/// Decides a sign-in, see [`identity::sign_in`]. An older program may have stored the person and their records
/// under another hash.
pub(super) fn admit(tx: &mut Tx, arrival: &Arrival) -> Result<Result<AdmittedPerson, Refusal>, Error> {
    permit_hashes::renew_of_document(tx, &arrival.identity.document)?;
    Ok(admitted(identity::sign_in(tx, arrival)?))
}
