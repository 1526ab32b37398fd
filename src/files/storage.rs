//! Where uploads are kept, sealed.
//!
//! A file is sealed for its own key, so one copied over another does not open.
//! Keys are made here from ids, never from names that people gave.

use std::io;
use std::path::{Path as Folder, PathBuf};

use chrono::NaiveDateTime;
use object_store::ObjectStoreExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;

use super::quarantine::ARRIVING;
use super::{Memory, aside};
use crate::store::ids;
use crate::store::vault::{Unreadable, Vault};

const THUMB: &str = "-thumb";

/// Largest file, in bytes, that [`Storage::check`] opens: reading and opening it takes a few
/// milliseconds, and an application has about ten.
const OPENED: u64 = 1024 * 1024;

/// The files of one installation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    pub(super) files: LocalFileSystem,
    root: PathBuf,
    vault: Vault,
    memory: Memory,
}

/// Why a file could not be kept or given.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// There is no file of this key.
    #[error("no such file")]
    Missing,
    /// It was altered, moved, or sealed with another key.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The disk is full or read-only, or the folder is gone.
    #[error("the file was not kept: {0}")]
    NotSaved(object_store::Error),
    /// The disk, or a key that is no key.
    #[error("the upload folder fails: {0}")]
    Folder(object_store::Error),
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
            other => StorageError::Folder(other),
        }
    }
}

impl StorageError {
    /// Whether the file itself is lost; otherwise the folder is out of reach.
    pub fn is_loss(&self) -> bool {
        matches!(self, StorageError::Missing | StorageError::Unreadable(_))
    }
}

/// The key of an upload: `uploads/2026-11-23/<id>`. `id` is a ULID made at `now` (UTC).
pub fn key(id: &str, now: NaiveDateTime) -> String {
    format!("{}/{id}", day_prefix(now))
}

/// What the keys of one day (UTC) begin with: `uploads/2026-11-23`.
pub fn day_prefix(now: NaiveDateTime) -> String {
    format!("uploads/{}", now.date())
}

/// The key of a picture's thumbnail.
pub fn thumb_key(key: &str) -> String {
    format!("{key}{THUMB}")
}

/// The key of the file that a key belongs to: a thumbnail belongs to its picture.
pub fn owner_key(key: &str) -> &str {
    key.strip_suffix(THUMB).unwrap_or(key)
}

impl Storage {
    /// Keeps files in a folder, which is made if need be; 256 MB of memory are for uploads that are
    /// being prepared.
    pub fn local(dir: &Folder, vault: Vault) -> io::Result<Storage> {
        std::fs::create_dir_all(dir)?;
        let files = LocalFileSystem::new_with_prefix(dir).map_err(io::Error::other)?;
        Ok(Storage {
            files: files.with_fsync(true),
            root: dir.canonicalize()?,
            vault,
            memory: Memory::megabytes(256),
        })
    }

    /// With so many megabytes of memory for uploads that are being prepared.
    pub fn with_memory(self, megabytes: u32) -> Storage {
        Storage { memory: Memory::megabytes(megabytes), ..self }
    }

    /// The memory for uploads that are being prepared.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The folder of all files.
    pub fn root(&self) -> &Folder {
        &self.root
    }

    /// Where uploads are while they come, as files without names where the file system has those.
    /// The folder of uploads that are being received.
    pub fn arriving(&self) -> PathBuf {
        self.root.join(ARRIVING)
    }

