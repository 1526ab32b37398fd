//! The lookup form of an exam, and its results (manual 图11.2–11.4).

use std::sync::Arc;

use chrono::TimeDelta;
use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use tokio::time::{Duration, Instant, sleep_until};

use super::finding::{self, Finding};
use super::typed::TypedFields;
use super::{Lookup, limits, pages, report};
use crate::exams::certificate::person_hashes;
use crate::exams::english::EnglishNames;
use crate::people::document;
use crate::settings::Settings;
use crate::store::{Store, Timestamp, Tx};
use crate::ui::Lang;
use crate::web::address::{Network, client_address, network};
use crate::web::{Failure, Frame, Submission};

/// Shortest time until the answer "not found", about ten times the work, so that its timing does not reveal
/// how much the database read.
pub(super) const MISS_TAKES: Duration = Duration::from_millis(3);

#[handler]
pub async fn show(
    Path(code): Path<String>,
    frame: Frame,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let exam = exam_of(store, frame.lang(), code).await?;
    Ok(frame.page(exam.form(frame.lang(), &TypedFields::default())))
}

#[handler]
pub async fn answer(
    req: &Request,
    Path(code): Path<String>,
    frame: Frame,
    sent: Submission,
    Data(store): Data<&Store>,
    Data(settings): Data<&Arc<Settings>>,
    Data(lookup): Data<&Arc<Lookup>>,
) -> Result<Response, Failure> {
    let (began, now) = (Instant::now(), store.clock.now());
    let typed = TypedFields::of(&sent);
    if let Err(failure) = count(lookup, &network(client_address(req)), &typed, now) {
        return too_many(&frame, exam_of(store, frame.lang(), code).await?, &typed, now, failure);
    }
    if !typed.is_complete() {
        let exam = exam_of(store, frame.lang(), code).await?;
        return Ok(frame.page_with(StatusCode::UNPROCESSABLE_ENTITY, exam.incomplete(frame.lang(), &typed)));
    }
    let (key, number) = (code.clone(), document::normalise(typed.number));
    let (name, document) = (typed.name.to_owned(), typed.document.to_owned());
    let find = move |tx: &mut Tx| {
        let hashes = person_hashes(tx.vault, &name, &document, tx.today());
        finding::find(tx, &key, hashes, &number)
    };
    let found = store.read_public(find).await?;
    let (name, finding) = found.ok_or(Failure::NotFound)?;
    let english = english_names(store, frame.lang(), &code).await?;
    let exam = pages::Exam { code, name, english };
    let stamp = pages::QueryStamp::at(now);
    if let (Finding::Found(certificates), "report") = (&finding, sent.one("action")) {
        return report::of_lookup(frame.lang(), &settings.authority, &exam.name, certificates, now).await;
    }
    Ok(frame.page(match finding {
        Finding::Nothing => {
            sleep_until(began + MISS_TAKES).await;
            exam.nothing(frame.lang(), &typed)
        }
        Finding::Found(certificates) => exam.found(frame.lang(), &certificates, &typed, &stamp),
        Finding::Voided(day) => exam.voided(frame.lang(), day, &stamp),
    }))
}

/// Counts a lookup for its network, and for the document if there is one.
fn count(lookup: &Lookup, network: &Network, typed: &TypedFields<'_>, now: Timestamp) -> Result<(), Failure> {
    lookup.limits.check_network(network, now)?;
    if !typed.is_complete() {
        return Ok(());
    }
    lookup.limits.check(&limits::DOCUMENT, &document::counted(typed.document), now)
}

/// The form with what was typed, and from when on it can be sent again.
fn too_many(
    frame: &Frame,
    exam: pages::Exam,
    typed: &TypedFields<'_>,
    now: Timestamp,
    failure: Failure,
) -> Result<Response, Failure> {
    let Failure::TooMany(seconds) = failure else { return Err(failure) };
    let until = now + TimeDelta::seconds(i64::try_from(seconds).unwrap_or_default());
    let page = exam.too_many(frame.lang(), typed, until);
    let mut response = frame.page_with(StatusCode::TOO_MANY_REQUESTS, page);
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    Ok(response)
}

async fn exam_of(store: &Store, lang: Lang, code: String) -> Result<pages::Exam, Failure> {
    let key = code.clone();
    let name = store.read_public(move |tx| finding::exam_name(tx, &key)).await?;
    let english = english_names(store, lang, &code).await?;
    Ok(pages::Exam { code, name: name.ok_or(Failure::NotFound)?, english })
}

/// Read for English pages only, whatever was found, so that its duration tells nothing.
async fn english_names(store: &Store, lang: Lang, code: &str) -> Result<EnglishNames, Failure> {
    let code = code.to_owned();
    match lang {
        Lang::Chinese => Ok(EnglishNames::default()),
        Lang::English => Ok(store.read_public(move |tx| EnglishNames::of_exam(tx, &code)).await?),
    }
}
