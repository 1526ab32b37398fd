//! Certificates, as the public finds them.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::people::{document, mask, name};
use crate::store::schema::{certificates, exams};
use crate::store::{Error, Tx, Vault};

/// What anybody may read of a certificate whose holder is known to them or lets them.
#[derive(Clone, Queryable)]
pub struct PublicCertificate {
    /// Key of the row.
    pub id: String,
    holder_name: String,
    /// Masked number of the holder's document.
    pub document_mask: String,
    /// 级别
    pub level: String,
    /// 专业
    pub specialty: String,
    /// 证书管理号
    pub management_number: String,
    /// 证书印制号
    pub print_number: String,
    /// 批准日期
    pub approved_on: NaiveDate,
    /// 发证机关
    pub issuing_body: String,
}

/// The type of [`PUBLIC`].
pub type PublicColumns = (
    certificates::id,
    certificates::holder_name,
    certificates::document_mask,
    certificates::level,
    certificates::specialty,
    certificates::management_number,
    certificates::print_number,
    certificates::approved_on,
    certificates::issuing_body,
);

/// The columns of a [`PublicCertificate`].
pub const PUBLIC: PublicColumns = (
    certificates::id,
    certificates::holder_name,
    certificates::document_mask,
    certificates::level,
    certificates::specialty,
    certificates::management_number,
    certificates::print_number,
    certificates::approved_on,
    certificates::issuing_body,
);

impl PublicCertificate {
    /// The holder's name as others may see it.
    pub fn masked_name(&self) -> String {
        mask::name(&self.holder_name)
    }

    /// Whether a number, in its one spelling, is on this certificate now.
    pub fn has_number(&self, number: &str) -> bool {
        [&self.management_number, &self.print_number].into_iter().any(|own| is_number(own, number))
    }
}

/// Whether a certificate's own number, as it was imported, is this one in its one spelling. What is not
/// there is no number.
pub fn is_number(own: &str, number: &str) -> bool {
    !number.is_empty() && document::normalise(own) == number
}

/// An exam of which there are certificates.
#[derive(Clone, Debug, Queryable)]
pub struct CertifiedExam {
    /// What addresses call it.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The group it belongs to.
    pub category: String,
    /// When the newest certificate was approved.
    pub newest: Option<NaiveDate>,
}

/// All exams that have certificates, the one with the newest first.
pub fn certified_exams(tx: &mut Tx) -> Result<Vec<CertifiedExam>, Error> {
    let own = certificates::table.filter(certificates::exam_id.eq(exams::id));
    let newest = own.select(diesel::dsl::max(certificates::approved_on)).single_value();
    let rows = exams::table.select((exams::code, exams::name, exams::category, newest)).order(exams::code);
    let mut listed: Vec<CertifiedExam> = rows.load(tx.conn)?;
    listed.retain(|exam| exam.newest.is_some());
    listed.sort_by_key(|exam| std::cmp::Reverse(exam.newest));
    Ok(listed)
}

/// What a certificate is found by without a sign-in: a keyed hash of its holder's name and
/// document number, each in any spelling. The kind of document is left out, because the public
/// does not say it. A wrong name, a wrong number and a person who does not exist are so one and
/// the same miss in one index.
pub fn lookup_hash(vault: &Vault, holder_name: &str, document_number: &str) -> String {
    // Neither half holds a line break once it is in its one spelling, so no two pairs read the same.
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
    fn every_spelling_of_one_person_is_one_hash() {
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
