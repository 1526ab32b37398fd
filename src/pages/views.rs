//! Views of an application that the pages of candidates and the review desk share.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, Render, html};

use crate::casework::amend;
use crate::casework::answers::Answers;
use crate::casework::business::{Application, Business, Record};
use crate::casework::history::{Content, Event, Proposed};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::materials::Attachment;
use crate::casework::question::{Question, Section};
use crate::settings::Contact;
use crate::store::clock;
use crate::ui::{self, Fact, Lang, Moment, Player, Recording, Uploaded};
use crate::{files, paths};

pub fn word(application: &Application) -> &str {
    state_word(application.business, application.status, &application.result)
}

fn state_word<'a>(business: &Business, status: Status, result: &'a str) -> &'a str {
    if result.is_empty() { business.word(status) } else { result }
}

pub fn tag(application: &Application) -> Markup {
    state_tag(application.business, application.status, &application.result)
}

/// The tag of a state, from columns of `applications`.
pub fn state_tag(business: &Business, status: Status, result: &str) -> Markup {
    ui::tag(status.code(), state_word(business, status, result))
}

/// The headings of a form, each with the questions that are asked for these answers.
pub fn sections(business: &Business, answers: &Answers) -> Vec<(&'static str, Vec<&'static Question>)> {
    let asked = |section: &&'static Section| {
        let fields = section.questions.iter().filter(|field| business.is_asked(field.when, answers));
        (section.heading, fields.collect::<Vec<_>>())
    };
    business.sections.iter().map(asked).filter(|(_, fields)| !fields.is_empty()).collect()
}

/// The answers to some questions. An answer that differs from `earlier` is shown as before → after.
pub fn facts<'a>(
    fields: impl IntoIterator<Item = &'a Question>,
    answers: &Answers,
    earlier: Option<&Answers>,
) -> Vec<Fact> {
    let changed = earlier.map(|earlier| answers.changes(earlier)).unwrap_or_default();
    fields
        .into_iter()
        .map(|field| {
            let now = field.display(answers);
            let value = match earlier.filter(|_| changed.contains(field.name)) {
                Some(earlier) => {
                    let before = field.display(earlier);
                    let before = if before.is_empty() { "未填".to_owned() } else { before };
                    html! { span.changed { (before) " → " (now) } }
                }
                // One value per line, for subjects with their fees.
                None if field.is_picked() && field.takes_several() => html! {
                    @for value in answers.all(field.name) { div { (ui::words(answers.label(value))) } }
                },
                None => ui::words(&now).render(),
            };
            Fact { label: field.label, value }
        })
        .collect()
}

/// The answers with personal data masked, for pages other than the form and the review desk.
pub fn masked<'a>(fields: impl IntoIterator<Item = &'a Question>, answers: &Answers) -> Answers {
    let mut shown = answers.clone();
    for (name, mask) in fields.into_iter().filter_map(|field| Some((field.name, field.mask()?))) {
        if let Some(values) = shown.fields.get_mut(name) {
            values.iter_mut().for_each(|value| *value = mask(value));
        }
    }
    shown
}

/// Records of the authority, each with its deadline if it has one.
pub fn records(records: &[Record]) -> Markup {
    let facts = |record: &Record| {
        let facts = record.facts.iter().filter(|(_, value)| !value.is_empty());
        facts.map(|(label, value)| Fact::of(label, value)).collect::<Vec<_>>()
    };
    html! {
        @for record in records {
            (ui::panel(&record.title, html! {
                (ui::facts(&facts(record)))
                @if let Some((state, words)) = &record.deadline { p.note data-state=(state) { (ui::words(words)) } }
            }))
        }
    }
}

/// How to reach the office, for a page on which a candidate may need help.
pub fn help(contact: &Contact) -> Markup {
    html! { @if !contact.phones.is_empty() { (ui::panel("有疑问请联系", ui::contact(contact, Lang::Chinese))) } }
}

/// The answers that staff gave in tasks since the last submission. Earlier ones belong to a task that
/// failed.
pub fn outcome(business: &Business, events: &[Event]) -> Vec<Fact> {
    let mut done: BTreeMap<&str, Vec<Fact>> = BTreeMap::new();
    for event in events {
        if event.action == Action::Submit {
            done.clear();
        }
        if event.action == Action::TakeBack {
            done.remove(event.content.amends.as_str());
        }
        if let (Some(task), Some(outcome)) = (amend::noted_task(business, event), &event.content.outcome) {
            done.insert(task.action.code(), facts(task.questions, outcome, None));
        }
    }
    done.into_values().flatten().collect()
}

/// The files that staff uploaded in tasks, such as a receipt. Without those that were replaced.
pub fn handed_over(business: &Business, events: &[Event], files: &[Attachment]) -> Vec<Uploaded> {
    let carried_out = amend::carried_out(business, events);
    let ids: Vec<String> = carried_out.iter().flat_map(|(_, outcome)| outcome.all_files()).collect();
    files.iter().filter(|file| ids.contains(&file.id)).map(uploaded).collect()
}

/// The files of staff that were replaced.
pub fn replaced(events: &[Event], files: &[Attachment]) -> Vec<Uploaded> {
    let now = events.iter().rev().find_map(|event| event.content.outcome.as_ref());
    let now = now.map(Answers::all_files).unwrap_or_default();
    let before = events.iter().filter_map(|event| event.content.replaced.as_ref());
    let ids: Vec<String> = before.flat_map(Answers::all_files).filter(|id| !now.contains(id)).collect();
    files.iter().filter(|file| ids.contains(&file.id)).map(uploaded).collect()
}

