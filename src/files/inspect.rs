//! Detects the format of a file by its content. Its name is ignored.

use image::ImageFormat;

use super::recording;
use crate::web::form::MAX_FILE_MEGABYTES;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of the file as sent.
    pub bytes: usize,
    /// Most pixels of a picture, read from its header before it is decoded.
    pub pixels: u64,
    /// The formats of documents and their size limit, in Chinese.
    pub document_hint: &'static str,
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
            too_many_pixels: concat!("图片尺寸太大，请缩小到 ", $wan, " 万像素以内再上传"),
        }
    };
}

impl Limits {
    /// 40 megapixels are every phone's camera in its usual mode.
    pub const STANDARD: Limits = limits!(MAX_FILE_MEGABYTES, 4000);

    /// For sound and film.
    pub const RECORDING: Limits = limits!(50_usize, 4000);

    /// The error names the size and the limit, and says in Chinese what to do.
    pub fn check_size(&self, bytes: u64) -> Result<(), String> {
        if bytes <= self.bytes as u64 {
            return Ok(());
        }
        // Rounded up, so that it is above the limit.
        let tenths = bytes.saturating_mul(10).div_ceil(1 << 20);
        let limit = self.bytes >> 20;
        Err(format!("文件有 {}.{} MB，超过 {limit} MB，请压缩后再上传", tenths / 10, tenths % 10))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileFormat {
    Picture(ImageFormat),
    /// A picture that cannot be decoded here. The text says in Chinese what to do.
    OtherPicture(&'static str),
    Pdf,
    /// With its media type.
    Recording(&'static str),
    Unknown,
}

pub(super) const BROKEN: &str = "图片损坏，打不开，请重新拍照上传";
const EMPTY: &str = "文件是空的，请重新选择";
const PHOTO_OF_PHONE: &str =
    "暂不支持 HEIC、AVIF 照片，请在手机相机设置中选择“兼容性最佳”，或先转成 JPG 再上传";
const OTHER_PICTURE: &str = "暂不支持这种图片，请转成 JPG 再上传";

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

/// Detects the format, and refuses a file that is empty, or a truncated JPEG.
pub(super) fn detect(bytes: &[u8]) -> Result<FileFormat, &'static str> {
    if bytes.is_empty() {
        return Err(EMPTY);
    }
    // `infer` knows few brands of MP4 and HEIC, and few headers of MP3.
    if recording::is_still_picture(bytes) {
        return Ok(FileFormat::OtherPicture(PHOTO_OF_PHONE));
    }
    if let Some(media_type) = recording::media_type(bytes) {
        return Ok(FileFormat::Recording(media_type));
    }
    match infer::get(bytes).map(|kind| kind.mime_type()) {
        Some("image/jpeg") if is_whole_jpeg(bytes) => Ok(FileFormat::Picture(ImageFormat::Jpeg)),
        Some("image/jpeg") => Err(BROKEN),
        Some("image/png") => Ok(FileFormat::Picture(ImageFormat::Png)),
        Some("application/pdf") => Ok(FileFormat::Pdf),
        Some(other) if other.starts_with("image/") => Ok(FileFormat::OtherPicture(OTHER_PICTURE)),
        _ => Ok(FileFormat::Unknown),
    }
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

    #[test]
    fn other_content_is_told_apart() {
        for other in [&b"I am called portrait.jpg"[..], b"<html><script>alert(1)</script>", b"MZ\x90\0\x03"] {
            assert_eq!(detect(other), Ok(FileFormat::Unknown));
        }
        assert_eq!(detect(b""), Err(EMPTY));
        assert_eq!(detect(b"GIF89a\x01\0\x01\0"), Ok(FileFormat::OtherPicture(OTHER_PICTURE)));
        let heic = b"\0\0\0\x18ftyphevc\0\0\0\0msf1hevc";
        assert_eq!(detect(heic), Ok(FileFormat::OtherPicture(PHOTO_OF_PHONE)));
        let film = b"\0\0\0\x18ftyphvc1\0\0\0\0hvc1isom";
        assert_eq!(detect(film), Ok(FileFormat::Recording("video/mp4")));
    }

    #[test]
    fn size_and_limit_of_a_large_file_are_told() {
        let told = |bytes| Limits::STANDARD.check_size(bytes);
        assert_eq!(told(10 << 20), Ok(()));
        assert_eq!(told((10 << 20) + 1), Err("文件有 10.1 MB，超过 10 MB，请压缩后再上传".into()));
        assert_eq!(told(11 << 20), Err("文件有 11.0 MB，超过 10 MB，请压缩后再上传".into()));
        let of_film = Limits::RECORDING.check_size(80 << 20);
        assert_eq!(of_film, Err("文件有 80.0 MB，超过 50 MB，请压缩后再上传".into()));
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
