//! `/files/{id}`: an upload, for its owner and for reviewers.

use poem::http::{HeaderValue, header};
use poem::web::{Data, Path, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

use crate::casework::business::{self, Registry};
use crate::casework::materials::{self, Attachment};
use crate::files::storage::{self, Storage};
use crate::people::staff;
use crate::store::{Store, Tx};
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
    Data(registry): Data<&Registry>,
) -> Result<Response, Failure> {
    let registry = *registry;
    let file = store.read::<_, Failure, _>(move |tx| readable(tx, registry, &who, &id)).await?;
    let thumb = size.thumb.is_some() && file.is_picture();
    let key = if thumb { storage::thumb_key(&file.storage_key) } else { file.storage_key.clone() };
    let framed = req.header("sec-fetch-dest") == Some("iframe");
    Ok(answer(&file, framed, files.get(&key).await?))
}

/// One's own file, or one of an application that one works on.
fn readable(tx: &mut Tx, registry: Registry, who: &SignedIn, id: &str) -> Result<Attachment, Failure> {
    let own = materials::own(tx, &who.candidate, id);
    let Some(role) = staff::role_of(tx, who.staff.as_deref())?.filter(|_| own.is_err()) else { return own };
    let (file, kind) = materials::submitted(tx, id)?;
    let works_on = business::find(registry, &kind).is_some_and(|business| business.is_work_of(role));
    if works_on { Ok(file) } else { own }
}

fn answer(file: &Attachment, framed: bool, bytes: Vec<u8>) -> Response {
    let mut response = Response::builder()
        .header(header::CONTENT_TYPE, &file.mime)
        .header(header::CACHE_CONTROL, "private, no-store")
        .header(header::CONTENT_SECURITY_POLICY, SANDBOX)
        .header(header::X_FRAME_OPTIONS, "SAMEORIGIN")
        .body(bytes);
    if let Ok(value) = HeaderValue::from_str(&disposition(file, framed)) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// RFC 6266 §4.3: names beyond ASCII go into `filename*`. Outside a frame of the review desk,
/// what is not a picture is a download.
fn disposition(file: &Attachment, framed: bool) -> String {
    let kind = if framed || file.is_picture() { "inline" } else { "attachment" };
    let encoded: String = url::form_urlencoded::byte_serialize(file.name.as_bytes()).collect();
    format!("{kind}; filename*=UTF-8''{}", encoded.replace('+', "%20"))
}
