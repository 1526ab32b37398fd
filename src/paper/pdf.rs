//! The file of a sheet: PDF/A-3b, which may have attachments, with the used glyphs of the fonts.

use chrono::{Datelike, Timelike};
use krilla::color::{luma, rgb};
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{PathBuilder, Rect, Size, Transform};
use krilla::image::Image;
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::{Document, SerializeSettings};
use qrcode::{Color, EcLevel, QrCode};

use super::face::face;
use super::layout::{Item, PAGE, pages};
use super::sheet::Sheet;

/// Name of the attached text.
const ATTACHED: &str = "certificate-code.txt";

/// Width of the light border of a QR code, in modules (ISO/IEC 18004 §5.3.8).
const QUIET: f32 = 4.0;

/// Pictures and code of a sheet, decoded. PDF/A forbids interpolation.
struct Pictures {
    portrait: Option<Image>,
    seal: Option<Image>,
    qr: Option<QrCode>,
}

/// # Errors
/// A picture is broken, or the text of the QR code is too long.
pub fn pdf(sheet: &Sheet) -> Result<Vec<u8>, String> {
    let pictures = Pictures {
        portrait: sheet.portrait.clone().map(|file| Image::from_jpeg(file.into(), false)).transpose()?,
        seal: sheet.seal.clone().map(|file| Image::from_png(file.into(), false)).transpose()?,
        qr: sheet.qr.as_ref().map(qr).transpose()?,
    };
    let archival = ConfigurationBuilder::new().with_archival_validator(Archival::A3_B).finish();
    let configuration = archival.map_err(|error| format!("{error:?}"))?;
    let mut document =
        Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    document.set_metadata(metadata(sheet));
    if let Some(text) = &sheet.attached {
        document.embed_file(attachment(sheet, text)).ok_or("two attachments have one name")?;
    }
    for items in pages(sheet) {
        let size = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or("a page without a size")?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        items.iter().for_each(|item| draw(&mut surface, item, &pictures));
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| format!("{error:?}"))
}

fn qr(text: &String) -> Result<QrCode, String> {
    QrCode::with_error_correction_level(text, EcLevel::M).map_err(|error| error.to_string())
}

fn metadata(sheet: &Sheet) -> Metadata {
    Metadata::new()
        .title(sheet.title.clone())
        .authors(vec![sheet.above.clone()])
        .creator("Kaozheng".into())
        .language(sheet.language.clone())
        .creation_date(date(sheet))
}

