//! Uploads: receiving, checking, re-encoding and storing files.
//!
//! [`prepare`] makes an uploaded file safe to show. It decodes and re-encodes pictures, which removes the
//! place of a photo and anything hidden behind the picture. A PDF or a recording is stored unchanged. [`storage`]
//! encrypts and stores the result.
//!
//! Uploads use a bounded amount of memory: an [`Upload`] is received to disk, and [`receive`] takes what a file
//! needs from a [`MemoryBudget`] before it reads the file.

mod bucket;
pub mod folder;
mod frame;
pub mod inspect;
mod label;
mod memory;
pub mod objects;
mod pdf;
pub mod picture;
pub mod qr_codes;
pub mod quarantine;
mod recording;
mod reseal;
pub mod scanner;
mod spool;
pub mod storage;
mod upload_permits;

use std::io::{Read, Seek};

use frame::Frame;
pub use inspect::Limits;
use inspect::{BROKEN, FileFormat};
pub use label::{UNNAMED, clean_name, human_size};
pub use memory::MemoryBudget;
pub use recording::RECORDING_NAMES;
pub use spool::{FileContent, SentFile, UploadSpool};
use tokio::task::spawn_blocking;

use crate::permits::Permit;

/// The kind of a stored file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Re-encoded as JPEG.
    Picture,
    /// As sent.
    Pdf,
    /// Sound or film, as sent.
    Recording,
}

/// Requirements of a slot of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadRules {
    pub limits: Limits,
    /// 证件照: pictures must be upright, 5:7.
    pub portrait: bool,
    pub accepts: &'static [FileKind],
    /// Tells in Chinese what to do about a file of another kind.
    pub not_accepted: &'static str,
}

/// A file that is ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    pub kind: FileKind,
    pub mime: &'static str,
    pub bytes: Vec<u8>,
    /// A small JPEG, for pictures only.
    pub thumb: Option<Vec<u8>>,
    /// In pixels, as stored; 0 unless it is a picture.
    pub width: u32,
    /// In pixels, as stored; 0 unless it is a picture.
    pub height: u32,
}

impl UploadRules {
    /// A picture or a PDF of a document.
    pub const DOCUMENT: UploadRules = UploadRules {
        limits: Limits::STANDARD,
        portrait: false,
        accepts: &[FileKind::Picture, FileKind::Pdf],
        not_accepted: "请上传 JPG、PNG 图片或 PDF",
    };
    /// A portrait, 证件照.
    pub const PORTRAIT: UploadRules = UploadRules {
        portrait: true,
        accepts: &[FileKind::Picture],
        not_accepted: "证件照请上传 JPG 或 PNG 图片",
        ..UploadRules::DOCUMENT
    };
    /// Evidence: a document or a recording.
    pub const EVIDENCE: UploadRules = UploadRules {
        limits: Limits::RECORDING,
        accepts: &[FileKind::Picture, FileKind::Pdf, FileKind::Recording],
        not_accepted: const_str::concat!("请上传 JPG、PNG 图片、PDF 或录音录像（", RECORDING_NAMES, "）"),
        ..UploadRules::DOCUMENT
    };
    /// A document that is handed out.
    pub const PDF: UploadRules =
        UploadRules {
            accepts: &[FileKind::Pdf], not_accepted: "请上传 PDF 文件", ..UploadRules::DOCUMENT
        };
}

/// Checks an upload and prepares it for storing. The error says in Chinese what to do.
///
/// It blocks for up to seconds and needs up to [`memory_needed`] bytes. Requests call [`receive`] instead.
pub fn prepare(bytes: Vec<u8>, rules: &UploadRules) -> Result<Prepared, &'static str> {
    let accepts = |kind| rules.accepts.contains(&kind);
    match inspect::detect(&bytes)? {
        FileFormat::Picture(format) if accepts(FileKind::Picture) => picture::prepare(bytes, format, rules),
        FileFormat::OtherPicture(what_to_do) if accepts(FileKind::Picture) => Err(what_to_do),
        FileFormat::Pdf if accepts(FileKind::Pdf) => {
            pdf::check(&bytes)?;
            Ok(as_sent(FileKind::Pdf, "application/pdf", bytes))
        }
        FileFormat::Recording(mime) if accepts(FileKind::Recording) => {
            Ok(as_sent(FileKind::Recording, mime, bytes))
        }
        _ => Err(rules.not_accepted),
    }
}

fn as_sent(kind: FileKind, mime: &'static str, bytes: Vec<u8>) -> Prepared {
    Prepared { kind, mime, bytes, thumb: None, width: 0, height: 0 }
}

