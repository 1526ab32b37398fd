//! Reads the rows of CSV and XLSX files. The size of a row is bounded.

mod csv;
mod encoding;
mod number_format;
mod xlsx;
mod xml_guard;

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::Error;
use super::cell::Cell;

#[derive(Debug, Default, PartialEq)]
pub struct RawRow {
    /// First line of the row; in a workbook, its number.
    pub line: u64,
    pub cells: Vec<Cell>,
    /// Reason why the row cannot be read, in Chinese.
    pub fault: Option<&'static str>,
}

impl RawRow {
    pub fn size(&self) -> usize {
        self.cells.iter().map(|cell| if let Cell::Text(text) = cell { text.len() } else { 0 }).sum()
    }
}

/// Receives each row with the share of the file that is read (0 to 1). `Break` stops the reading.
pub type Sink<'a> = &'a mut dyn FnMut(RawRow, f64) -> ControlFlow<()>;

/// A file whose format, encoding and content hash are known.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    format: Format,
    /// The sheet that is read, if it is a workbook.
    pub sheet: Option<Sheet>,
    state: FileState,
    /// SHA-256 of the whole file, in hexadecimal. It identifies an interrupted import: a copy has another
    /// time of change, and a corrected file may have the same size. The file is read anyway to find its
    /// encoding.
    pub content: String,
}

/// A sheet of a workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    pub name: String,
    /// Names of the other visible sheets, which are not read.
    pub others: Vec<String>,
}

/// Changes when the file is written to.
#[derive(Clone, Copy, Debug, PartialEq)]
struct FileState {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl FileState {
    fn of(known: &fs::Metadata) -> FileState {
        FileState { bytes: known.len(), modified: known.modified().ok() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv(encoding::Encoding),
    Xlsx,
}

const BUFFER: usize = 1 << 16;
const ZIP: &[u8] = b"PK\x03\x04";

/// Formats that are not supported, by their first bytes.
const OTHERS: [(&[u8], &str); 4] = [
    (
        b"\xd0\xcf\x11\xe0",
        "this is an old or an encrypted workbook; save it as .xlsx without a password, or as CSV",
    ),
    (b"\xff\xfe", "this is UTF-16; save it as “CSV UTF-8”"),
    (b"\xfe\xff", "this is UTF-16; save it as “CSV UTF-8”"),
    (b"%PDF", "this is a PDF"),
];

impl Source {
    /// Reads the whole file to find its format, encoding and content hash.
    pub fn open(path: &Path) -> Result<Source, Error> {
        Source::open_within(path, u64::MAX)
    }

    /// [`Source::open`] for a file from anybody: a part of a workbook may unpack to so many bytes.
    pub fn open_within(path: &Path, unpacked: u64) -> Result<Source, Error> {
        let known = fs::metadata(path).map_err(Error::io(path.display()))?;
        if !known.is_file() {
            return Err(Error::File(format!("{} is not a file", path.display())));
        }
        let state = FileState::of(&known);
        let mut file = File::open(path).map_err(Error::io(path.display()))?;
        let mut start = Vec::new();
        file.by_ref().take(4).read_to_end(&mut start).map_err(Error::io(path.display()))?;
        if start.is_empty() {
            return Err(Error::File("the file is empty".into()));
        }
        if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| start.starts_with(magic)) {
            return Err(Error::File((*what).into()));
        }
        file.rewind().map_err(Error::io(path.display()))?;
        let (content, encoding) = survey(file.take(state.bytes)).map_err(Error::io(path.display()))?;
        let format = if start == ZIP { Format::Xlsx } else { Format::Csv(encoding) };
        let sheet = match format {
            Format::Xlsx => Some(
                xlsx::check_limits(path, unpacked).and_then(|()| xlsx::sheet(path)).map_err(Error::File)?,
            ),
            Format::Csv(_) => None,
        };
        Ok(Source { path: path.to_owned(), format, sheet, state, content })
    }

    /// Sends every non-empty row to `sink`, beginning with the header.
    pub fn read(&self, sink: Sink) -> Result<(), Error> {
        match self.format {
            Format::Csv(encoding) => csv::read(&self.path, self.state.bytes, encoding, sink)
                .map_err(Error::io(self.path.display())),
            Format::Xlsx => xlsx::read(&self.path, self.sheet_name(), sink).map_err(Error::File),
        }
    }

    /// Empty for CSV.
    pub fn sheet_name(&self) -> &str {
        self.sheet.as_ref().map_or("", |sheet| &sheet.name)
    }

    /// Whether the file was written to since it was opened.
    pub fn has_changed(&self) -> bool {
        fs::metadata(&self.path).map(|known| FileState::of(&known)).ok() != Some(self.state)
    }
}

fn survey(mut file: impl Read) -> std::io::Result<(String, encoding::Encoding)> {
    let (mut hash, mut detector, mut buffer) =
        (Sha256::new(), encoding::EncodingDetector::default(), vec![0; BUFFER]);
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        hash.update(&buffer[..length]);
        detector.add(&buffer[..length]);
    }
    let content = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((content, detector.encoding()))
}
