//! Certificates, as the public lookup shows them.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::people::{document, mask, name};
use crate::store::schema::{certificates, exams};
use crate::store::{Error, Tx, Vault};

/// The public part of a certificate. It is shown to people who know the holder's name and number, or have a link.
#[derive(Clone, Queryable)]
pub struct PublicCertificate {
    pub id: String,
    holder_name: String,
    /// Masked number of the holder's document.
    pub document_mask: String,
    pub level: String,
    pub specialty: String,
    pub management_number: String,
    pub print_number: String,
    pub approved_on: NaiveDate,
    pub issuing_body: String,
}

/// The columns of a [`PublicCertificate`].
#[diesel::dsl::auto_type]
pub fn public_columns() -> _ {
    (
        certificates::id,
        certificates::holder_name,
        certificates::document_mask,
        certificates::level,
        certificates::specialty,
        certificates::management_number,
        certificates::print_number,
        certificates::approved_on,
        certificates::issuing_body,
    )
}

impl PublicCertificate {
    pub fn masked_name(&self) -> String {
        mask::name(&self.holder_name)
    }

    /// Whether a normalised number is on this certificate.
    pub fn has_number(&self, number: &str) -> bool {
        [&self.management_number, &self.print_number].into_iter().any(|own| is_number(own, number))
    }
}

/// Whether a certificate's number, as imported, equals a normalised number. An empty number equals none.
pub fn is_number(own: &str, number: &str) -> bool {
    !number.is_empty() && document::normalise(own) == number
}

/// An exam with certificates.
#[derive(Clone, Debug, Queryable)]
pub struct CertifiedExam {
    /// Code in URLs.
    pub code: String,
    pub name: String,
    pub category: String,
    /// Approval date of the newest certificate.
    pub newest: Option<NaiveDate>,
}

/// The exam with the newest certificate first.
pub fn certified_exams(tx: &mut Tx) -> Result<Vec<CertifiedExam>, Error> {
    let own = certificates::table.filter(certificates::exam_id.eq(exams::id));
    let newest = own.select(diesel::dsl::max(certificates::approved_on)).single_value();
    let rows = exams::table.select((exams::code, exams::name, exams::category, newest)).order(exams::code);
    let mut listed: Vec<CertifiedExam> = rows.load(tx.conn)?;
    listed.retain(|exam| exam.newest.is_some());
    listed.sort_by_key(|exam| std::cmp::Reverse(exam.newest));
    Ok(listed)
}

/// The keyed hash by which the public lookup finds certificates: of the holder's name and document number, both
/// normalised. The kind of document is not part of it, because the public does not enter it. A wrong name, a wrong
/// number and an unknown person all miss in the same index, so they cannot be told apart.
pub fn lookup_hash(vault: &Vault, holder_name: &str, document_number: &str) -> String {
    // Normalised texts have no line break, so different pairs have different inputs.
    let person = [name::key(holder_name), document::normalise(document_number)].join("\n");
    vault.blind("certificate", &person)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(name: &str, number: &str) -> String {
        lookup_hash(&Vault::from_key(&[7; 32]), name, number)
    }

    #[test]
    fn spellings_of_one_person_have_one_hash() {
        let stored = hash("买买提·艾力", "11010519491231002X");
        assert_eq!(hash(" 买买提.艾力　", " 110105 19491231 ００２ｘ"), stored);
        assert_eq!(hash("schmidt  anna", "19av12345"), hash("SCHMIDT ANNA", "19AV12345"));
    }

    #[test]
    fn other_people_and_other_keys_have_other_hashes() {
        let stored = hash("张小三", "440300199003072616");
        assert_ne!(hash("张小四", "440300199003072616"), stored);
        assert_ne!(hash("张小三", "440300199003072617"), stored);
        assert_ne!(hash("A\nB", "1"), hash("A", "B\n1"));
        let other = Vault::from_key(&[8; 32]);
        assert_ne!(lookup_hash(&other, "张小三", "440300199003072616"), stored);
    }
}
