//! The fonts of PDF files: the widths of their glyphs, and which characters they have.

use std::io::Read;
use std::sync::LazyLock;

use krilla::geom::Point;
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// `assets/fonts/README.md` says where they are from and which characters they have.
static COMMON: &[u8] = include_bytes!("../../assets/fonts/NotoSansSC-Regular-subset.otf.br");
static RARE: &[u8] = include_bytes!("../../assets/fonts/KaozhengRareHan.ttf.br");

/// Printed for a character that no font has.
pub const MISSING: char = '〓';

/// The first characters beyond the basic plane.
const RARE_FROM: char = '\u{20000}';

/// Fonts that are read when they are first needed, and stay in memory: 7 MB, and more for rare characters.
static FACE: LazyLock<Face> = LazyLock::new(|| Face { common: Typeface::read(COMMON) });
static RARE_TYPEFACE: LazyLock<Typeface> = LazyLock::new(|| Typeface::read(RARE));

/// Reads the common font now.
pub fn load_common_font() {
    LazyLock::force(&FACE);
}

pub fn face() -> &'static Face {
    &FACE
}

/// The common font, and the font of rare characters behind it.
pub struct Face {
    common: Typeface,
}

struct Typeface {
    font: Font,
    glyphs: FontRef<'static>,
}

/// A part of a line in one font, and its width for a font size of 1.
struct Run<'a> {
    text: &'a str,
    font: &'static Font,
    glyphs: Vec<KrillaGlyph>,
    width: f32,
}

impl Typeface {
    fn read(packed: &[u8]) -> Typeface {
        let mut file = Vec::new();
        brotli::Decompressor::new(packed, 1 << 16).read_to_end(&mut file).expect("a font of the program");
        let file: &'static [u8] = file.leak();
        Typeface {
            font: Font::new(file.into(), 0).expect("a font of the program"),
            glyphs: FontRef::new(file).expect("a font of the program"),
        }
    }

    fn has(&self, c: char) -> bool {
        self.glyphs.charmap().map(c).is_some()
    }

    fn run<'a>(&'static self, text: &'a str) -> Run<'a> {
        let (charmap, metrics) =
            (self.glyphs.charmap(), self.glyphs.glyph_metrics(Size::new(1.0), LocationRef::default()));
        let mut width = 0.0;
        let glyphs = text.char_indices().map(|(at, c)| {
            let id = charmap.map(c).unwrap_or_default();
            let advance = metrics.advance_width(id).unwrap_or(1.0);
            width += advance;
            let id = GlyphId::new(id.to_u32());
            KrillaGlyph::new(id, advance, 0.0, 0.0, 0.0, at..at + c.len_utf8(), None)
        });
        let glyphs = glyphs.collect();
        Run { text, font: &self.font, glyphs, width }
    }
}

impl Face {
    /// `text` with [`MISSING`] for each character that no font has.
    pub fn printable(&self, text: &str) -> String {
        text.chars().map(|c| if self.typeface(c).has(c) { c } else { MISSING }).collect()
    }

    fn typeface(&self, c: char) -> &'static Typeface {
        if c >= RARE_FROM && !self.common.has(c) { &RARE_TYPEFACE } else { &FACE.common }
    }

    /// The width of a line for a font size of 1.
    pub fn width(&self, line: &str) -> f32 {
        self.runs(line).iter().map(|run| run.width).sum()
    }

    /// Draws a line from `(x, y)`, the left end of its base line.
    pub fn draw(&self, surface: &mut Surface, (mut x, y): (f32, f32), line: &str, size: f32) {
        for run in self.runs(line) {
            let start = Point::from_xy(x, y);
            surface.draw_glyphs(start, &run.glyphs, run.font.clone(), run.text, size, false);
            x += run.width * size;
        }
    }

    fn runs<'a>(&self, line: &'a str) -> Vec<Run<'a>> {
        let is_rare = |c: char| c >= RARE_FROM && !self.common.has(c);
        let mut runs = Vec::new();
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|c| is_rare(c) != is_rare(first)).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            runs.push(self.typeface(first).run(part));
            rest = after;
        }
        runs
    }

    /// Breaks a text into lines of at most `width`, for a font size of 1. Chinese may break anywhere; numbers and
    /// Latin words break only if they are wider than a line.
    pub fn wrap(&self, text: &str, width: f32) -> Vec<String> {
        let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0.0);
        for word in words(text) {
            let is_long = self.width(word) > width;
            let pieces: Vec<&str> =
                if is_long { word.split_inclusive(|_| true).collect() } else { vec![word] };
            for piece in pieces {
                let advance = self.width(piece);
                if used + advance > width && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    used = 0.0;
                }
                line.push_str(piece);
                used += advance;
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }
}

/// Runs of ASCII letters and digits, and every other character by itself.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let run = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(if run == 0 { first.len_utf8() } else { run });
        rest = after;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_have_the_characters_of_names_and_addresses() {
        for text in [
            "张小三 13800138000",
            "陳大文",
            "喆堃旻㛃䶮",
            "NGUYỄN VĂN AN",
            "买买提·艾力",
            "东湖路8号1栋（3-502）",
            "李\u{20000}\u{2A6D6}\u{2B740}\u{2C488}\u{2CEB0}",
        ] {
            assert_eq!(face().printable(text), text);
        }
        assert_eq!(face().printable("李\u{E000}"), format!("李{MISSING}"));
    }

    #[test]
    fn a_line_of_two_fonts_is_as_wide_as_its_characters() {
        assert_eq!(face().runs("李\u{20001}三").len(), 3);
        assert!((face().width("李\u{20001}三") - 3.0).abs() < 0.01);
    }

    #[test]
    fn lines_are_no_wider_than_the_label() {
        let text = "示范市东湖区示范大道一百二十八号东湖花园小区 12 栋 2 单元 3502 室 Building A";
        let lines = face().wrap(text, 20.0);
        assert_eq!(lines.concat(), text);
        assert!(lines.len() > 1 && lines.iter().all(|line| face().width(line) <= 20.0));
        assert_eq!(face().wrap("张小三　13800138000", 7.0), ["张小三　", "13800138000"]);
        assert_eq!(face().wrap(&"1".repeat(30), 7.0).concat(), "1".repeat(30));
    }
}
