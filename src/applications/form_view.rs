//! Renders the form of an application from the sections and materials of its business.

use maud::{Markup, html};

use crate::casework::answers::Answers;
use crate::casework::business::Material;
use crate::casework::history::Mark;
use crate::casework::question::{AnswerRule, Choice, Problems, Question};
use crate::casework::sheet::{Seen, Sheet};
use crate::pages::fields::{self, QuestionNotes};
use crate::pages::{links, views};
use crate::paths;
use crate::settings::Contact;
use crate::ui::{self, Applied, Fact, Look, Page, Tone, UploadField};

/// `opened` is the index of the part to show, if the form has parts.
pub(super) fn page(sheet: &Sheet, problems: &Problems, opened: Option<usize>, contact: &Contact) -> Page {
    let main = html! {
        (closed(sheet))
        (applied_before(sheet))
        (ui::summary_errors(&anchored(&correctable(sheet, problems))))
        (marked(sheet))
        (appealed(sheet))
        (ui::panel("", ui::facts(&identity(sheet))))
        (form(sheet, problems, opened))
        @if !sheet.marks.is_empty() { (views::help(contact)) }
    };
    Page::new(title(sheet), main).back(back(sheet)).bar(bar(sheet))
}

fn title(sheet: &Sheet) -> String {
    if sheet.is_edit() {
        // “修改信息修改” would be read twice.
        match sheet.business.label.ends_with("修改") {
            true => "修改申请".to_owned(),
            false => format!("修改{}", sheet.business.label),
        }
    } else if sheet.parent.is_some() {
        sheet.business.label.to_owned()
    } else {
        sheet.business.start_label.to_owned()
    }
}

fn back(sheet: &Sheet) -> String {
    let edited = sheet.application.as_ref().filter(|_| sheet.is_edit());
    edited.or(sheet.parent.as_ref()).map_or_else(|| links::list(sheet.business), links::application)
}

fn bar(sheet: &Sheet) -> Markup {
    let (step, label) = if sheet.is_edit() {
        ("submit", if sheet.marks.is_empty() { "保存修改" } else { "保存修改并重新提交" })
    } else if sheet.business.review {
        ("review", "下一步：核对信息")
    } else {
        ("submit", sheet.business.submit_label)
    };
    // An appeal has one deadline. Elsewhere another answer may still be in time.
    let is_late = sheet.closed.is_some() && sheet.parent.is_some();
    html! {
        (ui::bar_submit("action", "draft", "存草稿", Look::Plain))
        @if !is_late { (ui::bar_submit("action", step, label, Look::Primary)) }
    }
}

/// Data of the candidate that the form cannot change.
fn identity(sheet: &Sheet) -> Vec<Fact> {
    let candidate = &sheet.candidate;
    vec![Fact::of("姓名", &candidate.name), Fact::of("证件", candidate.masked_document())]
}

fn closed(sheet: &Sheet) -> Markup {
    let Some((name, what)) = &sheet.closed else { return html! {} };
    let body = html! {
        p { (ui::words(what)) "。" @if sheet.application.is_some() { "您填写的内容已保存为草稿。" } }
        p { a href={ "#f-" (name) } { "查看" (sheet.business.label_of(name)) } }
    };
    ui::banner(Tone::Danger, "已截止", body)
}

/// The problems without the missed deadline, which has a banner of its own.
fn correctable(sheet: &Sheet, problems: &Problems) -> Problems {
    let is_late = |name: &str, what: &str| {
        sheet.closed.as_ref().is_some_and(|(field, text)| *field == name && text == what)
    };
    problems.iter().filter(|(name, what)| !is_late(name, what)).cloned().collect()
}

fn anchored(problems: &Problems) -> Vec<(String, String)> {
    problems.iter().map(|(name, what)| (format!("f-{name}"), what.clone())).collect()
}

/// The banner with the marks of the reviewer, each linked to its question.
fn marked(sheet: &Sheet) -> Markup {
    if sheet.marks.is_empty() {
        return html! {};
    }
    let items = sheet.marks.iter().map(|mark| {
        let place = sheet.business.place_of(&mark.name, &sheet.answers);
        let anchor = if place.is_empty() { "form".to_owned() } else { format!("f-{place}") };
        ui::Mark { anchor, label: sheet.business.label_of(place), reason: &mark.reason }
    });
    let items: Vec<_> = items.collect();
    let due = sheet.application.as_ref().and_then(|application| application.due_on);
    let foot = due.map(|day| {
        format!("请在 {day} 前修改并重新提交（含当日），逾期将按“逾期未补正”关闭；其余内容无需再填。")
    });
    let foot = foot.unwrap_or_default();
    let why = sheet.application.as_ref().map_or("", |application| views::word(application));
    ui::marks(&format!("{why} · {} 处需要修改", items.len()), &items, &foot)
}

