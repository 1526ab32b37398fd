//! `POST /api/v1/verifications`: a list from a program of an organisation. `assets/openapi.json` describes it.

use std::sync::Arc;

use poem::http::{HeaderMap, StatusCode, header};
use poem::web::Data;
use poem::{Body, Request, Response, handler};
use serde::{Deserialize, Serialize};

use super::lookup::{Asker, STEP, look_up};
use super::request::{Refused, leave_out_frequent, organisation_of, take_from_quota};
use super::row::{ListRow, MOST, Outcome, Problem};
use crate::exams::inquiry::{self, Inquiries};
use crate::exams::organisation::Organisation;
use crate::lookup::Lookup;
use crate::store::{Store, Timestamp, Tx, clock};
use crate::web::Failure;
use crate::web::address::{client_address, network};

const DOCUMENT: &str = include_str!("../../../assets/openapi.json");

/// Largest body. 500 items have some 60 KB.
const MOST_BYTES: usize = 256 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    items: Vec<SentItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentItem {
    name: String,
    document: String,
    number: String,
}

#[derive(Serialize)]
struct Answered {
    /// RFC 3339.
    asked_at: String,
    /// Items that the organisation may ask about today.
    remaining: i32,
    /// In the order of the request.
    items: Vec<AnsweredItem>,
}

#[derive(Serialize)]
struct AnsweredItem {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<AnsweredCertificate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annulled_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voided_on: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<AnsweredProblem>,
}

#[derive(Serialize)]
struct AnsweredCertificate {
    exam: String,
    level: String,
    specialty: String,
    approved_on: String,
}

#[derive(Serialize)]
struct AnsweredProblem {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

/// Problem details (RFC 9457).
#[derive(Serialize)]
struct ProblemDetails {
    title: &'static str,
    status: u16,
    detail: String,
}

/// Why a request is refused.
struct Refusal {
    status: StatusCode,
    title: &'static str,
    detail: String,
    retry_after: Option<u64>,
}

impl Refusal {
    fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Refusal {
        Refusal { status, title, detail: detail.into(), retry_after: None }
    }

    fn wait(title: &'static str, detail: &str, seconds: u64) -> Refusal {
        Refusal { retry_after: Some(seconds), ..Refusal::new(StatusCode::TOO_MANY_REQUESTS, title, detail) }
    }

