//! The encrypted store of uploads.
//!
//! A file is sealed for its own key, so that a copy under another key does not open. Keys are made from ids,
//! never from names that people gave.

use std::io;
use std::path::{Path as Folder, PathBuf};
use std::sync::Arc;

use object_store::path::Path;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::memory::MemoryBudget;
use super::objects::{self, Objects};
use super::scanner::Scanner;
use super::upload_permits::UploadPermits;
use crate::settings::{ClamdAddress, Location};
use crate::store::vault::{Unreadable, Vault};
use crate::store::{Timestamp, ids};

pub const UPLOADS: &str = "uploads";
/// Downloads of one's own data.
pub const OWN_DATA: &str = "own-data";
/// Files that are being imported.
pub const IMPORTS: &str = "imports";
pub(super) const QUARANTINE: &str = "quarantine";
/// Folder of bodies that are arriving, in a folder of uploads.
pub(super) const ARRIVING: &str = "tmp";

const THUMB: &str = "-thumb";

/// Largest file, in bytes, that [`Storage::check`] decrypts. An application has about ten files.
const CHECKED_BY_OPENING: u64 = 1024 * 1024;

/// The files of one installation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    pub(super) objects: Objects,
    pub(super) vault: Vault,
    memory: MemoryBudget,
    upload_permits: Arc<UploadPermits>,
    scanner: Option<Scanner>,
}

#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("no such file")]
    Missing,
    /// The file was altered or moved, or sealed with another data key.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The disk is full, the folder is missing, or the place is read-only or does not answer.
    #[error("the file was not kept: {0}")]
    NotSaved(object_store::Error),
    /// I/O error, no answer in time, or an invalid key.
    #[error("the place of the uploads fails: {0}")]
    Failed(object_store::Error),
    /// The program is shutting down.
    #[error("interrupted")]
    Interrupted,
}

impl From<tokio::task::JoinError> for StorageError {
    fn from(_: tokio::task::JoinError) -> StorageError {
        StorageError::Interrupted
    }
}

impl From<object_store::Error> for StorageError {
    fn from(error: object_store::Error) -> StorageError {
        match error {
            object_store::Error::NotFound { .. } => StorageError::Missing,
            other => StorageError::Failed(other),
        }
    }
}

impl StorageError {
    /// Whether the file itself is lost. Otherwise its place cannot be reached.
    pub fn is_loss(&self) -> bool {
        matches!(self, StorageError::Missing | StorageError::Unreadable(_))
    }
}

/// `uploads/2026-11-23/<id>`. `id` is a ULID made at `now`.
pub fn key(id: &str, now: Timestamp) -> String {
    format!("{}/{id}", day_prefix(now))
}

/// The prefix of the keys of one day: `uploads/2026-11-23`.
pub fn day_prefix(now: Timestamp) -> String {
    format!("{UPLOADS}/{}", now.date())
}

pub fn thumb_key(key: &str) -> String {
    format!("{key}{THUMB}")
}

/// The key without the suffix of a thumbnail.
pub fn owner_key(key: &str) -> &str {
    key.strip_suffix(THUMB).unwrap_or(key)
}

impl Storage {
    /// Stores files in a folder, which is created if it is missing. The memory budget is 256 MiB.
    pub fn local(dir: &Folder, vault: Vault) -> io::Result<Storage> {
        Storage::open(&Location::Folder(dir.to_owned()), vault)
    }

    /// Stores files in a folder, which is created if it is missing, or in a bucket. The memory budget is 256 MiB.
    pub fn open(location: &Location, vault: Vault) -> io::Result<Storage> {
        Ok(Storage {
            objects: Objects::open(location)?,
            vault,
            memory: MemoryBudget::megabytes(256),
            upload_permits: Arc::default(),
            scanner: None,
        })
    }

    /// Sets the memory budget, in MiB.
    pub fn with_memory(self, megabytes: u32) -> Storage {
        Storage { memory: MemoryBudget::megabytes(megabytes), ..self }
    }

