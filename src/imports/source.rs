//! Files that rows come from. A row is of bounded size, whatever the file does.

mod csv;
mod watch;
mod xlsx;

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::Error;
use super::cell::Cell;

/// A row as it stands in the file.
#[derive(Debug, Default, PartialEq)]
pub struct RawRow {
    /// The line where it begins; in a workbook the number of the row.
    pub line: u64,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// Why it cannot be read, in Chinese.
    pub fault: Option<&'static str>,
}

impl RawRow {
    /// Bytes of its texts.
    pub fn size(&self) -> usize {
        self.cells.iter().map(|cell| if let Cell::Text(text) = cell { text.len() } else { 0 }).sum()
    }
}

/// Takes rows, with the part of the file (0 to 1) that is read; may stop it.
pub type Sink<'a> = &'a mut dyn FnMut(RawRow, f64) -> ControlFlow<()>;

/// A file that was looked at.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    format: Format,
    state: State,
    /// SHA-256 of the whole file, in hexadecimal: what an interrupted import is known by. Size and time
    /// of change would be cheaper, but a file that was copied again has another time, and one that was
    /// mended in place may have the same size; the file has to be read anyway to find its encoding.
    pub content: String,
}

/// Size in bytes, and when it was changed, where the system tells.
type State = (u64, Option<SystemTime>);

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text, in UTF-8 or GB18030.
    Csv(csv::Encoding),
    /// A workbook.
    Xlsx,
}

const BUFFER: usize = 1 << 16;
const ZIP: &[u8] = b"PK\x03\x04";

/// Files that are taken for tables, and are none.
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
    /// Looks at the whole of a file: what it is, in which encoding, and which content.
    pub fn open(path: &Path) -> Result<Source, Error> {
        let known = fs::metadata(path).map_err(Error::io(path.display()))?;
        if !known.is_file() {
            return Err(Error::File(format!("{} is not a file", path.display())));
        }
        let state = (known.len(), known.modified().ok());
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
        let (content, encoding) = survey(file.take(state.0)).map_err(Error::io(path.display()))?;
        let format = if start == ZIP { Format::Xlsx } else { Format::Csv(encoding) };
        if format == Format::Xlsx {
            xlsx::trust(path).map_err(Error::File)?;
        }
        Ok(Source { path: path.to_owned(), format, state, content })
    }

    /// Gives every row that is not empty to `sink`, the header first.
    pub fn read(&self, sink: Sink) -> Result<(), Error> {
        match self.format {
            Format::Csv(encoding) => {
                csv::read(&self.path, self.state.0, encoding, sink).map_err(Error::io(self.path.display()))
            }
            Format::Xlsx => xlsx::read(&self.path, sink).map_err(Error::File),
        }
    }

    /// Whether it has been written to since it was looked at.
    pub fn has_changed(&self) -> bool {
        let state = fs::metadata(&self.path).map(|known| (known.len(), known.modified().ok()));
        state.ok() != Some(self.state)
    }
}

fn survey(mut file: impl Read) -> std::io::Result<(String, csv::Encoding)> {
    let (mut hash, mut guess, mut buffer) = (Sha256::new(), csv::Guess::default(), vec![0; BUFFER]);
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        hash.update(&buffer[..length]);
        guess.look_at(&buffer[..length]);
    }
    let content = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((content, guess.encoding()))
}
