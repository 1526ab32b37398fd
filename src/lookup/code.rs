//! 证书码: the page that checks the code of an electronic certificate, in Chinese and English, and what verifiers
//! fetch for that.
//!
//! With scripts the page checks on the device (`assets/verify.js`), and works without a network once it was opened.
//! Without scripts the form comes here. The holder sees when our server was asked.

use std::sync::Arc;

use chrono::TimeDelta;
use parking_lot::Mutex;
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::Data;
use poem::{Request, Response, handler};

use super::code_pages::{self, Verdict};
use super::{Lookup, report};
use crate::exams::code::claims::Claims;
use crate::exams::code::keys::{self, PublicKeys};
use crate::exams::code::status::{FRESH, MEDIA_TYPE};
use crate::exams::code::text::{self, PREFIX};
use crate::exams::code::token::{self, Refused};
use crate::exams::copy::{self, Asked};
use crate::exams::inquiry::Way;
use crate::files::qr_codes;
use crate::pages::upload::OneFile;
use crate::paths;
use crate::settings::Settings;
use crate::store::{Store, Timestamp, Tx};
use crate::web::address::{client_address, network};
use crate::web::{Failure, Frame, assets, host};

/// The page may use the camera.
const CAMERA: HeaderValue =
    HeaderValue::from_static("camera=(self), microphone=(), geolocation=(), payment=(), usb=()");

#[handler]
pub fn show(frame: Frame) -> Response {
    with_camera(frame.page(code_pages::form(frame.lang(), "")))
}

fn with_camera(mut response: Response) -> Response {
    response.headers_mut().insert("permissions-policy", CAMERA);
    response
}

/// `POST /verify`: what a browser without scripts sends, or somebody who wants the answer of our server, or a report.
#[handler]
pub async fn answer(
    req: &Request,
    frame: Frame,
    Data(store): Data<&Store>,
    Data(lookup): Data<&Arc<Lookup>>,
    Data(settings): Data<&Arc<Settings>>,
    sent: OneFile,
) -> Result<Response, Failure> {
    let now = store.clock.now();
    lookup.limits.check_network(&network(client_address(req)), now)?;
    let (typed, is_report) =
        (sent.submission.one("code").to_owned(), sent.submission.one("action") == "report");
    let codes = found(sent).await?;
    let load = move |tx: &mut Tx| {
        let checked = first_verified(codes.clone(), &PublicKeys::load(tx)?);
        let asked = match &checked {
            Ok((_, claims)) => copy::at_index(tx, claims.status.index)?,
            Err(_) => None,
        };
        Ok::<_, Failure>((checked, asked))
    };
    let (checked, asked) = store.read_public(load).await?;
    if let Some(asked) = &asked {
        lookup.opened.add_inquiry(&asked.certificate, Way::Code, &asked.copy, now);
    }
    let verdict = judge(&checked, asked.as_ref(), now);
    match checked {
        Ok((code, claims)) if is_report => {
            report::of_code(frame.lang(), &settings.authority, &claims, (verdict, &code), now).await
        }
        Ok((code, claims)) => {
            let page = code_pages::checked(frame.lang(), verdict, &claims, &code, now);
            Ok(with_camera(frame.page(page)))
        }
        Err(_) => {
            let page = code_pages::refused(frame.lang(), verdict, &typed);
            Ok(with_camera(frame.page_with(StatusCode::UNPROCESSABLE_ENTITY, page)))
        }
    }
}

/// The codes in the file, or else in the text.
async fn found(sent: OneFile) -> Result<Vec<String>, Failure> {
    if sent.file.is_empty() {
        return Ok(vec![sent.submission.one("code").to_owned()]);
    }
    let texts = tokio::task::spawn_blocking(move || qr_codes::texts(&sent.file, PREFIX)).await;
    texts.map_err(|error| Failure::Internal(format!("a code: {error}")))
}

