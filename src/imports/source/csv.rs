//! CSV (RFC 4180), in UTF-8 or GB18030. A line ends with LF, CR LF or CR.
//!
//! In GB18030 the second byte of a Chinese character is 0x30 or greater, so it is never a comma, a quote or a
//! line break. Fields are therefore split as bytes and decoded one by one. A field that cannot be decoded
//! refuses its own row only.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use csv_core::{ReadRecordResult, Reader};
use encoding_rs::GB18030;

use super::encoding::Encoding;
use super::{BUFFER, RawRow, Sink};
use crate::imports::cell::Cell;
use crate::imports::report::BOM;

/// A record with more bytes or fields is refused: after an unclosed quote it would be the rest of the file.
const LONGEST: usize = 1 << 16;
const MOST_FIELDS: usize = 256;

const TOO_LONG: &str = "这一行超过 64 KB；可能有一个引号没有成对";
const TOO_MANY: &str = "这一行超过 256 栏；可能有一个引号没有成对";
const UNDECODABLE: &str = "无法解码：不是有效的 UTF-8，也不是 GB18030";

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
    /// Lines that have ended so far. The parser's own count leaves out lines that end with CR.
    lines: u64,
    /// The last byte read.
    last: u8,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: BufRead> Records<R> {
    fn new(mut input: R) -> io::Result<Self> {
        if input.fill_buf()?.starts_with(BOM) {
            input.consume(BOM.len());
        }
        let (text, ends) = (vec![0; LONGEST], vec![0; MOST_FIELDS]);
        Ok(Records { input, reader: Reader::new(), bytes: 0, lines: 0, last: 0, text, ends })
    }

    /// The next row that is not empty. A row of separators alone is empty.
    fn next(&mut self, encoding: Encoding) -> io::Result<Option<RawRow>> {
        loop {
            let row = self.record(encoding)?;
            let is_empty = |row: &RawRow| row.fault.is_none() && row.cells.iter().all(Cell::is_empty);
            if !row.as_ref().is_some_and(is_empty) {
                return Ok(row);
            }
        }
    }

    fn record(&mut self, encoding: Encoding) -> io::Result<Option<RawRow>> {
        self.skip_blank_lines()?;
        let line = self.lines + 1;
        let (mut text, mut fields, mut fault) = (0, 0, None);
        loop {
            let input = self.input.fill_buf()?;
            let (result, read, written, ended) =
                self.reader.read_record(input, &mut self.text[text..], &mut self.ends[fields..]);
            self.consume(read)?;
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

    /// The parser would skip them too, but after the line of the row was taken.
    fn skip_blank_lines(&mut self) -> io::Result<()> {
        loop {
            let input = self.input.fill_buf()?;
            let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if blank == 0 {
                return Ok(());
            }
            self.consume(blank)?;
        }
    }

    /// Takes bytes of the buffer and counts the lines that end in them.
    fn consume(&mut self, length: usize) -> io::Result<()> {
        for &byte in &self.input.fill_buf()?[..length] {
            self.lines += u64::from(byte == b'\r' || byte == b'\n' && self.last != b'\r');
            self.last = byte;
        }
        self.input.consume(length);
        self.bytes += length as u64;
        Ok(())
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
    use crate::imports::source::encoding::EncodingDetector;

    fn rows(bytes: &[u8]) -> Vec<RawRow> {
        let mut detector = EncodingDetector::default();
        detector.add(bytes);
        let encoding = detector.encoding();
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
    fn rows_have_their_first_line_with_any_line_ending() {
        let all = rows(b"\xef\xbb\xbfa,b\r\n\r\n1,\"x\r\ny\"\r\n\n\n3,4\n5,\"6\"\"\"\n7,8");
        let lines: Vec<_> = all.iter().map(|row| row.line).collect();
        assert_eq!(lines, [1, 3, 7, 8, 9]);
        assert_eq!(texts(&all[0]), ["a", "b"]);
        assert_eq!(texts(&all[1]), ["1", "x\r\ny"]);
        assert_eq!(texts(&all[3]), ["5", "6\""]);
    }

    #[test]
    fn every_line_ending_is_counted_once() {
        for ending in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", "1,\"x\ny\"", ",", "3,4", "   ", "5,6", ""].join(ending);
            let found: Vec<_> = rows(text.as_bytes()).iter().map(|row| row.line).collect();
            assert_eq!(found, [1, 3, 6, 8], "{ending:?}");
        }
    }

    #[test]
    fn rows_of_separators_are_empty() {
        let all = rows("\u{feff},,\na,b\n,,,,\n , \u{3000},\n\"\",\"\"\n1,2\n,\n,x\n".as_bytes());
        assert_eq!(all.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 6, 8]);
        assert_eq!(texts(&all[2]), ["", "x"]);
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
