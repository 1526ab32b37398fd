//! Uploads: what a file really is, made harmless, and kept.
//!
//! [`prepare`] turns the bytes that somebody sent into bytes that are safe to
//! show: pictures are decoded and encoded anew, so neither the place where a
//! photo was taken nor a page hidden behind it survives; a PDF or a recording stays as
//! it is and is only ever served as a download. [`storage`] keeps the result, sealed.

pub mod folder;
pub mod inspect;
mod label;
pub mod picture;
pub mod quarantine;
pub mod storage;

pub use inspect::Limits;
use inspect::{BROKEN, Content};
pub use label::{clean_name, human_size};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// How many files are prepared at once. A 12-megapixel photo takes a second of one
/// core and 200 MB; those who come together wait their turn instead of filling the memory.
static TURNS: Semaphore = Semaphore::const_new(4);

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
/// It computes for up to seconds and holds up to a few hundred megabytes for the
/// largest picture; a request calls [`receive`] instead.
pub fn prepare(bytes: Vec<u8>, rules: &Rules) -> Result<Prepared, &'static str> {
    let content = inspect::content(&bytes, &rules.limits)?;
    let kind = match content {
        Content::Picture(_) => FileKind::Picture,
        Content::Pdf => FileKind::Pdf,
        Content::Recording(_) => FileKind::Recording,
    };
    let (taken, otherwise) = rules.takes;
    if !taken.contains(&kind) {
        return Err(otherwise);
    }
    match content {
        Content::Picture(format) => picture::prepare(&bytes, format, rules),
        Content::Pdf => Ok(as_sent(kind, "application/pdf", bytes)),
        Content::Recording(mime) => Ok(as_sent(kind, mime, bytes)),
    }
}

fn as_sent(kind: FileKind, mime: &'static str, bytes: Vec<u8>) -> Prepared {
    Prepared { kind, mime, bytes, thumb: None, width: 0, height: 0 }
}

/// [`prepare`] for a request: on a thread that may block, and a few at a time.
pub async fn receive(bytes: Vec<u8>, rules: Rules) -> Result<Prepared, &'static str> {
    let turn = TURNS.acquire().await.map_err(|_| BROKEN)?;
    let work = move || {
        let _turn = turn; // kept until the work is done, even if the sender has gone
        prepare(bytes, &rules)
    };
    // A decoder that panics has met a picture nobody can open.
    spawn_blocking(work).await.unwrap_or(Err(BROKEN))
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
    async fn more_uploads_than_turns_all_get_theirs() {
        let many = (0..20).map(|_| receive(PDF.to_vec(), Rules::DOCUMENT));
        assert!(futures_util::future::join_all(many).await.iter().all(Result::is_ok));
        assert_eq!(TURNS.available_permits(), 4);
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
