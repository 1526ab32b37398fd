//! Uploads: what a file really is, made harmless, and kept.
//!
//! [`prepare`] turns the bytes that somebody sent into bytes that are safe to
//! show: pictures are decoded and encoded anew, so neither the place where a
//! photo was taken nor a page hidden behind it survives; a PDF or a recording stays as
//! it is and is only ever served as a download. [`storage`] keeps the result, sealed.
//!
//! Uploads take a bounded amount of memory, however many there are: an [`Upload`] comes to disk,
//! and [`receive`] takes what a file will need out of a [`Memory`] before it reads the file.

pub mod folder;
mod frame;
pub mod inspect;
mod label;
mod memory;
pub mod picture;
pub mod quarantine;
mod spool;
pub mod storage;

use std::io::{Read, Seek};

use frame::Frame;
pub use inspect::Limits;
use inspect::{BROKEN, Kind};
pub use label::{clean_name, human_size};
pub use memory::Memory;
pub use spool::{Content, SentFile, Spool};
use tokio::task::{JoinError, spawn_blocking};

use crate::web::places::Place;

/// What a kept file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A JPEG made by us.
    Picture,
    /// A PDF as it was sent.
    Pdf,
    /// Sound or film as it was sent.
    Recording,
}

/// What a slot accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How large it may be.
    pub limits: Limits,
    /// 证件照: pictures must be upright, 5:7.
    pub portrait: bool,
    /// What it may be, and what to do about anything else.
    pub takes: (&'static [FileKind], &'static str),
}

/// A file that is fit to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// What it is.
    pub kind: FileKind,
    /// The media type to serve it with.
    pub mime: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
    /// A small JPEG of a picture; a PDF has none.
    pub thumb: Option<Vec<u8>>,
    /// Pixels across, after turning and shrinking; 0 for a PDF.
    pub width: u32,
    /// Pixels down; 0 for a PDF.
    pub height: u32,
}

impl Rules {
    /// A picture or a PDF of a document.
    pub const DOCUMENT: Rules = Rules {
        limits: Limits::STANDARD,
        portrait: false,
        takes: (&[FileKind::Picture, FileKind::Pdf], inspect::UNKNOWN),
    };
    /// A portrait, 证件照.
    pub const PORTRAIT: Rules = Rules {
        portrait: true,
        takes: (&[FileKind::Picture], "证件照请上传图片，不能是 PDF"),
        ..Rules::DOCUMENT
    };
    /// Evidence: a document or a recording.
    pub const EVIDENCE: Rules = Rules {
        limits: Limits::RECORDING,
        takes: (&[FileKind::Picture, FileKind::Pdf, FileKind::Recording], inspect::UNKNOWN),
        ..Rules::DOCUMENT
    };
    /// A document that is handed out.
    pub const PDF: Rules = Rules { takes: (&[FileKind::Pdf], "请上传 PDF 文件"), ..Rules::DOCUMENT };
}

/// Checks an upload and makes it fit to be kept. The error says in Chinese what to do.
///
/// It computes for up to seconds and takes up to [`needs`] bytes; a request calls [`receive`]
/// instead.
pub fn prepare(bytes: Vec<u8>, rules: &Rules) -> Result<Prepared, &'static str> {
    let content = inspect::content(&bytes, &rules.limits)?;
    let kind = match content {
        Kind::Picture(_) => FileKind::Picture,
        Kind::Pdf => FileKind::Pdf,
        Kind::Recording(_) => FileKind::Recording,
    };
    let (taken, otherwise) = rules.takes;
    if !taken.contains(&kind) {
        return Err(otherwise);
    }
    match content {
        Kind::Picture(format) => picture::prepare(bytes, format, rules),
        Kind::Pdf => Ok(as_sent(kind, "application/pdf", bytes)),
        Kind::Recording(mime) => Ok(as_sent(kind, mime, bytes)),
    }
}

fn as_sent(kind: FileKind, mime: &'static str, bytes: Vec<u8>) -> Prepared {
    Prepared { kind, mime, bytes, thumb: None, width: 0, height: 0 }
}

