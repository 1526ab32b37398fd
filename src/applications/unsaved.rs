//! The page after a form that could not be saved: what happened, and what was typed.

use maud::html;

use crate::casework::answers::{Answers, SentValues, values};
use crate::casework::business::{Business, Context};
use crate::casework::sheet;
use crate::pages::views;
use crate::people::candidate::Candidate;
use crate::store::{Error, Tx};
use crate::ui::{self, Look, Page, Tone};

/// `action` is the label and the address of a link.
pub(super) fn page(
    business: &Business,
    typed: &Answers,
    message: &str,
    (label, href): &(&'static str, String),
) -> Page {
    let answered: Vec<_> =
        business.asked(typed).filter(|question| !typed.all(question.name).is_empty()).collect();
    let advice = "您刚才填写的内容没有保存，可以从下面复制。选择的文件也没有保存。";
    let main = html! {
        (ui::banner(Tone::Warn, message, html! { p { (advice) } }))
        @if !answered.is_empty() {
            (ui::panel("您填写的内容（没有保存）", ui::facts(&views::facts(answered, typed, None))))
        }
    };
    Page::new("没有保存", main).about(message).back(href).bar(ui::link_button(href, label, Look::Primary))
}

/// The answers of a request, without those that are keys nobody can read. `stored` has the labels of keys that were
/// saved before.
pub(super) fn typed(
    tx: &mut Tx,
    business: &Business,
    candidate: &Candidate,
    sent: &SentValues,
    stored: Answers,
) -> Result<Answers, Error> {
    let mut typed = Answers { labels: stored.labels, ..Answers::default() };
    for question in business.questions().filter(|question| !question.is_read_only()) {
        typed.fields.insert(question.name.to_owned(), question.normalise(values(sent, question.name)));
    }
    let context = Context { candidate, submitted: None, parent: None, origin: "", answers: &typed };
    let choices = sheet::choices(tx, business, &context)?;
    let offered = choices.into_values().flatten().map(|choice| (choice.value, choice.label));
    typed.labels.extend(offered);
    for question in business.questions().filter(|question| question.is_picked()) {
        if let Some(keys) = typed.fields.get_mut(question.name) {
            keys.retain(|key| typed.labels.contains_key(key));
        }
    }
    Ok(typed)
}
