//! The font of labels: the widths of its glyphs, and which characters it has.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// `assets/fonts/README.md` says where it is from and which characters it has.
static FILE: &[u8] = include_bytes!("../../../../assets/fonts/NotoSansSC-Regular-subset.otf");

/// Printed for a character that the font does not have.
pub(super) const MISSING: char = '〓';

pub(super) struct Face {
    pub font: Font,
    glyphs: FontRef<'static>,
}

impl Face {
    /// `None` if the font is broken, which only a defect of the program is.
    pub fn load() -> Option<Face> {
        Some(Face { font: Font::new(FILE.into(), 0)?, glyphs: FontRef::new(FILE).ok()? })
    }

    /// `text` with [`MISSING`] for each character that the font does not have.
    pub fn printable(&self, text: &str) -> String {
        let charmap = self.glyphs.charmap();
        text.chars().map(|c| if charmap.map(c).is_some() { c } else { MISSING }).collect()
    }

    /// The glyphs of a line, and its width for a font size of 1.
    pub fn shape(&self, line: &str) -> (Vec<KrillaGlyph>, f32) {
        let (charmap, metrics) =
            (self.glyphs.charmap(), self.glyphs.glyph_metrics(Size::new(1.0), LocationRef::default()));
        let mut width = 0.0;
        let glyphs = line.char_indices().map(|(at, c)| {
            let id = charmap.map(c).unwrap_or_default();
            let advance = metrics.advance_width(id).unwrap_or(1.0);
            width += advance;
            let id = GlyphId::new(id.to_u32());
            KrillaGlyph::new(id, advance, 0.0, 0.0, 0.0, at..at + c.len_utf8(), None)
        });
        (glyphs.collect(), width)
    }

    /// Breaks a text into lines of at most `width`, for a font size of 1. Chinese may break anywhere.
    pub fn wrap(&self, text: &str, width: f32) -> Vec<String> {
        let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0.0);
        for c in text.chars() {
            let (_, advance) = self.shape(c.encode_utf8(&mut [0; 4]));
            if used + advance > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            line.push(c);
            used += advance;
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn font_has_the_characters_of_names_and_addresses() {
        let face = Face::load().expect("the font");
        for text in [
            "张小三 13800138000",
            "陳大文",
            "喆堃旻",
            "NGUYỄN VĂN AN",
            "买买提·艾力",
            "东湖路8号1栋（3-502）",
        ] {
            assert_eq!(face.printable(text), text);
        }
        assert_eq!(face.printable("李\u{2B740}"), format!("李{MISSING}"));
    }

    #[test]
    fn lines_are_no_wider_than_the_label() {
        let face = Face::load().expect("the font");
        let text = "示范市东湖区示范大道一百二十八号东湖花园小区 12 栋 2 单元 3502 室 Building A";
        let lines = face.wrap(text, 20.0);
        assert_eq!(lines.concat(), text);
        assert!(lines.len() > 1 && lines.iter().all(|line| face.shape(line).1 <= 20.0));
    }
}
