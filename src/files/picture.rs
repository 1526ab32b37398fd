//! Pictures, decoded and encoded anew: upright, of a sane size, without metadata.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Rgb, RgbImage, RgbaImage};

use super::inspect::{BROKEN, Limits};
use super::{FileKind, Prepared, Rules};

/// Long side of a kept picture: an A4 page at 200 dpi, small print stays readable.
const LONGEST: u32 = 2400;
/// Long side of a thumbnail.
const THUMB: u32 = 320;
/// JPEG quality, with full colour resolution, so that red stamps stay crisp.
const QUALITY: u8 = 85;
const THUMB_QUALITY: u8 = 75;
/// 证件照: 295×413 is one inch at 300 dpi, which is 5:7.
const PORTRAIT: (u32, u32) = (295, 413);

/// Decodes a JPEG or PNG within the limits and makes the two JPEGs that are kept.
pub(super) fn prepare(bytes: &[u8], format: ImageFormat, rules: &Rules) -> Result<Prepared, &'static str> {
    let upright = decode(bytes, format, &rules.limits)?;
    if rules.portrait {
        check_portrait(upright.width(), upright.height())?;
    }
    let kept = shrink(DynamicImage::ImageRgb8(flatten(upright)));
    let thumb = if fits(&kept, THUMB) { kept.clone() } else { kept.thumbnail(THUMB, THUMB) };
    Ok(Prepared {
        kind: FileKind::Picture,
        mime: "image/jpeg",
        bytes: encode(&kept, QUALITY)?,
        thumb: Some(encode(&thumb, THUMB_QUALITY)?),
        width: kept.width(),
        height: kept.height(),
    })
}

/// The picture as its photographer saw it. A header that promises too much is
/// refused before a byte of the picture is decoded.
fn decode(bytes: &[u8], format: ImageFormat, limits: &Limits) -> Result<DynamicImage, &'static str> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoding = image::Limits::default();
    decoding.max_alloc = Some(limits.memory);
    reader.limits(decoding);
    let mut decoder = reader.into_decoder().map_err(|_| BROKEN)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.pixels || decoder.total_bytes() > limits.memory {
        return Err("图片尺寸太大，请缩小到 4000 万像素以内再上传");
    }
    let orientation = decoder.orientation().map_err(|_| BROKEN)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| BROKEN)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Ratio 5:7 within 10 %, at least 295×413.
fn check_portrait(width: u32, height: u32) -> Result<(), &'static str> {
    if width < PORTRAIT.0 || height < PORTRAIT.1 {
        return Err("证件照至少 295×413 像素，请换一张更清晰的");
    }
    let ratio = f64::from(width) / f64::from(height) * 7.0 / 5.0;
    if (0.9..=1.1).contains(&ratio) {
        Ok(())
    } else {
        Err("证件照应为竖版，宽高比 5:7，请裁剪后再上传")
    }
}

/// JPEG has no transparency: what can be seen through becomes white paper.
fn flatten(picture: DynamicImage) -> RgbImage {
    if picture.color().has_alpha() { on_white(&picture.into_rgba8()) } else { picture.into_rgb8() }
}

fn on_white(picture: &RgbaImage) -> RgbImage {
    let blend = |colour: u8, alpha: u8| {
        let (colour, alpha) = (u32::from(colour), u32::from(alpha));
        ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [r, g, b, a] = picture.get_pixel(x, y).0;
        Rgb([blend(r, a), blend(g, a), blend(b, a)])
    })
}

/// A sharp filter needs four floats a pixel; from far above, averaging first
/// keeps the memory of that small and loses nothing.
fn shrink(picture: DynamicImage) -> DynamicImage {
    if fits(&picture, LONGEST) {
        return picture;
    }
    let near =
        if fits(&picture, 2 * LONGEST) { picture } else { picture.thumbnail(2 * LONGEST, 2 * LONGEST) };
    near.resize(LONGEST, LONGEST, FilterType::CatmullRom)
}

fn fits(picture: &DynamicImage, longest: u32) -> bool {
    picture.width().max(picture.height()) <= longest
}

fn encode(picture: &DynamicImage, quality: u8) -> Result<Vec<u8>, &'static str> {
    let mut jpeg = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, quality)).map_err(|_| BROKEN)?;
    Ok(jpeg)
}

#[cfg(test)]
mod tests;
