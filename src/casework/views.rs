//! Pieces that the candidate's pages and the review desk share.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::answers::Answers;
use super::business::Business;
use super::field::Rule;
use super::history::{Content, Event};
use super::lifecycle::{Action, Status};
use super::materials::Attachment;
use crate::files;
use crate::people::mask;
use crate::store::clock;
use crate::ui::{self, Fact, Moment, Uploaded};

/// The tag of a state.
pub fn tag(status: Status) -> Markup {
    ui::tag(status.code(), status.label())
}

/// Headings of a business's fields with their names, in order.
pub fn sections(business: &Business) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
    for field in business.fields {
        match sections.last_mut() {
            Some((heading, names)) if *heading == field.section => names.push(field.name),
            _ => sections.push((field.section, vec![field.name])),
        }
    }
    sections
}

/// The answers to some fields, as label and value; those in `earlier` that changed show both.
pub fn facts(business: &Business, names: &[&str], answers: &Answers, earlier: Option<&Answers>) -> Vec<Fact> {
    let changed = earlier.map(|earlier| answers.changes(earlier)).unwrap_or_default();
    let asked = business.fields.iter().filter(|field| names.contains(&field.name));
    asked
        .map(|field| {
            let now = field.display(answers);
            let value = match earlier.filter(|_| changed.contains(field.name)) {
                Some(earlier) => {
                    let before = field.display(earlier);
                    let before = if before.is_empty() { "未填".to_owned() } else { before };
                    html! { span.changed { (before) " → " (now) } }
                }
                None => html! { @if !now.is_empty() { (now) } },
            };
            Fact { label: field.label.to_owned(), value }
        })
        .collect()
}

/// The answers as they are shown outside the form and the review desk: phones masked.
pub fn masked(business: &Business, answers: &Answers) -> Answers {
    let mut shown = answers.clone();
    for field in business.fields.iter().filter(|field| matches!(field.rule, Rule::Phone)) {
        shown.set(field.name, mask::phone(answers.one(field.name)));
    }
    shown
}

/// A plain fact.
pub fn fact(label: &str, value: impl Into<String>) -> Fact {
    let value: String = value.into();
    Fact { label: label.to_owned(), value: html! { @if !value.is_empty() { (value) } } }
}

/// A file as the components show it.
pub fn uploaded(file: &Attachment) -> Uploaded {
    let href = format!("/files/{}", file.id);
    Uploaded {
        id: file.id.clone(),
        name: file.name.clone(),
        size: files::human_size(file.size.unsigned_abs()),
        thumb: file.is_picture().then(|| format!("{href}?thumb=1")),
        href,
    }
}

/// The materials of the answers, as label and files; what is optional and absent is left out.
pub fn materials(
    business: &Business,
    answers: &Answers,
    files: &[Attachment],
) -> Vec<(String, Vec<Uploaded>)> {
    let of = |slot: &str| {
        let ids = answers.files(slot).iter();
        ids.filter_map(|id| files.iter().find(|file| file.id == *id)).map(uploaded).collect::<Vec<_>>()
    };
    business
        .materials
        .iter()
        .map(|material| (material.optional, material.label.to_owned(), of(material.slot)))
        .filter(|(optional, _, files)| !optional || !files.is_empty())
        .map(|(_, label, files)| (label, files))
        .collect()
}

/// What happened, newest first. `own` is how the candidate is called: 您 on their own page.
pub fn timeline(business: &Business, events: &[Event], own: &str) -> Markup {
    let mut earlier: Option<&Answers> = None;
    let mut moments = Vec::new();
    for event in events {
        let changes = event.content.answers.as_ref().zip(earlier).map(|(now, then)| now.changes(then));
        earlier = event.content.answers.as_ref().or(earlier);
        moments.push(moment(business, event, changes.as_ref(), own));
    }
    moments.reverse();
    ui::timeline(&moments)
}

fn moment(business: &Business, event: &Event, changes: Option<&BTreeSet<String>>, own: &str) -> Moment {
    let title = match (event.action, changes) {
        (Action::Submit, Some(_)) => "重新提交申请".to_owned(),
        (action, _) => action.label().to_owned(),
    };
    let who = event.staff.clone().unwrap_or_else(|| own.to_owned());
    let detail = [who, told(business, &event.content, changes)];
    let detail: Vec<String> = detail.into_iter().filter(|text| !text.is_empty()).collect();
    Moment {
        state: event.to.code().to_owned(),
        title,
        when: clock::china(event.at),
        detail: detail.join(" · "),
    }
}

fn told(business: &Business, content: &Content, changes: Option<&BTreeSet<String>>) -> String {
    let names =
        |names: Vec<&str>| names.iter().map(|name| business.label_of(name)).collect::<Vec<_>>().join("、");
    match changes {
        Some(changes) if changes.is_empty() => "没有改动".to_owned(),
        Some(changes) => format!("修改了{}", names(changes.iter().map(String::as_str).collect())),
        None if !content.marks.is_empty() => {
            names(content.marks.iter().map(|mark| mark.name.as_str()).collect())
        }
        None => content.note.clone(),
    }
}
