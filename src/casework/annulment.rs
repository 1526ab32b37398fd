//! 撤销证书: a decision by which a certificate is not valid any more. Its holder is told.

use diesel::prelude::*;

use super::messages::topic::{Slot, Topic};
use super::messages::{self, News};
use crate::exams::certificate::Annulment;
use crate::exams::held::{self, Certificate};
use crate::store::schema::{candidates, certificates};
use crate::store::{CandidateId, Error, Tx};

/// Annuls a certificate, or with `None` takes that back.
pub fn annul(tx: &mut Tx, certificate: &Certificate, annulment: Option<Annulment>) -> Result<(), Error> {
    held::annul(tx, &certificate.id, annulment)?;
    let topic = match annulment {
        Some(_) => Topic::CertificateAnnulled,
        None => Topic::CertificateRestored,
    };
    tell_holder(tx, certificate, topic)
}

/// Tells the holder of a certificate that an import has annulled it.
pub fn tell(tx: &mut Tx, id: &str) -> Result<(), Error> {
    let certificate = held::by_id(tx, id)?;
    certificate.map_or(Ok(()), |certificate| tell_holder(tx, &certificate, Topic::CertificateAnnulled))
}

fn tell_holder(tx: &mut Tx, certificate: &Certificate, topic: Topic) -> Result<(), Error> {
    let news = News {
        topic,
        business: None,
        subject: certificate.id.clone(),
        facts: vec![(Slot::Title, certificate.title())],
        once: None,
    };
    for holder in holders(tx, &certificate.id)? {
        messages::tell(tx, &holder, &news)?;
    }
    Ok(())
}

/// The candidates whose present document is the holder's.
fn holders(tx: &mut Tx, certificate: &str) -> Result<Vec<CandidateId>, Error> {
    let holder: String =
        certificates::table.find(certificate).select(certificates::holder_hash).first(tx.conn)?;
    let holders = candidates::table.filter(candidates::document_hash.eq(holder));
    Ok(holders.select(candidates::id).load(tx.conn)?)
}
