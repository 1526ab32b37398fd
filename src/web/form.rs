//! Forms without files.

use std::collections::BTreeMap;
use std::error::Error;

use futures_util::TryStreamExt;
use poem::http::header;
use poem::{FromRequest, Request, RequestBody};

use super::Failure;
use super::body::came_too_slowly;

/// Maximum bytes of all text fields in a form from a signed-in user.
pub const MAX_TEXT_BYTES: usize = 256 * 1024;

/// Maximum bytes of a form that needs no sign-in.
const MAX_ANONYMOUS_BYTES: usize = 64 * 1024;

/// Maximum size (MiB) of an uploaded document or picture. Recordings may be larger.
pub const MAX_FILE_MEGABYTES: usize = 10;

/// Maximum number of fields. Our forms have fewer.
pub const MAX_PARTS: usize = 300;

/// The values of a form by name. The values of a repeated name are in order.
#[derive(Clone, Default)]
pub struct Submission {
    /// Text fields. Line ends are those of the browser; NUL is removed.
    pub values: BTreeMap<String, Vec<String>>,
}

impl Submission {
    /// The first value of `name`, or the empty text.
    pub fn one(&self, name: &str) -> &str {
        self.values.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    pub fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    pub fn push(&mut self, name: String, mut value: String) {
        // PostgreSQL's text type does not allow NUL, and users cannot type it.
        value.retain(|letter| letter != '\0');
        self.values.entry(name).or_default().push(value);
    }
}

/// A form that needs no sign-in, so its size is limited to 64 KB.
impl<'a> FromRequest<'a> for Submission {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        if is_multipart(req) {
            return Err(Failure::BadRequest("这里不接收文件").into());
        }
        Ok(from_text(body, MAX_ANONYMOUS_BYTES).await?)
    }
}

/// Whether the body is `multipart/form-data`, the encoding of forms with files.
pub fn is_multipart(req: &Request) -> bool {
    let kind = req.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

/// Reads a form without files, of at most `most` bytes.
pub async fn from_text(body: &mut RequestBody, most: usize) -> Result<Submission, Failure> {
    const BROKEN: Failure = Failure::BadRequest("请求的内容不完整");
    let mut chunks = body.take().map_err(|_| BROKEN)?.into_bytes_stream();
    let mut bytes = Vec::new();
    // poem's own reader puts a buffer of 4 KB into the future of every handler with a form.
    while let Some(chunk) = chunks.try_next().await.map_err(|error| cut_off(&error, BROKEN))? {
        if bytes.len() + chunk.len() > most {
            return Err(Failure::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    let mut submission = Submission::default();
    for (name, value) in url::form_urlencoded::parse(&bytes).take(MAX_PARTS) {
        submission.push(name.into_owned(), value.into_owned());
    }
    Ok(submission)
}

/// The failure for a body that ended early: [`Failure::TooSlow`] if it came too slowly, or `otherwise`.
pub fn cut_off(error: &(dyn Error + 'static), otherwise: Failure) -> Failure {
    if came_too_slowly(error) { Failure::TooSlow } else { otherwise }
}