    /// Keeps a file. When it returns, the file and its folder are on the disk
    /// (`fsync`), and nobody ever sees half of it. An older one of the key is replaced.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), StorageError> {
        let path = parse(key)?;
        let (vault, place) = (self.vault.clone(), place(key));
        let sealed = aside(move || vault.seal_bytes(&place, bytes)).await?;
        self.files.put(&path, sealed.into()).await.map_err(StorageError::NotSaved)?;
        Ok(())
    }

    /// The file of a key.
    pub async fn get(&self, key: &str) -> Result<Vec<u8>, StorageError> {
        let sealed = self.sealed(key).await?;
        let (vault, place) = (self.vault.clone(), place(key));
        Ok(aside(move || vault.open_bytes(&place, sealed)).await??)
    }

    /// The file of a key as it is on the disk. One that is in quarantine comes back.
    pub async fn sealed(&self, key: &str) -> Result<Vec<u8>, StorageError> {
        let path = parse(key)?;
        let found = match self.files.get(&path).await {
            Err(object_store::Error::NotFound { .. }) => {
                self.put_back(key).await?;
                self.files.get(&path).await?
            }
            other => other?,
        };
        Ok(found.bytes().await?.into())
    }

    /// Whether the file of a key is there with at least the `size` bytes that it had before it was
    /// sealed. A small one is opened too; `true` says that it was.
    ///
    /// # Errors
    /// Why the file cannot be opened.
    pub async fn check(&self, key: &str, size: u64) -> Result<bool, StorageError> {
        let stored = self.files.head(&parse(key)?).await?.size;
        if stored < size {
            return Err(Unreadable.into());
        }
        if size > OPENED {
            return Ok(false);
        }
        self.get(key).await.map(|_| true)
    }

    /// Removes a file; one that is gone already is no error.
    pub async fn delete(&self, key: &str) -> Result<(), StorageError> {
        match self.files.delete(&parse(key)?).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            other => Ok(other?),
        }
    }
}

pub(super) fn parse(key: &str) -> Result<Path, StorageError> {
    Path::parse(key).map_err(|error| StorageError::Folder(error.into()))
}

/// What a file is sealed for.
fn place(key: &str) -> String {
    format!("file {key}")
}

/// When the id at the end of a key was made.
pub(super) fn made_at(key: &str) -> Option<NaiveDateTime> {
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

    fn now() -> NaiveDateTime {
        "2026-11-23T12:00:00".parse().unwrap()
    }

    fn storage() -> (TempDir, Storage) {
        let dir = tempfile::tempdir().unwrap();
        let storage = Storage::local(&dir.path().join("new/folder"), Vault::from_key(&[7; 32])).unwrap();
        (dir, storage)
    }

    #[tokio::test]
    async fn a_file_comes_back_and_lies_sealed_on_the_disk() {
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
    async fn a_file_put_in_the_place_of_another_does_not_open() {
        let (dir, storage) = storage();
        storage.put("uploads/a", b"mine".to_vec()).await.unwrap();
        storage.put("uploads/b", b"yours".to_vec()).await.unwrap();
        let uploads = dir.path().join("new/folder/uploads");
        fs::copy(uploads.join("a"), uploads.join("b")).unwrap();
        assert!(matches!(storage.get("uploads/b").await, Err(StorageError::Unreadable(_))));
    }

    #[tokio::test]
    async fn a_removed_file_is_missing_and_may_be_removed_again() {
        let (_dir, storage) = storage();
        storage.put("uploads/a", b"x".to_vec()).await.unwrap();
        storage.delete("uploads/a").await.unwrap();
        storage.delete("uploads/a").await.unwrap();
        assert!(matches!(storage.get("uploads/a").await, Err(StorageError::Missing)));
    }

    #[tokio::test]
    async fn keys_cannot_leave_the_folder() {
        let (_dir, storage) = storage();
        for key in ["../a", "uploads/../../a", "uploads//a", "uploads/./a", "/../a"] {
            assert!(matches!(storage.put(key, vec![]).await, Err(StorageError::Folder(_))), "{key}");
            assert!(matches!(storage.get(key).await, Err(StorageError::Folder(_))), "{key}");
        }
    }

    #[tokio::test]
    async fn a_day_lists_what_has_an_id_and_when_it_was_last_touched() {
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
    async fn a_file_in_quarantine_comes_back_when_it_is_asked_for() {
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
