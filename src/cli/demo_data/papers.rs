//! What the demo's people upload: pictures of nothing, in the shapes that are asked for.

use std::collections::BTreeMap;

use image::{ImageFormat, Rgb, RgbImage};

use super::stories::Pairs;
use crate::casework::answers::Answers;
use crate::casework::business::{Business, Material};
use crate::web::form::SentFile;

/// Slot, size and colour of what is photographed; everything else comes as a PDF. They are as
/// small as they may be: everybody who tries the demo waits for them.
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

/// A paper for each material that these answers ask for and that must be there, and evidence;
/// after a return, only for what was marked.
pub(super) fn of(business: &Business, values: &BTreeMap<String, Vec<String>>, marks: Pairs) -> Vec<SentFile> {
    let answers = Answers { fields: values.clone(), ..Answers::default() };
    let marked = |slot: &str| marks.is_empty() || marks.iter().any(|(name, _)| *name == slot);
    let is_sent = |material: &&Material| !material.optional || material.slot == "evidence";
    business
        .wanted(&answers)
        .filter(|material| is_sent(material) && marked(material.slot))
        .map(paper)
        .collect()
}

/// A file for a slot, named after it.
pub(super) fn paper(material: &Material) -> SentFile {
    let photographed = PHOTOGRAPHED.iter().find(|(slot, ..)| *slot == material.slot);
    let (ending, bytes) = match photographed {
        Some((_, size, colour)) => ("jpg", picture(*size, *colour)),
        None => ("pdf", Some(pdf(&format!("{}（演示）", material.label)))),
    };
    SentFile { field: format!("file.{}", material.slot), name: format!("{}.{ending}", material.label), bytes }
}

/// A sheet with a frame and lines, like a form seen from afar.
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

/// One page with a line of text, in a font that readers bring along (PDF 1.7, §9.7.5.2).
fn pdf(text: &str) -> Vec<u8> {
    let code: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    let line = format!("BT /F 18 Tf 60 760 Td <{code}> Tj ET");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>".to_owned(),
        format!("<</Length {}>>stream\n{line}\nendstream", line.len()),
        "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[6 0 R]>>".to_owned(),
        "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/FontDescriptor 7 0 R/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>>>".to_owned(),
        "<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[0 -200 1000 900]/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 880/StemV 93>>".to_owned(),
    ];
    let mut file = "%PDF-1.7\n".to_owned();
    for (object, number) in objects.iter().zip(1..) {
        file += &format!("{number} 0 obj{object}endobj\n");
    }
    file += "trailer<</Root 1 0 R/Size 8>>\n%%EOF\n";
    file.into_bytes()
}
