//! `/files/{id}`: an upload, for its owner and for reviewers.

use poem::http::{HeaderValue, header};
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::casework::materials::{self, Attachment, Reader};
use crate::files::storage::{self, Storage};
use crate::people::staff;
use crate::store::Store;
use crate::web::{Failure, SignedIn};

/// A PDF may hold scripts and forms: it is shown in a box that can do nothing, and only
/// inside our own pages.
const SANDBOX: &str = "default-src 'none'; sandbox; style-src 'unsafe-inline'; frame-ancestors 'self'";

#[derive(Deserialize)]
struct Size {
    thumb: Option<String>,
}

#[handler]
pub async fn show(
    who: SignedIn,
    Path(id): Path<String>,
    Query(size): Query<Size>,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
) -> Result<Response, Failure> {
    let file = store
        .read::<_, Failure, _>(move |tx| match materials::find(tx, &id, Reader::Candidate(&who.candidate)) {
            Err(Failure::NotFound) if staff::reviews(tx, who.staff.as_deref())? => {
                materials::find(tx, &id, Reader::Staff)
            }
            own => own,
        })
        .await?;
    let thumb = size.thumb.is_some() && file.is_picture();
    let key = if thumb { storage::thumb_key(&file.storage_key) } else { file.storage_key.clone() };
    Ok(answer(&file, files.get(&key).await?))
}

fn answer(file: &Attachment, bytes: Vec<u8>) -> Response {
    let mime = if file.is_picture() { "image/jpeg" } else { "application/pdf" };
    let mut response = Response::builder()
        .header(header::CONTENT_TYPE, mime)
        .header(header::CACHE_CONTROL, "private, no-store")
        .header(header::CONTENT_SECURITY_POLICY, SANDBOX)
        .header(header::X_FRAME_OPTIONS, "SAMEORIGIN")
        .body(bytes);
    if let Ok(value) = HeaderValue::from_str(&disposition(file)) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// RFC 6266 §4.3: names beyond ASCII go into `filename*`. What is not a picture is a download.
fn disposition(file: &Attachment) -> String {
    let kind = if file.is_picture() { "inline" } else { "attachment" };
    let encoded: String = url::form_urlencoded::byte_serialize(file.name.as_bytes()).collect();
    format!("{kind}; filename*=UTF-8''{}", encoded.replace('+', "%20"))
}
