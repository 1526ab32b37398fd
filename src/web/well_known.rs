//! Files that search engines and security researchers look for.

use std::sync::Arc;

use chrono::Duration;
use poem::http::header;
use poem::web::Data;
use poem::{Response, handler};

use super::Failure;
use crate::paths;
use crate::settings::Settings;
use crate::store::Store;

/// `GET /robots.txt`: the public pages may be read and listed.
#[handler]
pub fn robots() -> Response {
    let public = [
        paths::LOOKUP,
        paths::ENGLISH_LOOKUP,
        paths::SERVICES,
        paths::PRIVACY,
        paths::prefix(paths::ANNOUNCEMENT),
    ];
    let allowed: String = public.iter().map(|path| format!("Allow: {path}\n")).collect();
    let assets = paths::prefix(paths::ASSET);
    text(format!("User-agent: *\nAllow: {}$\n{allowed}Allow: {assets}\nDisallow: /\n", paths::HOME))
}

/// RFC 9116 §2.5.5 recommends less than a year.
const VALID: Duration = Duration::days(180);

/// `GET /.well-known/security.txt`. Without a contact there is none.
#[handler]
pub fn security(
    Data(settings): Data<&Arc<Settings>>,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let contact = settings.office.security.as_ref().ok_or(Failure::NotFound)?;
    let expires = (store.clock.now() + VALID).and_utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    Ok(text(format!(
        "Contact: {contact}\nExpires: {expires}\nPreferred-Languages: zh, en\nCanonical: {}\n",
        settings.absolute(paths::SECURITY)
    )))
}

fn text(body: String) -> Response {
    Response::builder().header(header::CONTENT_TYPE, "text/plain; charset=utf-8").body(body)
}
