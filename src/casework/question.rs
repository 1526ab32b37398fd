//! Fields of an application's form as data: one table a kind, checked, shown
//! and compared by the code here.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::answers::Answers;
use super::format::Format;
use crate::exams::yuan;

/// Neighbouring questions under one heading.
pub struct Section {
    /// The heading.
    pub heading: &'static str,
    /// The questions, in order.
    pub questions: &'static [Question],
}

/// One question of a form.
#[derive(Clone, Copy)]
pub struct Question {
    /// Name in the form and in the stored answers.
    pub name: &'static str,
    /// What people read above it.
    pub label: &'static str,
    /// One line of help, or empty.
    pub hint: &'static str,
    /// Whether it may stay empty.
    pub optional: bool,
    /// What is a good answer.
    pub rule: AnswerRule,
    /// When it is asked; always, if nothing is said.
    pub when: Option<When>,
}

/// A question or a material belongs to certain answers of another question.
#[derive(Clone, Copy)]
pub struct When {
    /// Name of the other question.
    pub question: &'static str,
    /// Its answers, any of which brings this one up.
    pub any_of: &'static [&'static str],
}

/// A question that must be answered.
pub const fn ask(name: &'static str, label: &'static str, hint: &'static str, rule: AnswerRule) -> Question {
    Question { name, label, hint, optional: false, rule, when: None }
}

/// A question that may stay open.
pub const fn may_ask(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    rule: AnswerRule,
) -> Question {
    Question { name, label, hint, optional: true, rule, when: None }
}

/// What the server says beside the answers; nobody can fill it in.
pub const fn tell(name: &'static str, label: &'static str, rule: AnswerRule) -> Question {
    Question { name, label, hint: "", optional: true, rule, when: None }
}

impl Question {
    /// The same question, asked only for certain answers of another one.
    pub const fn when(self, question: &'static str, any_of: &'static [&'static str]) -> Question {
        Question { when: Some(When { question, any_of }), ..self }
    }
}

/// What is a good answer, and so how it is asked.
#[derive(Clone, Copy)]
pub enum AnswerRule {
    /// A line of text; shortest and longest, in characters.
    Text(usize, usize),
    /// Several lines of text; shortest and longest, in characters.
    Area(usize, usize),
    /// A line of text in a form of its own, such as a mobile number.
    Like(&'static Format),
    /// A whole number from 0 to the given one, with its unit.
    Count(u32, &'static str),
    /// A day that is not in the future.
    PastDay,
    /// One of a few fixed answers.
    OneOf(&'static [&'static str]),
    /// One or more of a few fixed answers.
    SomeOf(&'static [&'static str]),
    /// One of the answers that [`Choices`] has for it; another choice changes what other fields offer.
    Pick,
    /// One or more of the answers that [`Choices`] has for it.
    PickSome,
    /// A promise to be agreed to, in full.
    Promise(&'static str),
    /// Told by the server: a sum in fen.
    Money,
    /// Told by the server: words, masked by the function where others may look.
    ReadOnly(fn(&str) -> String),
}

/// One of the answers to pick from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What people read.
    pub label: String,
    /// A second line below the label; may be empty.
    pub hint: String,
}

/// Answers that depend on the database and on earlier answers, by field name.
pub type Choices = BTreeMap<&'static str, Vec<Choice>>;

/// Field or slot name, and what to do about it.
pub type Problems = Vec<(String, String)>;

/// One problem.
pub fn problem(name: &str, what_to_do: impl Into<String>) -> (String, String) {
    (name.to_owned(), what_to_do.into())
}

/// Characters that a text field accepts from a form before it is checked.
const HARD_LIMIT: usize = 4000;

impl Question {
    /// What is wrong with this field's answer, said as what to do.
    pub fn problem(&self, answers: &Answers, choices: &Choices, today: NaiveDate) -> Option<String> {
        let value = answers.one(self.name).trim();
        if value.is_empty() {
            return (!self.optional).then(|| self.demand());
        }
        let length = value.chars().count();
        match &self.rule {
            AnswerRule::Text(least, most) | AnswerRule::Area(least, most) => match length {
                short if short < *least => Some(format!("{}请至少写 {least} 个字", self.label)),
                long if long > *most => {
                    Some(format!("{}请不要超过 {most} 个字，现在有 {long} 个", self.label))
                }
                _ => None,
            },
            AnswerRule::Like(format) => (format.parse)(value).err().map(str::to_owned),
            AnswerRule::Count(most, unit) => match value.parse::<u32>() {
                Ok(count) if count <= *most => None,
                _ => Some(format!("{}请填写 0 到 {most} 之间的整数（{unit}）", self.label)),
            },
            AnswerRule::PastDay => match NaiveDate::parse_from_str(value, "%Y-%m-%d") {
                Ok(day) if day > today => Some(format!("{}不能晚于今天", self.label)),
                Ok(day) if day.year() < 1900 => Some(format!("请核对{}的年份", self.label)),
                Ok(_) => None,
                Err(_) => Some(format!("{}请按 2016-06-30 的格式填写", self.label)),
            },
            AnswerRule::OneOf(offered) | AnswerRule::SomeOf(offered) => {
                let known = answers.all(self.name).iter().all(|value| offered.contains(&value.as_str()));
                (!known).then(|| self.demand())
            }
            AnswerRule::Pick | AnswerRule::PickSome => {
                self.unoffered(answers, choices).then(|| self.demand())
            }
            AnswerRule::Promise(_) => (value != "yes").then(|| self.demand()),
            AnswerRule::Money | AnswerRule::ReadOnly(_) => None,
        }
    }

