//! The objects of a location: the files of a folder, or those of a bucket below a prefix.

use std::io::{self, Write};
use std::path::Path as Folder;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, GetResult, ListResult, ObjectMeta, ObjectStore, ObjectStoreExt, Result};
use tokio::time::timeout;

use super::bucket;
use crate::settings::Location;

/// How long one call may take with its repetitions, and with the whole of a file.
const LONGEST: Duration = Duration::from_secs(60);

/// How long a page waits for a call that it can do without.
pub(super) const IMPATIENT: Duration = Duration::from_secs(5);

/// Object that shows that the bucket can be written. It is overwritten each time.
const PROBE: &str = "writable";

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// With the canonical path of a folder.
    location: Location,
}

impl Objects {
    /// Opens a folder, which is created if it is missing, or a bucket, to which no call is made yet. What is written
    /// to a folder is on the disk when the call returns (`fsync`).
    pub fn open(location: &Location) -> io::Result<Objects> {
        Objects::open_with(location, true)
    }

    /// [`Objects::open`] without `fsync`. The caller flushes the whole file system in the end.
    pub fn open_unsynced(location: &Location) -> io::Result<Objects> {
        Objects::open_with(location, false)
    }

    fn open_with(location: &Location, fsync: bool) -> io::Result<Objects> {
        match location {
            Location::Folder(folder) => {
                std::fs::create_dir_all(folder)?;
                let files = LocalFileSystem::new_with_prefix(folder).map_err(io::Error::other)?;
                let files = files.with_fsync(fsync).with_automatic_cleanup(!fsync);
                let location = Location::Folder(folder.canonicalize()?);
                Ok(Objects { store: Arc::new(files), location })
            }
            Location::Bucket(bucket) => {
                let store = bucket::open(bucket).map_err(io::Error::other)?;
                Ok(Objects { store, location: location.clone() })
            }
        }
    }

    pub fn location(&self) -> &Location {
        &self.location
    }

    pub fn folder(&self) -> Option<&Folder> {
        self.location.folder()
    }

    /// Nobody ever sees half of it. An older object of the path is replaced.
    pub async fn put(&self, path: &Path, bytes: Vec<u8>) -> Result<()> {
        bounded(LONGEST, self.store.put(path, bytes.into())).await?;
        Ok(())
    }

    pub async fn get(&self, path: &Path) -> Result<Vec<u8>> {
        let whole = async { self.store.get(path).await?.bytes().await };
        Ok(bounded(LONGEST, whole).await?.into())
    }

    /// The first byte. `None` if the object is empty.
    pub async fn first_byte(&self, path: &Path) -> Result<Option<u8>> {
        Ok(bounded(LONGEST, self.store.get_range(path, 0..1)).await?.first().copied())
    }

    /// The head of an object, whose content comes as a stream.
    pub async fn stream(&self, path: &Path) -> Result<GetResult> {
        bounded(LONGEST, self.store.get(path)).await
    }

    /// `None` if there is no such object.
    pub async fn meta(&self, path: &Path) -> Result<Option<ObjectMeta>> {
        match bounded(LONGEST, self.store.head(path)).await {
            Ok(meta) => Ok(Some(meta)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// In bytes.
    pub async fn size(&self, path: &Path) -> Result<u64> {
        Ok(bounded(LONGEST, self.store.head(path)).await?.size)
    }

    pub async fn delete(&self, path: &Path) -> Result<()> {
        bounded(LONGEST, self.store.delete(path)).await
    }

    /// Atomic in a folder. In a bucket the object is copied and then deleted, so it may be at both paths.
    pub async fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        bounded(LONGEST, self.store.rename(from, to)).await
    }

    /// In no particular order. Each call for a part of the list is bounded.
    pub fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.store.list(prefix)
    }

    /// What is directly below a prefix.
    pub async fn list_level(&self, prefix: Option<&Path>) -> Result<ListResult> {
        bounded(LONGEST, self.store.list_with_delimiter(prefix)).await
    }

    /// For an object that is too large for one call.
    pub fn upload(&self, path: &Path) -> object_store::buffered::BufWriter {
        object_store::buffered::BufWriter::with_capacity(self.store.clone(), path.clone(), PART)
    }

    /// Writes a byte: to an unnamed file on the disk of a folder, or to a small object of a bucket.
    ///
    /// # Errors
    /// The place is missing, full or read-only.
    pub async fn check_writable(&self) -> io::Result<()> {
        let Some(folder) = self.folder().map(Folder::to_owned) else {
            let probe = Path::from(PROBE);
            let written = bounded(IMPATIENT, self.store.put(&probe, vec![b'x'].into())).await;
            return written.map(drop).map_err(io::Error::other);
        };
        let probe = move || write_probe(&folder);
        tokio::task::spawn_blocking(probe).await.map_err(io::Error::other)?
    }
}

/// Writes a byte to an unnamed file on the disk of a folder of uploads.
fn write_probe(root: &Folder) -> io::Result<()> {
    let uploads = root.join("uploads");
    let folder = if uploads.is_dir() { uploads.as_path() } else { root };
    let mut probe = tempfile::tempfile_in(folder)?;
    probe.write_all(b"x")?;
    probe.sync_all()
}

/// Bytes of one part of [`Objects::upload`]. The ten thousand parts of an S3 object are 80 GB.
const PART: usize = 8 << 20;

async fn bounded<T>(most: Duration, call: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(most, call).await.map_err(late)?
}

pub(super) fn late(source: tokio::time::error::Elapsed) -> Error {
    Error::Generic { store: "files", source: Box::new(source) }
}
