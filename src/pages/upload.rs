//! The extractor for forms with files.

use std::io;
use std::time::Duration;

use futures_util::TryStreamExt;
use multer::{Field, Multipart};
use poem::http::header;
use poem::{FromRequest, Request, RequestBody};
use tokio::io::AsyncRead;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tokio_util::io::StreamReader;

use super::file_name::sent_file_name;
use crate::files::inspect::Limits;
use crate::files::storage::Storage;
use crate::files::{SentFile, UploadSpool};
use crate::web::address::{ClientNetwork, client_address, client_network};
use crate::web::form::{MAX_FILE_MEGABYTES, MAX_PARTS, MAX_TEXT_BYTES, cut_off, from_text, is_multipart};
use crate::web::{Failure, SignedIn, Submission, attached};

/// Maximum bytes of a file in any slot. Recordings have the highest limit. The content of a larger file is
/// not stored.
const MAX_FILE_BYTES: u64 = Limits::RECORDING.bytes as u64;

/// Maximum bytes of all files of a form. Without JavaScript, a form sends all of its files at once.
const MAX_TOTAL_BYTES: u64 = 120 << 20;

const INTERRUPTED: Failure = Failure::BadRequest("上传中断，请重试");

/// The text fields of a form, and its files without the empty file controls.
///
/// It requires a session, because files take disk space before the handler runs.
pub struct Upload(pub Submission, pub Vec<SentFile>);

impl<'a> FromRequest<'a> for Upload {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let who = SignedIn::from_request(req, body).await?;
        if !is_multipart(req) {
            return Ok(Upload(from_text(body, MAX_TEXT_BYTES).await?, Vec::new()));
        }
        let storage: &Storage = attached(req)?;
        let network = match client_network(client_address(req)) {
            ClientNetwork::Unknown => None,
            known => Some(format!("{known:?}")),
        };
        let permits = storage.upload_permits().acquire(who.candidate, network).await;
        let permits = permits.ok_or(Failure::ManyUploads)?;
        let spool = UploadSpool::new(&storage.arriving(), permits).map_err(not_saved)?;
        Ok(from_parts(parts(req, body)?, spool).await?)
    }
}

/// Maximum bytes of the text fields of a form with a [`SmallFile`].
const MAX_SMALL_TEXT: usize = 16 << 10;

/// A file that is kept in memory.
pub struct SmallFile {
    /// `None` if it was larger than allowed.
    pub bytes: Option<Vec<u8>>,
}

/// The text fields of a form that needs no sign-in, and its first file with at most `most` bytes. The caller bounds how
/// many are received at once.
pub async fn small_upload(
    req: &Request,
    body: &mut RequestBody,
    most: usize,
) -> Result<(Submission, Option<SmallFile>), Failure> {
    if !is_multipart(req) {
        return Ok((from_text(body, MAX_SMALL_TEXT).await?, None));
    }
    let mut parts = parts(req, body)?;
    let (mut submission, mut file, mut room) = (Submission::default(), None, MAX_SMALL_TEXT);
    for _ in 0..MAX_PARTS {
        let Some(part) = parts.next_field().await.map_err(|error| cut_off(&error, INTERRUPTED))? else {
            break;
        };
        match sent_file_name(part.headers()) {
            Some(name) => {
                let bytes = take_bytes(part, most).await?;
                let chosen = !(name.is_empty() && bytes.as_ref().is_some_and(Vec::is_empty));
                file = file.or(chosen.then_some(SmallFile { bytes }));
            }
            None => {
                let (name, value) = take_text(part, room).await?;
                room -= value.len();
                submission.push(name, String::from_utf8_lossy(&value).into_owned());
            }
        }
    }
    Ok((submission, file))
}

/// The bytes of a part, or `None` if there are more than `most`.
async fn take_bytes(part: Field<'static>, most: usize) -> Result<Option<Vec<u8>>, Failure> {
    use tokio::io::AsyncReadExt;
    let mut bytes = Vec::new();
    let mut reader = reader(part).take(most as u64 + 1);
    reader.read_to_end(&mut bytes).await.map_err(|error| cut_off(&error, INTERRUPTED))?;
    Ok((bytes.len() <= most).then_some(bytes))
}
/// Forms with a file from people who have not signed in, each in memory while it is worked on.
static ANONYMOUS: Semaphore = Semaphore::const_new(4);

