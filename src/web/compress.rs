//! Pages compressed on the way out. Assets bring their own forms, files are compressed already.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use poem::http::header;
use poem::{Body, Response};

use super::Failure;

/// A smaller page comes in three packets either way, and to pack it costs more than all else
/// that is done for it.
const WORTH_IT: usize = 4096;

/// Whether a browser takes gzip.
pub fn accepts_gzip(headers: &header::HeaderMap) -> bool {
    holds(headers, header::ACCEPT_ENCODING, "gzip")
}

/// Compresses HTML for browsers that take gzip. Guessing a secret by the size of compressed
/// pages (BREACH) needs a browser that asks for them again and again with the victim's
/// cookie; ours is not sent with requests that other sites make (`SameSite=Lax`).
pub async fn pack(mut response: Response, accepts_gzip: bool) -> Result<Response, Failure> {
    if !holds(response.headers(), header::CONTENT_TYPE, "text/html") {
        return Ok(response);
    }
    response.headers_mut().append(header::VARY, header::HeaderValue::from_static("Accept-Encoding"));
    if !accepts_gzip {
        return Ok(response);
    }
    let broken = |error: &dyn std::fmt::Display| Failure::Internal(format!("a page to compress: {error}"));
    let page = response.take_body().into_bytes().await.map_err(|error| broken(&error))?;
    if page.len() < WORTH_IT {
        response.set_body(page);
        return Ok(response);
    }
    response.set_body(Body::from(gzip(&page).map_err(|error| broken(&error))?));
    response.headers_mut().insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
    Ok(response)
}

fn gzip(page: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::with_capacity(page.len() / 2), Compression::fast());
    packed.write_all(page)?;
    packed.finish()
}

fn holds(headers: &header::HeaderMap, name: header::HeaderName, word: &str) -> bool {
    headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|text| text.contains(word))
}
