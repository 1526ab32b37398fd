//! Certificates, as the public lookup shows them.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::people::document::{Document, DocumentType};
use crate::people::holder_hash::HolderHash;
use crate::people::{document, mask, name};
use crate::store::schema::{certificates, exams};
use crate::store::{Error, Tx, Vault, codes};

codes! {
    /// What a number of a certificate is called.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum NumberKind {
        Management = "management", "证书管理号";
        /// In place of a 管理号, or beside it.
        Query = "query", "查询编号";
        /// Of the paper. A certificate without it is electronic only.
        Print = "print", "证书印制号";
    }
}

/// The numbers that a certificate has. `number` is its 管理号, or equals `query` if it has none.
pub fn numbers<'a>(number: &'a str, query: &'a str, print: &'a str) -> Vec<(NumberKind, &'a str)> {
    let management = if number == query { "" } else { number };
    let all = [(NumberKind::Management, management), (NumberKind::Query, query), (NumberKind::Print, print)];
    all.into_iter().filter(|(_, number)| !number.is_empty()).collect()
}

/// The decision by which a certificate was annulled (人社部令第31号, art. 10).
#[derive(Clone, Copy, Debug)]
pub struct Annulment<'a> {
    pub on: NaiveDate,
    /// Number of the decision.
    pub decision: &'a str,
}

impl Annulment<'_> {
    pub fn of(on: Option<NaiveDate>, decision: &str) -> Option<Annulment<'_>> {
        on.map(|on| Annulment { on, decision })
    }
}

/// The public part of a certificate. It is shown to people who know the holder's name and number, or have a link.
#[derive(Clone, Queryable)]
pub struct PublicCertificate {
    pub id: String,
    holder_name: String,
    /// Masked number of the holder's document.
    pub document_mask: String,
    pub level: String,
    pub specialty: String,
    number: String,
    query_number: String,
    print_number: String,
    pub approved_on: NaiveDate,
    pub issuing_body: String,
    annulled_on: Option<NaiveDate>,
    annulment: String,
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
        certificates::number,
        certificates::query_number,
        certificates::print_number,
        certificates::approved_on,
        certificates::issuing_body,
        certificates::annulled_on,
        certificates::annulment,
    )
}

impl PublicCertificate {
    pub fn masked_name(&self) -> String {
        mask::name(&self.holder_name)
    }

    /// Whether a normalised number is on this certificate.
    pub fn has_number(&self, number: &str) -> bool {
        self.numbers().into_iter().any(|(_, own)| is_number(own, number))
    }

    /// Its numbers, in the order of a certificate.
    pub fn numbers(&self) -> Vec<(NumberKind, &str)> {
        numbers(&self.number, &self.query_number, &self.print_number)
    }

    pub fn annulment(&self) -> Option<Annulment<'_>> {
        Annulment::of(self.annulled_on, &self.annulment)
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

/// The keyed hash by which the public lookup finds certificates: of the holder's name in its normal form, and of
/// the hash of the document, both as printed. A wrong name, a wrong number and an unknown person all
/// miss in the same index, so they cannot be told apart.
pub fn person_hash(vault: &Vault, holder_name: &str, document: &HolderHash) -> String {
    hash_of_key(vault, &name::key(holder_name), document)
}

/// Kinds of documents, each of which may have a number.
pub const KINDS: usize = DocumentType::ALL.len();

/// The [`person_hash`]es of a name and a number with every kind of document that can have the number, because the
/// public does not enter the kind. They are repeated, since the statement of a lookup takes a fixed number.
pub fn person_hashes(
    vault: &Vault,
    holder_name: &str,
    document_number: &str,
    today: NaiveDate,
) -> [String; KINDS] {
    let (key, number) = (name::key(holder_name), document::normalise(document_number));
    let hash = |kind| hash_of_key(vault, &key, &HolderHash::of(vault, kind, &number));
    let can_have = |kind: &DocumentType| Document::parse(*kind, &number, today).is_ok();
    let mut hashes: Vec<String> = DocumentType::ALL.into_iter().filter(can_have).map(hash).collect();
    if hashes.is_empty() {
        // Nobody has such a number, so this finds nothing.
        hashes.push(hash(DocumentType::Resident));
    }
    std::array::from_fn(|at| hashes[at % hashes.len()].clone())
}

fn hash_of_key(vault: &Vault, name_key: &str, document: &HolderHash) -> String {
    // Neither part has a line break, so different pairs have different inputs.
    vault.blind("certificate_person", &[name_key, document.first()].join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault::from_key(&[7; 32])
    }

    fn of(vault: &Vault, name: &str, number: &str) -> [String; KINDS] {
        person_hashes(vault, name, number, "2026-04-01".parse().unwrap())
    }

    fn resident(name: &str, number: &str) -> String {
        person_hash(&vault(), name, &HolderHash::of(&vault(), DocumentType::Resident, number))
    }

    #[test]
    fn spellings_of_one_person_have_one_hash() {
        let stored = resident("买买提·艾力", "11010519491231002X");
        for (name, number) in [
            (" 买买提.艾力　", " 110105 19491231 ００２ｘ"),
            ("买买提-艾力", "11010519491231002x"),
            ("买买提•艾力", "11010519491231002X"),
        ] {
            assert!(of(&vault(), name, number).contains(&stored), "{name} {number}");
        }
        for kind in DocumentType::ALL {
            let number = match kind {
                DocumentType::Resident => "11010519491231002X",
                DocumentType::HmtResidence => "810000199001010019",
                DocumentType::HkMacaoPermit => "H12345678",
                DocumentType::TaiwanPermit => "12345678",
                DocumentType::ForeignPermanent => "CHN110123456789",
                DocumentType::Passport => "19AV12345",
                DocumentType::Other => "军字第12345678号",
            };
            let today = "2026-04-01".parse().unwrap();
            assert!(Document::parse(kind, number, today).is_ok(), "{number}");
            let stored = person_hash(&vault(), "甲乙", &HolderHash::of(&vault(), kind, number));
            assert!(of(&vault(), "甲乙", number).contains(&stored), "{number}");
        }
        let permit = HolderHash::of(&vault(), DocumentType::HkMacaoPermit, "H1234567801");
        let stored = person_hash(&vault(), "甲乙", &permit);
        for number in ["H12345678", "h 1234567801", "H1234567899"] {
            assert!(of(&vault(), "甲乙", number).contains(&stored), "{number}");
        }
        assert!(!of(&vault(), "甲乙", "H1234567901").contains(&stored));
        let passport = HolderHash::of(&vault(), DocumentType::Passport, "19AV12345");
        let stored = person_hash(&vault(), "O’NEIL ANNA", &passport);
        assert!(of(&vault(), "o'neil  anna", "19av12345").contains(&stored));
    }

    #[test]
    fn other_people_and_other_keys_have_other_hashes() {
        let stored = resident("张小三", "440300199003072616");
        assert!(!of(&vault(), "张小四", "440300199003072616").contains(&stored));
        assert!(!of(&vault(), "张小三", "440300199003072617").contains(&stored));
        assert_ne!(resident("A\nB", "1"), resident("A", "B\n1"));
        let other = Vault::from_key(&[8; 32]);
        assert!(!of(&other, "张小三", "440300199003072616").contains(&stored));
    }
}
