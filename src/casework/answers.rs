//! What a candidate has filled in: values by field, files by slot.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::store::{Error, Vault};

/// Column name under which answers are sealed.
const SEALED_AS: &str = "applications.form";

/// What a browser sent: every value by its field, in order.
pub type SentValues = BTreeMap<String, Vec<String>>;

/// The values that were sent for a field.
pub fn values<'a>(sent: &'a SentValues, name: &str) -> &'a [String] {
    sent.get(name).map_or(&[], Vec::as_slice)
}

/// The content of one application, whatever its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// Values by the field's name; several for a choice of several.
    pub fields: BTreeMap<String, Vec<String>>,
    /// Attachment ids by the material's slot.
    pub materials: BTreeMap<String, Vec<String>>,
    /// What people read for a chosen value that is a key, such as a sitting's: kept here
    /// because the choice may no longer be offered when the answer is shown.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

impl Answers {
    /// The first value of a field, or the empty text.
    pub fn one(&self, name: &str) -> &str {
        self.all(name).first().map_or("", String::as_str)
    }

    /// Every value of a field.
    pub fn all(&self, name: &str) -> &[String] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a value is among those of a field.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).iter().any(|known| known == value)
    }

    /// Sets a field to one value.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.fields.insert(name.to_owned(), vec![value.into()]);
    }

    /// What people read for a value.
    pub fn label<'a>(&'a self, value: &'a str) -> &'a str {
        self.labels.get(value).map_or(value, String::as_str)
    }

    /// Attachment ids in a slot.
    pub fn files(&self, slot: &str) -> &[String] {
        self.materials.get(slot).map_or(&[], Vec::as_slice)
    }

    /// Every attachment id.
    pub fn all_files(&self) -> Vec<String> {
        self.materials.values().flatten().cloned().collect()
    }

    /// Names of fields and slots whose content differs.
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

    /// The form in which answers are stored.
    pub fn seal(&self, vault: &Vault) -> Result<String, Error> {
        let json = serde_json::to_string(self).map_err(|_| Error::Corrupt("answers"))?;
        Ok(vault.seal(SEALED_AS, &json))
    }

    /// Reads stored answers.
    pub fn open(vault: &Vault, sealed: &str) -> Result<Answers, Error> {
        serde_json::from_str(&vault.open(SEALED_AS, sealed)?).map_err(|_| Error::Corrupt("answers"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_name_fields_and_slots() {
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