/// A code and what it says.
type Checked = Result<(String, Claims), Refused>;

fn first_verified(codes: Vec<String>, keys: &PublicKeys) -> Checked {
    let mut refused = Refused::NoCode;
    for code in codes {
        match text::read(&code).and_then(|token| token::verify(&token, keys)) {
            Ok(claims) => return Ok((code, claims)),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// A code that was signed here has a copy; without one, the database is older than the code.
fn judge(checked: &Checked, asked: Option<&Asked>, now: Timestamp) -> Verdict {
    match (checked, asked) {
        (Err(Refused::NoCode), _) => Verdict::NoCode,
        (Err(_), _) => Verdict::Forged,
        (Ok((_, claims)), _) if now >= claims.expires_at => Verdict::Expired,
        (Ok(_), None) => Verdict::Unlisted,
        (Ok(_), Some(asked)) if asked.is_invalid => Verdict::Ended,
        (Ok(_), Some(_)) => Verdict::Valid,
    }
}

/// `GET /.well-known/certificate-keys.json`: the public keys, retired ones too.
#[handler]
pub async fn public_keys(Data(store): Data<&Store>) -> Result<Response, Failure> {
    let keys = store.read_one(|tx| Ok::<_, Failure>(PublicKeys::load(tx)?)).await?;
    Ok(public("application/jwk-set+json", keys.to_json()))
}

/// The signed list for an address, kept for a moment, so that many verifiers cost one query.
#[derive(Default)]
pub struct StatusLists(Mutex<Option<(String, Timestamp, Vec<u8>)>>);

/// How long a list is kept.
const KEPT: TimeDelta = TimeDelta::seconds(30);

/// `GET /.well-known/certificate-status`. There is none before the first code was made.
#[handler]
pub async fn status(
    req: &Request,
    Data(store): Data<&Store>,
    Data(lookup): Data<&Arc<Lookup>>,
    Data(settings): Data<&Arc<Settings>>,
) -> Result<Response, Failure> {
    let (uri, now) =
        (format!("{}{}", settings.base_for(host(req)), paths::CERTIFICATE_STATUS), store.clock.now());
    if let Some((kept, at, list)) = &*lookup.lists.0.lock()
        && *kept == uri
        && (*at..*at + KEPT).contains(&now)
    {
        return Ok(public(MEDIA_TYPE, list.clone()));
    }
    let own = uri.clone();
    let signed = store.read_one(move |tx| {
        let Some(key) = keys::newest(tx)? else { return Ok(None) };
        Ok::<_, Failure>(Some(copy::status_list(tx, &own)?.sign(&key)))
    });
    let list = signed.await?.ok_or(Failure::NotFound)?;
    *lookup.lists.0.lock() = Some((uri, now, list.clone()));
    Ok(public(MEDIA_TYPE, list))
}

/// For verifiers on other sites too.
fn public(content_type: &str, body: impl Into<poem::Body>) -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, content_type)
        .header(header::CACHE_CONTROL, format!("public, max-age={}", FRESH.num_seconds()))
        .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .header("cross-origin-resource-policy", "cross-origin")
        .body(body)
}

/// `GET /verify-worker.js`: the service worker, with the files that the pages need.
#[handler]
pub fn worker() -> Response {
    let assets = assets::get();
    let shared = [&assets.css, &assets.icon, &assets.manifest].into_iter().chain(&assets.scripts);
    let own = [paths::VERIFY, paths::ENGLISH_VERIFY, paths::CERTIFICATE_KEYS, paths::CERTIFICATE_STATUS];
    let files: Vec<&str> = own.into_iter().chain(shared.chain(&assets.verify).map(String::as_str)).collect();
    let files = serde_json::json!(files);
    Response::builder()
        .header(header::CONTENT_TYPE, "text/javascript; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-cache")
        .body(format!("const FILES = {files};\n{}", include_str!("../../assets/verify-worker.js")))
}
