//! Files of a form while they arrive: on disk, not in memory.
//!
//! All files of one form share one unnamed temporary file beside the uploads. No other process can open it, and
//! it disappears with this process. Each file is a range of it, so that a form with many files needs one
//! descriptor.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::spawn_blocking;

use crate::permits::Permit;

/// Bytes of one write.
const PIECE: usize = 128 << 10;

/// A file as it arrived. Only its size is checked.
pub struct SentFile {
    /// Name of the form's control.
    pub field: String,
    /// Name given by the sender. It is shown, never used as a path.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// `None` if it was larger than any slot accepts.
    pub content: Option<FileContent>,
}

impl SentFile {
    /// A file that does not come from a request.
    pub fn with(field: String, name: String, bytes: &[u8]) -> io::Result<SentFile> {
        let mut file = tempfile::tempfile()?;
        file.write_all(bytes)?;
        let shared = Arc::new(Shared { file, _permits: Vec::new() });
        let size = bytes.len() as u64;
        let content = FileContent { shared, start: 0, length: size, at: 0 };
        Ok(SentFile { field, name, size, content: Some(content) })
    }
}

struct Shared {
    file: File,
    /// Released when the last file of the form is dropped.
    _permits: Vec<Permit>,
}

pub struct FileContent {
    shared: Arc<Shared>,
    start: u64,
    length: u64,
    at: u64,
}

impl FileContent {
    /// In bytes.
    pub fn size(&self) -> u64 {
        self.length
    }

    /// The whole content, in a buffer with a spare capacity of `more` bytes.
    pub fn read_all(&self, more: usize) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.length).map_err(io::Error::other)?;
        let mut bytes = Vec::with_capacity(length + more);
        bytes.resize(length, 0);
        self.shared.file.read_exact_at(&mut bytes, self.start)?;
        Ok(bytes)
    }
}

impl Read for FileContent {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.at);
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = self.shared.file.read_at(&mut buffer[..most], self.start + self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for FileContent {
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

/// Receives the files of one form.
pub struct UploadSpool {
    shared: Arc<Shared>,
    end: u64,
}

impl UploadSpool {
    /// Creates the folder if it is missing. The permits are released with the last file.
    pub fn new(folder: &Path, permits: Vec<Permit>) -> io::Result<UploadSpool> {
        fs::create_dir_all(folder)?;
        let file = tempfile::tempfile_in(folder)?;
        Ok(UploadSpool { shared: Arc::new(Shared { file, _permits: permits }), end: 0 })
    }

    /// Reads one file to its end. Returns its content, or `None` if it is larger than `most`, and its length.
    /// Stops reading after `limit` bytes.
    pub async fn receive(
        &mut self,
        mut reader: impl AsyncRead + Unpin,
        most: u64,
        limit: u64,
    ) -> io::Result<(Option<FileContent>, u64)> {
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
        let content = FileContent { shared: self.shared.clone(), start, length, at: 0 };
        Ok(((length <= most).then_some(content), length))
    }

    async fn write(&mut self, piece: Vec<u8>) -> io::Result<()> {
        let (shared, at) = (self.shared.clone(), self.end);
        self.end += piece.len() as u64;
        spawn_blocking(move || shared.file.write_all_at(&piece, at)).await.map_err(io::Error::other)?
    }
}

fn room(piece: &[u8]) -> u64 {
    (PIECE - piece.len()) as u64
}
