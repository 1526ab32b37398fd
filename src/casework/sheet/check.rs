//! What is wrong with the answers of a form.

use crate::casework::lifecycle::Status;
use crate::casework::question::{AnswerRule, Part, Problems, Question, problem};
use crate::casework::sheet::Sheet;
use crate::store::{Error, Tx};

impl Sheet {
    /// The parts in which the form is filled in. An edit shows the whole form.
    pub fn parts(&self) -> &'static [Part] {
        if self.is_edit() { &[] } else { self.business.parts }
    }

    pub(super) fn find_unfinished(&mut self, tx: &mut Tx) -> Result<(), Error> {
        if !self.parts().is_empty() {
            self.unfinished = self.problems(tx)?.into_iter().map(|(name, _)| name).collect();
        }
        Ok(())
    }

    /// How many questions and slots of a part are to be completed.
    pub fn left_in(&self, part: usize) -> usize {
        self.unfinished.iter().filter(|name| self.business.part_of(name) == part).count()
    }

    /// Everything to correct before a submission, in the order of the form.
    pub fn problems(&self, tx: &mut Tx) -> Result<Problems, Error> {
        let (business, answers, today) = (self.business, &self.answers, tx.today());
        let wrong = |question: &Question| {
            Some(problem(question.name, question.problem(answers, &self.choices, today)?))
        };
        let can_answer = |question: &&Question| !self.is_premature(question);
        let mut found: Problems = business.asked(answers).filter(can_answer).filter_map(wrong).collect();
        let closed = self.closed.iter().map(|(name, what)| problem(name, what));
        let between = closed.chain(self.second_application()).chain((business.check)(tx, &self.context())?);
        let between = between.chain(self.unchanged());
        for (name, what) in between {
            if !found.iter().any(|(known, _)| *known == name) {
                found.push((name, what));
            }
        }
        let order = |name: &str| business.questions().position(|question| question.name == name);
        found.sort_by_key(|(name, _)| order(name));
        let missing = business.wanted(answers).filter(|material| !material.optional);
        let missing = missing.filter(|material| answers.files(material.slot).is_empty());
        found.extend(missing.map(|material| problem(material.slot, format!("请上传{}", material.label))));
        let lost = business.wanted(answers).filter(|material| self.has_lost(material.slot));
        found.extend(
            lost.map(|material| problem(material.slot, format!("{}打不开，请重新上传", material.label))),
        );
        Ok(found)
    }

    /// Whether a question has no choices yet, because an earlier question that decides them has no valid answer.
    pub fn is_premature(&self, question: &Question) -> bool {
        let offered = |name| self.choices.get(name).map_or(&[][..], Vec::as_slice);
        let is_open = |earlier: &Question| {
            let chosen = self.answers.one(earlier.name);
            !offered(earlier.name).iter().any(|choice| choice.value == chosen)
        };
        let mut earlier = self.business.questions().take_while(|earlier| earlier.name != question.name);
        question.is_picked()
            && offered(question.name).is_empty()
            && earlier.any(|earlier| earlier.is_picked() && is_open(earlier))
    }

    /// A returned form cannot be sent again as it was. Its questions have no place for words to the reviewer alone, and
    /// without a change there is nothing to review, so a mark on the whole needs a change too.
    fn unchanged(&self) -> Option<(String, String)> {
        let application = self.application.as_ref()?;
        let returned = application.form.as_ref().filter(|_| application.status == Status::Returned)?;
        if self.can_retry {
            return None;
        }
        // A promise that has to be given again, because the office changed its text, corrects nothing.
        let is_content = |one: &Question| !one.is_read_only() && !matches!(one.rule, AnswerRule::Promise(_));
        let by_hand = |name: &String| self.business.question(name).is_none_or(is_content);
        if self.submitted_answers().changes(returned).iter().any(by_hand) {
            return None;
        }
        let places = self.marks.iter().map(|mark| self.business.place_of(&mark.name, &self.answers));
        let places: Vec<&str> = places.collect();
        let labels: Vec<&str> = places.iter().map(|place| self.business.label_of(place)).collect();
        let first = self.business.asked(&self.answers).next().map_or("", |question| question.name);
        let place = places.into_iter().find(|place| !place.is_empty()).unwrap_or(first);
        Some(problem(place, format!("内容与退回时相同，请先修改再提交。需要修改的是：{}", labels.join("、"))))
    }

    fn has_lost(&self, slot: &str) -> bool {
        let lost = |id: &String| {
            self.attachments.iter().any(|file| file.id == *id && (file.unreadable || file.removed))
        };
        self.answers.files(slot).iter().any(lost)
    }
}