    /// Sets the scanner of uploads.
    pub fn with_scanner(self, clamd: Option<ClamdAddress>) -> Storage {
        Storage { scanner: clamd.map(Scanner::new), ..self }
    }

    /// `None` if uploads are not scanned.
    pub fn scanner(&self) -> Option<&Scanner> {
        self.scanner.as_ref()
    }

    pub fn memory(&self) -> &MemoryBudget {
        &self.memory
    }

    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The folder of arriving uploads: beside the stored ones, or the system's folder for temporary files (`TMPDIR`) if
    /// they are stored in a bucket. Their files are unnamed if the file system supports that.
    pub fn arriving(&self) -> PathBuf {
        self.objects.folder().map_or_else(std::env::temp_dir, |folder| folder.join(ARRIVING))
    }

    /// A folder on the disk that uploads need.
    pub fn disk(&self) -> PathBuf {
        self.objects.folder().map_or_else(std::env::temp_dir, Folder::to_owned)
    }

    /// Bounds the uploads that are received at once.
    pub fn upload_permits(&self) -> &UploadPermits {
        &self.upload_permits
    }

    /// Keeps a file. When it returns, the file is on the disk (`fsync`) or the bucket has acknowledged it, and nobody
    /// ever sees half of it. An older one of the key is replaced.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), StorageError> {
        let path = parse(key)?;
        let (vault, context) = (self.vault.clone(), context(key));
        let sealed = spawn_blocking(move || vault.seal_bytes(&context, bytes)).await?;
        self.objects.put(&path, sealed).await.map_err(StorageError::NotSaved)?;
        Ok(())
    }

    /// Reads and decrypts a file.
    pub async fn get(&self, key: &str) -> Result<Vec<u8>, StorageError> {
        let sealed = self.sealed(key).await?;
        let (vault, context) = (self.vault.clone(), context(key));
        Ok(spawn_blocking(move || vault.open_bytes(&context, sealed)).await??)
    }

    /// Reads a file without decrypting it. Moves it back from quarantine if it is there.
    pub async fn sealed(&self, key: &str) -> Result<Vec<u8>, StorageError> {
        let path = parse(key)?;
        match self.objects.get(&path).await {
            Err(object_store::Error::NotFound { .. }) => {
                self.put_back(key).await?;
                Ok(self.objects.get(&path).await?)
            }
            other => Ok(other?),
        }
    }

    /// Checks that a file exists with at least `size` bytes, its length before it was sealed. Returns `true` if
    /// it was also decrypted, which happens to small files.
    ///
    /// Gives up soon if the place does not answer.
    ///
    /// # Errors
    /// The file is missing, too short or cannot be decrypted.
    pub async fn check(&self, key: &str, size: u64) -> Result<bool, StorageError> {
        let late = |error| StorageError::Failed(objects::late(error));
        timeout(objects::IMPATIENT, self.check_patiently(key, size)).await.map_err(late)?
    }

    async fn check_patiently(&self, key: &str, size: u64) -> Result<bool, StorageError> {
        let stored = self.objects.size(&parse(key)?).await?;
        if stored < size {
            return Err(Unreadable.into());
        }
        if size > CHECKED_BY_OPENING {
            return Ok(false);
        }
        self.get(key).await.map(|_| true)
    }

    /// Idempotent.
    pub async fn delete(&self, key: &str) -> Result<(), StorageError> {
        match self.objects.delete(&parse(key)?).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            other => Ok(other?),
        }
    }
}

pub(super) fn parse(key: &str) -> Result<Path, StorageError> {
    Path::parse(key).map_err(|error| StorageError::Failed(error.into()))
}

/// Binds the sealed data to its key.
pub(super) fn context(key: &str) -> String {
    format!("file {key}")
}

