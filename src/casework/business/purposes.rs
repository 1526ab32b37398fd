//! The purposes for which an application needs sensitive data. The candidate agrees to each by itself.

use super::{Business, MaterialKind};
use crate::casework::answers::Answers;
use crate::people::consent::Purpose;

impl Business {
    /// The purposes of every application of the business.
    pub fn purposes(&self) -> Vec<Purpose> {
        let portrait = self.materials.iter().any(|material| matches!(material.kind, MaterialKind::Portrait));
        [
            (true, Purpose::Identity),
            (portrait, Purpose::Portrait),
            (!self.materials.is_empty(), Purpose::Materials),
        ]
        .into_iter()
        .filter_map(|(is_needed, purpose)| is_needed.then_some(purpose))
        .collect()
    }

    /// The purposes of an application with these answers.
    pub fn purposes_of(&self, answers: &Answers) -> Vec<Purpose> {
        let asks = |name: &str| self.asked(answers).any(|question| question.name == name);
        let mut purposes = self.purposes();
        if self.account.is_some_and(asks) {
            purposes.push(Purpose::Account);
        }
        purposes
    }
}
