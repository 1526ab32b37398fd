//! The pages of 批量查询: the form, the progress and the result of a list.

use std::sync::Arc;

use chrono::TimeDelta;
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::{Data, Path};
use poem::{Response, handler};
use serde::Deserialize;

use super::job::{self, List};
use super::request::{Refused, SentList};
use super::view::{self, Trouble};
use super::{file, proof};
use crate::files::storage::Storage;
use crate::lookup::Lookup;
use crate::store::{Store, clock};
use crate::ui::Page;
use crate::web::{Failure, Frame, attachment, see_other};

/// Seconds between two looks at a list that is not done.
const LOOK_AGAIN: u32 = 2;

#[handler]
pub async fn show(frame: Frame, Data(store): Data<&Store>) -> Result<Response, Failure> {
    Ok(frame.page(form(&frame, store, "", &Trouble::default())))
}

fn form(frame: &Frame, store: &Store, key: &str, trouble: &Trouble) -> Page {
    let challenge = proof::challenge(&store.vault, &store.ids, store.clock.now());
    view::form(frame.lang(), &challenge, key, trouble)
}

/// `POST`: checks the file, and begins to look its rows up.
#[handler]
pub async fn send(
    frame: Frame,
    list: SentList,
    Data(store): Data<&Store>,
    Data(lookup): Data<&Arc<Lookup>>,
    Data(files): Data<&Storage>,
) -> Result<Response, Failure> {
    let key = list.sent.one("key").trim().to_owned();
    match list.accept(store, lookup, files).await {
        Ok(token) => {
            let (lookup, store) = (lookup.clone(), store.clone());
            tokio::spawn(async move { lookup.look_up_lists(&store).await });
            Ok(see_other(&view::result_path(frame.lang(), &token)))
        }
        Err(refused) => refuse(&frame, store, &key, refused),
    }
}

fn refuse(frame: &Frame, store: &Store, key: &str, refused: Refused) -> Result<Response, Failure> {
    let lang = frame.lang();
    let at = |seconds: u64| {
        let wait = TimeDelta::seconds(i64::try_from(seconds).unwrap_or_default());
        clock::china_to_the_second(store.clock.now() + wait)
    };
    let (status, wait, trouble) = match refused {
        Refused::Failure(failure) => return Err(failure),
        Refused::File(problem) => {
            (StatusCode::UNPROCESSABLE_ENTITY, None, Trouble::of_file(problem.words(lang)))
        }
        Refused::Key => (StatusCode::UNPROCESSABLE_ENTITY, None, Trouble::of_key(lang)),
        Refused::Proof => (StatusCode::CONFLICT, None, Trouble::outdated(lang)),
        Refused::TooMany(seconds) => {
            (StatusCode::TOO_MANY_REQUESTS, Some(seconds), Trouble::too_many(lang, &at(seconds)))
        }
        Refused::Quota(seconds) => {
            (StatusCode::TOO_MANY_REQUESTS, Some(seconds), Trouble::quota(lang, &at(seconds)))
        }
        Refused::Queue => {
            let seconds = job::APART.num_seconds().unsigned_abs() * 30;
            (StatusCode::TOO_MANY_REQUESTS, Some(seconds), Trouble::queue(lang))
        }
    };
    let mut response = frame.page_with(status, form(frame, store, key, &trouble));
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

/// `GET …/{token}`: how far the list is, or its result.
#[handler]
pub async fn result(
    frame: Frame,
    Path(token): Path<String>,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let lang = frame.lang();
    let here = view::result_path(lang, &token);
    let page = match load(store, token.clone()).await? {
        None => return Ok(unlisted(frame.page_with(StatusCode::NOT_FOUND, view::gone(lang)))),
        Some(list) if list.ended_at.is_some() => view::result(lang, &token, &list),
        Some(list) => view::progress(lang, &token, &list, store.clock.now()).refresh(LOOK_AGAIN, here),
    };
    Ok(unlisted(frame.page(page)))
}

async fn load(store: &Store, token: String) -> Result<Option<List>, Failure> {
    Ok(store.read_one(move |tx| job::load(tx, &token)).await?)
}

/// The address is secret, so search engines must not index it.
fn unlisted(mut response: Response) -> Response {
    let robots = HeaderValue::from_static("noindex, nofollow, noarchive");
    response.headers_mut().insert("x-robots-tag", robots);
    response
}

#[derive(Deserialize)]
pub struct FilePath {
    list: String,
    format: String,
}

/// `GET …/{token}/{csv or xlsx}`: the result as a file.
#[handler]
pub async fn download(
    frame: Frame,
    Path(path): Path<FilePath>,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let lang = frame.lang();
    let list = load(store, path.list).await?.filter(|list| list.ended_at.is_some());
    let list = list.ok_or(Failure::NotFound)?;
    let failed = |error: String| Failure::Internal(format!("the file of a list: {error}"));
    let (mime, bytes) = match path.format.as_str() {
        "csv" => (
            "text/csv; charset=utf-8",
            file::csv(lang, &list.rows).map_err(|error| failed(error.to_string()))?,
        ),
        "xlsx" => (file::XLSX, file::xlsx(lang, &list.rows).map_err(|error| failed(error.to_string()))?),
        _ => return Err(Failure::NotFound),
    };
    let day = clock::china_date(list.created_at);
    let name = format!("{} {day}.{}", lang.pick("批量查询结果", "Result"), path.format);
    Ok(unlisted(attachment(mime, &name, bytes)))
}

/// `GET …/template.csv`.
#[handler]
pub async fn template(frame: Frame) -> Result<Response, Failure> {
    let lang = frame.lang();
    let bytes = file::template(lang).map_err(|error| Failure::Internal(format!("a template: {error}")))?;
    let name = lang.pick("批量查询模板.csv", "Template.csv");
    Ok(attachment("text/csv; charset=utf-8", name, bytes))
}
