//! Tells whether a file is UTF-8 or GB18030.

use std::str::Utf8Chunk;

use crate::imports::report::BOM;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Includes ASCII.
    Utf8,
    /// Includes GBK and GB2312.
    Gb18030,
}

/// Finds the encoding of a file that is read in pieces.
///
/// Every character outside ASCII is counted in both encodings, and the one with the smaller share of wrong ones wins.
/// A damaged byte therefore refuses its row and decides nothing else: Chinese text in one of the encodings is wrong
/// for a third and more of its characters in the other.
#[derive(Default)]
pub(super) struct EncodingDetector {
    utf8: Utf8Counter,
    gb18030: GbCounter,
    has_mark: bool,
    begun: bool,
}

/// Characters outside ASCII.
#[derive(Clone, Copy, Default)]
struct Tally {
    all: u64,
    /// Wrong ones; a rare one counts half.
    wrong: f64,
}

impl Tally {
    fn add(&mut self, wrong: f64) {
        self.all += 1;
        self.wrong += wrong;
    }

    fn share(self) -> f64 {
        self.wrong / self.all.max(1) as f64
    }
}

impl EncodingDetector {
    /// A piece of any size; the first one has at least the byte order mark, if there is one.
    pub(super) fn add(&mut self, piece: &[u8]) {
        if !self.begun {
            (self.begun, self.has_mark) = (true, piece.starts_with(BOM));
        }
        self.utf8.add(piece);
        piece.iter().for_each(|byte| self.gb18030.add(*byte));
    }

    /// If both are equally good, it is UTF-8.
    pub(super) fn encoding(&self) -> Encoding {
        let is_utf8 = self.has_mark || self.utf8.share() <= self.gb18030.tally.share();
        if is_utf8 { Encoding::Utf8 } else { Encoding::Gb18030 }
    }
}

#[derive(Default)]
struct Utf8Counter {
    tally: Tally,
    /// The last bytes of a piece that ends within a character.
    rest: Vec<u8>,
}

impl Utf8Counter {
    fn add(&mut self, piece: &[u8]) {
        if self.rest.is_empty() && piece.is_ascii() {
            return;
        }
        let bytes = [std::mem::take(&mut self.rest).as_slice(), piece].concat();
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.tally.all += chunk.valid().chars().filter(|c| !c.is_ascii()).count() as u64;
            if chunks.peek().is_none() && is_cut(&chunk) {
                self.rest = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                self.tally.add(1.0);
            }
        }
    }

    fn share(&self) -> f64 {
        let mut tally = self.tally;
        if !self.rest.is_empty() {
            tally.add(1.0);
        }
        tally.share()
    }
}

/// Whether the invalid bytes of the last chunk may be the beginning of a character.
fn is_cut(chunk: &Utf8Chunk) -> bool {
    std::str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none())
}

/// Follows GB18030 byte by byte.
#[derive(Default)]
struct GbCounter {
    tally: Tally,
    /// The first byte of a character that is not complete.
    lead: Option<u8>,
}

/// Share of a wrong character that a rare one counts: an ideograph outside GB2312, as in some names.
const RARE: f64 = 0.5;

impl GbCounter {
    fn add(&mut self, byte: u8) {
        match (self.lead.take(), byte) {
            (None, 0x81..=0xfe) => self.lead = Some(byte),
            (None, 0x80 | 0xff) => self.tally.add(1.0),
            (None, _) => {}
            (Some(lead), 0x40..=0x7e | 0x80..=0xfe) => self.tally.add(weight(lead, byte)),
            // Half of a character of four bytes.
            (Some(_), b'0'..=b'9') => self.tally.add(0.0),
            (Some(_), _) => self.tally.add(1.0),
        }
    }
}

/// How wrong a character of two bytes is. Private-use areas (AAA1–AFFE, F8A1–FEFE and A140–A7A0) are a sign of
/// another encoding.
fn weight(lead: u8, trail: u8) -> f64 {
    match (lead, trail) {
        (0xaa..=0xaf | 0xf8..=0xfe, 0xa1..) => 1.0,
        (0xa1..=0xa7, ..=0xa0) => 1.0,
        (0xa1.., 0xa1..) => 0.0,
        _ => RARE,
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::GB18030;

    use super::*;

    fn encoding(bytes: &[u8]) -> Encoding {
        let mut detector = EncodingDetector::default();
        // In pieces of five bytes, so that characters are cut.
        bytes.chunks(5).for_each(|piece| detector.add(piece));
        detector.encoding()
    }

    const FILES: &[&str] = &[
        "姓名,证件号码\n张小三,𠮷",
        "姓名,级别\n欧阳明日,一级\n买买提·艾力,二级",
        "holder_name\n張學友\n王䶮\n喆堃",
        "决定书文号,失信类别\n示考诚〔2023〕1号,“作弊”",
        "证书管理号,姓名\n1,O’NEIL JOHN\n2,NGUYỄN VĂN AN",
        "holder_name\n学习",
    ];

    #[test]
    fn detector_tells_utf8_from_gb18030() {
        for text in FILES {
            assert_eq!(encoding(text.as_bytes()), Encoding::Utf8, "{text}");
        }
        // The last one has too few Chinese characters, and those in both encodings.
        for text in &FILES[..4] {
            assert_eq!(encoding(&GB18030.encode(text).0), Encoding::Gb18030, "{text}");
        }
        assert_eq!(encoding(b"a,b\n1,2"), Encoding::Utf8);
        assert_eq!(encoding(b"holder_name\n\xd5\xc5"), Encoding::Gb18030);
        assert_eq!(encoding(&[BOM, b"holder_name\n\xd5\xc5"].concat()), Encoding::Utf8);
    }

    /// Wherever it is, and whichever byte it becomes.
    #[test]
    fn damaged_byte_decides_nothing() {
        for text in &FILES[..4] {
            let rows = format!("{text}\n{}", &text[text.find('\n').unwrap() + 1..]);
            for (bytes, expected) in [
                (rows.clone().into_bytes(), Encoding::Utf8),
                (GB18030.encode(&rows).0.into_owned(), Encoding::Gb18030),
            ] {
                for at in 0..bytes.len() {
                    for damage in [0xff, 0x80, 0xc3, b'?', 0] {
                        let mut damaged = bytes.clone();
                        damaged[at] = damage;
                        assert_eq!(encoding(&damaged), expected, "{text}: {at} {damage:x}");
                    }
                    let cut = [&bytes[..at], &bytes[at + 1..]].concat();
                    assert_eq!(encoding(&cut), expected, "{text}: without {at}");
                }
            }
        }
    }
}
