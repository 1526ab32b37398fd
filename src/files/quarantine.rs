//! Quarantine for stored files that no row refers to.
//!
//! A file without a row is either left by a crash, or the only copy of an upload whose row is in a newer
//! database than the restored one. So it is moved to `quarantine/<day>/<key>`, where `<day>` is the day of the
//! move. [`Storage::get`] moves it back when it is requested.

use crate::store::Timestamp;
use std::path::Path as Folder;
use std::time::SystemTime;
use std::{fs, io};

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::TryStreamExt;
use object_store::path::Path;

use super::storage::{
    ARRIVING, IMPORTS, OWN_DATA, QUARANTINE, Storage, StorageError, UPLOADS, made_at, parse,
};

/// File with the number of sweeps. The database stores the same number.
pub const SWEEPS: &str = "sweeps";

/// A stored file. A thumbnail is a file of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub key: String,
    /// Time in its id.
    pub made: Timestamp,
    /// Time in its id or of the last write, whichever is later.
    pub touched: Timestamp,
}

/// A file in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// The key before the move.
    pub key: String,
    /// The day of the move.
    pub since: NaiveDate,
}

/// The key of a file at a path, which may be in quarantine.
pub(super) fn key_of(path: &str) -> &str {
    let inside = path.strip_prefix(QUARANTINE).and_then(|rest| rest.strip_prefix('/'));
    inside.and_then(|rest| rest.split_once('/')).map_or(path, |(_, key)| key)
}

impl Quarantined {
    fn path(&self) -> String {
        format!("{QUARANTINE}/{}/{}", self.since, self.key)
    }
}

impl Storage {
    /// Every entry of a folder of uploads that belongs to the program.
    pub const FOLDERS: [&str; 6] = [UPLOADS, OWN_DATA, IMPORTS, QUARANTINE, SWEEPS, ARRIVING];

    /// The entries below which stored files are.
    pub const STORED: [&str; 4] = [UPLOADS, OWN_DATA, IMPORTS, QUARANTINE];

    /// The days that have uploads, oldest first.
    pub async fn days(&self) -> Result<Vec<NaiveDate>, StorageError> {
        self.folders(UPLOADS).await
    }

    /// The uploads of one day. Files whose names are not ids are left out.
    pub async fn on_day(&self, day: NaiveDate) -> Result<Vec<Object>, StorageError> {
        let objects =
            self.objects.list(Some(&parse(&format!("{UPLOADS}/{day}"))?)).try_collect::<Vec<_>>().await?;
        let object = |file: object_store::ObjectMeta| {
            let key = file.location.to_string();
            let made = made_at(&key)?;
            Some(Object { touched: made.max(file.last_modified.into()), made, key })
        };
        Ok(objects.into_iter().filter_map(object).collect())
    }

    pub async fn quarantine(&self, key: &str, since: NaiveDate) -> Result<(), StorageError> {
        let quarantined = Quarantined { key: key.to_owned(), since }.path();
        Ok(self.objects.rename(&parse(key)?, &parse(&quarantined)?).await?)
    }

    pub async fn quarantined(&self) -> Result<Vec<Quarantined>, StorageError> {
        let mut found = Vec::new();
        for since in self.folders(QUARANTINE).await? {
            let prefix = format!("{QUARANTINE}/{since}");
            let files = self.objects.list(Some(&parse(&prefix)?)).try_collect::<Vec<_>>().await?;
            let key = |file: object_store::ObjectMeta| {
                Some(file.location.as_ref().strip_prefix(&prefix)?.trim_start_matches('/').to_owned())
            };
            found.extend(files.into_iter().filter_map(key).map(|key| Quarantined { key, since }));
        }
        Ok(found)
    }

    /// Moves a file back from quarantine. Returns `false` if it was not there.
    pub async fn put_back(&self, key: &str) -> Result<bool, StorageError> {
        for since in self.folders(QUARANTINE).await? {
            let quarantined = Quarantined { key: key.to_owned(), since }.path();
            match self.objects.rename(&parse(&quarantined)?, &parse(key)?).await {
                Ok(()) => {
                    tracing::warn!(key, "a file was asked for and came back from quarantine");
                    return Ok(true);
                }
                Err(object_store::Error::NotFound { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Ok(false)
    }

    pub async fn delete_quarantined(&self, file: &Quarantined) -> Result<(), StorageError> {
        self.delete(&file.path()).await
    }

    /// The number of sweeps of this place. `None` in a new one, or if an operator removed the file.
    pub async fn sweeps(&self) -> Result<Option<u64>, StorageError> {
        match self.objects.get(&Path::from(SWEEPS)).await {
            Ok(found) => {
                // With an unreadable number nothing is removed.
                let count = std::str::from_utf8(&found).ok().and_then(|text| text.trim().parse().ok());
                Ok(Some(count.unwrap_or(u64::MAX)))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    pub async fn store_sweeps(&self, count: u64) -> Result<(), StorageError> {
        let note = count.to_string().into_bytes();
        self.objects.put(&Path::from(SWEEPS), note).await.map_err(StorageError::NotSaved)?;
        Ok(())
    }

    /// Deletes files of interrupted uploads that were not written since `cutoff`. Returns their number.
    pub async fn sweep_unfinished(&self, cutoff: Timestamp) -> Result<usize, StorageError> {
        // A bucket never shows half an object.
        let Some(root) = self.objects.folder().map(Folder::to_owned) else { return Ok(0) };
        let swept = tokio::task::spawn_blocking(move || sweep_unfinished(&root, cutoff)).await?;
        swept.map_err(|error| StorageError::Failed(generic(error)))
    }

    /// Days after which subfolders are named, oldest first.
    async fn folders(&self, prefix: &str) -> Result<Vec<NaiveDate>, StorageError> {
        let found = self.objects.list_level(Some(&parse(prefix)?)).await?;
        let day = |folder: &Path| folder.filename()?.parse().ok();
        let mut days: Vec<NaiveDate> = found.common_prefixes.iter().filter_map(day).collect();
        days.sort_unstable();
        Ok(days)
    }
}

fn generic(error: io::Error) -> object_store::Error {
    object_store::Error::Generic { store: "local", source: error.into() }
}

fn sweep_unfinished(root: &Folder, cutoff: Timestamp) -> io::Result<usize> {
    let mut swept = remove_old(&root.join(ARRIVING), cutoff, |_| true)?;
    for day in entries(&root.join(UPLOADS))? {
        swept += remove_old(&day, cutoff, is_staged)?;
    }
    Ok(swept)
}

/// `KEY#N` is the name that `object_store` gives an incomplete file. Its `list` leaves those out.
fn is_staged(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(_, number)| number.bytes().all(|letter| letter.is_ascii_digit()))
}

fn remove_old(folder: &Folder, cutoff: Timestamp, chosen: fn(&str) -> bool) -> io::Result<usize> {
    let mut removed = 0;
    for path in entries(folder)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if chosen(name) && is_older(&path, cutoff)? {
            fs::remove_file(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Whether a file was last written before `cutoff`. `false` if it no longer exists.
fn is_older(path: &Folder, cutoff: Timestamp) -> io::Result<bool> {
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let written: SystemTime = about.modified()?;
    Ok(about.is_file() && Timestamp::from(DateTime::<Utc>::from(written)) < cutoff)
}

/// Paths in a folder. Empty if the folder does not exist.
fn entries(folder: &Folder) -> io::Result<Vec<std::path::PathBuf>> {
    match fs::read_dir(folder) {
        Ok(found) => found.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
