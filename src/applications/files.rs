//! `/files/{id}`: an upload, for its owner and for staff who handle the application. `?thumb` asks for a thumbnail,
//! `?download` for a recording that the browser saves.

use poem::http::{HeaderValue, header};
use poem::web::headers::ETag;
use poem::web::{Data, Path, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

use crate::casework::materials::{self, Attachment, FileView};
use crate::casework::{Refusal, stored};
use crate::files::storage::{self, Storage};
use crate::pages::refusal::explain_audit;
use crate::store::{Store, Tx};
use crate::ui;
use crate::web::session::live::Live;
use crate::web::{Failure, Visitor, range};

/// The Content-Security-Policy of uploads: a PDF may contain scripts and forms, so it runs sandboxed, and only
/// pages of this site may frame it.
const SANDBOX: &str = "sandbox; frame-ancestors 'self'";

#[derive(Deserialize)]
struct Wanted {
    /// A thumbnail, if the file is a picture.
    thumb: Option<String>,
    /// A recording as a download, which is otherwise played.
    download: Option<String>,
}

#[handler]
pub async fn show(
    req: &Request,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
) -> Result<Response, Failure> {
    let view = if range::is_later_part(req) { FileView::PlayingOn } else { FileView::Opening };
    let (mut file, is_own) = find(store, &visitor, id, view).await?;
    if file.removed {
        return Err(Failure::Gone(REMOVED));
    }
    if file.harmful {
        return Err(Refusal::Harmful.into());
    }
    let inline = req.header("sec-fetch-dest") == Some("iframe")
        || req.header(header::USER_AGENT).is_some_and(is_web_view);
    if wanted.thumb.is_some() && file.is_picture() {
        // If the thumbnail is lost, the picture is sent instead.
        if let Ok(bytes) = files.get(&storage::thumb_key(&file.storage_key)).await {
            return Ok(cacheable(answer(&file, inline, bytes)));
        }
    }
    let got = files.get(&file.storage_key).await;
    stored::note(store, &mut file, got.as_ref().err()).await;
    if let (false, Ok(bytes)) = (is_own, &got) {
        stored::scan(store, files, &file, bytes).await?;
    }
    match got {
        Ok(bytes) if file.is_recording() => Ok(recording(req, &file, wanted.download.is_none(), bytes)),
        Ok(bytes) => Ok(answer(&file, inline, bytes)),
        Err(error) if error.is_loss() => {
            Err(Failure::Gone(if is_own { LOST_FOR_OWNER } else { LOST_FOR_STAFF }))
        }
        Err(error) => Err(Failure::Unavailable(error.to_string())),
    }
}

const REMOVED: &str = const_str::concat!(ui::REMOVED, "。申请的办理结果不受影响。");

const LOST_FOR_OWNER: &str =
    "存储的文件已丢失或损坏，不是您的操作造成的。请打开这件申请，按页面上的提示重新上传。";

const LOST_FOR_STAFF: &str = "存储的文件已丢失或损坏。请退回这件申请，让考生重新上传。";

/// The person who opens a file.
enum Viewer {
    Owner(Attachment),
    /// Somebody else, with this row of the roster.
    Staff(String),
}

fn own_or_staff(tx: &mut Tx, live: Live, id: &str) -> Result<Viewer, Failure> {
    match (materials::own(tx, &live.who.candidate, id), live.who.staff) {
        (Ok(file), _) => Ok(Viewer::Owner(file)),
        (Err(Refusal::NotFound), Some(staff)) => Ok(Viewer::Staff(staff)),
        (Err(refusal), _) => Err(refusal.into()),
    }
}

/// The file, and whether it belongs to the user. Otherwise it belongs to an application that the staff member
/// may open.
async fn find(
    store: &Store,
    visitor: &Visitor,
    id: String,
    view: FileView,
) -> Result<(Attachment, bool), Failure> {
    let wanted = id.clone();
    let staff = match visitor.read_signed_in(move |tx, live| own_or_staff(tx, live, &wanted)).await? {
        Viewer::Owner(file) => return Ok((file, true)),
        Viewer::Staff(staff) => staff,
    };
    let found =
        store.write::<_, Failure, _>(move |tx| Ok(materials::for_staff(tx, &staff, &id, view)?)).await;
    Ok((explain_audit(found)?.ok_or(Failure::NotFound)?, false))
}

fn answer(file: &Attachment, inline: bool, bytes: Vec<u8>) -> Response {
    let mut response = Response::builder()
        .header(header::CONTENT_TYPE, &file.mime)
        .header(header::CACHE_CONTROL, "private, no-store")
        .header(header::CONTENT_SECURITY_POLICY, SANDBOX)
        .header(header::X_FRAME_OPTIONS, "SAMEORIGIN")
        .body(bytes);
    name(&mut response, file, inline || file.is_picture());
    response
}

/// A recording, whole or in part. It is played by the browser and contains no scripts, so that it needs no sandbox.
fn recording(req: &Request, file: &Attachment, inline: bool, bytes: Vec<u8>) -> Response {
    // The content of a file never changes.
    let Ok(tag) = format!("\"{}\"", file.id).parse::<ETag>() else { return answer(file, false, bytes) };
    let mut response = range::respond(req, &tag, bytes);
    let headers = response.headers_mut();
    if let Ok(mime) = HeaderValue::from_str(&file.mime) {
        headers.insert(header::CONTENT_TYPE, mime);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    name(&mut response, file, inline);
    response
}

fn name(response: &mut Response, file: &Attachment, inline: bool) {
    if let Ok(value) = HeaderValue::from_str(&disposition(file, inline)) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
}

/// Lets the browser keep a thumbnail for as long as the same session asks for it.
fn cacheable(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=1800"));
    headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
    response
}

/// RFC 6266 §4.3: names beyond ASCII are in `filename*`. A PDF is shown in a frame of the review desk and in a
/// web view, and is a download elsewhere.
fn disposition(file: &Attachment, inline: bool) -> String {
    let disposition = if inline { "inline" } else { "attachment" };
    let encoded: String = url::form_urlencoded::byte_serialize(file.name.as_bytes()).collect();
    format!("{disposition}; filename*=UTF-8''{}", encoded.replace('+', "%20"))
}

/// Parts of the User-Agent of web views: Android, WeChat, HarmonyOS, Alipay (which also contains government
/// apps) and DingTalk.
const WEB_VIEWS: [&str; 5] = ["; wv)", "MicroMessenger", "ArkWeb", "AliApp", "DingTalk"];

/// Whether the User-Agent is that of a web view. Most web views silently drop downloads. The one of iOS is
/// recognised by the missing `Safari/`.
fn is_web_view(user_agent: &str) -> bool {
    let apple = ["iPhone", "iPad"].iter().any(|device| user_agent.contains(device));
    WEB_VIEWS.iter().any(|name| user_agent.contains(name)) || (apple && !user_agent.contains("Safari/"))
}