    fn unoffered(&self, answers: &Answers, choices: &Choices) -> bool {
        let offered = |value: &String| {
            choices.get(self.name).is_some_and(|list| list.iter().any(|choice| choice.value == *value))
        };
        !answers.all(self.name).iter().all(offered)
    }

    fn demand(&self) -> String {
        let verb = match self.rule {
            AnswerRule::OneOf(_) | AnswerRule::SomeOf(_) | AnswerRule::Pick | AnswerRule::PickSome => {
                "请选择"
            }
            AnswerRule::Promise(_) => return "请阅读并勾选承诺".to_owned(),
            _ => "请填写",
        };
        format!("{verb}{}", self.label)
    }

    /// Whether the answer must be one of [`Choices`].
    pub fn is_picked(&self) -> bool {
        matches!(self.rule, AnswerRule::Pick | AnswerRule::PickSome)
    }

    /// Whether there may be several answers.
    pub fn takes_several(&self) -> bool {
        matches!(self.rule, AnswerRule::PickSome | AnswerRule::SomeOf(_))
    }

    /// Whether the server fills it in.
    pub fn is_read_only(&self) -> bool {
        matches!(self.rule, AnswerRule::Money | AnswerRule::ReadOnly(_))
    }

    /// Puts what was typed into the form in which it is kept.
    pub fn normalise(&self, values: &[String]) -> Vec<String> {
        values
            .iter()
            .take(if self.takes_several() { 50 } else { 1 })
            .map(|value| self.tidy(value))
            .filter(|value| !value.is_empty())
            .collect()
    }

    fn tidy(&self, value: &str) -> String {
        let value: String = value.trim().replace("\r\n", "\n").chars().take(HARD_LIMIT).collect();
        match self.rule {
            AnswerRule::Like(format) => (format.parse)(&value).unwrap_or(value),
            _ => value,
        }
    }

    /// The answer as people read it: on the check page, the detail page and the review desk.
    pub fn display(&self, answers: &Answers) -> String {
        let named = |value: &String| answers.label(value).to_owned();
        let text = answers.all(self.name).iter().map(named).collect::<Vec<_>>().join("、");
        match &self.rule {
            AnswerRule::Count(_, unit) if !text.is_empty() => format!("{text} {unit}"),
            AnswerRule::Promise(_) if text == "yes" => "已承诺".to_owned(),
            AnswerRule::Money => text.parse().map(yuan).unwrap_or(text),
            _ => text,
        }
    }