/// The time in the id at the end of a key.
pub(super) fn made_at(key: &str) -> Option<Timestamp> {
    let id = key.rsplit('/').next()?;
    ids::made_at(id.strip_suffix(THUMB).unwrap_or(id))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use chrono::TimeDelta;
    use tempfile::TempDir;

    use super::*;
    use crate::store::ids::Ids;

    fn now() -> Timestamp {
        "2026-11-23T12:00:00".parse().unwrap()
    }

    fn storage() -> (TempDir, Storage) {
        let dir = tempfile::tempdir().unwrap();
        let storage = Storage::local(&dir.path().join("new/folder"), Vault::from_key(&[7; 32])).unwrap();
        (dir, storage)
    }

    #[tokio::test]
    async fn stored_file_is_encrypted_on_disk() {
        let (dir, storage) = storage();
        let key = key(&Ids::seeded(1).next(now()), now());
        storage.put(&key, b"identity card".to_vec()).await.unwrap();
        assert_eq!(storage.get(&key).await.unwrap(), b"identity card");
        let on_disk = fs::read(dir.path().join("new/folder").join(&key)).unwrap();
        assert!(!on_disk.windows(8).any(|part| part == b"identity"));
        storage.put(&key, b"newer".to_vec()).await.unwrap();
        assert_eq!(storage.get(&key).await.unwrap(), b"newer");
    }

    #[tokio::test]
    async fn file_copied_to_another_key_does_not_open() {
        let (dir, storage) = storage();
        storage.put("uploads/a", b"mine".to_vec()).await.unwrap();
        storage.put("uploads/b", b"yours".to_vec()).await.unwrap();
        let uploads = dir.path().join("new/folder/uploads");
        fs::copy(uploads.join("a"), uploads.join("b")).unwrap();
        assert!(matches!(storage.get("uploads/b").await, Err(StorageError::Unreadable(_))));
    }

    #[tokio::test]
    async fn delete_is_idempotent() {
        let (_dir, storage) = storage();
        storage.put("uploads/a", b"x".to_vec()).await.unwrap();
        storage.delete("uploads/a").await.unwrap();
        storage.delete("uploads/a").await.unwrap();
        assert!(matches!(storage.get("uploads/a").await, Err(StorageError::Missing)));
    }

    #[tokio::test]
    async fn keys_outside_of_the_folder_are_refused() {
        let (_dir, storage) = storage();
        for key in ["../a", "uploads/../../a", "uploads//a", "uploads/./a", "/../a"] {
            assert!(matches!(storage.put(key, vec![]).await, Err(StorageError::Failed(_))), "{key}");
            assert!(matches!(storage.get(key).await, Err(StorageError::Failed(_))), "{key}");
        }
    }

    #[tokio::test]
    async fn uploads_of_a_day_are_listed_with_their_times() {
        let (_dir, storage) = storage();
        let (ids, day) = (Ids::seeded(1), now().date());
        let old = key(&ids.next(now()), now());
        for key in [&old, &thumb_key(&old), &format!("{}/stranger", day_prefix(now()))] {
            storage.put(key, b"x".to_vec()).await.unwrap();
        }
        assert_eq!(storage.days().await.unwrap(), [day]);
        let mut found = storage.on_day(day).await.unwrap();
        found.sort_by_key(|object| object.key.clone());
        let keys: Vec<&str> = found.iter().map(|object| object.key.as_str()).collect();
        assert_eq!(keys, [&old, &thumb_key(&old)]);
        assert!(found.iter().all(|object| object.made == now() && object.touched >= now()));
        assert!(storage.on_day(day + TimeDelta::days(1)).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn requested_file_returns_from_quarantine() {
        let (_dir, storage) = storage();
        let day = now().date();
        let key = key(&Ids::seeded(1).next(now()), now());
        storage.put(&key, b"mine".to_vec()).await.unwrap();
        storage.quarantine(&key, day).await.unwrap();
        assert!(storage.on_day(day).await.unwrap().is_empty());
        let kept = storage.quarantined().await.unwrap();
        assert_eq!(kept, [crate::files::quarantine::Quarantined { key: key.clone(), since: day }]);
        assert_eq!(storage.get(&key).await.unwrap(), b"mine");
        assert!(storage.quarantined().await.unwrap().is_empty());
        storage.quarantine(&key, day).await.unwrap();
        storage.delete_quarantined(&kept[0]).await.unwrap();
        assert!(matches!(storage.get(&key).await, Err(StorageError::Missing)));
    }
}
