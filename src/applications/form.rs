//! The form of a new application, of an edit and of an appeal (manual 图3.1.1–3.3.2).
//!
//! A form posts to its own address, and the field `action` names the step. Each POST saves the answers before
//! they are checked.

use maud::Markup;
use poem::http::StatusCode;
use poem::web::Data;
use poem::{Request, Response, handler};

use super::request::{FormAddress, FormRequest};
use super::{form_view, notice, unsaved};
use crate::casework::answers::Answers;
use crate::casework::appeal::{self, AppealState, MadeAppeal};
use crate::casework::business::{Application, Business};
use crate::casework::lifecycle::Status;
use crate::casework::question::Problems;
use crate::casework::sheet::{FormStep, FormTarget, Sheet};
use crate::casework::{materials, stored, submission};
use crate::files::storage::Storage;
use crate::pages::arrival::Arrived;
use crate::pages::links;
use crate::pages::signed_in::as_candidate;
use crate::pages::upload::Upload;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::{Store, Tx};
use crate::web::{Failure, Frame, see_other};

enum Outcome {
    /// The form again, with its problems.
    Form(Box<Sheet>, Problems),
    Redirect(String),
}

#[handler]
pub async fn show(
    req: &Request,
    wanted: FormRequest,
    frame: Frame,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
) -> Result<Response, Failure> {
    open(wanted, wants_check(req), &frame, store, files).await
}

/// `?check` asks for the problems of the draft.
pub(super) fn wants_check(req: &Request) -> bool {
    req.uri().query() == Some("check")
}

enum Opened {
    Form(Box<Sheet>, Problems),
    /// The address of the appeal, which was submitted.
    Appeal(String),
}

/// The form with the saved answers and, if `checked`, with their problems. Redirects to 申诉详情 if the appeal
/// was submitted.
pub(super) async fn open(
    wanted: FormRequest,
    checked: bool,
    frame: &Frame,
    store: &Store,
    files: &Storage,
) -> Result<Response, Failure> {
    let FormRequest { business, visitor, address } = wanted;
    let load = move |tx: &mut Tx, candidate: Candidate| {
        if let Some(appeal) = submitted_appeal(tx, business, &candidate, &address)? {
            return Ok(Opened::Appeal(links::appeal(&appeal)));
        }
        let target = address.target(tx, &candidate)?;
        let sheet = Sheet::load(tx, business, candidate, &target)?;
        let problems = if checked { sheet.problems(tx)? } else { Problems::new() };
        Ok(Opened::Form(Box::new(sheet), problems))
    };
    let (mut sheet, problems) = match as_candidate(&visitor, load).await? {
        Opened::Appeal(path) => return Ok(see_other(&path)),
        Opened::Form(sheet, problems) => (sheet, problems),
    };
    if sheet.must_agree() {
        return Ok(see_other(&notice::notice_path(&sheet)));
    }
    refuse_late_start(&sheet)?;
    stored::check(store, files, &mut sheet.attachments).await;
    Ok(frame.page(form_view::page(&sheet, &problems, frame.office())))
}

/// Refuses a late appeal that has no draft. A draft is still shown.
fn refuse_late_start(sheet: &Sheet) -> Result<(), Failure> {
    match (&sheet.closed, &sheet.parent, &sheet.application) {
        (Some((_, what)), Some(parent), None) => Err(Failure::Conflict {
            message: what.clone(),
            action: ("查看申请", links::application(parent)),
        }),
        _ => Ok(()),
    }
}

fn submitted_appeal(
    tx: &mut Tx,
    business: &'static Business,
    candidate: &Candidate,
    address: &FormAddress,
) -> Result<Option<MadeAppeal>, Failure> {
    let FormAddress::Target(FormTarget::Appeal(number)) = address else { return Ok(None) };
    let application = Application::own(tx, &candidate.id, business.slug, number)?;
    Ok(match appeal::state(tx, &application)? {
        AppealState::Made(appeal) => Some(appeal),
        _ => None,
    })
}

#[handler]
pub async fn save(
    arrived: Arrived,
    wanted: FormRequest,
    frame: Frame,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
    upload: Upload,
) -> Result<Response, Failure> {
    receive(arrived, wanted, &frame, store, files, upload).await
}