fn appealed(sheet: &Sheet) -> Markup {
    let Some(parent) = &sheet.parent else { return html! {} };
    let body = html! {
        p { "受理号 " (ui::digits(parent.shown_number())) "，" (ui::words(&parent.title)) "，" (parent.summary) "。每件申请只能申诉一次。" }
        p { a href=(links::application(parent)) { "查看原申请和不通过的原因" } }
    };
    ui::banner(Tone::Info, "您正在对这件申请提出申诉", body)
}

/// The form element, which htmx replaces after a choice.
pub(super) fn form(sheet: &Sheet, problems: &Problems, opened: Option<usize>) -> Markup {
    html! {
        form #form method="post" enctype="multipart/form-data" novalidate {
            (ui::default_submit(if sheet.business.review && !sheet.is_edit() { "review" } else { "submit" }))
            (state(sheet))
            @if is_folded(sheet) {
                (fields_and_materials(sheet, problems, &|name| needs_attention(sheet, problems, name)))
                details.rest {
                    summary { "其余内容（无需修改，可展开查看）" }
                    (fields_and_materials(sheet, problems, &|name| !needs_attention(sheet, problems, name)))
                }
            } @else if sheet.parts().is_empty() {
                (fields_and_materials(sheet, problems, &|_| true))
            } @else {
                (parts(sheet, problems, opened))
            }
        }
    }
}

/// The parts of a long form. Their headings are its list of tasks.
fn parts(sheet: &Sheet, problems: &Problems, opened: Option<usize>) -> Markup {
    let all = sheet.parts();
    let unfinished = (0..all.len()).find(|part| sheet.left_in(*part) > 0);
    let opened = opened.or(unfinished.filter(|_| problems.is_empty()));
    let is_wrong = |part| problems.iter().any(|(name, _)| sheet.business.part_of(name) == part);
    html! {
        @for (index, part) in all.iter().enumerate() {
            details.part id={ "part-" (index) } open[opened == Some(index) || is_wrong(index)] {
                summary {
                    span.muted { (format!("{}/{}", index + 1, all.len())) }
                    strong { (part.label) }
                    (part_state(sheet, index, false))
                }
                (fields_and_materials(sheet, problems, &|name| sheet.business.part_of(name) == index))
                @if let Some(next) = all.get(index + 1) {
                    button.button type="submit" name="action" value={ "next:" (index + 1) } data-look="plain" {
                        "保存，下一部分：" (next.label)
                    }
                }
            }
        }
    }
}

/// The number of missing answers of each part, as out-of-band swaps beside a single field.
pub(super) fn part_states(sheet: &Sheet) -> Markup {
    html! { @for index in 0..sheet.parts().len() { (part_state(sheet, index, true)) } }
}

fn part_state(sheet: &Sheet, part: usize, is_update: bool) -> Markup {
    let left = sheet.left_in(part);
    html! {
        span.part-state.small id={ "left-" (part) } hx-swap-oob=[is_update.then_some("true")]
            data-complete[left == 0] {
            @if left == 0 { "已完成" } @else { "还差 " (left) " 项" }
        }
    }
}

/// A returned form shows what the reviewer marked. The rest is folded, unless the whole application is marked.
fn is_folded(sheet: &Sheet) -> bool {
    let is_placed = |mark: &Mark| !sheet.business.place_of(&mark.name, &sheet.answers).is_empty();
    !sheet.marks.is_empty() && sheet.marks.iter().all(is_placed)
}

/// Whether the reviewer marked a question or slot of a returned form, or its answer has a problem.
fn needs_attention(sheet: &Sheet, problems: &Problems, name: &str) -> bool {
    let is_closed = sheet.closed.as_ref().is_some_and(|(closed, _)| *closed == name);
    let is_opened = sheet.opened.as_ref().is_some_and(|opened| opened.contains(name));
    is_closed || is_opened || mark(sheet, name).is_some() || fields::message(problems, name).is_some()
}

/// The questions and materials whose name fits, below their headings.
fn fields_and_materials(sheet: &Sheet, problems: &Problems, fits: &dyn Fn(&str) -> bool) -> Markup {
    let mut sections = views::sections(sheet.business, &sheet.answers);
    sections.iter_mut().for_each(|(_, questions)| questions.retain(|one| fits(one.name)));
    sections.retain(|(_, questions)| !questions.is_empty());
    let wanted: Vec<_> = sheet.business.wanted(&sheet.answers).filter(|one| fits(one.slot)).collect();
    html! {
        @for (heading, questions) in sections {
            h2 class=[repeats_first_label(heading, &questions).then_some("titled")] { (heading) }
            @for one in questions { (question(sheet, problems, one)) }
        }
        @if !wanted.is_empty() { h2 { "材料" } }
        @for one in wanted { (upload(sheet, problems, one)) }
    }
}

/// The hidden fields that say which window sends the form and what it showed.
pub(super) fn state(sheet: &Sheet) -> Markup {
    let seen = sheet.application.as_ref().map(|application| Seen::of(application).to_string());
    html! {
        input type="hidden" name="window" value=(sheet.window);
        input type="hidden" name="seen" value=(seen.unwrap_or_default());
    }
}

