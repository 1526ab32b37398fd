//! CSV (RFC 4180), in UTF-8 or GB18030.
//!
//! In GB18030 the second byte of a Chinese character is 0x30 or greater, so it is never a comma, a quote or a
//! line break. Fields are therefore split as bytes and decoded one by one. A field that cannot be decoded
//! refuses its own row only.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use csv_core::{ReadRecordResult, Reader};
use encoding_rs::GB18030;

use super::{BUFFER, RawRow, Sink};
use crate::imports::cell::Cell;
use crate::imports::report::BOM;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Includes ASCII.
    Utf8,
    /// Includes GBK and GB2312.
    Gb18030,
}

/// A record with more bytes or fields is refused: after an unclosed quote it would be the rest of the file.
const LONGEST: usize = 1 << 16;
const MOST_FIELDS: usize = 256;

const TOO_LONG: &str = "这一行超过 64 KB；可能有一个引号没有成对";
const TOO_MANY: &str = "这一行超过 256 栏；可能有一个引号没有成对";
const UNDECODABLE: &str = "无法解码：不是有效的 UTF-8，也不是 GB18030";

/// Finds the encoding of a file that is read in pieces.
#[derive(Default)]
pub(super) struct EncodingDetector {
    /// The last bytes of a piece that ends within a character.
    rest: Vec<u8>,
    invalid: bool,
    /// The first line, as far as it is read.
    header: Vec<u8>,
    header_ended: bool,
}

impl EncodingDetector {
    pub(super) fn add(&mut self, piece: &[u8]) {
        if !self.header_ended {
            let end = piece.iter().position(|&byte| byte == b'\n');
            self.header.extend_from_slice(&piece[..end.unwrap_or(piece.len())]);
            self.header_ended = end.is_some() || self.header.len() > LONGEST;
        }
        if self.invalid {
            return;
        }
        let joined;
        let piece = match self.rest.len() {
            0 => piece,
            _ => {
                joined = [&self.rest[..], piece].concat();
                &joined
            }
        };
        let rest = match std::str::from_utf8(piece) {
            Ok(_) => &[],
            Err(error) => {
                self.invalid = error.error_len().is_some();
                &piece[error.valid_up_to()..]
            }
        };
        self.rest = if self.invalid { Vec::new() } else { rest.to_vec() };
    }

    /// UTF-8 if the whole file is valid UTF-8, or if the header is and is not only ASCII. In the second case
    /// the rows that are not valid are refused and the others are read.
    pub(super) fn encoding(&self) -> Encoding {
        let whole = !self.invalid && self.rest.is_empty();
        let header = std::str::from_utf8(&self.header).is_ok() && !self.header.is_ascii();
        if whole || header { Encoding::Utf8 } else { Encoding::Gb18030 }
    }
}

/// Sends every row of the first `size` bytes to `sink`, beginning with the header.
pub(super) fn read(path: &Path, size: u64, encoding: Encoding, sink: Sink) -> io::Result<()> {
    let mut records = Records::new(BufReader::with_capacity(BUFFER, File::open(path)?.take(size)))?;
    while let Some(row) = records.next(encoding)? {
        if sink(row, records.bytes as f64 / size as f64).is_break() {
            break;
        }
    }
    Ok(())
}

struct Records<R> {
    input: R,
    reader: Reader,
    /// Bytes read so far.
    bytes: u64,
    /// Lines that the parser did not see.
    blank_lines: u64,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: BufRead> Records<R> {
    fn new(mut input: R) -> io::Result<Self> {
        if input.fill_buf()?.starts_with(BOM) {
            input.consume(BOM.len());
        }
        let (text, ends) = (vec![0; LONGEST], vec![0; MOST_FIELDS]);
        Ok(Records { input, reader: Reader::new(), bytes: 0, blank_lines: 0, text, ends })
    }

    fn next(&mut self, encoding: Encoding) -> io::Result<Option<RawRow>> {
        self.skip_blank_lines()?;
        let line = self.reader.line() + self.blank_lines;
        let (mut text, mut fields, mut fault) = (0, 0, None);
        loop {
            let input = self.input.fill_buf()?;
            let (result, read, written, ended) =
                self.reader.read_record(input, &mut self.text[text..], &mut self.ends[fields..]);
            self.input.consume(read);
            self.bytes += read as u64;
            (text, fields) = (text + written, fields + ended);
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => (text, fault) = (0, Some(TOO_LONG)),
                ReadRecordResult::OutputEndsFull => (fields, fault) = (0, fault.or(Some(TOO_MANY))),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(None),
            }
        }
        let cells = if fault.is_some() { Vec::new() } else { self.cells(fields, encoding) };
        Ok(Some(RawRow { line, cells, fault }))
    }

