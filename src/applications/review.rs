//! 核对信息: shows all answers before the first submission.

use maud::{Markup, html};
use poem::web::Data;
use poem::{Response, handler};

use super::address::BusinessOf;
use super::spent;
use crate::casework::business::{Application, Business, EditRule, Origin, Record};
use crate::casework::lifecycle::Status;
use crate::casework::sheet::{FormTarget, Seen, Sheet};
use crate::casework::submission;
use crate::pages::arrival::Arrived;
use crate::pages::signed_in::{as_candidate, require_purposes};
use crate::pages::{links, views};
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::{Error, Store, Tx};
use crate::ui::{self, Fact, Look, Page};
use crate::web::{Failure, Frame, Submission, Visitor, see_other};

/// Identifies the state of the draft that the page shows. A save in another window changes it.
fn fingerprint(sheet: &Sheet) -> String {
    sheet.application.as_ref().map_or_else(String::new, |draft| Seen::of(draft).to_string())
}

/// The page for a candidate without a complete draft: the form, the application that was submitted from here, or
/// the list.
fn elsewhere(tx: &mut Tx, sheet: &Sheet) -> Result<String, Error> {
    let business = sheet.business;
    if sheet.application.is_some() {
        return Ok(format!("{}?check", paths::new_application(business.slug)));
    }
    let submitted = spent::instead_of_draft(tx, business, &sheet.candidate, "")?;
    Ok(submitted.unwrap_or_else(|| links::list(business)))
}

#[handler]
pub async fn show(
    BusinessOf(business): BusinessOf,
    visitor: Visitor,
    frame: Frame,
) -> Result<Response, Failure> {
    require_review(business)?;
    let load = move |tx: &mut Tx, candidate: Candidate| {
        let sheet = Sheet::load(tx, business, candidate, &FormTarget::New)?;
        let complete = sheet.application.is_some() && sheet.problems(tx)?.is_empty();
        if complete {
            require_purposes(&sheet.candidate, &business.purposes_of(&sheet.answers))?;
            return Ok((Some(Draft::of(tx, sheet)?), String::new()));
        }
        Ok((None, elsewhere(tx, &sheet)?))
    };
    Ok(match as_candidate(&visitor, load).await? {
        (Some(draft), _) => frame.page(page(&draft, false)),
        (None, path) => see_other(&path),
    })
}

fn require_review(business: &Business) -> Result<(), Failure> {
    if business.review && business.origin == Origin::Nothing { Ok(()) } else { Err(Failure::NotFound) }
}

/// A form with the records that it is about.
struct Draft {
    sheet: Sheet,
    cited: Vec<Record>,
}

impl Draft {
    fn of(tx: &mut Tx, sheet: Sheet) -> Result<Draft, Error> {
        Ok(Draft { cited: (sheet.business.cited)(tx, &sheet.context())?, sheet })
    }
}

enum Outcome {
    Redirect(String),
    Changed(Box<Draft>),
}

#[handler]
pub async fn submit(
    Arrived(arrived): Arrived,
    BusinessOf(business): BusinessOf,
    candidate: Candidate,
    frame: Frame,
    Data(store): Data<&Store>,
    sent: Submission,
) -> Result<Response, Failure> {
    require_review(business)?;
    let seen = sent.one("seen").to_owned();
    let outcome = store.write::<_, Failure, _>(move |tx| {
        tx.now = arrived;
        submit_seen(tx, business, candidate, &seen)
    });
    Ok(match outcome.await? {
        Outcome::Redirect(path) => frame.go(&path),
        Outcome::Changed(draft) => frame.page(page(&draft, true)),
    })
}

/// Submits the draft if it is complete and still what the candidate has seen.
fn submit_seen(
    tx: &mut Tx,
    business: &'static Business,
    candidate: Candidate,
    seen: &str,
) -> Result<Outcome, Failure> {
    candidate.lock(tx)?;
    let id = seen.split('.').next().unwrap_or_default();
    // The second request of a double tap finds the submitted application.
    if let Some(done) = Application::own_by_id(tx, &candidate.id, id)?
        && done.status != Status::Draft
    {
        return Ok(Outcome::Redirect(spent::after_submission(&done)));
    }
    let sheet = Sheet::load(tx, business, candidate, &FormTarget::New)?;
    if sheet.must_agree() || sheet.application.is_none() || !sheet.problems(tx)?.is_empty() {
        return Ok(Outcome::Redirect(elsewhere(tx, &sheet)?));
    }
    if fingerprint(&sheet) != seen {
        return Ok(Outcome::Changed(Box::new(Draft::of(tx, sheet)?)));
    }
    if let Err(Failure::AskConsent(need)) =
        require_purposes(&sheet.candidate, &business.purposes_of(&sheet.answers))
    {
        return Ok(Outcome::Redirect(paths::consent(&need, &paths::review(business.slug))));
    }
    let number = submission::submit(tx, &sheet)?;
    Ok(Outcome::Redirect(paths::submitted(business.slug, number)))
}

fn page(draft: &Draft, changed: bool) -> Page {
    let sheet = &draft.sheet;
    let form = paths::new_application(sheet.business.slug);
    let main = html! {
        @if changed {
            (ui::banner(ui::Tone::Warn, "内容在别的窗口改过", html! { p { "请重新核对后再提交。" } }))
        }
        p.muted { "请核对以下内容，确认无误后提交。" (edits_after_submission(sheet.business.edit)) }
        (answers(draft))
        form #form method="post" { input type="hidden" name="seen" value=(fingerprint(sheet)); }
    };
    Page::new("核对信息", main).about(sheet.business.label).back(form.clone()).bar(html! {
        (ui::link_button(&form, "返回修改", Look::Plain))
        (ui::bar_submit("action", "submit", "提交申请", Look::Primary))
    })
}

fn edits_after_submission(edit: EditRule) -> &'static str {
    match edit {
        EditRule::Returned => "提交后在审核退回前不能修改。",
        EditRule::UntilTaken => "提交后、审核员领取前还可以修改。",
    }
}

/// The address of a question or slot in the form.
fn field_path(business: &Business, name: &str) -> String {
    let form = match business.parts {
        [] => paths::new_application(business.slug),
        _ => paths::part_of_form(business.slug, business.part_of(name)),
    };
    format!("{form}#f-{name}")
}

fn answers(Draft { sheet, cited }: &Draft) -> Markup {
    let business = sheet.business;
    let materials = views::materials(business, &sheet.answers, &sheet.attachments);
    let first = business.wanted(&sheet.answers).next();
    html! {
        (ui::panel("申请人", ui::facts(&[
            Fact::of("姓名", &sheet.candidate.name),
            Fact::of("证件", sheet.candidate.masked_document()),
        ])))
        (views::records(cited))
        @for (heading, fields) in views::sections(business, &sheet.answers) {
            (ui::panel(heading, html! {
                (ui::facts_under(heading, &views::facts(fields.iter().copied(), &sheet.answers, None)))
                p { a.text-button href=(field_path(business, fields[0].name)) { "修改" span.hidden { (heading) } } }
            }))
        }
        @if let Some(first) = first {
            (ui::panel("材料", html! {
                (ui::materials(&materials))
                p { a.text-button href=(field_path(business, first.slot)) { "修改" span.hidden { "材料" } } }
            }))
        }
    }
}
