//! What a file is, told by its content; its name is not even looked at.

use image::ImageFormat;

/// How large an upload may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file as sent.
    pub bytes: usize,
    /// Pixels of a picture, read from its header before anything is decoded.
    pub pixels: u64,
    /// What to do about a file with more bytes.
    pub too_large: &'static str,
}

impl Limits {
    /// 10 MB, 40 megapixels (every phone's camera in its usual mode).
    pub const STANDARD: Limits =
        Limits {
            bytes: 10 << 20, pixels: 40_000_000, too_large: "文件超过 10 MB，请压缩后再上传"
        };

    /// 50 MB, for recordings.
    pub const RECORDING: Limits =
        Limits {
            bytes: 50 << 20, too_large: "文件超过 50 MB，请压缩后再上传", ..Limits::STANDARD
        };
}

/// What the first bytes promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Picture(ImageFormat),
    Pdf,
    Recording(&'static str),
}

/// Recordings that are taken in, by how `infer` calls them, and how they are served.
const RECORDINGS: &[(&str, &str)] = &[
    ("audio/mpeg", "audio/mpeg"),
    ("audio/m4a", "audio/mp4"),
    ("video/mp4", "video/mp4"),
    ("video/x-m4v", "video/mp4"),
];

pub(super) const BROKEN: &str = "图片损坏，打不开，请重新拍照上传";
const BROKEN_PDF: &str = "PDF 打不开，请另存为新的 PDF 再上传";
const EMPTY: &str = "文件是空的，请重新选择";
pub(super) const UNKNOWN: &str = "这不是图片或 PDF，请重新选择";
const NEWER_PHOTO: &str = "暂不支持这种图片，请转成 JPG 再上传";

/// Bytes that tell what a file is.
pub(super) const FIRST: u64 = 8 << 10;

/// The format of a picture that we decode, by the first bytes.
pub(super) fn picture_format(first: &[u8]) -> Option<ImageFormat> {
    match infer::get(first)?.mime_type() {
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/png" => Some(ImageFormat::Png),
        _ => None,
    }
}

/// Whether a PDF's last line is here; ISO 32000-1 annex H allows 1024 bytes after it.
const PDF_TAIL: usize = 1024;

/// Tells the content and refuses what is too large, unknown or cut off.
pub(super) fn content(bytes: &[u8], limits: &Limits) -> Result<Kind, &'static str> {
    if bytes.is_empty() {
        return Err(EMPTY);
    }
    if bytes.len() > limits.bytes {
        return Err(limits.too_large);
    }
    match infer::get(bytes).map(|kind| kind.mime_type()) {
        Some("image/jpeg") if is_whole_jpeg(bytes) => Ok(Kind::Picture(ImageFormat::Jpeg)),
        Some("image/jpeg") => Err(BROKEN),
        Some("image/png") => Ok(Kind::Picture(ImageFormat::Png)),
        Some("application/pdf") if is_whole_pdf(bytes) => Ok(Kind::Pdf),
        Some("application/pdf") => Err(BROKEN_PDF),
        Some(other) if other.starts_with("image/") => Err(NEWER_PHOTO),
        Some(other) => {
            let known = RECORDINGS.iter().find(|(name, _)| *name == other);
            known.map(|(_, mime)| Kind::Recording(mime)).ok_or(UNKNOWN)
        }
        _ => Err(UNKNOWN),
    }
}

/// A PDF begins at once (nothing before `%PDF-`, so it is no web page as well) and ends.
fn is_whole_pdf(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(PDF_TAIL)..];
    bytes.starts_with(b"%PDF-") && tail.windows(5).any(|part| part == b"%%EOF")
}

/// Whether a JPEG reaches its end marker (ITU-T T.81 annex B). Decoders fill
/// what is missing with grey, and a reviewer would have to return half a document.
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    const END: u8 = 0xd9;
    const SCAN: u8 = 0xda;
    let mut at = 2; // after the start marker
    while let Some((marker, after)) = next_marker(bytes, at) {
        if marker == END {
            return true;
        }
        let Some(length) = bytes.get(after..after + 2) else { return false };
        at = after + usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
        if marker == SCAN {
            at = end_of_scan(bytes, at);
        }
    }
    false
}

/// The marker at or after a place, and where its segment begins.
fn next_marker(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let start = at + bytes.get(at..)?.iter().position(|&byte| byte == 0xff)?;
    let code = start + bytes[start..].iter().position(|&byte| byte != 0xff)?;
    Some((bytes[code], code + 1))
}

/// Where coded data stops: at an `FF` that is neither stuffing (`00`) nor a restart (`D0`–`D7`).
fn end_of_scan(bytes: &[u8], at: usize) -> usize {
    let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
    let coded = bytes.get(at..).unwrap_or_default();
    coded.windows(2).position(is_marker).map_or(bytes.len(), |found| at + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> Result<Kind, &'static str> {
        content(bytes, &Limits::STANDARD)
    }

    #[test]
    fn a_name_does_not_make_a_picture() {
        assert_eq!(told(b"I am called portrait.jpg"), Err(UNKNOWN));
        assert_eq!(told(b"<html><script>alert(1)</script>"), Err(UNKNOWN));
        assert_eq!(told(b"MZ\x90\0\x03"), Err(UNKNOWN));
        assert_eq!(told(b""), Err(EMPTY));
        assert_eq!(told(b"GIF89a\x01\0\x01\0"), Err(NEWER_PHOTO));
        assert_eq!(told(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), Err(NEWER_PHOTO));
    }

    #[test]
    fn a_pdf_begins_at_once_and_ends() {
        assert_eq!(told(b"%PDF-1.4\n%%EOF"), Ok(Kind::Pdf));
        assert_eq!(told(b"%PDF-1.4\n"), Err(BROKEN_PDF));
        assert_eq!(told(b"%PDF 1.4\n%%EOF"), Err(BROKEN_PDF));
        assert_eq!(told(b"<script>1</script>%PDF-1.4\n%%EOF"), Err(BROKEN_PDF));
        let mut long = b"%PDF-1.4\n%%EOF".to_vec();
        long.resize(2000, b' ');
        assert_eq!(told(&long), Err(BROKEN_PDF));
    }

    #[test]
    fn too_many_bytes_are_refused_before_anything_else() {
        let limits = Limits { bytes: 20, ..Limits::STANDARD };
        assert_eq!(content(&[0; 21], &limits), Err(limits.too_large));
        assert_eq!(content(&[0; 20], &limits), Err(UNKNOWN));
    }

    #[test]
    fn the_end_of_a_jpeg_is_not_that_of_a_picture_inside_it() {
        let inner = [0xff, 0xd8, 0xff, 0xe1, 0, 6, 0xff, 0xd9, 0, 0];
        assert!(!is_whole_jpeg(&inner));
        let scan = [&inner[..], &[0xff, 0xda, 0, 2, 1, 0xff, 0, 2, 0xff, 0xd3, 3]].concat();
        assert!(!is_whole_jpeg(&scan));
        assert!(is_whole_jpeg(&[&scan[..], &[0xff, 0xd9]].concat()));
        assert!(is_whole_jpeg(&[&scan[..], &[0xff, 0xd9], b"<script>"].concat()));
        assert!(!is_whole_jpeg(&[0xff, 0xd8, 0xff]));
        assert!(!is_whole_jpeg(&[0xff, 0xd8, 0xff, 0xe0, 0xff]));
    }
}
