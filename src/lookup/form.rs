//! The lookup form of an exam, and its results (manual 图11.2–11.4).

use std::sync::Arc;

use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use tokio::time::{Duration, Instant, sleep_until};

use super::finding::{self, Finding};
use super::typed::TypedFields;
use super::{Lookup, limits, pages};
use crate::exams::certificate::person_hashes;
use crate::people::document;
use crate::store::Store;
use crate::web::address::{client_address, network};
use crate::web::{Failure, Frame, Submission};

/// Shortest time until the answer "not found", about ten times the work, so that its timing does not reveal
/// how much the database read.
const MISS_TAKES: Duration = Duration::from_millis(3);

#[handler]
pub async fn show(
    Path(code): Path<String>,
    frame: Frame,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let exam = exam_of(store, code).await?;
    Ok(frame.page(exam.form(frame.lang(), &TypedFields::default())))
}

#[handler]
pub async fn answer(
    req: &Request,
    Path(code): Path<String>,
    frame: Frame,
    sent: Submission,
    Data(store): Data<&Store>,
    Data(lookup): Data<&Arc<Lookup>>,
) -> Result<Response, Failure> {
    let (began, now) = (Instant::now(), store.clock.now());
    lookup.limits.check_network(&network(client_address(req)), now)?;
    let typed = TypedFields::of(&sent);
    if !typed.is_complete() {
        let exam = exam_of(store, code).await?;
        return Ok(frame.page_with(StatusCode::UNPROCESSABLE_ENTITY, exam.incomplete(frame.lang(), &typed)));
    }
    lookup.limits.check(&limits::DOCUMENT, &document::normalise(typed.document), now)?;
    let hashes = person_hashes(&store.vault, typed.name, typed.document);
    let (key, number) = (code.clone(), document::normalise(typed.number));
    let found = store.glance(move |tx| finding::find(tx, &key, hashes, &number)).await?;
    let (name, finding) = found.ok_or(Failure::NotFound)?;
    let exam = pages::Exam { code, name };
    let stamp = pages::QueryStamp::at(now);
    Ok(frame.page(match finding {
        Finding::Nothing => {
            sleep_until(began + MISS_TAKES).await;
            exam.nothing(frame.lang(), &typed)
        }
        Finding::Found(certificates) => exam.found(frame.lang(), &certificates, &stamp),
        Finding::Voided(day) => exam.voided(frame.lang(), day, &stamp),
    }))
}

async fn exam_of(store: &Store, code: String) -> Result<pages::Exam, Failure> {
    let key = code.clone();
    let name = store.glance(move |tx| finding::exam_name(tx, &key)).await?;
    Ok(pages::Exam { code, name: name.ok_or(Failure::NotFound)? })
}
