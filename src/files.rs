//! Uploads: what a file really is, made harmless, and kept.
//!
//! [`prepare`] turns the bytes that somebody sent into bytes that are safe to
//! show: pictures are decoded and encoded anew, so neither the place where a
//! photo was taken nor a page hidden behind it survives; a PDF stays as it is and
//! is only ever served as a download. [`storage`] keeps the result, sealed.

pub mod inspect;
pub mod label;
pub mod picture;
pub mod storage;

use inspect::Content;
pub use inspect::Limits;

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
/// largest picture: call it where blocking is allowed, and not many at a time.
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

    #[test]
    fn a_portrait_is_no_pdf() {
        assert_eq!(prepare(PDF.to_vec(), &Rules::PORTRAIT), Err("证件照请上传图片，不能是 PDF"));
    }
}
