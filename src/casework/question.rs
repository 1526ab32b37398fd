//! The questions of a form as data. `answer` checks and shows their answers.

mod answer;

use std::collections::BTreeMap;

use super::answers::Answers;
use super::format::Format;
use crate::people::staff::Role;

/// Questions under one heading.
pub struct Section {
    pub heading: &'static str,
    pub questions: &'static [Question],
}

/// A part of a long form, which the candidate fills in and saves by itself.
pub struct Part {
    pub label: &'static str,
    pub sections: &'static [&'static Section],
    /// Whether it has the materials. The last one does.
    pub has_materials: bool,
}

/// A form field of a business.
#[derive(Clone, Copy)]
pub struct Question {
    /// Name in the form and in the stored answers.
    pub name: &'static str,
    pub label: &'static str,
    /// A line of help, or empty.
    pub hint: &'static str,
    pub optional: bool,
    pub rule: AnswerRule,
    /// When it is asked. `None`: always.
    pub when: Option<When>,
    /// The roles that read the answer besides who decides the application, because their task needs it.
    pub readers: &'static [Role],
}

/// The condition of a question or material: another question has one of these answers.
#[derive(Clone, Copy)]
pub struct When {
    pub question: &'static str,
    pub any_of: &'static [&'static str],
}

/// A required question.
pub const fn ask(name: &'static str, label: &'static str, hint: &'static str, rule: AnswerRule) -> Question {
    Question { name, label, hint, optional: false, rule, when: None, readers: &[] }
}

/// An optional question.
pub const fn may_ask(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    rule: AnswerRule,
) -> Question {
    Question { name, label, hint, optional: true, rule, when: None, readers: &[] }
}

/// A value that the server computes and the form shows.
pub const fn read_only(name: &'static str, label: &'static str, rule: AnswerRule) -> Question {
    Question { name, label, hint: "", optional: true, rule, when: None, readers: &[] }
}

impl Question {
    /// The same question, whose answer these roles read too.
    pub const fn read_by(self, readers: &'static [Role]) -> Question {
        Question { readers, ..self }
    }

    /// The same question, asked only if another question has one of these answers.
    pub const fn when(self, question: &'static str, any_of: &'static [&'static str]) -> Question {
        Question { when: Some(When { question, any_of }), ..self }
    }
}

/// Which answers are valid. It decides the form control.
#[derive(Clone, Copy)]
pub enum AnswerRule {
    /// A line of text: its smallest and largest number of characters.
    Text(usize, usize),
    /// Several lines of text: their smallest and largest number of characters.
    Area(usize, usize),
    /// A line of text in a format, such as a mobile number.
    Like(&'static Format),
    /// A whole number from 0 to a maximum, and its unit.
    Count(u32, &'static str),
    /// A day that is not in the future.
    PastDay,
    /// One of a few fixed answers.
    OneOf(&'static [&'static str]),
    /// One or more of a few fixed answers.
    SomeOf(&'static [&'static str]),
    /// One of its [`Choices`]. The answer may change the choices of other questions.
    Pick,
    /// One or more of its [`Choices`].
    PickSome,
    /// A promise to agree to. The answer names the version of its text, which is the label of its only choice. The
    /// office can publish another text than this one.
    Promise(&'static str),
    /// One of the lines that the office publishes; these until it does.
    Published(&'static [&'static str]),
    /// Computed by the server: a sum in fen.
    Money,
    /// Computed by the server: a text, and the function that masks it.
    ReadOnly(fn(&str) -> String),
}

/// One of the answers to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    /// A second line below the label, or empty.
    pub hint: String,
}

impl Choice {
    /// Without a second line.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Choice {
        Choice { value: value.into(), label: label.into(), hint: String::new() }
    }
}

/// Answers that depend on the database and on earlier answers, by question.
pub type Choices = BTreeMap<&'static str, Vec<Choice>>;

/// The answer to a promise in the text of the program.
pub const PROMISED: &str = "yes";

/// Names of questions or slots, and in Chinese what to correct.
pub type Problems = Vec<(String, String)>;

pub fn problem(name: &str, what_to_do: impl Into<String>) -> (String, String) {
    (name.to_owned(), what_to_do.into())
}

/// Whether a condition holds.
pub fn holds(when: Option<When>, answers: &Answers) -> bool {
    when.is_none_or(|when| {
        answers.all(when.question).iter().any(|value| when.any_of.contains(&value.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_holds_if_any_answer_matches() {
        let asked = ask("why", "说明", "", AnswerRule::Area(2, 9)).when("reason", &["疾病", "其他"]);
        let mut answers = Answers::default();
        assert!(!holds(asked.when, &answers) && holds(None, &answers));
        answers.fields.insert("reason".into(), vec!["重复缴费".into(), "其他".into()]);
        assert!(holds(asked.when, &answers));
    }
}
