//! The choices of a form, and the answers that they decide.

use super::Sheet;
use crate::casework::business::{Business, Context};
use crate::casework::question::{AnswerRule, Choices, Question};
use crate::casework::texts;
use crate::store::{Error, Tx};

/// What each question offers: from the records, and what the office publishes.
pub fn choices(tx: &mut Tx, business: &Business, context: &Context) -> Result<Choices, Error> {
    let mut choices = (business.choices)(tx, context)?;
    choices.extend(texts::published_choices(tx, business)?);
    Ok(choices)
}

impl Sheet {
    /// Loads the choices and computed answers. If a required question offers one choice only, that choice
    /// becomes the answer. This may change other choices, so it is repeated until nothing changes.
    pub(super) fn refresh_choices(&mut self, tx: &mut Tx) -> Result<(), Error> {
        for _ in 0..=self.business.questions().count() {
            self.choices = choices(tx, self.business, &self.context())?;
            if !self.pick_single_choices() {
                break;
            }
        }
        for (name, value) in (self.business.derive)(tx, &self.context())? {
            self.answers.set(name, value);
        }
        let named = self.choices.values().flatten().filter(|choice| choice.value != choice.label);
        for choice in named {
            if self.answers.fields.values().flatten().any(|value| *value == choice.value) {
                self.answers.labels.insert(choice.value.clone(), choice.label.clone());
            }
        }
        Ok(())
    }

    fn pick_single_choices(&mut self) -> bool {
        let mut picked = false;
        let required = |question: &&Question| {
            matches!(question.rule, AnswerRule::Pick) && !question.optional && self.can_change(question.name)
        };
        let required: Vec<&Question> = self.business.questions().filter(required).collect();
        for question in required {
            let offered = self.choices.get(question.name).map_or(&[][..], Vec::as_slice);
            let chosen = self.answers.one(question.name);
            if let [only] = offered
                && chosen != only.value
            {
                self.answers.set(question.name, only.value.clone());
                picked = true;
            }
        }
        picked
    }

    /// Removes answers that are no longer among the choices.
    pub(super) fn drop_withdrawn_choices(&mut self) {
        let picked = |question: &&Question| question.is_picked() && self.can_change(question.name);
        let picked: Vec<&Question> = self.business.questions().filter(picked).collect();
        for question in picked {
            let offered = self.choices.get(question.name).map_or(&[][..], Vec::as_slice);
            if let Some(values) = self.answers.fields.get_mut(question.name) {
                values.retain(|value| offered.iter().any(|choice| choice.value == *value));
            }
        }
    }

    /// Whether the answer to a question or the files in a slot can change. After a failed task some can.
    pub fn can_change(&self, name: &str) -> bool {
        self.opened.as_ref().is_none_or(|opened| opened.contains(name))
    }
}