/// Bytes of memory that [`prepare`] needs, including the sealing of its result.
fn memory_needed(sent: &mut (impl Read + Seek), size: u64, rules: &UploadRules) -> u64 {
    let mut first = Vec::new();
    let read = sent.by_ref().take(inspect::FIRST).read_to_end(&mut first);
    let format = read.ok().and_then(|_| inspect::picture_format(&first));
    let frame = format.and_then(|format| Frame::read(sent, format));
    // A refused picture is not decoded.
    let accepted = frame.filter(|frame| frame.check(&rules.limits).is_ok());
    accepted.map_or(0, |frame| frame.memory_needed(size)).max(size) + (1 << 20)
}

/// Runs [`prepare`] on a blocking thread, once there is memory for it. The permit must live until the result
/// is stored.
pub async fn receive(
    mut sent: FileContent,
    rules: UploadRules,
    memory: &MemoryBudget,
) -> Result<(Prepared, Permit), &'static str> {
    let size = sent.size();
    let (sent, needed) = spawn_blocking(move || {
        let needed = memory_needed(&mut sent, size, &rules);
        (sent, needed)
    })
    .await
    .map_err(|_| BROKEN)?;
    let permit = memory.acquire(needed).await?;
    let work = move || {
        let bytes = sent.read_all(SEAL).map_err(|error| {
            tracing::error!(%error, "an upload cannot be read again");
            UNREADABLE
        })?;
        // The closure owns the permit, because it runs to its end even if the request is dropped.
        Ok((prepare(bytes, &rules)?, permit))
    };
    // A picture on which the decoder panics is broken.
    spawn_blocking(work).await.unwrap_or(Err(BROKEN))
}

/// Bytes that sealing adds to a file.
const SEAL: usize = crate::store::vault::SEALING_BYTES;

const UNREADABLE: &str = "上传没有完成，请再试一次";

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] =
        b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]\
        /Count 1>>\nendobj\n3 0 obj\n<</Type/Page/Parent 2 0 R>>\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n";

    #[test]
    fn pdf_is_stored_unchanged() {
        let kept = prepare(PDF.to_vec(), &UploadRules::DOCUMENT).unwrap();
        assert_eq!((kept.kind, kept.mime), (FileKind::Pdf, "application/pdf"));
        assert_eq!((kept.bytes.as_slice(), kept.thumb, kept.width), (PDF, None, 0));
    }

    #[tokio::test]
    async fn uploads_wait_for_memory() {
        let memory = MemoryBudget::megabytes(14);
        let mut large = std::io::Cursor::new(Vec::new());
        image::DynamicImage::new_luma8(800, 600).write_to(&mut large, image::ImageFormat::Png).unwrap();
        let sent =
            |bytes: &[u8]| SentFile::with(String::new(), String::new(), bytes).unwrap().content.unwrap();
        let many = (0..10).map(|_| receive(sent(large.get_ref()), UploadRules::DOCUMENT, &memory));
        let all = futures_util::future::join_all(many.map(async |one| drop(one.await.unwrap()))).await;
        assert_eq!(all.len(), 10);
        let small = MemoryBudget::megabytes(5);
        let refused = receive(sent(large.get_ref()), UploadRules::DOCUMENT, &small).await.err();
        assert_eq!(refused, Some("图片尺寸太大，请缩小到 1200 万像素以内再上传"));
    }

    #[test]
    fn message_of_a_slot_names_what_it_takes() {
        let film = [&b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"[..], &[0; 64]].concat();
        let sound = [&b"ID3\x03\0\0\0\0\0\0"[..], &[0; 64]].concat();
        for (bytes, mime) in [(&film, "video/mp4"), (&sound, "audio/mpeg")] {
            let kept = prepare(bytes.clone(), &UploadRules::EVIDENCE).unwrap();
            assert_eq!((kept.kind, kept.mime), (FileKind::Recording, mime));
            assert_eq!(prepare(bytes.clone(), &UploadRules::DOCUMENT), Err("请上传 JPG、PNG 图片或 PDF"));
        }
        assert_eq!(prepare(PDF.to_vec(), &UploadRules::PDF).unwrap().kind, FileKind::Pdf);
        let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
        let told = prepare(heic.clone(), &UploadRules::DOCUMENT).unwrap_err();
        assert!(told.contains("兼容性最佳") && told.contains("JPG"), "{told}");
        let portrait = "证件照请上传 JPG 或 PNG 图片";
        let evidence = prepare(b"text".to_vec(), &UploadRules::EVIDENCE).unwrap_err();
        assert!(
            evidence.contains("MP3") && evidence.contains("MOV") && evidence.contains("PDF"),
            "{evidence}"
        );
        for (bytes, rules, told) in [
            (PDF.to_vec(), UploadRules::PORTRAIT, portrait),
            (film, UploadRules::PORTRAIT, portrait),
            (heic, UploadRules::PDF, "请上传 PDF 文件"),
            (b"text".to_vec(), UploadRules::PDF, "请上传 PDF 文件"),
        ] {
            assert_eq!(prepare(bytes, &rules), Err(told));
        }
    }
}
