//! What a form sent, whether urlencoded or with files.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use poem::http::header;
use poem::web::Multipart;
use poem::{FromRequest, Request, RequestBody};

use super::Failure;

/// Largest file that any slot takes in, a recording; a larger one is noted, not kept.
pub const MAX_FILE_BYTES: usize = 50 * 1024 * 1024;

/// Largest form without files, and largest single text field.
const MAX_TEXT_BYTES: usize = 256 * 1024;

/// More parts than this is no form of ours.
const MAX_PARTS: usize = 300;

/// All files of one form together: a form without JavaScript sends them at once.
const MAX_TOTAL_BYTES: usize = 120 * 1024 * 1024;

/// A file as it arrived; nothing about it has been checked but its size.
#[derive(Clone)]
pub struct SentFile {
    /// Name of the form's control.
    pub field: String,
    /// What the sender calls it; shown, never used as a path.
    pub name: String,
    /// The content; `None` when it was larger than [`MAX_FILE_BYTES`].
    pub bytes: Option<Vec<u8>>,
}

/// Every value by name, repeated names kept in order, and the files.
#[derive(Clone, Default)]
pub struct Submission {
    /// Text fields; line ends as the browser sent them, NUL removed.
    pub values: BTreeMap<String, Vec<String>>,
    /// Files that were chosen; empty file controls are left out.
    pub files: Vec<SentFile>,
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

    fn push(&mut self, name: String, mut value: String) {
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
        Ok(from_text(body).await?)
    }
}

/// A form that may bring files. A handler asks who is signed in before it asks for this:
/// nobody else makes us hold so much.
pub struct Upload(pub Submission);

impl<'a> FromRequest<'a> for Upload {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        if !is_multipart(req) {
            return Ok(Upload(from_text(body).await?));
        }
        let multipart =
            Multipart::from_request(req, body).await.map_err(|_| Failure::BadRequest("上传的内容不完整"))?;
        Ok(Upload(from_parts(multipart).await?))
    }
}

fn is_multipart(req: &Request) -> bool {
    let kind = req.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

async fn from_text(body: &mut RequestBody) -> Result<Submission, Failure> {
    const BROKEN: Failure = Failure::BadRequest("请求的内容不完整");
    let mut chunks = body.take().map_err(|_| BROKEN)?.into_bytes_stream();
    let mut bytes = Vec::new();
    // By poem's own way every handler with a form would have room for a buffer of 4 KB, and be moved with it.
    while let Some(chunk) = chunks.try_next().await.map_err(|_| BROKEN)? {
        if bytes.len() + chunk.len() > MAX_TEXT_BYTES {
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

async fn from_parts(mut parts: Multipart) -> Result<Submission, Failure> {
    let broken = |_| Failure::BadRequest("上传中断，请重试");
    let mut submission = Submission::default();
    let mut total = 0;
    for _ in 0..MAX_PARTS {
        let Some(part) = parts.next_field().await.map_err(broken)? else { break };
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.file_name().map(str::to_owned);
        let limit = if file_name.is_some() { MAX_FILE_BYTES } else { MAX_TEXT_BYTES };
        let (bytes, read) = read_limited(part.into_async_read(), limit).await?;
        total += read;
        if total > MAX_TOTAL_BYTES {
            return Err(Failure::TooLarge);
        }
        match (file_name, bytes) {
            (Some(file), Some(bytes)) if file.is_empty() && bytes.is_empty() => {}
            (Some(file), bytes) => submission.files.push(SentFile { field: name, name: file, bytes }),
            (None, Some(bytes)) => submission.push(name, String::from_utf8_lossy(&bytes).into_owned()),
            (None, None) => return Err(Failure::TooLarge),
        }
    }
    Ok(submission)
}

/// Reads to the end, so that the answer can still be given, but keeps at most `limit`.
async fn read_limited(
    mut reader: impl tokio::io::AsyncRead + Unpin,
    limit: usize,
) -> Result<(Option<Vec<u8>>, usize), Failure> {
    use tokio::io::AsyncReadExt;
    let (mut kept, mut chunk, mut read) = (Vec::new(), vec![0; 64 * 1024], 0);
    loop {
        let count = reader.read(&mut chunk).await.map_err(|_| Failure::BadRequest("上传中断，请重试"))?;
        if count == 0 {
            break;
        }
        read += count;
        if read > MAX_TOTAL_BYTES {
            return Err(Failure::TooLarge);
        }
        if read <= limit {
            kept.extend_from_slice(&chunk[..count]);
        }
    }
    Ok(((read <= limit).then_some(kept), read))
}
