//! The manifest of a backup. It is written last, so a backup without one was interrupted.

use std::collections::BTreeMap;
use std::future::ready;
use std::path::{Path, PathBuf};

use diesel::prelude::*;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::place::{BackupFile, BackupPlace};
use crate::cli::Stop;
use crate::store::schema::{applications, attachments, candidates, certificates};
use crate::store::{Conn, Error};

pub(in crate::cli) const NAME: &str = "manifest.json";

/// Version of the layout.
const FORMAT: u32 = 1;

/// Files that are checked at once.
const AT_ONCE: usize = 4;

/// What a restore checks before it changes anything.
#[derive(Serialize, Deserialize)]
pub(in crate::cli) struct Manifest {
    format: u32,
    /// Version of the program that made the backup.
    pub version: String,
    /// RFC 3339, UTC.
    pub made_at: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// Fingerprint of the data key.
    pub key: String,
    /// Versions of the database's migrations.
    pub migrations: Vec<String>,
    /// Rows by table.
    pub rows: BTreeMap<String, i64>,
    /// Storage keys of uploads that were damaged or missing during the backup.
    pub missing: Vec<String>,
    /// Every other file of the backup.
    pub pieces: Vec<BackupFile>,
}

impl Manifest {
    /// Without time and files.
    pub fn new(database: &str, key: String, contents: &Contents) -> Manifest {
        Manifest {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: String::new(),
            database: database.to_owned(),
            key,
            migrations: contents.migrations.clone(),
            rows: contents.rows.clone(),
            missing: Vec::new(),
            pieces: Vec::new(),
        }
    }

    /// The number of files and of bytes.
    pub fn counts(&self) -> (i64, i64) {
        let bytes: u64 = self.pieces.iter().map(|piece| piece.size).sum();
        (self.pieces.len() as i64, i64::try_from(bytes).unwrap_or(i64::MAX))
    }

    /// Writes the manifest atomically, after a flush of all other files.
    pub async fn write(&self, place: &BackupPlace) -> Result<(), Stop> {
        place.sync()?;
        place.put(NAME, serde_json::to_vec_pretty(self)?).await?;
        Ok(place.sync()?)
    }

    /// # Errors
    /// The manifest is missing, or its format is unknown.
    pub async fn read(place: &BackupPlace) -> Result<Manifest, Stop> {
        let text = place.read(NAME).await.map_err(|error| {
            let place = place.location();
            format!("{place} is no whole backup: {NAME}: {error}; an interrupted backup has none")
        })?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| format!("{NAME} cannot be read: {error}"))?;
        match manifest.format {
            FORMAT => Ok(manifest),
            other => Err(format!("the backup has format {other}, and this program reads {FORMAT}").into()),
        }
    }

    /// Compares every file with its size and SHA-256.
    ///
    /// # Errors
    /// Names the first ten files that are missing or changed.
    pub async fn check_pieces(&self, place: &BackupPlace) -> Result<(), Stop> {
        if let Some(piece) = self.pieces.iter().find(|piece| !piece.is_inside()) {
            return Err(format!("{NAME} names a file outside of the backup: {}", piece.path).into());
        }
        let checks = stream::iter(&self.pieces).map(|piece| piece.problem(place)).buffered(AT_ONCE);
        let problems: Vec<String> = checks.filter_map(ready).take(10).collect().await;
        if problems.is_empty() {
            return Ok(());
        }
        Err(format!("the backup is damaged:\n  - {}", problems.join("\n  - ")).into())
    }
}

/// The contents of a database that a backup records.
pub(in crate::cli) struct Contents {
    pub migrations: Vec<String>,
    /// Rows by table.
    pub rows: BTreeMap<String, i64>,
    /// Storage key and width of each upload. Width is 0 unless it is a picture, which has a thumbnail.
    pub uploads: Vec<(String, i32)>,
}

impl Contents {
    pub fn of(conn: &mut Conn, migrations: Vec<String>) -> Result<Contents, Error> {
        let rows = [
            ("applications", applications::table.count().get_result(conn)?),
            ("attachments", attachments::table.count().get_result(conn)?),
            ("candidates", candidates::table.count().get_result(conn)?),
            ("certificates", certificates::table.count().get_result(conn)?),
        ];
        let rows = rows.map(|(table, count)| (table.to_owned(), count)).into();
        let kept = attachments::table.filter(attachments::removed_at.is_null());
        let uploads = kept.select((attachments::storage_key, attachments::width)).load(conn)?;
        Ok(Contents { migrations, rows, uploads })
    }
}

/// An absolute path in single quotes, for a shell.
pub(in crate::cli) fn quoted(path: &Path) -> String {
    let path: PathBuf = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}