/// Bytes of memory that [`prepare`] takes, and to seal what it returns.
fn needs(sent: &mut (impl Read + Seek), size: u64, rules: &Rules) -> u64 {
    let mut first = Vec::new();
    let read = sent.by_ref().take(inspect::FIRST).read_to_end(&mut first);
    let format = read.ok().and_then(|_| inspect::picture_format(&first));
    let frame = format.and_then(|format| Frame::read(sent, format));
    // What is not taken is not decoded.
    let taken = frame.filter(|frame| frame.check(&rules.limits).is_ok());
    taken.map_or(0, |frame| frame.needs(size)).max(size) + (1 << 20)
}

/// [`prepare`] for a request: on a thread that may block, once there is memory for it. The place
/// in the memory is to be kept until the result has been stored.
pub async fn receive(
    mut sent: Content,
    rules: Rules,
    memory: &Memory,
) -> Result<(Prepared, Place), &'static str> {
    let size = sent.size();
    if size > rules.limits.bytes as u64 {
        return Err(rules.limits.too_large);
    }
    let (sent, needs) = aside(move || {
        let needs = needs(&mut sent, size, &rules);
        (sent, needs)
    })
    .await
    .map_err(|_| BROKEN)?;
    let place = memory.take(needs).await?;
    let work = move || {
        let bytes = sent.read_all(SEAL).map_err(|error| {
            tracing::error!(%error, "an upload cannot be read again");
            UNREADABLE
        })?;
        // The place is kept until the work is done, even if the sender has gone.
        Ok((prepare(bytes, &rules)?, place))
    };
    // A decoder that panics has met a picture nobody can open.
    aside(work).await.unwrap_or(Err(BROKEN))
}

/// Room for what sealing adds to a file.
const SEAL: usize = crate::store::vault::SEALED_MORE;

const UNREADABLE: &str = "上传没有完成，请再试一次";

/// Ten megabytes take milliseconds, which the other requests must not wait for.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    spawn_blocking(work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

    #[test]
    fn a_pdf_is_kept_as_it_is() {
        let kept = prepare(PDF.to_vec(), &Rules::DOCUMENT).unwrap();
        assert_eq!((kept.kind, kept.mime), (FileKind::Pdf, "application/pdf"));
        assert_eq!((kept.bytes.as_slice(), kept.thumb, kept.width), (PDF, None, 0));
    }

    #[tokio::test]
    async fn more_uploads_than_there_is_memory_for_all_get_their_turn() {
        let memory = Memory::megabytes(14);
        let mut large = std::io::Cursor::new(Vec::new());
        image::DynamicImage::new_luma8(800, 600).write_to(&mut large, image::ImageFormat::Png).unwrap();
        let sent =
            |bytes: &[u8]| SentFile::with(String::new(), String::new(), bytes).unwrap().content.unwrap();
        let many = (0..10).map(|_| receive(sent(large.get_ref()), Rules::DOCUMENT, &memory));
        let all = futures_util::future::join_all(many.map(async |one| drop(one.await.unwrap()))).await;
        assert_eq!(all.len(), 10);
        let small = Memory::megabytes(5);
        let refused = receive(sent(large.get_ref()), Rules::DOCUMENT, &small).await.err();
        assert_eq!(refused, Some("图片尺寸太大，请缩小到 1200 万像素以内再上传"));
    }

    #[test]
    fn a_recording_is_taken_only_as_evidence() {
        let film = [&b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"[..], &[0; 64]].concat();
        let sound = [&b"ID3\x03\0\0\0\0\0\0"[..], &[0; 64]].concat();
        for (bytes, mime) in [(film, "video/mp4"), (sound, "audio/mpeg")] {
            let kept = prepare(bytes.clone(), &Rules::EVIDENCE).unwrap();
            assert_eq!((kept.kind, kept.mime), (FileKind::Recording, mime));
            assert_eq!(prepare(bytes, &Rules::DOCUMENT), Err(inspect::UNKNOWN));
        }
        assert_eq!(prepare(PDF.to_vec(), &Rules::PDF).unwrap().kind, FileKind::Pdf);
    }

    #[test]
    fn a_portrait_is_no_pdf() {
        assert_eq!(prepare(PDF.to_vec(), &Rules::PORTRAIT), Err("证件照请上传图片，不能是 PDF"));
    }
}
