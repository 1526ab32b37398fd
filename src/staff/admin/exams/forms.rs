//! The fields of exams, sittings and subjects, and what was typed into them.

use maud::{Markup, html};

use super::super::request::Trouble;
use crate::casework::exam_changes::{Exam, ExamSitting, SittingDays};
use crate::casework::question::Problems;
use crate::exams::month_label;
use crate::people::{day, width};
use crate::ui::{self, Control, FormField, TextMode};
use crate::web::Submission;

/// Most characters of a text, as an import takes it, and of a code.
const TEXT: usize = 60;
const CODE: usize = 20;
/// Largest fee, in fen.
const MOST: i64 = 10_000_000;

fn text(sent: &Submission, name: &str) -> String {
    sent.one(name).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text_field(name: &str, label: &str, value: &str, max: usize, hint: &str, trouble: &Trouble) -> Markup {
    let control = Control::Text { value, mode: TextMode::Text, max, suffix: "" };
    ui::field(&FormField { hint, error: trouble.of(name), ..FormField::new(name, label, control) })
}

fn missing(name: &str, label: &str, value: &str, most: usize) -> Option<(String, String)> {
    let length = value.chars().count();
    (length == 0 || length > most).then(|| (name.to_owned(), format!("请填写{label}，不超过 {most} 个字")))
}

#[derive(Clone, Default)]
pub(super) struct ExamForm {
    pub code: String,
    pub name: String,
    pub category: String,
}

impl ExamForm {
    pub fn of(sent: &Submission) -> ExamForm {
        let code = width::joined(sent.one("code"));
        ExamForm { code, name: text(sent, "name"), category: text(sent, "category") }
    }

    pub fn stored(exam: &Exam) -> ExamForm {
        ExamForm { code: exam.code.clone(), name: exam.name.clone(), category: exam.category.clone() }
    }

    /// What is wrong, if anything is. Only a new exam has a typed code.
    pub fn problems(&self, is_new: bool) -> Option<Problems> {
        let plain = self.code.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        let length = 1..=CODE;
        let code = (is_new && !(plain && length.contains(&self.code.len())))
            .then(|| ("code".to_owned(), format!("考试代码请用字母和数字，不超过 {CODE} 个")));
        let found = [
            code,
            missing("name", "考试名称", &self.name, TEXT),
            missing("category", "考试类别", &self.category, TEXT),
        ];
        let problems: Problems = found.into_iter().flatten().collect();
        (!problems.is_empty()).then_some(problems)
    }

    pub fn fields(&self, is_new: bool, trouble: &Trouble) -> Markup {
        html! {
            @if is_new {
                (text_field("code", "考试代码", &self.code, CODE, "导入文件用它指明考试，增加后不能更改。", trouble))
            }
            (text_field("name", "考试名称", &self.name, TEXT, "", trouble))
            (text_field("category", "考试类别", &self.category, TEXT, "例如 专业技术人员职业资格", trouble))
        }
    }
}

/// The controls of the days, with their labels.
const DAYS: [(&str, &str); 3] =
    [("check_opens_on", "核查开始日期"), ("check_closes_on", "核查截止日期"), ("held_on", "考试日期")];

#[derive(Clone, Default)]
pub(super) struct SittingForm {
    month: String,
    days: [String; 3],
}

impl SittingForm {
    pub fn of(sent: &Submission) -> SittingForm {
        let days = DAYS.map(|(name, _)| sent.one(name).trim().to_owned());
        SittingForm { month: width::joined(sent.one("month")), days }
    }

    pub fn stored(sitting: &ExamSitting) -> SittingForm {
        let days = [sitting.days.check_opens_on, sitting.days.check_closes_on, sitting.days.held_on];
        SittingForm { month: month_label(&sitting.month), days: days.map(|day| day.to_string()) }
    }

    /// The month as it is stored, and the days.
    pub fn parse(&self) -> Result<(String, SittingDays), Problems> {
        let first = day::parse(&format!("{}-01", self.month.trim_end_matches('月')));
        let month = first.map(|day| day.format("%Y%m").to_string());
        match (month, self.parse_days()) {
            (Some(month), Ok(days)) => Ok((month, days)),
            (month, days) => {
                let wrong =
                    month.is_none().then(|| ("month".to_owned(), "请填写考试年月，例如 2026-05".to_owned()));
                Err(wrong.into_iter().chain(days.err().into_iter().flatten()).collect())
            }
        }
    }

    pub fn parse_days(&self) -> Result<SittingDays, Problems> {
        let parsed = [0, 1, 2].map(|at| day::parse(&self.days[at]));
        let [Some(check_opens_on), Some(check_closes_on), Some(held_on)] = parsed else {
            let wrong = DAYS.iter().zip(parsed).filter(|(_, day)| day.is_none());
            return Err(wrong
                .map(|((name, label), _)| ((*name).to_owned(), format!("请填写{label}，例如 2026-05-01")))
                .collect());
        };
        let problem = |name: &str, text: &str| Err(vec![(name.to_owned(), text.to_owned())]);
        if check_closes_on < check_opens_on {
            return problem("check_closes_on", "截止日期早于开始日期");
        }
        if held_on < check_closes_on {
            return problem("held_on", "考试日期早于核查截止日期");
        }
        Ok(SittingDays { check_opens_on, check_closes_on, held_on })
    }

    pub fn fields(&self, is_new: bool, trouble: &Trouble) -> Markup {
        html! {
            @if is_new {
                (ui::field(&FormField {
                    error: trouble.of("month"),
                    ..FormField::new("month", "考试年月", Control::Month { value: &self.month })
                }))
            }
            @for ((name, label), value) in DAYS.iter().zip(&self.days) {
                (ui::field(&FormField {
                    error: trouble.of(name),
                    ..FormField::new(name, label, Control::Date { value })
                }))
            }
        }
    }
}

/// The days that the page showed, hidden in its form.
pub(super) fn days_hidden(days: &SittingDays) -> Markup {
    let SittingDays { check_opens_on, check_closes_on, held_on } = days;
    html! { input type="hidden" name="seen" value={ (check_opens_on) " " (check_closes_on) " " (held_on) }; }
}

pub(super) fn seen_days(sent: &Submission) -> Option<SittingDays> {
    let mut days = sent.one("seen").split(' ').map(|day| day.parse().ok());
    let mut next = || days.next().flatten();
    Some(SittingDays { check_opens_on: next()?, check_closes_on: next()?, held_on: next()? })
}

#[derive(Clone, Default)]
pub(super) struct SubjectForm {
    pub level: String,
    pub specialty: String,
    pub subject: String,
    pub fee: String,
}

impl SubjectForm {
    pub fn of(sent: &Submission) -> SubjectForm {
        SubjectForm {
            level: text(sent, "level"),
            specialty: text(sent, "specialty"),
            subject: text(sent, "subject"),
            fee: sent.one("fee").trim().to_owned(),
        }
    }

    /// The fee in fen, if everything is filled in.
    pub fn parse(&self) -> Result<i32, Problems> {
        let fee = self.parse_fee();
        let found = [
            missing("level", "级别", &self.level, TEXT),
            missing("specialty", "专业", &self.specialty, TEXT),
            missing("subject", "科目", &self.subject, TEXT),
            fee.clone().err(),
        ];
        let problems: Problems = found.into_iter().flatten().collect();
        if problems.is_empty() { fee.map_err(|problem| vec![problem]) } else { Err(problems) }
    }

    /// The fee in fen.
    pub fn parse_fee(&self) -> Result<i32, (String, String)> {
        let wrong = || ("fee".to_owned(), "请填写费用，单位元，例如 61 或 61.50".to_owned());
        let typed = width::joined(&self.fee);
        let amount = typed.trim_start_matches(['¥', '￥']).trim_end_matches('元');
        let (yuan, rest) = amount.split_once('.').unwrap_or((amount, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if yuan.is_empty() || yuan.len() > 6 || rest.len() > 2 || !is_number(yuan) || !is_number(rest) {
            return Err(wrong());
        }
        let fen: i64 = format!("{yuan}{rest:0<2}").parse().map_err(|_| wrong())?;
        i32::try_from(fen.min(MOST + 1)).ok().filter(|fen| i64::from(*fen) <= MOST).ok_or_else(wrong)
    }

    pub fn fields(&self, trouble: &Trouble) -> Markup {
        html! {
            (text_field("level", "级别", &self.level, TEXT, "", trouble))
            (text_field("specialty", "专业", &self.specialty, TEXT, "", trouble))
            (text_field("subject", "科目", &self.subject, TEXT, "", trouble))
            (self.fee_field(trouble))
        }
    }

    pub fn fee_field(&self, trouble: &Trouble) -> Markup {
        let control = Control::Text { value: &self.fee, mode: TextMode::Text, max: 12, suffix: "元" };
        ui::field(&FormField { error: trouble.of("fee"), ..FormField::new("fee", "费用", control) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fee_is_read_in_yuan() {
        let fee = |text: &str| SubjectForm { fee: text.into(), ..SubjectForm::default() }.parse_fee().ok();
        let table = [("61", 6100), ("61.5", 6150), ("￥６１．５０", 6150), ("0", 0), ("61元", 6100)];
        for (text, fen) in table {
            assert_eq!(fee(text), Some(fen), "{text}");
        }
        for wrong in ["", "-1", "6.123", "1e3", "1234567", "六十", "."] {
            assert_eq!(fee(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_of_a_sitting_are_in_order() {
        let form = |days: [&str; 3]| SittingForm { month: "2026-05".into(), days: days.map(str::to_owned) };
        let parsed = form(["2026-01-01", "2026年2月1日", "2026/5/20"]).parse().map(|(month, _)| month);
        assert_eq!(parsed.as_deref(), Ok("202605"));
        let control = |days| form(days).parse().map(drop).expect_err("a problem")[0].0.clone();
        assert_eq!(control(["2026-02-02", "2026-02-01", "2026-05-20"]), "check_closes_on");
        assert_eq!(control(["2026-01-01", "2026-02-01", "2026-01-20"]), "held_on");
        assert_eq!(control(["", "2026-02-01", "2026-05-20"]), "check_opens_on");
    }
}
