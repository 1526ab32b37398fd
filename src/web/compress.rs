//! Pages compressed on the way out. Assets bring their own forms, files are compressed already.

use poem::http::header;
use poem::web::{Compress, CompressionAlgo, CompressionLevel};
use poem::{Endpoint, IntoResponse, Request, Response};

/// Compresses HTML for browsers that take gzip. Guessing a secret by the size of compressed
/// pages (BREACH) needs a browser that asks for them again and again with the victim's
/// cookie; ours is not sent with requests that other sites make (`SameSite=Lax`).
pub async fn compress_pages<E: Endpoint>(next: E, req: Request) -> poem::Result<Response> {
    let accepts = header_text(req.headers(), header::ACCEPT_ENCODING).contains("gzip");
    let response = next.call(req).await?.into_response();
    let is_page = header_text(response.headers(), header::CONTENT_TYPE).starts_with("text/html");
    if !accepts || !is_page {
        return Ok(response);
    }
    let packed = Compress::new(response, CompressionAlgo::GZIP).with_quality(CompressionLevel::Fastest);
    let mut response = packed.into_response();
    response.headers_mut().append(header::VARY, header::HeaderValue::from_static("Accept-Encoding"));
    Ok(response)
}

fn header_text(headers: &header::HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase()
}
