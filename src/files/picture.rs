//! Re-encodes pictures as JPEG: upright, of a bounded size, without metadata.

use std::io::Cursor;

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer, ImageDecoder, ImageFormat, LumaA, Rgba};

use super::frame::Frame;
use super::inspect::BROKEN;
use super::{FileKind, Prepared, UploadRules};

/// Long side of a thumbnail, in pixels.
const THUMB: u32 = 320;
/// JPEG quality. The encoder keeps the full colour resolution, so that red stamps stay sharp.
const QUALITY: u8 = 85;
const THUMB_QUALITY: u8 = 75;
/// Least width and height of a 证件照, in pixels: one inch at 300 dpi, which is 5:7.
const PORTRAIT: (u32, u32) = (295, 413);

/// Decodes a JPEG or PNG within the limits and encodes the picture and its thumbnail.
///
/// The order of the steps keeps within [`Frame::memory_needed`]: the file is dropped before the picture is
/// shrunk, and the picture is shrunk before it is rotated or converted.
pub(super) fn prepare(
    bytes: Vec<u8>,
    format: ImageFormat,
    rules: &UploadRules,
) -> Result<Prepared, &'static str> {
    let frame = Frame::read(&mut Cursor::new(&bytes), format).ok_or(BROKEN)?;
    frame.check(&rules.limits)?;
    let (mut picture, orientation) =
        if format == ImageFormat::Png { png(&bytes, &frame)? } else { jpeg(&bytes, &frame)? };
    drop(bytes);
    if rules.portrait {
        check_portrait(upright(&picture, orientation))?;
    }
    put_on_white(&mut picture);
    picture = DynamicImage::ImageRgb8(resize(picture, frame.stored_size())?.into_rgb8());
    picture.apply_orientation(orientation);
    let thumb = resize(picture.clone(), thumb_size(&picture))?;
    Ok(Prepared {
        kind: FileKind::Picture,
        mime: "image/jpeg",
        bytes: encode(&picture, QUALITY)?,
        thumb: Some(encode(&thumb, THUMB_QUALITY)?),
        width: picture.width(),
        height: picture.height(),
    })
}

fn jpeg(bytes: &[u8], frame: &Frame) -> Result<(DynamicImage, Orientation), &'static str> {
    let mut decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(|_| BROKEN)?;
    if decoder.dimensions() != (frame.width, frame.height) {
        return Err(BROKEN);
    }
    let orientation = decoder.orientation().map_err(|_| BROKEN)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(|_| BROKEN)?;
    Ok((picture, orientation))
}

/// Uses the `png` crate, which converts 16-bit samples to 8 bits line by line.
fn png(bytes: &[u8], frame: &Frame) -> Result<(DynamicImage, Orientation), &'static str> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|_| BROKEN)?;
    let size = reader.output_buffer_size().ok_or(BROKEN)?;
    let mut pixels = vec![0; size];
    reader.next_frame(&mut pixels).map_err(|_| BROKEN)?;
    let exif = reader.info().exif_metadata.as_deref();
    let orientation = exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms);
    let (width, height) = (frame.width, frame.height);
    let picture = match reader.output_color_type().0 {
        png::ColorType::Grayscale => {
            ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
        }
        png::ColorType::GrayscaleAlpha => {
            ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLumaA8)
        }
        png::ColorType::Rgb => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
        png::ColorType::Rgba => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8),
        png::ColorType::Indexed => None,
    };
    Ok((picture.ok_or(BROKEN)?, orientation))
}

/// Width and height after rotation.
fn upright(picture: &DynamicImage, orientation: Orientation) -> (u32, u32) {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    let (width, height) = (picture.width(), picture.height());
    let lies = matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH);
    if lies { (height, width) } else { (width, height) }
}

/// Ratio 5:7 within 10 %, at least 295×413.
fn check_portrait((width, height): (u32, u32)) -> Result<(), &'static str> {
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

/// Blends transparent pixels with white, because JPEG has no transparency.
fn put_on_white(picture: &mut DynamicImage) {
    match picture {
        DynamicImage::ImageRgba8(picture) => {
            for Rgba([r, g, b, a]) in picture.pixels_mut() {
                [*r, *g, *b] = [*r, *g, *b].map(|colour| blend(colour, *a));
            }
        }
        DynamicImage::ImageLumaA8(picture) => {
            for LumaA([light, a]) in picture.pixels_mut() {
                *light = blend(*light, *a);
            }
        }
        _ => {}
    }
}

fn blend(colour: u8, alpha: u8) -> u8 {
    let (colour, alpha) = (u32::from(colour), u32::from(alpha));
    ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

/// The filter grows with the scale, so that every source pixel contributes. The alpha channel is ignored.
fn resize(picture: DynamicImage, (width, height): (u32, u32)) -> Result<DynamicImage, &'static str> {
    if (picture.width(), picture.height()) == (width, height) {
        return Ok(picture);
    }
    let mut made = DynamicImage::new(width, height, picture.color());
    let sharp = ResizeAlg::Convolution(FilterType::CatmullRom);
    let options = ResizeOptions::new().resize_alg(sharp).use_alpha(false);
    Resizer::new().resize(&picture, &mut made, &options).map_err(|_| BROKEN)?;
    Ok(made)
}

fn thumb_size(picture: &DynamicImage) -> (u32, u32) {
    let (width, height) = (picture.width(), picture.height());
    let scale = (f64::from(THUMB) / f64::from(width.max(height))).min(1.0);
    let scaled = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    (scaled(width), scaled(height))
}

fn encode(picture: &DynamicImage, quality: u8) -> Result<Vec<u8>, &'static str> {
    let mut jpeg = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, quality)).map_err(|_| BROKEN)?;
    Ok(jpeg)
}

#[cfg(test)]
mod tests;
