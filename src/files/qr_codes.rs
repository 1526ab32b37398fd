//! Finds texts in files that people have: the QR code of a photographed page, and the text that a PDF carries.
//!
//! A PDF reader never gets the file, because a few kilobytes of it may inflate to gigabytes: the streams of a PDF are
//! taken from its bytes.

use std::io::{Cursor, Read};

use flate2::read::ZlibDecoder;
use image::imageops::thumbnail;
use image::{DynamicImage, GrayImage, ImageReader, Limits};
use memchr::memmem;

/// Most pixels of a side, and most bytes of a decoded picture.
const LONGEST: u32 = 12_000;
const DECODED: u64 = 160 << 20;

/// Long sides in which a code is looked for, the likeliest first. A smaller picture has less noise.
const SIDES: [u32; 4] = [1600, 1000, 2600, 700];

/// Most streams of a PDF that are read, and most bytes that one of them may inflate to.
const STREAMS: usize = 2000;
const INFLATED: u64 = 64 << 10;

/// Most pictures of a PDF in which a code is looked for.
const PICTURES: usize = 4;

/// The texts in a PDF, a picture (JPEG or PNG) or a text file that begin with `prefix`, or have it after a `#`.
pub fn texts(file: &[u8], prefix: &str) -> Vec<String> {
    let mut found = match file {
        [b'%', b'P', b'D', b'F', ..] => in_pdf(file),
        _ => match picture(file) {
            Some(picture) => in_picture(&picture),
            None => vec![String::from_utf8_lossy(file).into_owned()],
        },
    };
    found.retain(|text| text.contains(prefix));
    found
}

fn picture(file: &[u8]) -> Option<GrayImage> {
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format().ok()?;
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(LONGEST);
    limits.max_image_height = Some(LONGEST);
    limits.max_alloc = Some(DECODED);
    reader.limits(limits);
    reader.decode().ok().map(DynamicImage::into_luma8)
}

fn in_picture(picture: &GrayImage) -> Vec<String> {
    let long = picture.width().max(picture.height());
    let texts = |side: u32| {
        if side >= long {
            return read(picture);
        }
        let scaled = |length: u32| (u64::from(length) * u64::from(side) / u64::from(long)).max(1) as u32;
        read(&thumbnail(picture, scaled(picture.width()), scaled(picture.height())))
    };
    SIDES.into_iter().map(texts).find(|texts| !texts.is_empty()).unwrap_or_default()
}

fn read(picture: &GrayImage) -> Vec<String> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let light = |x, y| picture.get_pixel(x as u32, y as u32).0[0];
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, light);
    prepared.detect_grids().iter().filter_map(|grid| Some(grid.decode().ok()?.1)).collect()
}

/// Small streams as texts, and the codes in JPEG pictures, which scanners make.
fn in_pdf(file: &[u8]) -> Vec<String> {
    let (mut found, mut pictures) = (Vec::new(), 0);
    for at in memmem::find_iter(file, b"stream").filter(|at| !file[..*at].ends_with(b"end")).take(STREAMS) {
        let content = file[at + b"stream".len()..].trim_ascii_start();
        let content = &content[..memmem::find(content, b"endstream").unwrap_or(content.len())];
        if content.starts_with(&[0xff, 0xd8, 0xff]) && pictures < PICTURES {
            pictures += 1;
            found.extend(picture(content).iter().flat_map(in_picture));
        } else {
            found.extend(text_of(content));
        }
    }
    found
}

fn text_of(stream: &[u8]) -> Option<String> {
    let mut text = Vec::new();
    let inflated = ZlibDecoder::new(stream).take(INFLATED).read_to_end(&mut text);
    let text =
        if inflated.is_ok() { text } else { stream.get(..stream.len().min(INFLATED as usize))?.to_vec() };
    // A line end before `endstream` is not content.
    Some(String::from_utf8(text).ok()?.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, Luma};
    use qrcode::{EcLevel, QrCode};

    use super::*;

    /// As long as the link of a certificate's code.
    fn link() -> String {
        format!("https://exam.example.gov.cn/verify#KZ1:{}", "6BFOXN%25TS3DH*:.P$".repeat(29))
    }

    /// The code on a page of 1600 × 1200, seen from a corner: lines that are parallel on paper are not, light falls
    /// from one side, and the sensor adds noise.
    fn photograph(tilt: f64, noise: u32) -> GrayImage {
        let code = QrCode::with_error_correction_level(link(), EcLevel::M).expect("a code");
        let (width, colors) = (code.width() as f64, code.to_colors());
        let mut random = 1u32;
        GrayImage::from_fn(1600, 1200, |x, y| {
            let (x, y) = ((f64::from(x) - 800.0) / 1000.0, (f64::from(y) - 600.0) / 1000.0);
            // Turned by a tenth of a right angle, then projected.
            let (x, y) = (x * 0.988 - y * 0.156, x * 0.156 + y * 0.988);
            let depth = 1.0 + tilt * (x + 0.5 * y);
            let (u, v) = (x / depth / 0.9 + 0.5, y / depth / 0.9 + 0.5);
            let (column, row) = ((u * width).floor(), (v * width).floor());
            let inside = (0.0..width).contains(&column) && (0.0..width).contains(&row);
            let dark = inside && colors[(row * width + column) as usize] == qrcode::Color::Dark;
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let light = if dark { 40.0 } else { 190.0 }
                + 40.0 * x
                + f64::from(random >> 16 & 0xff) * f64::from(noise) / 255.0;
            Luma([light.clamp(0.0, 255.0) as u8])
        })
    }

    #[test]
    fn a_code_is_read_from_a_photograph_at_an_angle() {
        for (tilt, noise) in [(0.0, 0), (0.25, 30), (-0.35, 30)] {
            let mut jpeg = Vec::new();
            photograph(tilt, noise).write_to(&mut Cursor::new(&mut jpeg), ImageFormat::Jpeg).expect("a JPEG");
            assert_eq!(texts(&jpeg, "#KZ1:"), [link()], "{tilt} {noise}");
            let scan =
                [b"%PDF-1.4\n5 0 obj<</Filter/DCTDecode>>stream\r\n", &jpeg[..], b"\nendstream endobj"]
                    .concat();
            assert_eq!(texts(&scan, "KZ1:"), [link()], "scanned");
        }
    }

    #[test]
    fn other_files_have_no_text() {
        for file in [&b""[..], b"%PDF-1.7", b"%PDF-1.7 stream\nendstream", b"\x89PNG\r\n\x1a\n", b"KZ2:"] {
            assert!(texts(file, "KZ1:").is_empty());
        }
        assert_eq!(texts("﻿KZ1:6BF".as_bytes(), "KZ1:").len(), 1);
    }

    #[test]
    fn a_stream_that_inflates_to_gigabytes_is_read_to_a_bound() {
        use std::io::Write;
        let mut zeros = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        (0..64).for_each(|_| zeros.write_all(&vec![b'0'; 1 << 20]).expect("memory"));
        let bomb = [b"%PDF-1.4 stream\n", &zeros.finish().expect("memory")[..], b"\nendstream"].concat();
        assert!(texts(&bomb, "KZ1:").is_empty());
    }
}