/// Saves the answers and does the step that `action` names.
pub(super) async fn receive(
    Arrived(arrived): Arrived,
    wanted: FormRequest,
    frame: &Frame,
    store: &Store,
    files: &Storage,
    Upload(sent, uploads): Upload,
) -> Result<Response, Failure> {
    let step = FormStep::parse(sent.one("action")).ok_or(Failure::BadRequest("没有看懂要做什么"))?;
    let FormRequest { business, visitor, address } = wanted;
    let (known, seen) = (address.clone(), sent.one("seen").to_owned());
    let (form_address, values) = (address.clone(), sent.values.clone());
    let before = move |tx: &mut Tx, candidate: Candidate| {
        let before = match submitted_appeal(tx, business, &candidate, &known)? {
            Some(appeal) => Some(paths::submitted(appeal.business.slug, &appeal.number)),
            None => submitted_before(tx, &candidate, &seen)?
                .map(|done| paths::submitted(done.business.slug, done.shown_number())),
        };
        Ok((candidate, before))
    };
    let (candidate, before) = as_candidate(&visitor, before).await?;
    if let Some(submitted) = before {
        return Ok(frame.go(&submitted));
    }
    // The address of an appeal names the business of the rejected application.
    let of_form = if address.is_appeal() { business.appeal.unwrap_or(business) } else { business };
    let (received, refused) = materials::receive(store, files, of_form.materials, uploads).await?;
    let next = step.clone();
    let outcome = store
        .write::<_, Failure, _>(move |tx| {
            tx.now = arrived;
            candidate.lock(tx)?;
            let target = address.target(tx, &candidate)?;
            let mut sheet = Sheet::load(tx, business, candidate, &target)?;
            if sheet.must_agree() {
                return Ok(Outcome::Redirect(notice::notice_path(&sheet)));
            }
            let mut problems = refused;
            problems.extend(sheet.save(tx, &sent.values, &next, received)?);
            proceed(tx, sheet, &next, problems)
        })
        .await;
    let outcome = match outcome {
        // htmx keeps the form and shows a notice above it.
        Err(Failure::Conflict { message, action })
            if !frame.is_fragment() || frame.target() == Some("main") =>
        {
            let typed = move |tx: &mut Tx, candidate: Candidate| {
                let stored = stored_answers(tx, of_form, &candidate, &form_address)?;
                Ok(unsaved::typed(tx, of_form, &candidate, &values, stored)?)
            };
            let typed = as_candidate(&visitor, typed).await?;
            return Ok(
                frame.page_with(StatusCode::CONFLICT, unsaved::page(of_form, &typed, &message, &action))
            );
        }
        outcome => outcome?,
    };
    Ok(match outcome {
        Outcome::Redirect(path) => frame.go(&path),
        Outcome::Form(sheet, problems) => answer(frame, &sheet, &problems, &step),
    })
}

/// The answers that are stored for a form that could not be saved.
fn stored_answers(
    tx: &mut Tx,
    business: &'static Business,
    candidate: &Candidate,
    address: &FormAddress,
) -> Result<Answers, Failure> {
    let id = &candidate.id;
    let found = match address.target(tx, candidate)? {
        FormTarget::New => Application::draft(tx, id, business.slug, "")?,
        FormTarget::Posting(key) => Application::draft(tx, id, business.slug, &key)?,
        FormTarget::Edit(number) => Some(Application::own(tx, id, business.slug, &number)?),
        // An appeal has no question whose answers are keys.
        FormTarget::Appeal(_) => None,
    };
    Ok(found.and_then(|application| application.current_answers()).unwrap_or_default())
}

/// The application that the same form submitted before, after a double tap or a reload.
fn submitted_before(tx: &mut Tx, candidate: &Candidate, seen: &str) -> Result<Option<Application>, Failure> {
    let Some((id, version)) = seen.split_once('.') else { return Ok(None) };
    let version = version.parse::<i32>().ok();
    let found = Application::own_by_id(tx, &candidate.id, id)?;
    let just_after = |application: &Application| {
        application.status == Status::Submitted && version == Some(application.version - 1)
    };
    Ok(found.filter(just_after))
}

fn proceed(tx: &mut Tx, sheet: Sheet, step: &FormStep, problems: Problems) -> Result<Outcome, Failure> {
    match step {
        FormStep::Review | FormStep::Submit => {
            let mut all = sheet.problems(tx)?;
            all.retain(|(name, _)| !problems.iter().any(|(refused, _)| refused == name));
            all.extend(problems);
            if !all.is_empty() {
                return Ok(Outcome::Form(Box::new(sheet), all));
            }
            let slug = sheet.business.slug;
            if sheet.business.review && !sheet.is_edit() {
                return Ok(Outcome::Redirect(paths::review(slug)));
            }
            let number = submission::submit(tx, &sheet)?;
            Ok(Outcome::Redirect(paths::submitted(slug, number)))
        }
        FormStep::Draft if problems.is_empty() => Ok(Outcome::Redirect(match &sheet.parent {
            Some(parent) => links::application(parent),
            None => links::list(sheet.business),
        })),
        FormStep::Check(name) => {
            let found = sheet.problems(tx)?.into_iter().filter(|(wrong, _)| wrong == name).collect();
            Ok(Outcome::Form(Box::new(sheet), found))
        }
        FormStep::Draft | FormStep::Choose | FormStep::Upload | FormStep::Remove(_) => {
            Ok(Outcome::Form(Box::new(sheet), problems))
        }
    }
}

fn answer(frame: &Frame, sheet: &Sheet, problems: &Problems, step: &FormStep) -> Response {
    if let Some(part) = part(frame, sheet, problems, step) {
        return frame.part(part);
    }
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    frame.page_with(status, form_view::page(sheet, problems, frame.office()))
}

fn part(frame: &Frame, sheet: &Sheet, problems: &Problems, step: &FormStep) -> Option<Markup> {
    let target = frame.target().filter(|_| frame.is_fragment())?;
    match (step, target.strip_prefix("f-")) {
        (FormStep::Choose, None) if target == "form" => Some(form_view::form(sheet, problems)),
        (FormStep::Check(name), Some(_)) => form_view::field(sheet, problems, name),
        (FormStep::Upload | FormStep::Remove(_), Some(slot)) => form_view::material(sheet, problems, slot),
        _ => None,
    }
}
