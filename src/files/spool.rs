//! Files of a form on their way: on disk, not in memory.
//!
//! All files of one form share one temporary file without a name, beside the uploads: nobody else
//! can open it, and it is gone with the process. Each is a range of it, so that a form with many
//! files needs one descriptor.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::aside;
use crate::web::places::Place;

/// Bytes that are written at once.
const PIECE: usize = 128 << 10;

/// A file as it arrived; nothing about it has been checked but its size.
pub struct SentFile {
    /// Name of the form's control.
    pub field: String,
    /// What the sender calls it; shown, never used as a path.
    pub name: String,
    /// The content; `None` when it was larger than any slot takes in.
    pub content: Option<Content>,
}

impl SentFile {
    /// A file that did not come by a request.
    pub fn with(field: String, name: String, bytes: &[u8]) -> io::Result<SentFile> {
        let mut file = tempfile::tempfile()?;
        file.write_all(bytes)?;
        let shared = Arc::new(Shared { file, _places: Vec::new() });
        let content = Content { shared, start: 0, length: bytes.len() as u64, at: 0 };
        Ok(SentFile { field, name, content: Some(content) })
    }
}

struct Shared {
    file: File,
    /// Held until the last file of the form is dropped.
    _places: Vec<Place>,
}

/// What was sent as one file.
pub struct Content {
    shared: Arc<Shared>,
    start: u64,
    length: u64,
    at: u64,
}

impl Content {
    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.length
    }

    /// All of it, in a buffer with room for `more` bytes.
    pub fn read_all(&self, more: usize) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.length).map_err(io::Error::other)?;
        let mut bytes = Vec::with_capacity(length + more);
        bytes.resize(length, 0);
        self.shared.file.read_exact_at(&mut bytes, self.start)?;
        Ok(bytes)
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.at);
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = self.shared.file.read_at(&mut buffer[..most], self.start + self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Content {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = to.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// The files of one form while they come.
pub struct Spool {
    shared: Arc<Shared>,
    end: u64,
}

impl Spool {
    /// In a folder, which is made if need be; `places` are held as long as what comes.
    pub fn new(folder: &Path, places: Vec<Place>) -> io::Result<Spool> {
        fs::create_dir_all(folder)?;
        let file = tempfile::tempfile_in(folder)?;
        Ok(Spool { shared: Arc::new(Shared { file, _places: places }), end: 0 })
    }

    /// Takes in one file. The content is `None` when it is larger than `most`; it is read to its end
    /// all the same, and how much that was is returned, or an error if it exceeds `limit`.
    pub async fn take(
        &mut self,
        mut reader: impl AsyncRead + Unpin,
        most: u64,
        limit: u64,
    ) -> io::Result<(Option<Content>, u64)> {
        let (start, mut length) = (self.end, 0);
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            while piece.len() < PIECE && (&mut reader).take(room(&piece)).read_buf(&mut piece).await? > 0 {}
            if piece.is_empty() {
                break;
            }
            length += piece.len() as u64;
            if length > limit {
                return Ok((None, length));
            }
            if length <= most {
                self.write(piece).await?;
            }
        }
        let content = Content { shared: self.shared.clone(), start, length, at: 0 };
        Ok(((length <= most).then_some(content), length))
    }

    async fn write(&mut self, piece: Vec<u8>) -> io::Result<()> {
        let (shared, at) = (self.shared.clone(), self.end);
        self.end += piece.len() as u64;
        aside(move || shared.file.write_all_at(&piece, at)).await.map_err(io::Error::other)?
    }
}

fn room(piece: &[u8]) -> u64 {
    (PIECE - piece.len()) as u64
}