/// Whether the heading equals the label of the first question. CSS then hides the label.
fn repeats_first_label(heading: &str, fields: &[&Question]) -> bool {
    fields.first().is_some_and(|first| first.label == heading)
}

pub(super) fn field(sheet: &Sheet, problems: &Problems, name: &str) -> Option<Markup> {
    Some(question(sheet, problems, sheet.business.question(name)?))
}

fn question(sheet: &Sheet, problems: &Problems, field: &'static Question) -> Markup {
    if field.is_read_only() {
        return computed_value(field, &sheet.answers);
    }
    if !sheet.can_change(field.name) {
        return fixed_value(field, &sheet.answers);
    }
    if sheet.is_premature(field) {
        return html! {};
    }
    if field.is_picked() && sheet.choices.get(field.name).is_none_or(Vec::is_empty) {
        return nothing_to_pick(field);
    }
    let steers = sheet.business.steers(field);
    let notes = QuestionNotes {
        error: fields::message(problems, field.name),
        mark: mark(sheet, field.name),
        reload: steers,
        check: !steers && is_checked_on_change(field),
        applied: applied(sheet, field),
    };
    fields::question(field, &sheet.answers, &sheet.choices, notes)
}

/// A value that the server computes from the answers. Screen readers announce its changes.
fn computed_value(field: &Question, answers: &Answers) -> Markup {
    let value = field.display(answers);
    let value = field.mask().map_or(value.clone(), |mask| mask(&value));
    html! {
        div.field id={ "f-" (field.name) } {
            p.label { (field.label) }
            output aria-live="polite" { @if value.is_empty() { "—" } @else { (value) } }
        }
    }
}

/// An answer that cannot change after a failed task.
fn fixed_value(field: &'static Question, answers: &Answers) -> Markup {
    let shown = views::masked([field], answers);
    html! { div id={ "f-" (field.name) } { (ui::facts(&views::facts([field], &shown, None))) } }
}

fn nothing_to_pick(field: &Question) -> Markup {
    html! {
        div.field id={ "f-" (field.name) } {
            p.label { (field.label) }
            p.hint { "目前没有可以选择的项目。" }
        }
    }
}

/// The choices that the candidate has already applied for, each with that application.
fn applied(sheet: &Sheet, field: &Question) -> Vec<Applied> {
    let offered = sheet.choices.get(field.name).map_or(&[][..], Vec::as_slice);
    let with_number = |choice: &Choice| {
        let number = sheet.applied_for(field.name, &choice.value)?;
        Some(Applied {
            value: choice.value.clone(),
            number: number.to_string(),
            href: paths::application(sheet.business.slug, number),
        })
    };
    offered.iter().filter_map(with_number).collect()
}

/// Says above a form without a choice that the candidate has an open application.
fn applied_before(sheet: &Sheet) -> Markup {
    let Some(number) = sheet.applied_before() else { return html! {} };
    let title = format!("已有一件正在办理的{}申请", sheet.business.label);
    let body = html! {
        p { "受理号 " (number) "。办结前不能再提交一件。" }
        p { a href=(paths::application(sheet.business.slug, number)) { "查看这件申请" } }
    };
    ui::banner(Tone::Warn, &title, body)
}

/// Typed answers are checked when the control loses the focus. A picked answer is always valid.
fn is_checked_on_change(field: &Question) -> bool {
    matches!(
        field.rule,
        AnswerRule::Text(..)
            | AnswerRule::Area(..)
            | AnswerRule::Like(_)
            | AnswerRule::Count(..)
            | AnswerRule::PastDay
    )
}

pub(super) fn material(sheet: &Sheet, problems: &Problems, slot: &str) -> Option<Markup> {
    Some(upload(sheet, problems, sheet.business.material(slot)?))
}

fn upload(sheet: &Sheet, problems: &Problems, material: &Material) -> Markup {
    let ids = sheet.answers.files(material.slot).iter();
    let files = ids.filter_map(|id| sheet.attachments.iter().find(|file| file.id == *id));
    let files: Vec<_> = files.map(views::uploaded).collect();
    if !sheet.can_change(material.slot) {
        return html! { div id={ "f-" (material.slot) } { (ui::materials(&[(material.label.to_owned(), files)])) } };
    }
    ui::upload(&UploadField {
        slot: material.slot,
        label: material.label,
        hint: material.hint,
        optional: material.optional,
        error: fields::message(problems, material.slot),
        mark: mark(sheet, material.slot),
        files: &files,
        most: material.most,
        accept: fields::accept(material.kind),
        largest: material.kind.rules().limits.bytes,
    })
}

fn mark<'a>(sheet: &'a Sheet, name: &str) -> Option<&'a str> {
    let is_here = |mark: &&Mark| sheet.business.place_of(&mark.name, &sheet.answers) == name;
    sheet.marks.iter().find(is_here).map(|mark| mark.reason.as_str())
}