fn date(sheet: &Sheet) -> DateTime {
    let at = sheet.made_at.and_utc();
    let part = |number: u32| u8::try_from(number).unwrap_or_default();
    DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

/// Not compressed, so that programs find the text without a PDF reader.
fn attachment(sheet: &Sheet, text: &str) -> EmbeddedFile {
    EmbeddedFile {
        path: ATTACHED.into(),
        mime_type: MimeType::new("text/plain"),
        description: Some("The signed code of this certificate".into()),
        association_kind: AssociationKind::Data,
        data: text.as_bytes().to_vec().into(),
        modification_date: Some(date(sheet)),
        compress: Some(false),
        location: None,
    }
}

fn draw(surface: &mut Surface, item: &Item, pictures: &Pictures) {
    match item {
        Item::Text(start, size, text) => {
            surface.set_fill(Some(Fill { paint: luma::Color::black().into(), ..Fill::default() }));
            face().draw(surface, *start, text, *size);
        }
        Item::Rule(y) => {
            surface.set_fill(Some(Fill { paint: rgb::Color::new(11, 90, 115).into(), ..Fill::default() }));
            let rule = Rect::from_xywh(56.0, *y, PAGE.0 - 112.0, 0.8);
            rule.into_iter().for_each(|rule| fill(surface, |path| path.push_rect(rule)));
        }
        Item::Portrait(corner, size) => picture(surface, pictures.portrait.as_ref(), *corner, *size),
        Item::Seal(corner, side) => picture(surface, pictures.seal.as_ref(), *corner, (*side, *side)),
        Item::Qr(corner, side) => modules(surface, pictures.qr.as_ref(), *corner, *side),
    }
}

fn fill(surface: &mut Surface, shape: impl FnOnce(&mut PathBuilder)) {
    let mut path = PathBuilder::new();
    shape(&mut path);
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

/// Fits a picture into an area, without distortion.
fn picture(surface: &mut Surface, image: Option<&Image>, (x, y): (f32, f32), (width, height): (f32, f32)) {
    let Some(image) = image else { return };
    let (own_width, own_height) = image.size();
    let scale = (width / own_width as f32).min(height / own_height as f32);
    let (drawn_width, drawn_height) = (own_width as f32 * scale, own_height as f32 * scale);
    let Some(size) = Size::from_wh(drawn_width, drawn_height) else { return };
    let (left, top) = (x + (width - drawn_width) / 2.0, y + (height - drawn_height) / 2.0);
    surface.push_transform(&Transform::from_translate(left, top));
    surface.draw_image(image.clone(), size);
    surface.pop();
}

/// One shape of all dark modules; neighbours in a row are one rectangle.
fn modules(surface: &mut Surface, code: Option<&QrCode>, (x, y): (f32, f32), side: f32) {
    let Some(code) = code else { return };
    let (width, colors) = (code.width(), code.to_colors());
    let module = side / (width as f32 + 2.0 * QUIET);
    surface.set_fill(Some(Fill { paint: luma::Color::black().into(), ..Fill::default() }));
    fill(surface, |path| {
        for (row, colors) in colors.chunks(width).enumerate() {
            let mut column = 0;
            for run in colors.chunk_by(|a, b| a == b) {
                if run[0] == Color::Dark {
                    let corner = (x + (column as f32 + QUIET) * module, y + (row as f32 + QUIET) * module);
                    let dark = Rect::from_xywh(corner.0, corner.1, run.len() as f32 * module, module);
                    dark.into_iter().for_each(|dark| path.push_rect(dark));
                }
                column += run.len();
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::sheet::Section;
    use super::*;

    fn empty() -> Sheet {
        Sheet::new("2026-04-01T01:30:00".parse().expect("a time"), "zh-CN")
    }

    #[test]
    fn a_full_sheet_is_one_small_page() {
        let facts =
            (0..12).map(|at| (format!("第 {at} 项"), "李\u{20089} 示范省人力资源和社会保障厅".into()));
        let mut seal = std::io::Cursor::new(Vec::new());
        image::RgbaImage::from_fn(300, 300, |x, y| image::Rgba([220, 20, 20, ((x ^ y) & 255) as u8]))
            .write_to(&mut seal, image::ImageFormat::Png)
            .expect("a picture");
        let mut portrait = std::io::Cursor::new(Vec::new());
        image::RgbImage::from_fn(229, 320, |x, y| image::Rgb([x as u8, y as u8, 90]))
            .write_to(&mut portrait, image::ImageFormat::Jpeg)
            .expect("a picture");
        let sheet = Sheet {
            above: "示范市考试院".into(),
            title: "电子证书".into(),
            sections: vec![Section { heading: String::new(), facts: facts.collect() }],
            seal: Some(seal.into_inner()),
            portrait: Some(portrait.into_inner()),
            signed: vec!["示范市考试院".into(), "2026-04-01".into()],
            qr: Some(format!("https://exam.example/verify#KZ1:{}", "6BF".repeat(180))),
            notes: vec!["扫码核验".into()],
            attached: Some("KZ1:6BF".into()),
            ..empty()
        };
        let file = pdf(&sheet).expect("a PDF/A");
        assert!(file.len() < 200_000, "{} bytes", file.len());
        assert!(file.windows(7).any(|part| part == b"KZ1:6BF"), "the attached text is found in the bytes");
        assert_eq!(hayro_syntax::Pdf::new(file).expect("readable").pages().len(), 1);
    }

    #[test]
    fn broken_pictures_and_long_codes_are_errors() {
        let sheet = Sheet { seal: Some(b"no picture".to_vec()), ..empty() };
        assert!(pdf(&sheet).is_err());
        assert!(pdf(&Sheet { qr: Some("x".repeat(3000)), ..empty() }).is_err());
    }
}
