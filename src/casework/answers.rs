//! The answers of an application: values by question, files by slot.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::store::{Error, Vault};

/// Column name under which answers are sealed.
const SEALED_AS: &str = "applications.form";

/// The values that a browser sent, by name, in order.
pub type SentValues = BTreeMap<String, Vec<String>>;

pub fn values<'a>(sent: &'a SentValues, name: &str) -> &'a [String] {
    sent.get(name).map_or(&[], Vec::as_slice)
}

/// The content of one application of any business.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// Values by the name of the question.
    pub fields: BTreeMap<String, Vec<String>>,
    /// Attachment ids by the material's slot.
    pub materials: BTreeMap<String, Vec<String>>,
    /// Labels of chosen values that are keys, such as that of a sitting. The choice may no longer be offered
    /// when the answer is shown.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

impl Answers {
    /// The first value, or the empty text.
    pub fn one(&self, name: &str) -> &str {
        self.all(name).first().map_or("", String::as_str)
    }

    pub fn all(&self, name: &str) -> &[String] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }

    pub fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).iter().any(|known| known == value)
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.fields.insert(name.to_owned(), vec![value.into()]);
    }

    /// The label of a value; the value itself if it has none.
    pub fn label<'a>(&'a self, value: &'a str) -> &'a str {
        self.labels.get(value).map_or(value, String::as_str)
    }

    /// Attachment ids in a slot.
    pub fn files(&self, slot: &str) -> &[String] {
        self.materials.get(slot).map_or(&[], Vec::as_slice)
    }

    pub fn all_files(&self) -> Vec<String> {
        self.materials.values().flatten().cloned().collect()
    }

    /// Names of the questions and slots that differ.
    pub fn changes(&self, earlier: &Answers) -> BTreeSet<String> {
        let differing = |now: &BTreeMap<String, Vec<String>>, then: &BTreeMap<String, Vec<String>>| {
            let empty = Vec::new();
            now.keys()
                .chain(then.keys())
                .filter(|name| now.get(*name).unwrap_or(&empty) != then.get(*name).unwrap_or(&empty))
                .cloned()
                .collect::<BTreeSet<_>>()
        };
        let mut changed = differing(&self.fields, &earlier.fields);
        changed.extend(differing(&self.materials, &earlier.materials));
        changed
    }

    /// Encrypts the answers for the database.
    pub fn seal(&self, vault: &Vault) -> Result<String, Error> {
        let json = serde_json::to_string(self).map_err(|_| Error::Corrupt("answers"))?;
        Ok(vault.seal(SEALED_AS, &json))
    }

    /// Decrypts stored answers.
    pub fn open(vault: &Vault, sealed: &str) -> Result<Answers, Error> {
        serde_json::from_str(&vault.open(SEALED_AS, sealed)?).map_err(|_| Error::Corrupt("answers"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_name_questions_and_slots() {
        let mut before = Answers::default();
        before.set("years", "6");
        before.set("school", "示范大学");
        before.materials.insert("diploma".into(), vec!["a".into()]);
        let mut after = before.clone();
        after.set("years", "5");
        after.materials.insert("diploma".into(), vec!["b".into()]);
        after.materials.insert("other".into(), Vec::new());
        let changed: Vec<_> = after.changes(&before).into_iter().collect();
        assert_eq!(changed, ["diploma", "years"]);
        assert!(after.changes(&after).is_empty());
    }
}
