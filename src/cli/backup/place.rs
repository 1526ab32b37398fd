//! The folder or the prefix of a bucket in which a backup is.

use std::fs::File;
use std::io;
use std::path::{Component, Path as Folder};

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectMeta};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::cli::Stop;
use crate::files::objects::Objects;
use crate::settings::Location;
use crate::store::file::restrict_to_owner;

/// Bytes of a file that are in memory.
const PIECE: usize = 256 * 1024;

#[derive(Serialize, Deserialize)]
pub(in crate::cli) struct BackupFile {
    /// Relative to the folder of the backup, with `/`.
    pub path: String,
    pub size: u64,
    pub sha256: String,
}

impl BackupFile {
    /// Compares the file with its size and hash.
    pub async fn problem(&self, place: &BackupPlace) -> Option<String> {
        let BackupFile { path, size, sha256 } = self;
        match place.sum(path).await {
            Err(error) => Some(format!("{path}: {error}")),
            Ok((found, _)) if found != *size => Some(format!("{path}: {found} bytes instead of {size}")),
            Ok((_, found)) if found != *sha256 => Some(format!("{path}: its content has changed")),
            Ok(_) => None,
        }
    }

    /// Whether the path stays below the folder of the backup.
    pub fn is_inside(&self) -> bool {
        Folder::new(&self.path).components().all(|part| matches!(part, Component::Normal(_)))
    }
}

/// Cheap to clone.
#[derive(Clone)]
pub(in crate::cli) struct BackupPlace(Objects);

impl BackupPlace {
    /// Creates a folder that is missing.
    pub fn open(location: &Location) -> io::Result<BackupPlace> {
        Ok(BackupPlace(Objects::open_unsynced(location)?))
    }

    /// # Errors
    /// There is no such folder.
    pub fn open_existing(location: &Location) -> Result<BackupPlace, Stop> {
        match location.folder() {
            Some(folder) if !folder.is_dir() => {
                Err(format!("there is no folder {}", folder.display()).into())
            }
            _ => Ok(BackupPlace::open(location)?),
        }
    }

    pub fn location(&self) -> &Location {
        self.0.location()
    }

    pub fn folder(&self) -> Option<&Folder> {
        self.0.folder()
    }

    /// Names of the files and folders at its top.
    pub async fn names(&self) -> Result<Vec<String>, Error> {
        let found = self.0.list_level(None).await?;
        let files = found.objects.iter().map(|file| &file.location);
        let names = files.chain(&found.common_prefixes).filter_map(|path| Some(path.filename()?.to_owned()));
        Ok(names.collect())
    }

    pub async fn has(&self, path: &str) -> Result<bool, Error> {
        Ok(self.0.meta(&Path::from(path)).await?.is_some())
    }

    /// Everything below a name.
    pub async fn below(&self, name: &str) -> Result<Vec<ObjectMeta>, Error> {
        self.0.list(Some(&Path::from(name))).try_collect().await
    }

    pub async fn delete(&self, path: &Path) -> Result<(), Error> {
        match self.0.delete(path).await {
            Err(Error::NotFound { .. }) => Ok(()),
            other => other,
        }
    }

    /// Stores a file that is in memory.
    pub async fn put(&self, path: &str, bytes: Vec<u8>) -> Result<BackupFile, Error> {
        let (size, sha256) = (bytes.len() as u64, hex(Sha256::digest(&bytes)));
        self.0.put(&Path::from(path), bytes).await?;
        Ok(BackupFile { path: path.to_owned(), size, sha256 })
    }

    /// Stores a file of the disk, unless it is there already.
    pub async fn put_file(&self, path: &str, file: &Folder) -> Result<BackupFile, Stop> {
        let mut from = tokio::fs::File::open(file).await?;
        if self.folder().is_some_and(|folder| folder.join(path) == file) {
            let (size, sha256) = sum(&mut from, &mut tokio::io::sink()).await?;
            return Ok(BackupFile { path: path.to_owned(), size, sha256 });
        }
        let mut to = self.0.upload(&Path::from(path));
        match sum(&mut from, &mut to).await {
            Ok((size, sha256)) => {
                to.shutdown().await?;
                Ok(BackupFile { path: path.to_owned(), size, sha256 })
            }
            Err(error) => {
                // The parts of an upload that was given up take room.
                if let Err(error) = to.abort().await {
                    tracing::warn!(%error, path, "the parts of an upload stay in the bucket");
                }
                Err(error.into())
            }
        }
    }

    pub async fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        self.0.get(&Path::from(path)).await
    }

    /// The size and the SHA-256 of a file.
    pub async fn sum(&self, path: &str) -> io::Result<(u64, String)> {
        sum(&mut self.reader(path).await?, &mut tokio::io::sink()).await
    }

    /// Copies a file to a new file on the disk, which its owner alone can read.
    pub async fn fetch(&self, path: &str, file: &Folder) -> Result<(), Stop> {
        let mut to = tokio::fs::File::create(file).await?;
        restrict_to_owner(file)?;
        sum(&mut self.reader(path).await?, &mut to).await?;
        Ok(to.sync_all().await?)
    }

    async fn reader(&self, path: &str) -> io::Result<impl tokio::io::AsyncRead + Unpin> {
        let found = self.0.stream(&Path::from(path)).await?;
        Ok(tokio_util::io::StreamReader::new(found.into_stream().map_err(io::Error::other)))
    }

    /// Returns when everything is on the disk. A bucket has acknowledged each file already.
    pub fn sync(&self) -> io::Result<()> {
        match self.folder() {
            Some(folder) => Ok(rustix::fs::syncfs(File::open(folder)?)?),
            None => Ok(()),
        }
    }
}

/// Copies, and returns size and SHA-256.
async fn sum(
    from: &mut (impl tokio::io::AsyncRead + Unpin),
    to: &mut (impl tokio::io::AsyncWrite + Unpin),
) -> io::Result<(u64, String)> {
    let (mut hash, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; PIECE];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        to.write_all(&buffer[..read]).await?;
        size += read as u64;
    }
    to.flush().await?;
    Ok((size, hex(hash.finalize())))
}

fn hex(hash: impl IntoIterator<Item = u8>) -> String {
    hash.into_iter().map(|byte| format!("{byte:02x}")).collect()
}