/// A form with at most one file, from anybody. The file stays in memory.
pub struct OneFile {
    pub submission: Submission,
    /// Empty if there is none.
    pub file: Vec<u8>,
    /// Of a form with a file, held until the file is dropped.
    _permit: Option<SemaphorePermit<'static>>,
}

impl<'a> FromRequest<'a> for OneFile {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let mut permit = None;
        if is_multipart(req) {
            let place = timeout(ANONYMOUS_PATIENCE, ANONYMOUS.acquire()).await;
            permit = Some(place.ok().and_then(Result::ok).ok_or(Failure::ManyUploads)?);
        }
        let (submission, file) = small_upload(req, body, MAX_FILE_MEGABYTES << 20).await?;
        let file = match file {
            Some(SmallFile { bytes }) => bytes.ok_or(Failure::TooLarge)?,
            None => Vec::new(),
        };
        Ok(OneFile { submission, file, _permit: permit })
    }
}

/// How long a form with a file waits for a place.
const ANONYMOUS_PATIENCE: Duration = Duration::from_secs(10);

fn parts(req: &Request, body: &mut RequestBody) -> Result<Multipart<'static>, Failure> {
    const BROKEN: Failure = Failure::BadRequest("上传的内容不完整");
    let boundary = multer::parse_boundary(req.header(header::CONTENT_TYPE).unwrap_or_default());
    let bytes = body.take().map_err(|_| BROKEN)?.into_bytes_stream();
    Ok(Multipart::new(bytes, boundary.map_err(|_| BROKEN)?))
}

async fn from_parts(mut parts: Multipart<'static>, mut spool: UploadSpool) -> Result<Upload, Failure> {
    let (mut submission, mut files) = (Submission::default(), Vec::new());
    let (mut room, mut room_for_text) = (MAX_TOTAL_BYTES, MAX_TEXT_BYTES);
    for _ in 0..MAX_PARTS {
        let Some(part) = parts.next_field().await.map_err(|error| cut_off(&error, INTERRUPTED))? else {
            break;
        };
        match sent_file_name(part.headers()) {
            Some(name) => {
                let (file, length) = take_file(part, name, &mut spool, room).await?;
                room = room.checked_sub(length).ok_or(Failure::TooLarge)?;
                files.extend(file);
            }
            None => {
                let (name, value) = take_text(part, room_for_text).await?;
                room_for_text -= value.len();
                submission.push(name, String::from_utf8_lossy(&value).into_owned());
            }
        }
    }
    Ok(Upload(submission, files))
}

/// Returns the file, unless the control was empty, and the number of bytes read.
async fn take_file(
    part: Field<'static>,
    name: String,
    spool: &mut UploadSpool,
    room: u64,
) -> Result<(Option<SentFile>, u64), Failure> {
    let field = part.name().unwrap_or_default().to_owned();
    let taken = spool.receive(reader(part), MAX_FILE_BYTES, room).await;
    let (content, length) = taken.map_err(not_saved)?;
    let chosen = !(name.is_empty() && length == 0);
    Ok((chosen.then_some(SentFile { field, name, size: length, content }), length))
}

async fn take_text(part: Field<'static>, max: usize) -> Result<(String, Vec<u8>), Failure> {
    let name = part.name().unwrap_or_default().to_owned();
    Ok((name, take_bytes(part, max).await?.ok_or(Failure::TooLarge)?))
}

fn reader(part: Field<'static>) -> impl AsyncRead + Send + Unpin {
    StreamReader::new(part.map_err(io::Error::other))
}

/// Tells an error of the operating system, such as a full disk, from a broken connection.
fn not_saved(error: io::Error) -> Failure {
    if error.raw_os_error().is_some() {
        return Failure::NotSaved(format!("an upload cannot be stored: {error}"));
    }
    cut_off(&error, INTERRUPTED)
}
