//! The manifest of a backup. It is written last, so a backup without one was interrupted.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cli::Stop;
use crate::store::schema::{applications, attachments, candidates, certificates};
use crate::store::{Conn, Error};

const NAME: &str = "manifest.json";

/// Version of the layout.
const FORMAT: u32 = 1;

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

#[derive(Serialize, Deserialize)]
pub(in crate::cli) struct BackupFile {
    /// Relative to the folder of the backup, with `/`.
    pub path: String,
    size: u64,
    sha256: String,
}

impl BackupFile {
    pub fn of(folder: &Path, path: &str) -> io::Result<BackupFile> {
        let (size, sha256) = sum(&folder.join(path))?;
        Ok(BackupFile { path: path.to_owned(), size, sha256 })
    }

    /// Compares the file with its size and hash.
    fn problem(&self, folder: &Path) -> Option<String> {
        let BackupFile { path, size, sha256 } = self;
        match sum(&folder.join(path)) {
            Err(error) => Some(format!("{path}: {error}")),
            Ok((found, _)) if found != *size => Some(format!("{path}: {found} bytes instead of {size}")),
            Ok((_, found)) if found != *sha256 => Some(format!("{path}: its content has changed")),
            Ok(_) => None,
        }
    }

    /// Whether the path stays below the folder of the backup.
    fn is_inside(&self) -> bool {
        Path::new(&self.path).components().all(|part| matches!(part, Component::Normal(_)))
    }
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

    /// Writes the manifest atomically, after a flush of all other files.
    pub fn write(&self, folder: &Path) -> Result<(), Stop> {
        rustix::fs::syncfs(File::open(folder)?)?;
        let draft = folder.join("manifest.draft");
        let mut file = File::create(&draft)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        fs::rename(&draft, folder.join(NAME))?;
        Ok(File::open(folder)?.sync_all()?)
    }

    /// # Errors
    /// The manifest is missing, or its format is unknown.
    pub fn read(folder: &Path) -> Result<Manifest, Stop> {
        let text = fs::read(folder.join(NAME)).map_err(|error| {
            format!(
                "{} is no whole backup: {NAME}: {error}; an interrupted backup has none",
                folder.display()
            )
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
    pub fn check_pieces(&self, folder: &Path) -> Result<(), Stop> {
        if let Some(piece) = self.pieces.iter().find(|piece| !piece.is_inside()) {
            return Err(format!("{NAME} names a file outside of the backup: {}", piece.path).into());
        }
        let problems = self.pieces.iter().filter_map(|piece| piece.problem(folder));
        let problems: Vec<String> = problems.take(10).collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(format!("the backup is damaged:\n  - {}", problems.join("\n  - ")).into())
    }
}

/// Size and SHA-256 of a file.
fn sum(path: &Path) -> io::Result<(u64, String)> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let (mut buffer, mut size) = (vec![0; 256 * 1024], 0);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        size += read as u64;
    }
    Ok((size, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
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
