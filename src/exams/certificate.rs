//! Certificates, as the public finds them.

use crate::people::{document, name};
use crate::store::Vault;

/// What a certificate is found by without a sign-in: a keyed hash of its holder's name and
/// document number, each in any spelling. The kind of document is left out, because the public
/// does not say it. A wrong name, a wrong number and a person who does not exist are so one and
/// the same miss in one index.
pub fn lookup_hash(vault: &Vault, holder_name: &str, document_number: &str) -> String {
    // Neither half holds a line break once it is in its one spelling, so no two pairs read the same.
    let person = format!("{}\n{}", name::key(holder_name), document::normalise(document_number));
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
