//! Which answers to a question are valid, how they are stored and how they are shown.

use chrono::{Datelike, NaiveDate};

use super::{AnswerRule, Choices, PROMISED, Question};
use crate::casework::answers::Answers;
use crate::exams::yuan;
use crate::people::{day, width};

/// Characters of a text answer that are read from a form.
const HARD_LIMIT: usize = 4000;

impl Question {
    /// Says in Chinese what to correct in the answer.
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
                Err(_) => Some(format!("{}请填写年月日，例如 2016-06-30 或 2016年6月30日", self.label)),
            },
            AnswerRule::OneOf(offered) | AnswerRule::SomeOf(offered) => {
                let known = answers.all(self.name).iter().all(|value| offered.contains(&value.as_str()));
                (!known).then(|| self.demand())
            }
            AnswerRule::Pick | AnswerRule::PickSome | AnswerRule::Promise(_) | AnswerRule::Published(_) => {
                self.unoffered(answers, choices).then(|| self.demand())
            }
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
            AnswerRule::OneOf(_)
            | AnswerRule::SomeOf(_)
            | AnswerRule::Pick
            | AnswerRule::PickSome
            | AnswerRule::Published(_) => "请选择",
            AnswerRule::Promise(_) => return "请阅读并勾选承诺".to_owned(),
            _ => "请填写",
        };
        format!("{verb}{}", self.label)
    }

    /// Whether the answer is among its [`Choices`].
    pub fn is_picked(&self) -> bool {
        matches!(self.rule, AnswerRule::Pick | AnswerRule::PickSome) || self.is_published()
    }

    /// Whether the office publishes its [`Choices`].
    pub fn is_published(&self) -> bool {
        matches!(self.rule, AnswerRule::Promise(_) | AnswerRule::Published(_))
    }

    pub fn takes_several(&self) -> bool {
        matches!(self.rule, AnswerRule::PickSome | AnswerRule::SomeOf(_))
    }

    /// Whether the server computes the answer.
    pub fn is_read_only(&self) -> bool {
        matches!(self.rule, AnswerRule::Money | AnswerRule::ReadOnly(_))
    }

    /// The canonical spelling of what was typed.
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
            AnswerRule::Count(_, unit) => count(&value, unit).unwrap_or(value),
            AnswerRule::PastDay => day::parse(&value).map_or(value, |day| day.to_string()),
            _ => value,
        }
    }

    /// The answer as 核对信息, the detail page and the review desk show it.
    pub fn display(&self, answers: &Answers) -> String {
        let named = |value: &String| answers.label(value).to_owned();
        let text = answers.all(self.name).iter().map(named).collect::<Vec<_>>().join("、");
        match &self.rule {
            AnswerRule::Count(_, unit) if !text.is_empty() => format!("{text} {unit}"),
            // An answer of before texts had versions has no label.
            AnswerRule::Promise(_) if text == PROMISED => "已承诺".to_owned(),
            AnswerRule::Promise(_) if !text.is_empty() => format!("已承诺：{text}"),
            AnswerRule::Money => text.parse().map(yuan).unwrap_or(text),
            _ => text,
        }
    }

    /// Warns about a valid answer that is unusual.
    pub fn doubt(&self, answers: &Answers) -> Option<&'static str> {
        match self.rule {
            AnswerRule::Like(format) => (format.doubt)(answers.one(self.name)),
            _ => None,
        }
    }

    /// The function that masks the answer, if it is personal.
    pub fn mask(&self) -> Option<fn(&str) -> String> {
        match self.rule {
            AnswerRule::Like(format) => format.mask,
            AnswerRule::ReadOnly(mask) => Some(mask),
            _ => None,
        }
    }
}

/// The digits of a count that is typed with full-width characters or with its unit, such as `８ 年`.
fn count(typed: &str, unit: &str) -> Option<String> {
    let joined = width::joined(typed);
    let digits = joined.trim_end_matches(unit);
    digits.parse::<u32>().ok().map(|count| count.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::casework::format;
    use crate::casework::question::{Choice, ask};

    fn question(rule: AnswerRule) -> Question {
        ask("it", "某项", "", rule)
    }

    #[test]
    fn each_rule_accepts_valid_answers_only() {
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
    fn days_and_numbers_have_one_spelling() {
        let table: &[(AnswerRule, &str, &[&str])] = &[
            (
                AnswerRule::PastDay,
                "2016-06-30",
                &["2016-6-30", "2016/6/30", "2016.6.30", "2016年6月30日", "20160630", "２０１６－６－３０"],
            ),
            (AnswerRule::Count(50, "年"), "12", &["12", " 12 ", "１２", "1２"]),
            (
                AnswerRule::Like(&format::PHONE),
                "13800138000",
                &["+86 138-0013-8000", "１３８００１３８０００"],
            ),
        ];
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        for (rule, stored, typed) in table {
            let question = super::tests::question(*rule);
            for text in *typed {
                let normal = question.normalise(&[(*text).to_owned()]);
                assert_eq!(normal, [*stored], "{text}");
                let mut answers = Answers::default();
                answers.set("it", &*normal[0]);
                assert_eq!(question.problem(&answers, &Choices::new(), today), None, "{text}");
            }
        }
        let wrong = question(AnswerRule::PastDay);
        assert_eq!(wrong.normalise(&["30/6/2016".to_owned()]), ["30/6/2016"], "what was typed is kept");
        let mut answers = Answers::default();
        answers.set("it", "30/6/2016");
        assert!(wrong.problem(&answers, &Choices::new(), today).unwrap().contains("2016-06-30"));
    }

    #[test]
    fn a_count_has_one_spelling() {
        let years = question(AnswerRule::Count(50, "年"));
        let stored = |typed: &str| years.normalise(&[typed.to_owned()]);
        for typed in ["8", "８", "8年", "８ 年", " 8　年 ", "08", "\u{200b}8年"] {
            assert_eq!(stored(typed), ["8"], "{typed}");
        }
        for typed in ["八年", "8月", "8.5年", "-8", "年", "99999999999"] {
            assert_eq!(stored(typed), [typed]);
        }
    }

    #[test]
    fn only_offered_choices_are_accepted() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let offered = Choice { value: "a".into(), label: "甲".into(), hint: String::new() };
        let choices = Choices::from([("it", vec![offered])]);
        for rule in [AnswerRule::Promise("真实"), AnswerRule::Published(&["乙"]), AnswerRule::Pick] {
            for (value, is_offered) in [("a", true), ("yes", false), ("乙", false)] {
                let mut answers = Answers::default();
                answers.set("it", value);
                let problem = super::tests::question(rule).problem(&answers, &choices, today);
                assert_eq!(problem.is_none(), is_offered, "{value}");
            }
        }
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
    fn promise_is_shown_with_the_text_that_was_agreed_to() {
        let promise = question(AnswerRule::Promise("真实"));
        let mut answers = Answers::default();
        assert_eq!(promise.display(&answers), "");
        answers.set("it", PROMISED);
        assert_eq!(promise.display(&answers), "已承诺");
        answers.labels.insert(PROMISED.into(), "我承诺真实。".into());
        assert_eq!(promise.display(&answers), "已承诺：我承诺真实。");
    }

    #[test]
    fn sum_is_shown_in_yuan() {
        let mut answers = Answers::default();
        answers.set("it", "12200");
        assert_eq!(question(AnswerRule::Money).display(&answers), "¥122.00");
    }
}
