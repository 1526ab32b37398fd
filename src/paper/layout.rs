//! Where the parts of a sheet stand. Lengths are in points, from the upper left corner of a page.

use super::face::{Face, MISSING, face};
use super::sheet::Sheet;

pub(super) const PAGE: (f32, f32) = (595.28, 841.89);
const MARGIN: f32 = 56.0;
const BOTTOM: f32 = PAGE.1 - MARGIN;

/// Height of a line in relation to its size.
const LINE: f32 = 1.45;
const TEXT: f32 = 11.0;
const SMALL: f32 = 8.5;

/// Width of the labels of facts.
const LABELS: f32 = 112.0;
/// 25 mm × 35 mm.
const PORTRAIT: (f32, f32) = (70.9, 99.2);
/// 42 mm.
const SEAL: f32 = 119.0;
/// 52 mm.
const QR: f32 = 147.4;

/// Told where a character is missing.
const BY_HAND: &str = "〓 是字库里没有的字，以发证机关登记的为准。";

/// Something on a page.
pub(super) enum Item {
    /// The left end of the base line, size, and text.
    Text((f32, f32), f32, String),
    /// A line across the page at this height.
    Rule(f32),
    /// Upper left corner and size.
    Portrait((f32, f32), (f32, f32)),
    Seal((f32, f32), f32),
    Qr((f32, f32), f32),
}

pub(super) fn pages(sheet: &Sheet) -> Vec<Vec<Item>> {
    let mut pen = Pen { face: face(), pages: vec![Vec::new()], y: MARGIN, missing: false };
    pen.heading(sheet);
    let portrait_from = pen.y;
    for section in &sheet.sections {
        if !section.heading.is_empty() {
            pen.y += 8.0;
            pen.paragraph(MARGIN, &section.heading, 13.0, PAGE.0 - 2.0 * MARGIN);
        }
        for (label, value) in &section.facts {
            let beside =
                sheet.portrait.is_some() && pen.y < portrait_from + PORTRAIT.1 && pen.pages.len() == 1;
            let right = if beside { MARGIN + PORTRAIT.0 + 12.0 } else { MARGIN };
            pen.fact(label, value, right);
        }
    }
    if sheet.portrait.is_some() {
        let corner = (PAGE.0 - MARGIN - PORTRAIT.0, portrait_from);
        pen.pages[0].push(Item::Portrait(corner, PORTRAIT));
        if pen.pages.len() == 1 {
            pen.y = pen.y.max(portrait_from + PORTRAIT.1);
        }
    }
    pen.signature(sheet);
    pen.end(sheet);
    pen.pages
}

struct Pen {
    face: &'static Face,
    pages: Vec<Vec<Item>>,
    /// The lower end of what is on the last page.
    y: f32,
    /// Whether a character was missing.
    missing: bool,
}

impl Pen {
    fn put(&mut self, item: Item) {
        if let Some(page) = self.pages.last_mut() {
            page.push(item);
        }
    }

