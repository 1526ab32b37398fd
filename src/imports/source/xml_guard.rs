//! Bounds the memory that a part of a workbook needs while it is read.
//!
//! An XML parser holds one token in memory, a tag or the text between two tags, and the reader of cells holds
//! all texts of one cell. A file can make either of any length. Comments, CDATA and DOCTYPE are refused:
//! spreadsheets do not write them, and they may contain anything.

/// Most bytes of a token and of a cell. A cell of Excel has at most 32,767 characters.
const LONGEST: usize = 1 << 20;

/// Bytes of a tag's name that are compared.
const NAME: usize = 16;

/// Follows the tokens of a part that is read in pieces.
#[derive(Default)]
pub(super) struct XmlGuard {
    inside: Inside,
    token: usize,
    /// Inside a cell: bytes since it began.
    cell: Option<usize>,
    name: Vec<u8>,
    last: u8,
}

#[derive(Clone, Copy, Default)]
enum Inside {
    #[default]
    Text,
    Name,
    Tag,
    /// An attribute's value, which ends with this quote.
    Value(u8),
}

impl XmlGuard {
    /// Whether the next piece stays within the limits.
    pub(super) fn allows(&mut self, piece: &[u8]) -> bool {
        piece.iter().all(|byte| self.follow(*byte))
    }

    fn follow(&mut self, byte: u8) -> bool {
        self.token += 1;
        self.cell = self.cell.map(|length| length + 1);
        let before = self.inside;
        self.inside = self.next(byte);
        match (before, self.inside) {
            (Inside::Text, Inside::Name) => (self.token, self.name) = (0, Vec::with_capacity(NAME)),
            (Inside::Name, Inside::Name) if self.name.len() < NAME => self.name.push(byte),
            (Inside::Name, Inside::Tag) => self.begin_or_end_cell(),
            (Inside::Name, Inside::Text) => {
                self.begin_or_end_cell();
                self.token = 0;
            }
            (Inside::Tag, Inside::Text) => self.token = 0,
            _ => {}
        }
        self.last = byte;
        !self.name.starts_with(b"!") && self.token <= LONGEST && self.cell.is_none_or(|cell| cell <= LONGEST)
    }

    fn next(&self, byte: u8) -> Inside {
        let instruction = self.name.starts_with(b"?");
        match (self.inside, byte) {
            (Inside::Text, b'<') => Inside::Name,
            (Inside::Name | Inside::Tag, b'>') if !instruction || self.last == b'?' => Inside::Text,
            (Inside::Name, byte) if byte.is_ascii_whitespace() => Inside::Tag,
            (Inside::Tag, b'"' | b'\'') if !instruction => Inside::Value(byte),
            (Inside::Value(end), byte) if byte == end => Inside::Tag,
            (inside, _) => inside,
        }
    }

    /// Handles `<c …>`, `</c>` and `</row>`, with or without a namespace prefix. `</row>` ends a cell because
    /// the last one may be `<c …/>`.
    fn begin_or_end_cell(&mut self) {
        let end = self.name.starts_with(b"/");
        let local = self.name.rsplit(|byte| matches!(byte, b':' | b'/')).next().unwrap_or_default();
        match (local, end) {
            (b"c", false) => self.cell = Some(0),
            (b"c" | b"row", true) => self.cell = None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(text: &str) -> bool {
        let mut xml_guard = XmlGuard::default();
        text.as_bytes().chunks(7).all(|piece| xml_guard.allows(piece))
    }

    #[test]
    fn long_sheet_of_short_cells_is_allowed() {
        let rows = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>a > b</t></is></c><c r=\"B1\"/></row>"
            .repeat(30_000);
        let merged = "<mergeCell ref=\"A1:B2\"/>".repeat(60_000);
        assert!(allowed(&format!("<?xml version=\"1.0\"?>\n<worksheet>{rows}<x>{merged}</x></worksheet>")));
    }

    #[test]
    fn tokens_that_fill_memory_are_refused() {
        let long = |text: &str| text.repeat((1 << 20) / text.len() + 1);
        for (what, text) in [
            ("a text", format!("<t>{}</t>", long("x"))),
            ("a tag", format!("<{}>", long("x"))),
            ("a value", format!("<c r=\"{}\">", long("<a>"))),
            ("an instruction", format!("<?xml {}?>", long("<a>"))),
            ("a text in pieces", format!("<x:c r='A1'><is>{}", long("<r><t>x</t></r>"))),
            ("a comment", "<!--<a>-->".to_owned()),
            ("text without tags in it", "<t><![CDATA[<a>]]></t>".to_owned()),
            ("entities", "<!DOCTYPE x [<!ENTITY a \"b\">]>".to_owned()),
        ] {
            assert!(!allowed(&text), "{what}");
        }
    }
}
