//! `kaozheng backup`.

mod manifest;

use std::path::{Path, PathBuf};
use std::{fs, io};

use chrono::SubsecRound;
use clap::Args;

use super::{Stop, database};
use crate::files::storage::{self, Storage, StorageError};
use crate::people::staff;
use crate::settings::RawSettings;
use crate::store::schema::attachments;
use crate::store::{Error, Store, file};
use manifest::BackupFile;
pub(super) use manifest::{Contents, Manifest, quoted};

/// Name of the copy of an SQLite database.
pub(super) const SQLITE: &str = "database.db";

/// Name of the output of pg_dump.
pub(super) const POSTGRES: &str = "database.dump";

/// Copy database and uploads into a new folder, while the site serves
///
/// Copies the database first and then the uploads, so that the backup has every upload its database
/// refers to. Writes manifest.json last, with the size and SHA-256 of every file. The data key is not
/// part of the backup: keep it elsewhere. A PostgreSQL database is copied by pg_dump; the command
/// prints the call.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Backup {
    /// A new or empty folder
    folder: PathBuf,
    /// Folder of the uploads
    #[arg(long, env = "KAOZHENG_FILES")]
    files: PathBuf,
    #[command(flatten)]
    raw: RawSettings,
}

/// Notes the backup in the audit. A backup comes before a migration, so a database that waits for one is copied without
/// an entry: it may have no table for it yet.
async fn audit(store: &Store) -> Result<(), Stop> {
    if store.is_ready().await? {
        store.write(|tx| staff::audit_command(tx, "backup", "")).await?;
    }
    Ok(())
}

impl Backup {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let store = database::open(&self.raw).await?;
        store.check_key().await?;
        if !self.files.is_dir() {
            return Err(format!("there is no folder of uploads at {}", self.files.display()).into());
        }
        let files = Storage::local(&self.files, (*store.vault).clone())?;
        fs::create_dir_all(&self.folder)?;
        let (kind, copied, contents) = self.copy_database(&store).await?;
        let mut manifest = Manifest::new(kind, store.vault.fingerprint(), &contents);
        manifest.made_at = store.clock.now().and_utc().trunc_subsecs(0).to_rfc3339();
        manifest.pieces.push(copied);
        for key in keys(&contents) {
            match copy_file(&files, &key, &self.folder).await {
                Ok(copied) => manifest.pieces.push(copied),
                Err(error) if is_gone(&error) => manifest.missing.push(key),
                Err(error) => return Err(error),
            }
        }
        manifest.missing = still_known(&store, manifest.missing).await?;
        manifest.write(&self.folder)?;
        self.tell(&manifest);
        Ok(())
    }

    /// Returns the kind of database, the copied file and its contents.
    async fn copy_database(&self, store: &Store) -> Result<(&'static str, BackupFile, Contents), Stop> {
        let url = self.raw.database_url.as_deref().unwrap_or_default().trim();
        let present = names_in(&self.folder)?;
        if file::path(url).is_none() {
            if present != [POSTGRES] {
                return Err(self.pg_dump_command(&present).into());
            }
            audit(store).await?;
            let migrations = store.schema_versions().await?;
            let contents = store.read(|tx| Contents::of(tx.conn, migrations)).await?;
            return Ok(("postgres", BackupFile::of(&self.folder, POSTGRES)?, contents));
        }
        if !present.is_empty() {
            return Err(format!("{} is not empty; name another folder", self.folder.display()).into());
        }
        audit(store).await?;
        let target = self.folder.join(SQLITE);
        let from = url.to_owned();
        let copied = target.clone();
        let contents = tokio::task::spawn_blocking(move || {
            file::copy(&from, &copied)?;
            contents_of(&copied)
        });
        let contents = contents.await??;
        Ok(("sqlite", BackupFile::of(&self.folder, SQLITE)?, contents))
    }

    fn pg_dump_command(&self, present: &[String]) -> String {
        if !present.is_empty() {
            return format!("{} has more in it than {POSTGRES}; name another folder", self.folder.display());
        }
        format!(
            "PostgreSQL is copied by its own program, before the uploads. Run\n\n  pg_dump --format=custom \
             --file={} \"$DATABASE_URL\"\n\nand then this command again.",
            quoted(&self.folder.join(POSTGRES))
        )
    }

    fn tell(&self, manifest: &Manifest) {
        let files = manifest.pieces.len() - 1;
        let applications = manifest.rows.get("applications").copied().unwrap_or_default();
        println!("{applications} applications and {files} files are in {}.", self.folder.display());
        if !manifest.missing.is_empty() {
            println!(
                "{} uploads are missing here already; manifest.json lists them.",
                manifest.missing.len()
            );
        }
        println!("The data key is not among them. Keep it in another place.");
    }
}

/// The contents of a copied SQLite database.
pub(super) fn contents_of(database: &Path) -> Result<Contents, Error> {
    let (mut conn, migrations) = file::open_copy(database)?;
    Contents::of(&mut conn, migrations)
}

fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

fn keys(contents: &Contents) -> Vec<String> {
    let mut keys = Vec::new();
    for (key, width) in &contents.uploads {
        keys.push(key.clone());
        if *width > 0 {
            keys.push(storage::thumb_key(key));
        }
    }
    keys
}

/// Copies a stored file without decrypting it.
async fn copy_file(files: &Storage, key: &str, folder: &Path) -> Result<BackupFile, Stop> {
    let sealed = files.sealed(key).await?;
    let path = format!("files/{key}");
    let target = folder.join(&path);
    fs::create_dir_all(target.parent().unwrap_or(folder))?;
    fs::write(&target, sealed)?;
    Ok(BackupFile::of(folder, &path)?)
}

fn is_gone(error: &Stop) -> bool {
    matches!(error.downcast_ref::<StorageError>(), Some(StorageError::Missing))
}

/// The missing files that a row still refers to: a draft may have been deleted meanwhile.
async fn still_known(store: &Store, missing: Vec<String>) -> Result<Vec<String>, Error> {
    use diesel::prelude::*;
    let mut known = Vec::new();
    for key in missing {
        let rows =
            attachments::table.filter(attachments::storage_key.eq(storage::owner_key(&key).to_owned()));
        let is_known = diesel::select(diesel::dsl::exists(rows));
        if store.read::<_, Error, _>(move |tx| Ok(is_known.get_result::<bool>(tx.conn)?)).await? {
            known.push(key);
        }
    }
    Ok(known)
}