    /// Begins a page if so much does not fit any more.
    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.pages.push(Vec::new());
            self.y = MARGIN;
        }
    }

    fn wrapped(&mut self, text: &str, size: f32, width: f32) -> Vec<String> {
        let text = self.face.printable(text);
        self.missing |= text.contains(MISSING);
        self.face.wrap(&text, width / size)
    }

    fn paragraph(&mut self, x: f32, text: &str, size: f32, width: f32) {
        for line in self.wrapped(text, size, width) {
            self.need(size * LINE);
            self.y += size * LINE;
            self.put(Item::Text((x, self.y), size, line));
        }
    }

    fn centered(&mut self, text: &str, size: f32) {
        for line in self.wrapped(text, size, PAGE.0 - 2.0 * MARGIN) {
            self.y += size * LINE;
            let x = (PAGE.0 - self.face.width(&line) * size) / 2.0;
            self.put(Item::Text((x, self.y), size, line));
        }
    }

    fn heading(&mut self, sheet: &Sheet) {
        self.centered(&sheet.above, 12.0);
        self.y += 4.0;
        self.centered(&sheet.title, 22.0);
        self.centered(&sheet.below, 13.0);
        self.y += 12.0;
        self.put(Item::Rule(self.y));
        self.y += 8.0;
    }

    /// Label and value in a row; `right` is the margin of the value.
    fn fact(&mut self, label: &str, value: &str, right: f32) {
        let labels = self.wrapped(label, TEXT, LABELS - 8.0);
        let values = self.wrapped(value, TEXT, PAGE.0 - MARGIN - LABELS - right);
        let lines = labels.len().max(values.len()).max(1);
        self.need(lines as f32 * TEXT * LINE + 4.0);
        let top = self.y + 4.0;
        for (x, column) in [(MARGIN, labels), (MARGIN + LABELS, values)] {
            for (at, line) in column.into_iter().enumerate() {
                self.put(Item::Text((x, top + (at + 1) as f32 * TEXT * LINE), TEXT, line));
            }
        }
        self.y = top + lines as f32 * TEXT * LINE;
    }

    /// The seal lies on the lines of who signs, as on paper.
    fn signature(&mut self, sheet: &Sheet) {
        let width = sheet.signed.iter().map(|line| self.face.width(line) * TEXT).fold(SEAL, f32::max);
        let height = if sheet.seal.is_some() { SEAL } else { sheet.signed.len() as f32 * TEXT * LINE };
        if height == 0.0 {
            return;
        }
        self.y += 10.0;
        self.need(height);
        let left = (PAGE.0 - MARGIN - width).max(MARGIN);
        let (top, lines) = (self.y, sheet.signed.len() as f32 * TEXT * LINE);
        self.y += (height - lines).max(0.0) / 2.0;
        for line in &sheet.signed {
            self.paragraph(left, line, TEXT, PAGE.0 - MARGIN - left);
        }
        if sheet.seal.is_some() {
            self.put(Item::Seal((left + (width - SEAL) / 2.0, top), SEAL));
        }
        self.y = self.y.max(top + height);
    }

    /// The QR code with the notes next to it.
    fn end(&mut self, sheet: &Sheet) {
        self.y += 12.0;
        let x = if sheet.qr.is_some() { MARGIN + QR + 12.0 } else { MARGIN };
        let width = PAGE.0 - MARGIN - x;
        if sheet.qr.is_some() {
            self.need(QR);
            self.put(Item::Qr((MARGIN, self.y), QR));
        }
        for note in &sheet.notes {
            self.paragraph(x, note, SMALL, width);
            self.y += 3.0;
        }
        if self.missing {
            self.paragraph(x, BY_HAND, SMALL, width);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sheet::Section;
    use super::*;

    fn empty() -> Sheet {
        Sheet::new("2026-04-01T01:30:00".parse().expect("a time"), "zh-CN")
    }

    fn text(item: &Item) -> Option<&str> {
        match item {
            Item::Text(_, _, text) => Some(text),
            _ => None,
        }
    }

    fn texts(pages: &[Vec<Item>]) -> Vec<&str> {
        pages.iter().flatten().filter_map(text).collect()
    }

    #[test]
    fn everything_stands_inside_of_the_margins() {
        let facts = (0..80).map(|at| (format!("第 {at} 项"), "很长的专业名称".repeat(at % 12))).collect();
        let sheet = Sheet {
            title: "证书".into(),
            sections: vec![Section { heading: "甲".into(), facts }],
            portrait: Some(Vec::new()),
            seal: Some(Vec::new()),
            signed: vec!["示范市考试院".into()],
            qr: Some("text".into()),
            notes: vec!["说明".repeat(60)],
            ..empty()
        };
        let pages = pages(&sheet);
        assert!(pages.len() > 1, "eighty facts need several pages");
        for item in pages.iter().flatten() {
            let (x, y, right, bottom) = match item {
                Item::Text((x, y), size, text) => (*x, *y - size, *x + face().width(text) * size, *y),
                Item::Rule(y) => (MARGIN, *y, MARGIN, *y),
                Item::Portrait((x, y), (width, height)) => (*x, *y, x + width, y + height),
                Item::Seal((x, y), side) | Item::Qr((x, y), side) => (*x, *y, x + side, y + side),
            };
            assert!(x >= MARGIN - 0.1 && y >= MARGIN - 0.1, "{x} {y}");
            assert!(right <= PAGE.0 - MARGIN + 0.1 && bottom <= BOTTOM + 0.1, "{right} {bottom}");
        }
    }

    #[test]
    fn a_missing_character_is_told() {
        let with = |name: &str| Sheet {
            sections: vec![Section { facts: vec![("姓名".into(), name.into())], ..Section::default() }],
            ..empty()
        };
        assert!(texts(&pages(&with("李\u{E000}"))).contains(&BY_HAND));
        assert!(texts(&pages(&with("李\u{20089}"))).contains(&"李\u{20089}"));
        assert!(!texts(&pages(&with("李\u{20089}"))).contains(&BY_HAND));
    }
}