pub fn uploaded(file: &Attachment) -> Uploaded {
    let href = paths::file(&file.id);
    Uploaded {
        id: file.id.clone(),
        name: file.name.clone(),
        size: files::human_size(file.size.unsigned_abs()),
        thumb: (file.is_picture() && !file.unreadable && !file.removed).then(|| format!("{href}?thumb=1")),
        recording: recording(file),
        unreadable: file.unreadable,
        harmful: file.harmful,
        removed: file.removed,
        href,
    }
}

/// How a recording is played; `None` for other files.
pub fn recording(file: &Attachment) -> Option<Recording> {
    let player = match file.mime.as_str() {
        "audio/amr" | "audio/amr-wb" => None,
        mime if mime.starts_with("audio/") => Some(Player::Sound),
        _ => Some(Player::Film),
    };
    let src = paths::file(&file.id);
    let download = format!("{src}?download=1");
    file.is_recording().then(|| Recording { player, name: file.name.clone(), src, download })
}

/// The materials, each as label and files. Optional materials without files are left out.
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
        .wanted(answers)
        .map(|material| (material.optional, material.label.to_owned(), of(material.slot)))
        .filter(|(optional, _, files)| !optional || !files.is_empty())
        .map(|(_, label, files)| (label, files))
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Candidate,
    /// Staff also read the internal notes.
    Staff,
}

/// The history, newest first.
pub fn timeline(business: &Business, events: &[Event], reader: Reader) -> Markup {
    let mut earlier: Option<&Answers> = None;
    let (mut moments, mut round) = (Vec::new(), 0);
    let shown = |event: &&Event| reader == Reader::Staff || !event.action.is_internal();
    for event in events.iter().filter(shown) {
        round += usize::from(event.action == Action::Submit);
        let changes = event.content.answers.as_ref().zip(earlier).map(|(now, then)| now.changes(then));
        earlier = event.content.answers.as_ref().or(earlier);
        moments.push(moment(business, event, (changes.as_ref(), round), reader));
    }
    moments.reverse();
    ui::timeline(&moments)
}

/// `changes` are those since the submission before, and `round` counts the submissions.
fn moment(
    business: &Business,
    event: &Event,
    (changes, round): (Option<&BTreeSet<String>>, usize),
    reader: Reader,
) -> Moment {
    let title = match (event.action, changes) {
        _ if !event.content.result.is_empty() => event.content.result.clone(),
        (Action::Submit, Some(_)) => format!("重新提交申请（第 {round} 次提交）"),
        (Action::Take, _) if business.verdicts.approve.is_empty() => business.word(event.to).to_owned(),
        (Action::Approve | Action::Reject, _) => business.word(event.to).to_owned(),
        (action, _) => action.label().to_owned(),
    };
    let who = match event.action {
        // A change of the roster, which candidates need not know about.
        Action::PutBack | Action::Resume if event.staff.is_none() => "",
        Action::Lapse => "",
        _ => event.staff.as_deref().unwrap_or("本人"),
    };
    let staff_note = if reader == Reader::Staff { event.content.staff_note.as_str() } else { "" };
    let what = match (&event.content.proposed, &event.content.replaced) {
        (Some(proposed), _) => proposal_word(business, proposed),
        (None, Some(before)) => amended(business, event, before),
        (None, None) => event_detail(business, &event.content, changes),
    };
    let detail = [who.to_owned(), what, staff_note.to_owned()];
    let detail: Vec<String> = detail.into_iter().filter(|text| !text.is_empty()).collect();
    Moment {
        state: event.to.code().to_owned(),
        title,
        when: clock::china(event.at),
        detail: detail.join(" · "),
    }
}

/// What a proposal says: the state after its confirmation, and the note to the candidate.
fn proposal_word(business: &Business, proposed: &Proposed) -> String {
    let word = proposed_state(business, proposed);
    if proposed.note.is_empty() { format!("拟{word}") } else { format!("拟{word}：{}", proposed.note) }
}

/// The word for the state of an application after a proposal is confirmed.
pub fn proposed_state(business: &Business, proposed: &Proposed) -> String {
    let status = match proposed.action() {
        Ok(Action::Reject) => Status::Rejected,
        _ => Status::Approved,
    };
    state_word(business, status, &proposed.result).to_owned()
}

/// `快递单号：EA1 改为 EA2`, for each answer that an event amends.
fn amended(business: &Business, event: &Event, before: &Answers) -> String {
    let (Some(task), Some(now)) = (amend::noted_task(business, event), &event.content.outcome) else {
        return String::new();
    };
    let changed = now.changes(before);
    let questions = task.questions.iter().filter(|question| changed.contains(question.name));
    let mut parts: Vec<String> = questions
        .map(|one| format!("{}：{} 改为 {}", one.label, one.display(before), one.display(now)))
        .collect();
    parts.extend(
        task.file.filter(|file| changed.contains(file.slot)).map(|file| format!("更换了{}", file.label)),
    );
    parts.join("；")
}

fn event_detail(business: &Business, content: &Content, changes: Option<&BTreeSet<String>>) -> String {
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
