//! The purposes for which an application needs sensitive data. The candidate agrees to each by itself.

use super::{Business, Material, MaterialKind};
use crate::casework::answers::Answers;
use crate::people::consent::Purpose;

impl Business {
    /// The purposes of every application of the business.
    pub fn purposes(&self) -> Vec<Purpose> {
        purposes_of(self.materials.iter().filter(|material| material.when.is_none()))
    }

    /// The purposes of an application with these answers.
    pub fn purposes_of(&self, answers: &Answers) -> Vec<Purpose> {
        let asks = |name: &str| self.asked(answers).any(|question| question.name == name);
        let mut purposes = purposes_of(self.wanted(answers));
        purposes.extend(self.account.is_some_and(asks).then_some(Purpose::Account));
        purposes
    }
}

fn purposes_of<'a>(materials: impl Iterator<Item = &'a Material>) -> Vec<Purpose> {
    let mut purposes = vec![Purpose::Identity];
    for material in materials {
        let purpose = match material.kind {
            MaterialKind::Portrait => Purpose::Portrait,
            _ => Purpose::Materials,
        };
        if !purposes.contains(&purpose) {
            purposes.push(purpose);
        }
    }
    purposes
}