    /// The parser would skip them too, but count them as lines of the next row.
    fn skip_blank_lines(&mut self) -> io::Result<()> {
        loop {
            let input = self.input.fill_buf()?;
            let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let lines = input[..blank].iter().filter(|&&byte| byte == b'\n').count();
            self.input.consume(blank);
            self.bytes += blank as u64;
            self.blank_lines += lines as u64;
            if blank == 0 {
                return Ok(());
            }
        }
    }

    fn cells(&self, fields: usize, encoding: Encoding) -> Vec<Cell> {
        let mut start = 0;
        let mut field = |&end: &usize| {
            let bytes = &self.text[start..end];
            start = end;
            decoded(bytes, encoding)
        };
        self.ends[..fields].iter().map(&mut field).collect()
    }
}

fn decoded(bytes: &[u8], encoding: Encoding) -> Cell {
    let text = match encoding {
        Encoding::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
        Encoding::Gb18030 => {
            GB18030.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
        }
    };
    text.map_or(Cell::Unreadable(UNDECODABLE), Cell::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding(bytes: &[u8]) -> Encoding {
        let mut detector = EncodingDetector::default();
        // In pieces of three bytes, so that characters are cut.
        bytes.chunks(3).for_each(|piece| detector.add(piece));
        detector.encoding()
    }

    fn rows(bytes: &[u8]) -> Vec<RawRow> {
        let encoding = encoding(bytes);
        let mut records = Records::new(BufReader::with_capacity(7, bytes)).unwrap();
        std::iter::from_fn(|| records.next(encoding).unwrap()).collect()
    }

    fn texts(row: &RawRow) -> Vec<&str> {
        let text = |cell: &'_ Cell| match cell {
            Cell::Text(text) => text.clone().leak(),
            _ => "?",
        };
        row.cells.iter().map(text).collect()
    }

    #[test]
    fn detector_tells_utf8_from_gb18030() {
        let (gb, _, _) = GB18030.encode("姓名,证件号码\n张小三,𠮷");
        assert_eq!(encoding(&gb), Encoding::Gb18030);
        assert_eq!(encoding("姓名\n张小三".as_bytes()), Encoding::Utf8);
        assert_eq!(encoding(b"holder_name\n\xd5\xc5"), Encoding::Gb18030);
        assert_eq!(
            encoding(&[b"\xef\xbb\xbf", "姓名\n\u{5f20}".as_bytes(), b"\xff"].concat()),
            Encoding::Utf8
        );
        assert_eq!(texts(&rows(&gb)[1]), ["张小三", "𠮷"]);
    }

    #[test]
    fn rows_have_their_first_line_with_any_line_ending() {
        let all = rows(b"\xef\xbb\xbfa,b\r\n\r\n1,\"x\r\ny\"\r\n\n\n3,4\n5,\"6\"\"\"\n7,8");
        let lines: Vec<_> = all.iter().map(|row| row.line).collect();
        assert_eq!(lines, [1, 3, 7, 8, 9]);
        assert_eq!(texts(&all[0]), ["a", "b"]);
        assert_eq!(texts(&all[1]), ["1", "x\r\ny"]);
        assert_eq!(texts(&all[3]), ["5", "6\""]);
    }

    #[test]
    fn undecodable_field_refuses_only_its_row() {
        let all = rows(&["姓名,级别\n张,".as_bytes(), b"\xc0\xff\n", "李,一级".as_bytes()].concat());
        assert_eq!(all[1].cells[1], Cell::Unreadable(UNDECODABLE));
        assert_eq!(texts(&all[2]), ["李", "一级"]);
    }

    #[test]
    fn endless_record_is_one_fault() {
        let long = format!("a,b\n1,\"{}\n2,3\n", "x\n".repeat(200_000));
        let all = rows(long.as_bytes());
        assert_eq!(all.len(), 2);
        assert_eq!((all[1].line, all[1].fault), (2, Some(TOO_LONG)));
        let wide = format!("a,b\n{}\n1,2\n", ",".repeat(2000));
        let all = rows(wide.as_bytes());
        assert_eq!((all[1].fault, all[1].line), (Some(TOO_MANY), 2));
        assert_eq!((texts(&all[2]), all[2].line), (vec!["1", "2"], 3));
    }
}
