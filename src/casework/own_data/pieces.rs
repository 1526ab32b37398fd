//! A large file in pieces, each of which is encrypted by itself.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::requests;
use super::trouble::Trouble;
use crate::files::storage::{OWN_DATA, Storage, StorageError};
use crate::store::{Store, Tx};

/// Bytes of a piece.
pub(super) const SIZE: usize = 4 << 20;

/// The key of a piece in the storage.
pub fn key(id: &str, piece: i32) -> String {
    format!("{OWN_DATA}/{id}-{piece}")
}

/// Deletes the pieces of a file, and one more, which may have been stored without a note.
pub(super) async fn delete(files: &Storage, id: &str, pieces: i32) -> Result<(), StorageError> {
    for piece in 0..=pieces {
        files.delete(&key(id, piece)).await?;
    }
    Ok(())
}

/// Bytes that were written and are not stored yet: less than a piece.
#[derive(Clone, Default)]
pub(super) struct Writer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) struct Pieces {
    store: Store,
    files: Storage,
    id: String,
    written: Writer,
    count: i32,
    size: i64,
}

impl Pieces {
    pub(super) fn new(store: &Store, files: &Storage, id: &str) -> Pieces {
        let (store, files, id) = (store.clone(), files.clone(), id.to_owned());
        Pieces { store, files, id, written: Writer::default(), count: 0, size: 0 }
    }

    pub(super) fn writer(&self) -> Writer {
        self.written.clone()
    }

    /// Stores what is written, if it is a piece or more.
    pub(super) async fn store_full(&mut self) -> Result<(), Trouble> {
        while self.written.0.lock().len() >= SIZE {
            self.store_one().await?;
        }
        Ok(())
    }

    /// Stores the end. Returns the number of pieces and of bytes.
    pub(super) async fn store_rest(&mut self) -> Result<(i32, i64), Trouble> {
        while !self.written.0.lock().is_empty() {
            self.store_one().await?;
        }
        Ok((self.count, self.size))
    }

    async fn store_one(&mut self) -> Result<(), Trouble> {
        let piece: Vec<u8> = {
            let mut written = self.written.0.lock();
            let end = written.len().min(SIZE);
            written.drain(..end).collect()
        };
        self.size += i64::try_from(piece.len()).unwrap_or_default();
        self.files.put(&key(&self.id, self.count), piece).await?;
        self.count += 1;
        // An interrupted file is deleted by this number.
        let (id, count) = (self.id.clone(), self.count);
        Ok(self.store.write(move |tx: &mut Tx| requests::grow(tx, &id, count)).await?)
    }
}
