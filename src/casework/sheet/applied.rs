//! What the candidate has already applied for, so that the form says so before it is filled in.

use crate::casework::business::Origin;
use crate::casework::number::ApplicationNumber;
use crate::casework::question::{Problems, problem};
use crate::casework::sheet::Sheet;

impl Sheet {
    /// The open application about the subject that this answer would choose.
    pub fn applied_for(&self, question: &str, value: &str) -> Option<&ApplicationNumber> {
        let (last, earlier) = self.business.subject.split_last()?;
        if *last != question || value.is_empty() {
            return None;
        }
        let earlier: String = earlier.iter().map(|name| format!("{}/", self.answers.one(name))).collect();
        self.open_about(&format!("{earlier}{value}"))
    }

    /// The open application of a business that is about the candidate and leaves nothing to choose.
    pub fn applied_before(&self) -> Option<&ApplicationNumber> {
        let is_about_candidate = self.business.subject.is_empty() && self.business.origin == Origin::Nothing;
        is_about_candidate.then(|| self.open_about(&self.candidate.id.to_string())).flatten()
    }

    fn open_about(&self, subject: &str) -> Option<&ApplicationNumber> {
        self.open.iter().find(|(known, _)| known == subject).map(|(_, number)| number)
    }

    /// The problem that the chosen subject has an open application.
    pub(super) fn second_application(&self) -> Problems {
        let chosen = self.business.subject.last().map(|name| self.applied_for(name, self.answers.one(name)));
        let number = chosen.unwrap_or_else(|| self.applied_before());
        let first = self.business.questions().next().map(|question| question.name);
        let place = self.business.subject.last().copied().or(first);
        let refusal = |(number, place): (&ApplicationNumber, &str)| {
            problem(place, format!("已有一件正在办理的{}申请 {number}", self.business.label))
        };
        number.zip(place).map(refusal).into_iter().collect()
    }
}
