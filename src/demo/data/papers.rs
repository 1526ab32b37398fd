//! The uploads of the demo: blank pictures and PDFs of the required sizes.

use std::collections::BTreeMap;

use image::{ImageFormat, Rgb, RgbImage};
use parking_lot::Mutex;
use pdf_writer::{Content, Pdf, Rect, Ref};

use super::stories::Pairs;
use crate::casework::Refusal;
use crate::casework::answers::Answers;
use crate::casework::business::{Business, Material};
use crate::files::{self, FileKind, Prepared};

/// Slot, size and colour of pictures. Other slots get a PDF. The pictures have the least allowed size, so that
/// the demo starts quickly.
const PHOTOGRAPHED: &[(&str, (u32, u32), [u8; 3])] = &[
    ("id_front", (320, 202), [196, 214, 222]),
    ("id_back", (320, 202), [214, 222, 196]),
    ("id_document", (320, 202), [196, 214, 222]),
    ("bank_card", (320, 202), [222, 214, 190]),
    ("diploma", (360, 255), [222, 206, 196]),
    ("damaged_certificate", (360, 255), [222, 206, 196]),
    ("payment_proof", (240, 400), [228, 228, 220]),
    ("portrait", (295, 413), [150, 180, 210]),
];

/// A file of a slot, ready to be stored.
pub(super) struct Paper {
    pub slot: &'static str,
    pub name: String,
    pub prepared: Prepared,
}

/// The prepared file of each slot. It is made once, because encoding pictures takes most of the time of a start.
static PREPARED: Mutex<BTreeMap<&str, Prepared>> = Mutex::new(BTreeMap::new());

/// A file for each required material of these answers, and evidence. After a return, only for marked materials.
pub(super) fn of(
    business: &Business,
    values: &BTreeMap<String, Vec<String>>,
    marks: Pairs,
) -> Result<Vec<Paper>, Refusal> {
    let answers = Answers { fields: values.clone(), ..Answers::default() };
    let marked = |slot: &str| marks.is_empty() || marks.iter().any(|(name, _)| *name == slot);
    let is_sent = |material: &&Material| !material.optional || material.slot == "evidence";
    business
        .wanted(&answers)
        .filter(|material| is_sent(material) && marked(material.slot))
        .map(paper)
        .collect()
}

pub(super) fn paper(material: &Material) -> Result<Paper, Refusal> {
    let prepared = prepared(material)?;
    let ending = if prepared.kind == FileKind::Picture { "jpg" } else { "pdf" };
    Ok(Paper { slot: material.slot, name: format!("{}.{ending}", material.label), prepared })
}

fn prepared(material: &Material) -> Result<Prepared, Refusal> {
    let known = PREPARED.lock().get(material.slot).cloned();
    if let Some(known) = known {
        return Ok(known);
    }
    let photographed = PHOTOGRAPHED.iter().find(|(slot, ..)| *slot == material.slot);
    let bytes = match photographed {
        Some((_, size, colour)) => picture(*size, *colour).unwrap_or_default(),
        None => pdf(),
    };
    let made = files::prepare(bytes, &material.kind.rules()).map_err(Refusal::Defect)?;
    PREPARED.lock().insert(material.slot, made.clone());
    Ok(made)
}

/// A sheet with a frame and lines.
fn picture((width, height): (u32, u32), colour: [u8; 3]) -> Option<Vec<u8>> {
    let dark = colour.map(|shade| shade / 2);
    let drawn = RgbImage::from_fn(width, height, |x, y| {
        let frame = x < 4 || y < 4 || x >= width - 4 || y >= height - 4;
        let line = y % 24 < 2 && x > width / 6 && x < width * 5 / 6;
        Rgb(if frame || line { dark } else { colour })
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    drawn.write_to(&mut bytes, ImageFormat::Jpeg).ok()?;
    Some(bytes.into_inner())
}

/// An A4 page with lines.
fn pdf() -> Vec<u8> {
    let [catalog, pages, page, drawing] = [1, 2, 3, 4].map(Ref::new);
    let a4 = Rect::new(0.0, 0.0, 595.0, 842.0);
    let mut drawn = Content::new();
    drawn.set_fill_gray(0.9).rect(a4.x1, a4.y1, a4.x2, a4.y2).fill_nonzero().set_fill_gray(0.45);
    for line in (100..780_u16).step_by(40) {
        drawn.rect(100.0, line.into(), 395.0, 3.0).fill_nonzero();
    }
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    pdf.page(page).parent(pages).media_box(a4).contents(drawing).resources();
    pdf.stream(drawing, &drawn.finish());
    pdf.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_of_the_demo_has_a_page() {
        let document = hayro_syntax::Pdf::new(pdf()).expect("a document");
        assert_eq!(document.pages().len(), 1);
    }
}
