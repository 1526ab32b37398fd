//! The page of a candidate who changed the same form in two windows: both answers, to choose from.

use maud::{Markup, html};

use super::form_view;
use crate::casework::sheet::{Difference, Sheet};
use crate::ui::{self, Choice, Control, FormField, Look, Page, Tone};

/// `sheet` holds what this window sent.
pub(super) fn page(sheet: &Sheet, differences: &[Difference], back: &str) -> Page {
    let main = html! {
        (ui::banner(Tone::Warn, "另一个窗口改过这份表单", html! {
            p { "有 " (differences.len()) " 处与您刚填写的不同，尚未保存。请逐项选择要保留的内容。" }
        }))
        form #form method="post" enctype="multipart/form-data" {
            (ui::default_submit("merge"))
            (form_view::state(sheet))
            (typed(sheet))
            @for difference in differences { (choice(difference)) }
        }
    };
    let bar = html! {
        (ui::link_button(back, "放弃刚填写的", Look::Plain))
        (ui::bar_submit("action", "merge", "按选择保存", Look::Primary))
    };
    Page::new("选择要保留的内容", main).about(sheet.business.label).back(back.to_owned()).bar(bar)
}

/// Everything that this window sent.
fn typed(sheet: &Sheet) -> Markup {
    let questions = sheet.business.questions().filter(|question| !question.is_read_only());
    html! {
        @for question in questions {
            @for value in sheet.answers.all(question.name) {
                input type="hidden" name=(question.name) value=(value);
            }
        }
        @for material in sheet.business.materials {
            @for id in sheet.answers.files(material.slot) {
                input type="hidden" name={ "material." (material.slot) } value=(id);
            }
        }
    }
}

/// A choice between the saved answer and the typed one. The typed one is selected unless it is empty.
fn choice(difference: &Difference) -> Markup {
    let shown = |text: &str| if text.is_empty() { "（未填写）".to_owned() } else { text.to_owned() };
    let option = |value: &str, text: &str, hint: &str| Choice {
        hint: hint.to_owned(),
        ..Choice::new(value, shown(text))
    };
    let options = [
        option("typed", &difference.typed, "您刚填写的"),
        option("saved", &difference.saved, "另一个窗口已保存的"),
    ];
    let value = if difference.typed.is_empty() { "saved" } else { "typed" };
    let name = format!("keep.{}", difference.name);
    let control = Control::Radios { options: &options, value };
    ui::field(&FormField::new(&name, difference.label, control))
}
