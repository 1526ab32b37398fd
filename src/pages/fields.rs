//! The controls of questions and materials, for the form of a candidate and for the tasks of staff.

use maud::{Markup, html};

use super::controls;
use crate::casework::answers::Answers;
use crate::casework::business::{Material, MaterialKind};
use crate::casework::question::{AnswerRule, Choices, Problems, Question};
use crate::ui::{self, Applied, Control, TextMode};

/// The `accept` attribute of a file control. It is a hint for browsers: the server checks the content.
pub fn accept(kind: MaterialKind) -> &'static str {
    match kind {
        MaterialKind::Document => "image/jpeg,image/png,application/pdf",
        MaterialKind::Portrait => "image/jpeg,image/png",
        MaterialKind::Evidence => {
            "image/jpeg,image/png,application/pdf,audio/*,video/*,.mp3,.m4a,.aac,.wav,.amr,.mp4,.mov,.3gp"
        }
        MaterialKind::Pdf => "application/pdf",
    }
}

/// The notes beside a question, and the requests that htmx sends after an answer.
#[derive(Default)]
pub struct QuestionNotes<'a> {
    pub error: Option<&'a str>,
    /// The reason for which a reviewer marked the question.
    pub mark: Option<&'a str>,
    /// Whether an answer reloads the form, because other questions depend on it.
    pub reload: bool,
    /// Whether an answer is checked when the control loses the focus.
    pub check: bool,
    /// The choices that the candidate has applied for before.
    pub applied: Vec<Applied>,
}

pub fn question(
    field: &'static Question,
    answers: &Answers,
    choices: &Choices,
    notes: QuestionNotes,
) -> Markup {
    let fixed: Vec<ui::Choice> = match field.rule {
        AnswerRule::OneOf(offered) | AnswerRule::SomeOf(offered) => {
            offered.iter().map(|text| ui::Choice::new(*text, *text)).collect()
        }
        _ => Vec::new(),
    };
    let offered = choices.get(field.name).map_or(fixed, |offered| controls::choices(offered));
    ui::field(&ui::FormField {
        name: field.name,
        label: field.label,
        hint: field.doubt(answers).unwrap_or(field.hint),
        optional: field.optional,
        error: notes.error,
        mark: notes.mark,
        reload: notes.reload,
        check: notes.check,
        applied: &notes.applied,
        control: control(field, answers, &offered),
    })
}

/// More choices than this are shown as a drop-down list.
const MAX_RADIOS: usize = 6;

fn control<'a>(field: &Question, answers: &'a Answers, options: &'a [ui::Choice]) -> Control<'a> {
    let value = answers.one(field.name);
    match field.rule {
        AnswerRule::Text(_, max) => Control::Text { value, mode: TextMode::Text, max, suffix: "" },
        AnswerRule::Area(_, max) => Control::Area { value, max },
        AnswerRule::Like(format) => {
            Control::Text { value, mode: controls::text_mode(format.mode), max: format.max, suffix: "" }
        }
        AnswerRule::Count(_, unit) => Control::Text { value, mode: TextMode::Number, max: 8, suffix: unit },
        AnswerRule::PastDay => Control::Date { value },
        AnswerRule::OneOf(_) | AnswerRule::Pick | AnswerRule::Published(_) if options.len() > MAX_RADIOS => {
            Control::Select { options, value }
        }
        AnswerRule::OneOf(_) | AnswerRule::Pick | AnswerRule::Published(_) => {
            Control::Radios { options, value }
        }
        AnswerRule::SomeOf(_) | AnswerRule::PickSome | AnswerRule::Promise(_) => {
            Control::Checks { options, values: answers.all(field.name) }
        }
        AnswerRule::Money | AnswerRule::ReadOnly(_) => {
            Control::Text { value, mode: TextMode::Text, max: 0, suffix: "" }
        }
    }
}

/// A question of a task of staff, which has no drafts.
pub fn plain_field(field: &'static Question, answers: &Answers, problems: &Problems) -> Markup {
    let notes = QuestionNotes { error: message(problems, field.name), ..QuestionNotes::default() };
    question(field, answers, &Choices::new(), notes)
}

pub fn plain_upload(material: &Material, problems: &Problems) -> Markup {
    html! {
        div.field id={ "f-" (material.slot) } data-error[message(problems, material.slot).is_some()] {
            label.label for={ "i-" (material.slot) } { (material.label) }
            @if !material.hint.is_empty() { p.hint { (material.hint) } }
            @if let Some(error) = message(problems, material.slot) { p.error { (error) } }
            input.input id={ "i-" (material.slot) } type="file" name={ "file." (material.slot) }
                accept=(accept(material.kind));
        }
    }
}

pub fn message<'a>(problems: &'a Problems, name: &str) -> Option<&'a str> {
    problems.iter().find(|(wrong, _)| wrong == name).map(|(_, what)| what.as_str())
}
