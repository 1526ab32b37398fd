//! What a form without files sent.

use std::collections::BTreeMap;
use std::error::Error;

use futures_util::TryStreamExt;
use poem::http::header;
use poem::{FromRequest, Request, RequestBody};

use super::Failure;
use super::body::came_too_slowly;

/// All text fields of a form that somebody sends who is signed in.
pub const MAX_TEXT_BYTES: usize = 256 * 1024;

/// All text fields of a form that anybody may send.
const MAX_STRANGERS_BYTES: usize = 64 * 1024;

/// More parts than this is no form of ours.
pub const MAX_PARTS: usize = 300;

/// Every value by name, repeated names kept in order.
#[derive(Clone, Default)]
pub struct Submission {
    /// Text fields; line ends as the browser sent them, NUL removed.
    pub values: BTreeMap<String, Vec<String>>,
}

impl Submission {
    /// The first value of `name`, or the empty text.
    pub fn one(&self, name: &str) -> &str {
        self.values.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    /// All values of `name`.
    pub fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// Adds a value.
    pub fn push(&mut self, name: String, mut value: String) {
        // PostgreSQL text cannot hold NUL, and nobody can type one.
        value.retain(|letter| letter != '\0');
        self.values.entry(name).or_default().push(value);
    }
}

/// A form without files. Anybody may send one, so it is small.
impl<'a> FromRequest<'a> for Submission {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        if is_multipart(req) {
            return Err(Failure::BadRequest("这里不接收文件").into());
        }
        Ok(from_text(body, MAX_STRANGERS_BYTES).await?)
    }
}

/// Whether a form is sent in parts, as those with files are.
pub fn is_multipart(req: &Request) -> bool {
    let kind = req.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

/// Reads a form without files, of at most so many bytes.
pub async fn from_text(body: &mut RequestBody, most: usize) -> Result<Submission, Failure> {
    const BROKEN: Failure = Failure::BadRequest("请求的内容不完整");
    let mut chunks = body.take().map_err(|_| BROKEN)?.into_bytes_stream();
    let mut bytes = Vec::new();
    // By poem's own way every handler with a form would have room for a buffer of 4 KB, and be moved with it.
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

/// Why a form did not come to its end: too slowly, or `otherwise`.
pub fn cut_off(error: &(dyn Error + 'static), otherwise: Failure) -> Failure {
    if came_too_slowly(error) { Failure::TooSlow } else { otherwise }
}
