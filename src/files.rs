//! Uploads: what a file really is, made harmless, and kept.
//!
//! [`prepare`] turns the bytes that somebody sent into bytes that are safe to
//! show: pictures are decoded and encoded anew, so neither the place where a
//! photo was taken nor a page hidden behind it survives; a PDF stays as it is and
//! is only ever served as a download. [`storage`] keeps the result, sealed.

pub mod inspect;
mod label;
pub mod picture;
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
}

/// What a slot accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How large it may be.
    pub limits: Limits,
    /// 证件照: a picture only, upright 5:7.
    pub portrait: bool,
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
    pub const DOCUMENT: Rules = Rules { limits: Limits::STANDARD, portrait: false };
    /// A portrait, 证件照.
    pub const PORTRAIT: Rules = Rules { limits: Limits::STANDARD, portrait: true };
}

/// Checks an upload and makes it fit to be kept. The error says in Chinese what to do.
///
/// It computes for up to seconds and holds up to a few hundred megabytes for the
/// largest picture; a request calls [`receive`] instead.
pub fn prepare(bytes: Vec<u8>, rules: &Rules) -> Result<Prepared, &'static str> {
    match inspect::content(&bytes, &rules.limits)? {
        Content::Pdf if rules.portrait => Err("证件照请上传图片，不能是 PDF"),
        Content::Pdf => Ok(Prepared {
            kind: FileKind::Pdf,
            mime: "application/pdf",
            bytes,
            thumb: None,
            width: 0,
            height: 0,
        }),
        Content::Picture(format) => picture::prepare(&bytes, format, rules),
    }
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
    fn a_portrait_is_no_pdf() {
        assert_eq!(prepare(PDF.to_vec(), &Rules::PORTRAIT), Err("证件照请上传图片，不能是 PDF"));
    }
}