    fn respond(self) -> Response {
        let problem = ProblemDetails { title: self.title, status: self.status.as_u16(), detail: self.detail };
        let mut response = json(self.status, "application/problem+json", &problem);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = header::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Refusal {
        match refused {
            Refused::Key => Refusal::new(
                StatusCode::UNAUTHORIZED,
                "No valid access key",
                "Send the access key of your organisation: Authorization: Bearer KEY. It may be wrong, revoked or expired.",
            ),
            Refused::TooMany(seconds) => {
                Refusal::wait("Too many requests", "Too many requests with a wrong access key.", seconds)
            }
            Refused::Quota(seconds) => Refusal::wait(
                "Quota used up",
                "The items are more than your organisation may still ask about today.",
                seconds,
            ),
            Refused::Failure(failure) => failure.into(),
            Refused::File(_) | Refused::Proof | Refused::Queue => {
                Failure::Internal("a program sent no file".to_owned()).into()
            }
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Refusal {
        match failure {
            Failure::Internal(_) => {
                tracing::error!(%failure, "a request of a program failed");
                let detail = "The request failed by a defect of this service.";
                Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal error", detail)
            }
            _ => {
                tracing::error!(%failure, "a request of a program failed");
                let detail = "The service cannot answer now. Send the request again later.";
                Refusal {
                    retry_after: Some(30),
                    ..Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "Unavailable", detail)
                }
            }
        }
    }
}

impl From<crate::store::Error> for Refusal {
    fn from(error: crate::store::Error) -> Refusal {
        Failure::from(error).into()
    }
}

#[handler]
pub async fn verify(
    req: &Request,
    body: Body,
    Data(store): Data<&Store>,
    Data(lookup): Data<&Arc<Lookup>>,
) -> Response {
    match answer(req, body, store, lookup).await {
        Ok(answered) => json(StatusCode::OK, "application/json", &answered),
        Err(refusal) => refusal.respond(),
    }
}

async fn answer(req: &Request, body: Body, store: &Store, lookup: &Lookup) -> Result<Answered, Refusal> {
    let (now, key) = (store.clock.now(), bearer(req.headers()).unwrap_or_default());
    let organisation = organisation_of(store, lookup, key, &network(client_address(req)), now).await?;
    let items = items(req, body).await?;
    let mut rows: Vec<ListRow> = (1..).zip(items).map(|(line, item)| item.row(line, now)).collect();
    leave_out_frequent(lookup, &mut rows, now);
    let (asking, counted) = (organisation.clone(), rows.clone());
    let remaining = store.write(move |tx: &mut Tx| take_from_quota(tx, &asking, &counted)).await?;
    look_up_all(store, &organisation, &mut rows).await?;
    Ok(Answered {
        asked_at: now.and_utc().to_rfc3339(),
        remaining,
        items: rows.into_iter().map(AnsweredItem::of).collect(),
    })
}

/// The key of an `Authorization` header (RFC 6750).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

async fn items(req: &Request, body: Body) -> Result<Vec<SentItem>, Refusal> {
    let kind = req.content_type().unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        let detail = "Send the items as application/json.";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Not JSON", detail));
    }
    let large = || Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "Too large", "A body has at most 256 KB.");
    let bytes = body.into_bytes_limit(MOST_BYTES).await.map_err(|_| large())?;
    let sent: Sent = serde_json::from_slice(&bytes).map_err(|error| {
        // Not the error itself, which may quote what was sent.
        let place = format!("line {}, column {}", error.line(), error.column());
        let detail = format!(
            "The body is not an object with items, each with name, document and number as texts ({place})."
        );
        Refusal::new(StatusCode::BAD_REQUEST, "Malformed", detail)
    })?;
    match sent.items.len() {
        0 => Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "No items", "Send at least one item.")),
        count if count > MOST => {
            let detail = format!("A request has at most {MOST} items, and this one has {count}.");
            Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "Too many items", detail))
        }
        _ => Ok(sent.items),
    }
}

impl SentItem {
    fn row(self, line: u64, now: Timestamp) -> ListRow {
        let cells = [self.name, self.document, self.number];
        ListRow::checked(line, cells.map(|cell| Ok(cell.replace('\0', ""))), clock::china_date(now))
    }
}

async fn look_up_all(
    store: &Store,
    organisation: &Organisation,
    rows: &mut [ListRow],
) -> Result<(), crate::store::Error> {
    let (asker, mut inquiries) = (Asker::of(Some(&organisation.id)), Inquiries::default());
    for step in rows.chunks_mut(STEP) {
        look_up(store, step, &asker, &mut inquiries).await?;
    }
    // Before the answer, so that no answer is without its entry for the holder.
    store.write(move |tx: &mut Tx| inquiry::record(tx, &inquiries)).await
}

impl AnsweredItem {
    fn of(row: ListRow) -> AnsweredItem {
        let certificate = row.outcome.matched().map(|found| AnsweredCertificate {
            exam: found.exam.clone(),
            level: found.level.clone(),
            specialty: found.specialty.clone(),
            approved_on: found.approved_on.to_string(),
        });
        let (mut annulled_on, mut voided_on, mut problems) = (None, None, Vec::new());
        match &row.outcome {
            Outcome::Annulled(_, day) => annulled_on = Some(day.to_string()),
            Outcome::Voided(day) => voided_on = Some(day.to_string()),
            Outcome::Wrong(wrong) => problems = wrong.iter().map(AnsweredProblem::of).collect(),
            Outcome::Waiting | Outcome::Nothing | Outcome::Valid(_) => {}
        }
        AnsweredItem { state: row.outcome.code(), certificate, annulled_on, voided_on, problems }
    }
}

impl AnsweredProblem {
    fn of(problem: &Problem) -> AnsweredProblem {
        AnsweredProblem { code: problem.code(), field: problem.column().map(super::row::Column::code) }
    }
}

fn json(status: StatusCode, mime: &str, body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body).unwrap_or_default();
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, mime)
        .header(header::CACHE_CONTROL, "no-store")
        .body(body)
}

/// `GET /api/v1/openapi.json`.
#[handler]
pub fn openapi() -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CACHE_CONTROL, "public, max-age=3600")
        .body(DOCUMENT)
}
