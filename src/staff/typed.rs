//! What a reviewer typed, and the verdict that it makes.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::casework::business::Business;
use crate::casework::decision::Verdict;
use crate::casework::history::Mark;
use crate::casework::lifecycle::Action;
use crate::casework::question::Problems;
use crate::web::Submission;

/// Lengths of a mark, in characters.
pub const MARK_LENGTH: RangeInclusive<usize> = 2..=200;
/// Lengths of a reason, in characters.
pub const REASON_LENGTH: RangeInclusive<usize> = 5..=500;

/// Name of the control for a note to colleagues.
pub const CASE_NOTE: &str = "case_note";

/// Suggested reasons of a mark; any other can be typed.
pub const MARK_TEMPLATES: &[&str] = &[
    "照片不清晰，请重新上传",
    "与证件不一致，请核对后修改",
    "与上传的材料不一致，请核对后修改",
    "缺少单位公章，请盖章后重新上传",
    "材料不完整，请补齐所有页",
    "材料已过有效期，请上传有效的材料",
    "上传的不是所要求的材料，请更换",
];

/// Name of a mark's control; `name` is that of a question or a slot, or empty for the application
/// as a whole.
pub fn mark_control(name: &str) -> String {
    format!("mark:{name}")
}

#[derive(Default, Serialize, Deserialize)]
pub struct Typed {
    /// Reasons by the name of the marked question or slot; no reason is empty.
    pub marks: BTreeMap<String, String>,
    /// One of the business's remarks, or empty.
    pub template: String,
    /// Further words to the candidate.
    pub note: String,
    /// A note to colleagues that is not added yet.
    #[serde(default)]
    pub case_note: String,
}

impl Typed {
    /// The text that stores it. Empty if nothing is typed.
    pub fn to_json(&self) -> String {
        let is_empty = self.marks.is_empty() && self.template.is_empty() && self.note.is_empty();
        let is_empty = is_empty && self.case_note.is_empty();
        if is_empty { String::new() } else { serde_json::to_string(self).unwrap_or_default() }
    }

    /// Reads a stored text. One that cannot be read is nothing.
    pub fn from_json(text: &str) -> Typed {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// Whether a request has the controls of these texts. The form of a note, for example, has none.
    pub fn is_in(sent: &Submission) -> bool {
        sent.values.keys().any(|name| name == "note" || name == "template" || name.starts_with("mark:"))
    }

    /// Reads a request; ignores marks on questions that the business does not have.
    pub fn of(sent: &Submission, business: &Business) -> Typed {
        let mark = |name: &str| {
            let reason = tidy(sent.one(&mark_control(name)));
            (!reason.is_empty()).then(|| (name.to_owned(), reason))
        };
        let marks = names(business).into_iter().filter_map(mark).collect();
        let known = |text: &&str| business.verdicts.remarks.iter().any(|(_, template)| template == text);
        let template = Some(sent.one("template")).filter(known).unwrap_or_default().to_owned();
        Typed { marks, template, note: tidy(sent.one("note")), case_note: tidy(sent.one(CASE_NOTE)) }
    }

    /// The verdict of an action's code, or what has to be corrected first.
    pub fn verdict(&self, action: &str, business: &Business) -> Result<Verdict, Problems> {
        let (action, way) = action.split_once(':').unwrap_or((action, "0"));
        let action = Action::from_code(action);
        let problems = self.problems(action, business);
        match action {
            _ if !problems.is_empty() => Err(problems),
            Some(Action::Approve) => Ok(Verdict::Approve(way.parse().unwrap_or_default(), self.words())),
            Some(Action::Return) => Ok(Verdict::Return(self.ordered_marks(business))),
            Some(Action::Reject) => Ok(Verdict::Reject(self.words())),
            _ => Err(problem("note", "请按通过、退回或不通过")),
        }
    }

    /// Marks are only sent with 退回, and words only without: nothing typed gets lost.
    fn problems(&self, action: Option<Action>, business: &Business) -> Problems {
        if action == Some(Action::Return) {
            return self.problems_of_return(business);
        }
        if !self.marks.is_empty() {
            let text = format!("已标注 {} 处问题，请按退回，或先清空标注", self.marks.len());
            return problem(&mark_control(""), &text);
        }
        let of_template = business.verdicts.remarks.iter().find(|(_, text)| *text == self.template);
        if of_template.is_some_and(|(meant, _)| Some(*meant) != action) {
            return problem("template", "选择的常用意见与按下的结果不一致，请重新选择");
        }
        let length = self.words().chars().count();
        match action {
            Some(Action::Reject) if length < *REASON_LENGTH.start() => {
                problem("note", &format!("请写明不通过的理由，至少 {} 个字", REASON_LENGTH.start()))
            }
            _ if length > *REASON_LENGTH.end() => {
                problem("note", &format!("意见请不要超过 {} 个字", REASON_LENGTH.end()))
            }
            _ => Problems::new(),
        }
    }

    fn problems_of_return(&self, business: &Business) -> Problems {
        if self.marks.is_empty() {
            return problem(&mark_control(""), "请至少标注一处问题，再退回");
        }
        if !self.words().is_empty() {
            return problem("note", "退回时请把意见写在标注里，并清空这里");
        }
        let wrong = |mark: &Mark| {
            let length = mark.reason.chars().count();
            let label = business.label_of(&mark.name);
            (!MARK_LENGTH.contains(&length)).then(|| {
                let (least, most) = MARK_LENGTH.into_inner();
                (mark_control(&mark.name), format!("{label}的标注请写 {least} 到 {most} 个字"))
            })
        };
        self.ordered_marks(business).iter().filter_map(wrong).collect()
    }

    /// The template followed by the note.
    fn words(&self) -> String {
        format!("{}{}", self.template, self.note)
    }

    /// In the order of the form, so that the candidate corrects it from top to bottom.
    fn ordered_marks(&self, business: &Business) -> Vec<Mark> {
        let mark = |name: &str| {
            let reason = self.marks.get(name)?.clone();
            Some(Mark { name: name.to_owned(), reason })
        };
        names(business).into_iter().filter_map(mark).collect()
    }
}

/// Names of what can be marked: questions, materials, and the whole as the empty name.
fn names(business: &Business) -> Vec<&'static str> {
    let fields = business.questions().map(|field| field.name);
    fields.chain(business.materials.iter().map(|material| material.slot)).chain([""]).collect()
}

fn tidy(text: &str) -> String {
    text.trim().replace("\r\n", "\n")
}

fn problem(control: &str, text: &str) -> Problems {
    vec![(control.to_owned(), text.to_owned())]
}
