//! `/files/{id}`: an upload, for its owner and for reviewers.

use poem::http::{HeaderValue, header};
use poem::web::{Data, Path, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

use crate::casework::materials::{self, Attachment};
use crate::casework::stored;
use crate::files::storage::{self, Storage};
use crate::pages::refusal::explain_audit;
use crate::store::Store;
use crate::web::{Failure, SignedIn};

/// A PDF may hold scripts and forms: it is shown in a box that can do nothing, and only
/// inside our own pages.
const SANDBOX: &str = "sandbox; frame-ancestors 'self'";

#[derive(Deserialize)]
struct Size {
    thumb: Option<String>,
}

#[handler]
pub async fn show(
    req: &Request,
    who: SignedIn,
    Path(id): Path<String>,
    Query(size): Query<Size>,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
) -> Result<Response, Failure> {
    let (mut file, own) = find(store, &who, id).await?;
    let shown = req.header("sec-fetch-dest") == Some("iframe")
        || req.header(header::USER_AGENT).is_some_and(is_web_view);
    if size.thumb.is_some() && file.is_picture() {
        // A lost thumbnail loses nobody anything: the picture takes its place.
        if let Ok(bytes) = files.get(&storage::thumb_key(&file.storage_key)).await {
            return Ok(answer(&file, shown, bytes));
        }
    }
    let got = files.get(&file.storage_key).await;
    stored::note(store, &mut file, got.as_ref().err()).await;
    match got {
        Ok(bytes) => Ok(answer(&file, shown, bytes)),
        Err(error) if error.is_loss() => Err(Failure::Gone(if own { LOST_BY_OWNER } else { LOST_BY_STAFF })),
        Err(error) => Err(Failure::Unavailable(error.to_string())),
    }
}

/// What helps the owner of a file that is lost.
const LOST_BY_OWNER: &str =
    "存储的文件已丢失或损坏，不是您的操作造成的。请打开这件申请，按页面上的提示重新上传。";

/// What helps staff.
const LOST_BY_STAFF: &str = "存储的文件已丢失或损坏。请退回这件申请，让考生重新上传。";

/// One's own file, or one of an application that one works on; and whether it is one's own.
async fn find(store: &Store, who: &SignedIn, id: String) -> Result<(Attachment, bool), Failure> {
    let (candidate, wanted) = (who.candidate.clone(), id.clone());
    let own = store.read::<_, Failure, _>(move |tx| Ok(materials::own(tx, &candidate, &wanted)?)).await;
    let Some(staff) = who.staff.clone().filter(|_| own.is_err()) else { return Ok((own?, true)) };
    let found = store.write::<_, Failure, _>(move |tx| Ok(materials::for_staff(tx, &staff, &id)?)).await;
    Ok((explain_audit(found)?.ok_or(Failure::NotFound)?, false))
}

fn answer(file: &Attachment, shown: bool, bytes: Vec<u8>) -> Response {
    let mut response = Response::builder()
        .header(header::CONTENT_TYPE, &file.mime)
        .header(header::CACHE_CONTROL, "private, no-store")
        .header(header::CONTENT_SECURITY_POLICY, SANDBOX)
        .header(header::X_FRAME_OPTIONS, "SAMEORIGIN")
        .body(bytes);
    if let Ok(value) = HeaderValue::from_str(&disposition(file, shown)) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// RFC 6266 §4.3: names beyond ASCII go into `filename*`. Outside a frame of the review desk and a web
/// view, what is not a picture is a download.
fn disposition(file: &Attachment, shown: bool) -> String {
    let kind = if shown || file.is_picture() { "inline" } else { "attachment" };
    let encoded: String = url::form_urlencoded::byte_serialize(file.name.as_bytes()).collect();
    format!("{kind}; filename*=UTF-8''{}", encoded.replace('+', "%20"))
}

/// What a web view of an app says of itself: of Android, WeChat, HarmonyOS, Alipay (where government
/// services run too) and DingTalk.
const WEB_VIEWS: [&str; 5] = ["; wv)", "MicroMessenger", "ArkWeb", "AliApp", "DingTalk"];

/// Whether a request comes from a web view. Most of them drop a download without a word; the others
/// show what they can, and so does the web view of iOS, which does not call itself Safari.
fn is_web_view(user_agent: &str) -> bool {
    let apple = ["iPhone", "iPad"].iter().any(|device| user_agent.contains(device));
    WEB_VIEWS.iter().any(|name| user_agent.contains(name)) || (apple && !user_agent.contains("Safari/"))
}
