//! Puts the texts of labels on pages.

use krilla::Document;
use krilla::page::PageSettings;
use krilla::surface::Surface;

use super::sheet::{Grid, Sheet};
use crate::paper::{Face, MISSING, face};

/// The texts of a label, from top to bottom.
pub(super) struct Label {
    pub recipient: String,
    pub address: String,
    pub details: String,
    pub inside: String,
    pub sender: String,
}

/// Points of a millimetre.
const MM: f32 = 72.0 / 25.4;

/// A PDF with these labels.
pub(super) fn pdf(sheet: Sheet, labels: &[Label]) -> Result<Vec<u8>, String> {
    let face = face();
    let grid = sheet.grid();
    let mut document = Document::new();
    let size = || PageSettings::from_wh(grid.page.0 * MM, grid.page.1 * MM).unwrap_or_default();
    for labels in labels.chunks(grid.columns * grid.rows) {
        let mut page = document.start_page_with(size());
        let mut surface = page.surface();
        for (at, label) in labels.iter().enumerate() {
            let left = (at % grid.columns) as f32 * grid.label.0;
            let top = (at / grid.columns) as f32 * grid.label.1 + grid.margin;
            draw(&mut surface, face, &grid, label, (left, top));
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| error.to_string())
}

/// A text and its size in relation to the size of the label.
type Part<'a> = (&'a str, f32);

fn draw(surface: &mut Surface, face: &Face, grid: &Grid, label: &Label, (left, top): (f32, f32)) {
    let parts: [Part; 5] = [
        (&label.recipient, 1.3),
        (&label.address, 1.1),
        (&label.details, 0.9),
        (&label.inside, 0.8),
        (&label.sender, 0.8),
    ];
    let room = (grid.label.1 - 2.0 * grid.padding) * MM;
    let width = (grid.label.0 - 2.0 * grid.padding) * MM;
    let lines = fitted(face, &parts, grid.size, (width, room));
    let (x, mut y) = ((left + grid.padding) * MM, (top + grid.padding) * MM);
    for (line, size) in lines {
        y += size * LINE;
        face.draw(surface, (x, y), &line, size);
    }
}

/// Height of a line in relation to its size.
const LINE: f32 = 1.35;

/// Told on a label with a character that the font does not have.
const BY_HAND: &str = "（〓 是字库里没有的字，请手写）";

/// The lines of all parts with their sizes: as large as they fit.
fn fitted(face: &Face, parts: &[Part], size: f32, (width, room): (f32, f32)) -> Vec<(String, f32)> {
    let mut texts: Vec<(String, f32)> = parts
        .iter()
        .map(|(text, part)| (face.printable(text), *part))
        .filter(|(text, _)| !text.is_empty())
        .collect();
    if texts.iter().any(|(text, _)| text.contains(MISSING)) {
        texts.push((BY_HAND.to_owned(), 0.8));
    }
    let mut lines = Vec::new();
    for shrunk in (8..=20).rev() {
        let size = size * shrunk as f32 / 20.0;
        lines = texts
            .iter()
            .flat_map(|(text, part)| {
                let size = size * part;
                face.wrap(text, width / size).into_iter().map(move |line| (line, size))
            })
            .collect();
        if lines.iter().map(|(_, size)| size * LINE).sum::<f32>() <= room {
            break;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(street: usize) -> Label {
        Label {
            recipient: "张小三　13800138000".into(),
            address: format!("示范省示范市东湖区{}", "街".repeat(street)),
            details: format!("邮编 518000　EMS 到付　备注：{}", "请在工作日送达".repeat(28)),
            inside: "一级建造师 · 2018-03　YJ20260401000001X".into(),
            sender: "寄件：示范市考试院 0000-12345678".into(),
        }
    }

    #[test]
    fn the_longest_address_fits_on_the_smallest_label() {
        let face = face();
        let longest = label(120);
        let grid = Sheet::A4.grid();
        let room = (grid.label.1 - 2.0 * grid.padding) * MM;
        let width = (grid.label.0 - 2.0 * grid.padding) * MM;
        let parts: [Part; 3] = [(&longest.recipient, 1.3), (&longest.address, 1.1), (&longest.details, 0.9)];
        let lines = fitted(face, &parts, grid.size, (width, room));
        assert!(lines.iter().map(|(_, size)| size * LINE).sum::<f32>() <= room);
        let printed: String = lines.iter().map(|(line, _)| line.as_str()).collect();
        assert!(printed.contains(&longest.address) && printed.contains(&longest.details));
    }

    #[test]
    fn eleven_labels_need_two_sheets() {
        let labels: Vec<Label> = (0..11).map(|_| label(5)).collect();
        for (sheet, pages) in [(Sheet::A4, 2), (Sheet::Roll, 11)] {
            let bytes = pdf(sheet, &labels).expect("a PDF");
            let parsed = hayro_syntax::Pdf::new(bytes).expect("readable");
            assert_eq!(parsed.pages().len(), pages);
        }
    }
}
