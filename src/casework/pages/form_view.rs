//! How a form looks, made from the tables of its business.

use maud::{Markup, html};

use crate::casework::business::Material;
use crate::casework::field::{Field, Problems, Rule};
use crate::casework::sheet::Sheet;
use crate::casework::views;
use crate::ui::{self, Choice, Control, Look, Page, TextMode, Tone, Upload};

/// What a form takes; the server looks at the content.
const ACCEPT: &str = "image/jpeg,image/png,application/pdf";

/// The whole page.
pub(super) fn page(sheet: &Sheet, problems: &Problems) -> Page {
    let main = html! {
        (ui::summary_errors(&anchored(problems)))
        (marked(sheet))
        (appealed(sheet))
        (ui::panel("", ui::facts(&identity(sheet))))
        (form(sheet, problems))
    };
    Page::new(title(sheet), main).back(back(sheet)).bar(bar(sheet))
}

fn title(sheet: &Sheet) -> String {
    match () {
        () if sheet.is_edit() => format!("修改{}", sheet.business.label),
        () if sheet.parent.is_some() => sheet.business.label.to_owned(),
        () => sheet.business.start_label.to_owned(),
    }
}

fn back(sheet: &Sheet) -> String {
    let edited = sheet.application.as_ref().filter(|_| sheet.is_edit());
    edited.or(sheet.parent.as_ref()).map_or_else(|| sheet.business.path(), |application| application.path())
}

fn bar(sheet: &Sheet) -> Markup {
    let (step, label) = match () {
        () if sheet.is_edit() => ("submit", "保存修改并重新提交"),
        () if sheet.business.review => ("review", "下一步：核对信息"),
        () => ("submit", "提交申诉"),
    };
    html! {
        (ui::bar_submit("action", "draft", "存草稿", Look::Plain))
        (ui::bar_submit("action", step, label, Look::Primary))
    }
}

/// What is known already and cannot be changed here.
fn identity(sheet: &Sheet) -> Vec<ui::Fact> {
    let candidate = &sheet.candidate;
    vec![views::fact("姓名", candidate.name.clone()), views::fact("证件", candidate.masked_document())]
}

fn anchored(problems: &Problems) -> Vec<(String, String)> {
    problems.iter().map(|(name, what)| (format!("f-{name}"), what.clone())).collect()
}

/// What the reviewer marked, leading to each place.
fn marked(sheet: &Sheet) -> Markup {
    if sheet.marks.is_empty() {
        return html! {};
    }
    let items: Vec<_> = sheet
        .marks
        .iter()
        .map(|mark| {
            let anchor = if mark.name.is_empty() { "form".to_owned() } else { format!("f-{}", mark.name) };
            (anchor, sheet.business.label_of(&mark.name).to_owned(), mark.reason.clone())
        })
        .collect();
    let due = sheet.application.as_ref().and_then(|application| application.due_on);
    let foot = due.map(|day| format!("请在 {day} 前修改并重新提交；其余内容无需再填。")).unwrap_or_default();
    ui::marks(&format!("审核退回 · {} 处需要修改", items.len()), &items, &foot)
}

fn appealed(sheet: &Sheet) -> Markup {
    let Some(parent) = &sheet.parent else { return html! {} };
    let body = html! {
        p { "受理号 " (parent.shown_number()) "，" (parent.title) "，" (parent.summary) "。每件申请只能申诉一次。" }
        p { a href=(parent.path()) { "查看原申请和不通过的原因" } }
    };
    ui::banner(Tone::Info, "您正在对这件申请提出申诉", body)
}

/// The form element alone, which a choice replaces.
pub(super) fn form(sheet: &Sheet, problems: &Problems) -> Markup {
    let seen =
        sheet.application.as_ref().map(|application| format!("{}.{}", application.id, application.version));
    html! {
        form #form method="post" enctype="multipart/form-data" novalidate {
            (ui::default_submit(if sheet.business.review && !sheet.is_edit() { "review" } else { "submit" }))
            @if let Some(seen) = seen { input type="hidden" name="seen" value=(seen); }
            @for (heading, names) in views::sections(sheet.business) {
                h2 { (heading) }
                @for name in names { @if let Some(field) = field(sheet, problems, name) { (field) } }
            }
            h2 { "材料" }
            @for one in sheet.business.materials { (upload(sheet, problems, one)) }
        }
    }
}