    /// What to look at again in an answer that may be right.
    pub fn doubt(&self, answers: &Answers) -> Option<&'static str> {
        match self.rule {
            AnswerRule::Like(format) => (format.doubt)(answers.one(self.name)),
            _ => None,
        }
    }

    /// The answer as others may see it, where it holds what must be covered.
    pub fn mask(&self) -> Option<fn(&str) -> String> {
        match self.rule {
            AnswerRule::Like(format) => format.mask,
            AnswerRule::ReadOnly(mask) => Some(mask),
            _ => None,
        }
    }
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
    use crate::casework::format;

    fn question(rule: AnswerRule) -> Question {
        ask("it", "某项", "", rule)
    }

    #[test]
    fn each_rule_knows_good_from_bad() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let long = "字".repeat(61);
        let table: &[(AnswerRule, &[&str], &[&str])] = &[
            (AnswerRule::Text(2, 60), &["示范大学", "ab"], &["", " ", "a", &long]),
            (AnswerRule::Area(10, 60), &["一二三四五六七八九十"], &["短", &long]),
            (
                AnswerRule::Like(&format::PHONE),
                &["13800138000", "+85298765432"],
                &["1380013", "电话", "23800138000"],
            ),
            (
                AnswerRule::Count(50, "年"),
                &["0", "50", "7"],
                &["51", "-1", "3.5", "三", "99999999999999999999"],
            ),
            (
                AnswerRule::PastDay,
                &["2016-06-30", "2026-11-23"],
                &["2026-11-24", "2016-13-01", "1016-01-01", "去年"],
            ),
            (AnswerRule::OneOf(&["男", "女"]), &["男"], &["其他"]),
            (AnswerRule::SomeOf(&["甲", "乙"]), &["乙"], &["丙"]),
            (AnswerRule::Promise("真实"), &["yes"], &["no"]),
        ];
        for (rule, good, bad) in table {
            let question = super::tests::question(*rule);
            for (value, wanted) in good.iter().map(|v| (v, true)).chain(bad.iter().map(|v| (v, false))) {
                let mut answers = Answers::default();
                answers.set("it", *value);
                let problem = question.problem(&answers, &Choices::new(), today);
                assert_eq!(problem.is_none(), wanted, "{value}: {problem:?}");
            }
        }
    }

    #[test]
    fn only_offered_choices_are_accepted() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let offered = Choice { value: "a".into(), label: "甲".into(), hint: String::new() };
        let choices = Choices::from([("it", vec![offered])]);
        let question = super::tests::question(AnswerRule::PickSome);
        let mut answers = Answers::default();
        answers.fields.insert("it".into(), vec!["a".into()]);
        assert_eq!(question.problem(&answers, &choices, today), None);
        answers.labels.insert("a".into(), "甲".into());
        assert_eq!(question.display(&answers), "甲");
        answers.fields.insert("it".into(), vec!["a".into(), "forged".into()]);
        assert_eq!(question.problem(&answers, &choices, today), Some("请选择某项".into()));
    }

    #[test]
    fn a_condition_looks_at_every_answer() {
        let asked = ask("why", "说明", "", AnswerRule::Area(2, 9)).when("reason", &["疾病", "其他"]);
        let mut answers = Answers::default();
        assert!(!holds(asked.when, &answers) && holds(None, &answers));
        answers.fields.insert("reason".into(), vec!["重复缴费".into(), "其他".into()]);
        assert!(holds(asked.when, &answers));
    }

    #[test]
    fn a_sum_is_shown_in_yuan() {
        let mut answers = Answers::default();
        answers.set("it", "12200");
        assert_eq!(question(AnswerRule::Money).display(&answers), "¥122.00");
    }
}
