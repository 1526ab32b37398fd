//! Filling in a form: new, edit, appeal (manual 图3.1.1–3.3.2).
//!
//! A form posts to its own address; `action` says what for. Every post keeps what was
//! sent before it judges it.

use maud::Markup;
use poem::http::StatusCode;
use poem::web::Data;
use poem::{Request, Response, handler};

use super::request::FormRequest;
use super::{form_view, notice};
use crate::casework::appeal::{self, AppealState};
use crate::casework::business::Application;
use crate::casework::question::Problems;
use crate::casework::sheet::{FormStep, FormTarget, Sheet};
use crate::casework::{lifecycle, materials, stored, submission};
use crate::files::storage::Storage;
use crate::pages::arrival::Arrived;
use crate::pages::links;
use crate::pages::upload::Upload;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::{Store, Tx};
use crate::web::{Failure, Frame, see_other};

/// What a post came to.
enum Outcome {
    /// The form again, with what is wrong in it.
    Form(Box<Sheet>, Problems),
    /// On to this address.
    Go(String),
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

/// Whether the page shall say what is still wrong in the form: `?check`.
pub(super) fn wants_check(req: &Request) -> bool {
    req.uri().query() == Some("check")
}

/// The form as it was left; when `checked`, also what is still wrong in it. An appeal that was
/// made is shown instead (申诉详情).
pub(super) async fn open(
    wanted: FormRequest,
    checked: bool,
    frame: &Frame,
    store: &Store,
    files: &Storage,
) -> Result<Response, Failure> {
    if let Some(made) = appeal_made(store, &wanted).await? {
        return Ok(see_other(&links::application(&made)));
    }
    let (mut sheet, problems) = store
        .read::<_, Failure, _>(move |tx| {
            let sheet = Sheet::load(tx, wanted.business, wanted.candidate, &wanted.which)?;
            let problems = if checked { sheet.problems(tx)? } else { Problems::new() };
            Ok((sheet, problems))
        })
        .await?;
    if sheet.must_agree() {
        return Ok(see_other(&notice::path(&sheet)));
    }
    refuse_late_beginner(&sheet)?;
    stored::check(store, files, &mut sheet.attachments).await;
    Ok(frame.page(form_view::page(&sheet, &problems)))
}

/// An appeal that was not begun in time has nothing to keep.
fn refuse_late_beginner(sheet: &Sheet) -> Result<(), Failure> {
    match (&sheet.closed, &sheet.parent, &sheet.application) {
        (Some((_, what)), Some(parent), None) => Err(Failure::Conflict {
            message: what.clone(),
            action: ("查看申请", links::application(parent)),
        }),
        _ => Ok(()),
    }
}

/// The appeal, when the address asks for one that was made already.
async fn appeal_made(store: &Store, wanted: &FormRequest) -> Result<Option<Application>, Failure> {
    let FormTarget::Appeal(number) = &wanted.which else { return Ok(None) };
    let (business, candidate, number) = (wanted.business, wanted.candidate.id.clone(), number.clone());
    store
        .read(move |tx| {
            let application = Application::own(tx, &candidate, business.slug, &number)?;
            Ok(match appeal::state(tx, &application)? {
                AppealState::Made(made) => Some(*made),
                _ => None,
            })
        })
        .await
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

/// Saves what was sent and does what its `action` says.
pub(super) async fn receive(
    Arrived(arrived): Arrived,
    wanted: FormRequest,
    frame: &Frame,
    store: &Store,
    files: &Storage,
    Upload(sent, papers): Upload,
) -> Result<Response, Failure> {
    let step = FormStep::parse(sent.one("action")).ok_or(Failure::BadRequest("没有看懂要做什么"))?;
    let before = match appeal_made(store, &wanted).await? {
        Some(made) => Some(made),
        None => submitted_before(store, &wanted.candidate, sent.one("seen")).await?,
    };
    if let Some(done) = before {
        return Ok(frame.go(&paths::submitted(done.business.slug, done.shown_number())));
    }
    let FormRequest { business, candidate, which } = wanted;
    // The appeal's own business says which materials it takes.
    let fills =
        if matches!(which, FormTarget::Appeal(_)) { business.appeal.unwrap_or(business) } else { business };
    let (received, refused) = materials::receive(store, files, fills.materials, papers).await?;
    let next = step.clone();
    let outcome = store
        .write::<_, Failure, _>(move |tx| {
            tx.now = arrived;
            candidate.lock(tx)?;
            let mut sheet = Sheet::load(tx, business, candidate, &which)?;
            if sheet.must_agree() {
                return Ok(Outcome::Go(notice::path(&sheet)));
            }
            let mut problems = refused;
            problems.extend(sheet.save(tx, &sent.values, &next, received)?);
            proceed(tx, sheet, &next, problems)
        })
        .await?;
    Ok(match outcome {
        Outcome::Go(path) => frame.go(&path),
        Outcome::Form(sheet, problems) => answer(frame, &sheet, &problems, &step),
    })
}

/// The same form sent twice, by a double tap or a reload: the first one counts.
async fn submitted_before(
    store: &Store,
    candidate: &Candidate,
    seen: &str,
) -> Result<Option<Application>, Failure> {
    let Some((id, version)) = seen.split_once('.') else { return Ok(None) };
    let (candidate, id, version) = (candidate.id.clone(), id.to_owned(), version.parse::<i32>().ok());
    let found = store.read(move |tx| Application::own_by_id(tx, &candidate, &id)).await?;
    let just_after = |application: &Application| {
        application.status == lifecycle::Status::Submitted && version == Some(application.version - 1)
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
            let kind = sheet.business.slug;
            if sheet.business.review && !sheet.is_edit() {
                return Ok(Outcome::Go(paths::review(kind)));
            }
            let number = submission::submit(tx, &sheet)?;
            Ok(Outcome::Go(paths::submitted(kind, number)))
        }
        FormStep::Draft if problems.is_empty() => Ok(Outcome::Go(match &sheet.parent {
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

/// The piece of the form that htmx asked for, or the whole page.
fn answer(frame: &Frame, sheet: &Sheet, problems: &Problems, step: &FormStep) -> Response {
    if let Some(part) = piece(frame, sheet, problems, step) {
        return frame.part(part);
    }
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    frame.page_with(status, form_view::page(sheet, problems))
}

fn piece(frame: &Frame, sheet: &Sheet, problems: &Problems, step: &FormStep) -> Option<Markup> {
    let target = frame.target().filter(|_| frame.is_fragment())?;
    match (step, target.strip_prefix("f-")) {
        (FormStep::Choose, None) if target == "form" => Some(form_view::form(sheet, problems)),
        (FormStep::Check(name), Some(_)) => form_view::field(sheet, problems, name),
        (FormStep::Upload | FormStep::Remove(_), Some(slot)) => form_view::material(sheet, problems, slot),
        _ => None,
    }
}
