//! Stored files that nothing refers to, on their way out.
//!
//! A file without a row may be what a crash left behind, or the only copy of an upload whose row is in a
//! newer database than the one that was restored. So it is moved to `quarantine/<day>/<key>`, where
//! `<day>` is when that happened, and comes back when it is asked for.

use std::fs;
use std::io;
use std::path::Path as Folder;
use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::storage::{Storage, StorageError, made_at, parse};

const UPLOADS: &str = "uploads";
const QUARANTINE: &str = "quarantine";
/// Where a body that is still arriving is kept.
pub(super) const ARRIVING: &str = "tmp";
/// Holds the number of sweeps, as the database does.
const SWEEPS: &str = "sweeps";

/// A stored file; a thumbnail is one of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// When it was made, by its id (UTC).
    pub made: NaiveDateTime,
    /// When it was made or last written, whichever is later (UTC).
    pub touched: NaiveDateTime,
}

/// A file in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its key before it was moved.
    pub key: String,
    /// The day on which it was moved.
    pub since: NaiveDate,
}

impl Quarantined {
    fn place(&self) -> String {
        format!("{QUARANTINE}/{}/{}", self.since, self.key)
    }
}

impl Storage {
    /// Everything in the folder of uploads that is ours.
    pub const PLACES: [&str; 4] = [UPLOADS, QUARANTINE, ARRIVING, SWEEPS];

    /// The days (UTC) that have uploads, oldest first.
    pub async fn days(&self) -> Result<Vec<NaiveDate>, StorageError> {
        self.folders(UPLOADS).await
    }

    /// The uploads of one day. A file whose name is no id is left out: nobody here made it.
    pub async fn on_day(&self, day: NaiveDate) -> Result<Vec<Object>, StorageError> {
        let objects =
            self.files.list(Some(&parse(&format!("{UPLOADS}/{day}"))?)).try_collect::<Vec<_>>().await?;
        let object = |file: object_store::ObjectMeta| {
            let key = file.location.to_string();
            let made = made_at(&key)?;
            Some(Object { touched: made.max(file.last_modified.naive_utc()), made, key })
        };
        Ok(objects.into_iter().filter_map(object).collect())
    }

    /// Moves a file into quarantine.
    pub async fn quarantine(&self, key: &str, since: NaiveDate) -> Result<(), StorageError> {
        let place = Quarantined { key: key.to_owned(), since }.place();
        Ok(self.files.rename(&parse(key)?, &parse(&place)?).await?)
    }

    /// Everything in quarantine.
    pub async fn quarantined(&self) -> Result<Vec<Quarantined>, StorageError> {
        let mut found = Vec::new();
        for since in self.folders(QUARANTINE).await? {
            let prefix = format!("{QUARANTINE}/{since}");
            let files = self.files.list(Some(&parse(&prefix)?)).try_collect::<Vec<_>>().await?;
            let key = |file: object_store::ObjectMeta| {
                Some(file.location.as_ref().strip_prefix(&prefix)?.trim_start_matches('/').to_owned())
            };
            found.extend(files.into_iter().filter_map(key).map(|key| Quarantined { key, since }));
        }
        Ok(found)
    }

    /// Moves a file out of quarantine to where it was. Returns whether it was there.
    pub async fn put_back(&self, key: &str) -> Result<bool, StorageError> {
        for since in self.folders(QUARANTINE).await? {
            let place = Quarantined { key: key.to_owned(), since }.place();
            match self.files.rename(&parse(&place)?, &parse(key)?).await {
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

    /// Deletes a file for good.
    pub async fn delete_quarantined(&self, file: &Quarantined) -> Result<(), StorageError> {
        self.delete(&file.place()).await
    }

    /// How many sweeps these files have seen; none in a new folder, or when an operator removed the note.
    pub async fn sweeps(&self) -> Result<Option<u64>, StorageError> {
        match self.files.get(&Path::from(SWEEPS)).await {
            Ok(found) => {
                let bytes = found.bytes().await?;
                // An unreadable note is as good as a very high one: nothing is removed.
                let count = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok());
                Ok(Some(count.unwrap_or(u64::MAX)))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    /// Notes how many sweeps these files have seen.
    pub async fn note_sweeps(&self, count: u64) -> Result<(), StorageError> {
        let note = count.to_string().into_bytes();
        self.files.put(&Path::from(SWEEPS), note.into()).await.map_err(StorageError::NotSaved)?;
        Ok(())
    }

    /// Removes what uploads that were cut off have left: files not written since `cutoff` (UTC) that
    /// never became an upload. Returns how many.
    pub async fn sweep_unfinished(&self, cutoff: NaiveDateTime) -> Result<usize, StorageError> {
        let root = self.root().to_owned();
        let swept = tokio::task::spawn_blocking(move || sweep_unfinished(&root, cutoff)).await;
        let swept = swept.map_err(|_| StorageError::Interrupted)?;
        swept.map_err(|error| StorageError::Folder(generic(error)))
    }

    /// Subfolders named by a day, oldest first.
    async fn folders(&self, prefix: &str) -> Result<Vec<NaiveDate>, StorageError> {
        let found = self.files.list_with_delimiter(Some(&parse(prefix)?)).await?;
        let day = |folder: &Path| folder.filename()?.parse().ok();
        let mut days: Vec<NaiveDate> = found.common_prefixes.iter().filter_map(day).collect();
        days.sort_unstable();
        Ok(days)
    }
}

fn generic(error: io::Error) -> object_store::Error {
    object_store::Error::Generic { store: "local", source: error.into() }
}

fn sweep_unfinished(root: &Folder, cutoff: NaiveDateTime) -> io::Result<usize> {
    let mut swept = remove_old(&root.join(ARRIVING), cutoff, |_| true)?;
    for day in entries(&root.join(UPLOADS))? {
        swept += remove_old(&day, cutoff, is_staged)?;
    }
    Ok(swept)
}

/// `KEY#N`: how object_store names a file until it is whole. Its own list leaves them out.
fn is_staged(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(_, number)| number.bytes().all(|letter| letter.is_ascii_digit()))
}

fn remove_old(folder: &Folder, cutoff: NaiveDateTime, chosen: fn(&str) -> bool) -> io::Result<usize> {
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

/// Whether a file was last written before `cutoff`; one that has gone meanwhile was not.
fn is_older(path: &Folder, cutoff: NaiveDateTime) -> io::Result<bool> {
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let written: SystemTime = about.modified()?;
    Ok(about.is_file() && DateTime::<Utc>::from(written).naive_utc() < cutoff)
}

/// What is in a folder; nothing when there is no such folder.
fn entries(folder: &Folder) -> io::Result<Vec<std::path::PathBuf>> {
    match fs::read_dir(folder) {
        Ok(found) => found.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