/// One field by its name.
pub(super) fn field(sheet: &Sheet, problems: &Problems, name: &str) -> Option<Markup> {
    let field = sheet.business.fields.iter().find(|field| field.name == name)?;
    let fixed: Vec<Choice> = match field.rule {
        Rule::OneOf(offered) => offered.iter().map(|text| plain(text)).collect(),
        _ => Vec::new(),
    };
    let offered = sheet.choices.get(field.name).unwrap_or(&fixed);
    if offered.is_empty() && field.is_picked() {
        return Some(nothing_to_pick(field, name == sheet.business.fields[0].name));
    }
    Some(ui::field(&ui::Field {
        name: field.name,
        label: field.label,
        hint: field.hint,
        optional: field.optional,
        error: message(problems, field.name),
        mark: mark(sheet, field.name),
        reload: field.steers(),
        check: is_checked_at_once(field),
        control: control(sheet, field, offered),
    }))
}

fn plain(text: &str) -> Choice {
    Choice { value: text.to_owned(), label: text.to_owned(), hint: String::new() }
}

/// Nothing is offered yet, or at all.
fn nothing_to_pick(field: &Field, first: bool) -> Markup {
    let why = if first {
        "目前没有可以选择的项目，请留意考试公告。"
    } else {
        "请先选择上一项"
    };
    html! {
        div.field id={ "f-" (field.name) } {
            p.label { (field.label) }
            p.hint { (why) }
        }
    }
}

/// What is typed is judged when the reader goes on; what is picked cannot be wrong.
fn is_checked_at_once(field: &Field) -> bool {
    matches!(field.rule, Rule::Text(..) | Rule::Area(..) | Rule::Phone | Rule::Count(..) | Rule::PastDay)
}

fn control<'a>(sheet: &'a Sheet, field: &Field, options: &'a [Choice]) -> Control<'a> {
    let value = sheet.answers.one(field.name);
    match field.rule {
        Rule::Text(_, max) => Control::Text { value, mode: TextMode::Text, max, suffix: "" },
        Rule::Area(_, max) => Control::Area { value, max },
        Rule::Phone => Control::Text { value, mode: TextMode::Tel, max: 20, suffix: "" },
        Rule::Count(_, unit) => Control::Text { value, mode: TextMode::Number, max: 4, suffix: unit },
        Rule::PastDay => Control::Date { value },
        Rule::OneOf(_) => Control::Radios { options, value },
        Rule::Pick if options.len() > 6 => Control::Select { options, value },
        Rule::Pick => Control::Radios { options, value },
        Rule::PickSome => Control::Checks { options, values: sheet.answers.all(field.name) },
        Rule::Promise(text) => Control::Agree { text, checked: value == "yes" },
    }
}

/// One material by its slot.
pub(super) fn material(sheet: &Sheet, problems: &Problems, slot: &str) -> Option<Markup> {
    let material = sheet.business.materials.iter().find(|material| material.slot == slot)?;
    Some(upload(sheet, problems, material))
}

fn upload(sheet: &Sheet, problems: &Problems, material: &Material) -> Markup {
    let ids = sheet.answers.files(material.slot).iter();
    let files = ids.filter_map(|id| sheet.attachments.iter().find(|file| file.id == *id));
    let files: Vec<_> = files.map(views::uploaded).collect();
    ui::upload(&Upload {
        slot: material.slot,
        label: material.label,
        hint: material.hint,
        optional: material.optional,
        error: message(problems, material.slot),
        mark: mark(sheet, material.slot),
        files: &files,
        most: material.most,
        accept: if material.portrait { "image/jpeg,image/png" } else { ACCEPT },
    })
}

fn message<'a>(problems: &'a Problems, name: &str) -> Option<&'a str> {
    problems.iter().find(|(wrong, _)| wrong == name).map(|(_, what)| what.as_str())
}

fn mark<'a>(sheet: &'a Sheet, name: &str) -> Option<&'a str> {
    sheet.marks.iter().find(|mark| mark.name == name).map(|mark| mark.reason.as_str())
}
