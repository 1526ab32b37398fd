//! Compresses pages with gzip. Assets are compressed in advance, and uploaded files are in compressed formats.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use poem::http::header;
use poem::{Body, Response};

use super::Failure;

/// Minimum size in bytes. A smaller page takes at most three packets without compression, and compressing
/// it costs more than the rest of the request.
const MIN_BYTES: usize = 4096;

pub fn accepts_gzip(headers: &header::HeaderMap) -> bool {
    holds(headers, header::ACCEPT_ENCODING, "gzip")
}

/// Compresses HTML for browsers that accept gzip.
///
/// BREACH guesses a secret from the sizes of compressed pages. It needs another site that loads pages
/// with the victim's cookie. Browsers do not send our cookie with such requests (`SameSite=Lax`).
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
    if page.len() < MIN_BYTES {
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
