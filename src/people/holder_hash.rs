//! The hash by which a person's records are found.

use super::document::{self, DocumentType};
use crate::store::Vault;
use crate::store::vault::generation_of;

/// The hash of a document by which a person's records are found. It includes the document type, since a passport
/// and a permit of two people may have the same number. All numbers of one document have the same hash.
///
/// It is made with the first data key, so that it stays the same while keys turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderHash(String);

impl HolderHash {
    pub fn of(vault: &Vault, kind: DocumentType, number: &str) -> HolderHash {
        HolderHash::as_given(vault, kind, &document::identifying(kind, number))
    }

    /// Of a number as it is written.
    pub(super) fn as_given(vault: &Vault, kind: DocumentType, number: &str) -> HolderHash {
        HolderHash(vault.first_hash("document", &format!("{}:{number}", kind.code())))
    }

    /// A stored hash, if it is of the first data key.
    pub fn from_stored(hash: &str) -> Option<HolderHash> {
        (generation_of(hash) == 1).then(|| HolderHash(hash.to_owned()))
    }

    /// The hash that records have at the moment. `vault` is that of the transaction.
    pub fn stored(&self, vault: &Vault) -> String {
        vault.present_hash(&self.0)
    }

    /// The hash itself, for hashes of several things.
    pub fn first(&self) -> &str {
        &self.0
    }
}

/// The [`HolderHash`] of a document as records have it at the moment.
pub fn holder(vault: &Vault, kind: DocumentType, number: &str) -> String {
    HolderHash::of(vault, kind, number).stored(vault)
}
