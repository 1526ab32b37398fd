//! Two windows with one form: what differs between the saved answers and those of a window that had not seen them.

use crate::casework::answers::{Answers, SentValues, values};
use crate::casework::business::Business;
use crate::casework::materials::{self, Attachment};
use crate::casework::sheet::Sheet;
use crate::store::{Error, Tx};

/// Prefix of the fields that say which of two answers is kept.
const KEEP: &str = "keep.";
const SAVED: &str = "saved";

/// A question or slot with two answers, as text.
pub struct Difference {
    pub name: &'static str,
    pub label: &'static str,
    /// The answer that another window saved.
    pub saved: String,
    /// The answer that this window sent.
    pub typed: String,
}

/// What was sent, with the saved answers in place of those that the candidate gave up.
pub(super) fn resolved(sent: &SentValues, business: &Business, saved: &Answers) -> SentValues {
    let mut resolved = sent.clone();
    for (field, choice) in sent {
        let Some(name) = field.strip_prefix(KEEP) else { continue };
        if choice.first().is_none_or(|choice| choice != SAVED) {
            continue;
        }
        if business.material(name).is_some() {
            resolved.insert(format!("material.{name}"), saved.files(name).to_vec());
        } else {
            resolved.insert(name.to_owned(), saved.all(name).to_vec());
        }
    }
    resolved
}

impl Sheet {
    /// Takes the saved answer of each question and material that the window did not ask for, because its other
    /// answers do not require it.
    pub(super) fn keep_unasked(&mut self, sent: &SentValues, saved: &Answers) {
        let typed = self.answers.clone();
        for question in self.business.questions() {
            if !self.business.is_asked(question.when, &typed) && values(sent, question.name).is_empty() {
                let value = saved.all(question.name).to_vec();
                self.answers.fields.insert(question.name.to_owned(), value);
            }
        }
        for material in self.business.materials {
            let field = format!("material.{}", material.slot);
            if !self.business.is_asked(material.when, &typed) && values(sent, &field).is_empty() {
                let files = saved.files(material.slot).to_vec();
                self.answers.materials.insert(material.slot.to_owned(), files);
            }
        }
    }

    /// The answers that the form asks for and that differ from the saved ones, in the order of the form.
    pub(super) fn differences(&self, tx: &mut Tx, saved: &Answers) -> Result<Vec<Difference>, Error> {
        let typed = &self.answers;
        let changed = typed.changes(saved);
        let mut found = Vec::new();
        for question in self.business.asked(typed) {
            if changed.contains(question.name) && !question.is_read_only() {
                let (name, label) = (question.name, question.label);
                let (saved, typed) = (question.display(saved), question.display(typed));
                found.push(Difference { name, label, saved, typed });
            }
        }
        let application = self.application.as_ref().map(|application| application.id.as_str());
        let files = materials::usable(tx, &self.candidate.id, application, &saved.all_files())?;
        for material in self.business.wanted(typed) {
            let slot = material.slot;
            if changed.contains(slot) {
                let saved = names(&files, saved.files(slot));
                let typed = names(&self.attachments, typed.files(slot));
                found.push(Difference { name: slot, label: material.label, saved, typed });
            }
        }
        Ok(found)
    }
}

fn names(files: &[Attachment], ids: &[String]) -> String {
    let named = ids.iter().filter_map(|id| files.iter().find(|file| file.id == *id));
    named.map(|file| file.name.as_str()).collect::<Vec<_>>().join("、")
}
