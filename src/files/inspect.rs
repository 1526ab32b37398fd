//! Detects the format of a file by its content. Its name is ignored.

use image::ImageFormat;

use crate::web::form::MAX_FILE_MEGABYTES;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of the file as sent.
    pub bytes: usize,
    /// Most pixels of a picture, read from its header before it is decoded.
    pub pixels: u64,
    /// The formats of documents and their size limit, in Chinese.
    pub document_hint: &'static str,
    /// Tells in Chinese what to do about a file with more bytes.
    pub too_large: &'static str,
    /// Tells in Chinese what to do about a picture with more pixels.
    pub too_many_pixels: &'static str,
}

/// Limits with the texts that name them: megabytes (MiB), and 万 (ten thousands) of pixels.
macro_rules! limits {
    ($megabytes:expr, $wan:literal) => {
        Limits {
            bytes: $megabytes << 20,
            pixels: $wan * 10_000,
            document_hint: const_str::concat!("JPG、PNG 或 PDF，不超过 ", $megabytes, " MB"),
            too_large: const_str::concat!("文件超过 ", $megabytes, " MB，请压缩后再上传"),
            too_many_pixels: concat!("图片尺寸太大，请缩小到 ", $wan, " 万像素以内再上传"),
        }
    };
}

impl Limits {
    /// 40 megapixels are every phone's camera in its usual mode.
    pub const STANDARD: Limits = limits!(MAX_FILE_MEGABYTES, 4000);

    /// For sound and film.
    pub const RECORDING: Limits = limits!(50_usize, 4000);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileFormat {
    Picture(ImageFormat),
    Pdf,
    Recording(&'static str),
}

/// Media types of accepted recordings: the name that `infer` gives, and the one to serve.
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

/// Bytes from the start of a file by which its format is detected.
pub(super) const FIRST: u64 = 8 << 10;

/// The format of a picture, if it can be decoded.
pub(super) fn picture_format(first: &[u8]) -> Option<ImageFormat> {
    match infer::get(first)?.mime_type() {
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/png" => Some(ImageFormat::Png),
        _ => None,
    }
}

/// The end of a PDF, where `%%EOF` must be: readers accept it in the last 1024 bytes (ISO 32000-1 annex H).
const PDF_TAIL: usize = 1024;

/// Detects the format, and refuses a file that is too large, unknown or truncated.
pub(super) fn detect(bytes: &[u8], limits: &Limits) -> Result<FileFormat, &'static str> {
    if bytes.is_empty() {
        return Err(EMPTY);
    }
    if bytes.len() > limits.bytes {
        return Err(limits.too_large);
    }
    match infer::get(bytes).map(|kind| kind.mime_type()) {
        Some("image/jpeg") if is_whole_jpeg(bytes) => Ok(FileFormat::Picture(ImageFormat::Jpeg)),
        Some("image/jpeg") => Err(BROKEN),
        Some("image/png") => Ok(FileFormat::Picture(ImageFormat::Png)),
        Some("application/pdf") if is_whole_pdf(bytes) => Ok(FileFormat::Pdf),
        Some("application/pdf") => Err(BROKEN_PDF),
        Some(other) if other.starts_with("image/") => Err(NEWER_PHOTO),
        Some(other) => {
            let known = RECORDINGS.iter().find(|(name, _)| *name == other);
            known.map(|(_, mime)| FileFormat::Recording(mime)).ok_or(UNKNOWN)
        }
        _ => Err(UNKNOWN),
    }
}

/// A PDF must begin with `%PDF-`, so that it is not a web page at the same time, and contain its end.
fn is_whole_pdf(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(PDF_TAIL)..];
    bytes.starts_with(b"%PDF-") && tail.windows(5).any(|part| part == b"%%EOF")
}

/// Whether a JPEG reaches its end marker (ITU-T T.81 annex B). Decoders fill the rest of a truncated
/// picture with grey.
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

/// The marker at or after `at`, and the position of its segment.
fn next_marker(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let start = at + bytes.get(at..)?.iter().position(|&byte| byte == 0xff)?;
    let code = start + bytes[start..].iter().position(|&byte| byte != 0xff)?;
    Some((bytes[code], code + 1))
}

/// The end of coded data: an `FF` that is neither stuffing (`00`) nor a restart (`D0`–`D7`).
fn end_of_scan(bytes: &[u8], at: usize) -> usize {
    let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
    let coded = bytes.get(at..).unwrap_or_default();
    coded.windows(2).position(is_marker).map_or(bytes.len(), |found| at + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(bytes: &[u8]) -> Result<FileFormat, &'static str> {
        super::detect(bytes, &Limits::STANDARD)
    }

    #[test]
    fn unsupported_content_is_refused() {
        assert_eq!(detect(b"I am called portrait.jpg"), Err(UNKNOWN));
        assert_eq!(detect(b"<html><script>alert(1)</script>"), Err(UNKNOWN));
        assert_eq!(detect(b"MZ\x90\0\x03"), Err(UNKNOWN));
        assert_eq!(detect(b""), Err(EMPTY));
        assert_eq!(detect(b"GIF89a\x01\0\x01\0"), Err(NEWER_PHOTO));
        assert_eq!(detect(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), Err(NEWER_PHOTO));
    }

    #[test]
    fn pdf_must_have_its_start_and_end() {
        assert_eq!(detect(b"%PDF-1.4\n%%EOF"), Ok(FileFormat::Pdf));
        assert_eq!(detect(b"%PDF-1.4\n"), Err(BROKEN_PDF));
        assert_eq!(detect(b"%PDF 1.4\n%%EOF"), Err(BROKEN_PDF));
        assert_eq!(detect(b"<script>1</script>%PDF-1.4\n%%EOF"), Err(BROKEN_PDF));
        let mut long = b"%PDF-1.4\n%%EOF".to_vec();
        long.resize(2000, b' ');
        assert_eq!(detect(&long), Err(BROKEN_PDF));
    }

    #[test]
    fn size_is_checked_before_the_format() {
        let limits = Limits { bytes: 20, ..Limits::STANDARD };
        assert_eq!(super::detect(&[0; 21], &limits), Err(limits.too_large));
        assert_eq!(super::detect(&[0; 20], &limits), Err(UNKNOWN));
    }

    #[test]
    fn end_of_an_embedded_thumbnail_is_not_the_end_of_a_jpeg() {
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
