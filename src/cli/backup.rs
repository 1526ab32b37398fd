//! `kaozheng backup`.

mod database;
mod manifest;
mod place;

use chrono::SubsecRound;
use clap::Args;
use futures_util::{StreamExt, stream};

use super::{Stop, database as open_database};
use crate::files::storage::{self, Storage, StorageError};
use crate::settings::{Location, RawSettings};
use crate::store::schema::attachments;
use crate::store::{Error, Store};
pub(super) use database::{POSTGRES, SQLITE, Scratch, contents_of, pg_restore};
pub(super) use manifest::{Contents, Manifest, NAME as MANIFEST};
use place::BackupFile;
pub(super) use place::BackupPlace;

/// Uploads that are copied at once. Each is in memory as a whole.
const AT_ONCE: usize = 4;

/// Copy database and uploads into a new folder or bucket, while the site serves
///
/// Copies the database first and then the uploads, so that the backup has every upload its database
/// refers to. Writes manifest.json last, with the size and SHA-256 of every file. The data key is not
/// part of the backup: keep it elsewhere. A PostgreSQL database is copied by pg_dump, which must be
/// installed here and not be older than the server.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Backup {
    /// A new or empty folder, or s3://BUCKET/PREFIX with nothing below it
    place: Location,
    /// Where the uploads are: a folder or s3://BUCKET/PREFIX
    #[arg(long, env = "KAOZHENG_FILES")]
    files: Location,
    #[command(flatten)]
    raw: RawSettings,
}

impl Backup {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let store = open_database::open(&self.raw).await?;
        store.check_key().await?;
        if let Some(folder) = self.files.folder().filter(|folder| !folder.is_dir()) {
            return Err(format!("there is no folder of uploads at {}", folder.display()).into());
        }
        let files = Storage::open(&self.files, (*store.vault).clone())?;
        let url = self.raw.database_url.as_deref().unwrap_or_default().trim();
        let manifest = take(&store, url, &files, &self.place).await?;
        self.tell(&manifest);
        Ok(())
    }

    fn tell(&self, manifest: &Manifest) {
        let files = manifest.pieces.len() - 1;
        let applications = manifest.rows.get("applications").copied().unwrap_or_default();
        println!("{applications} applications and {files} files are in {}.", self.place);
        if !manifest.missing.is_empty() {
            println!(
                "{} uploads are missing here already; manifest.json lists them.",
                manifest.missing.len()
            );
        }
        println!("The data key is not among them. Keep it in another place.");
    }
}

/// Makes a backup in an empty place.
pub(super) async fn take(
    store: &Store,
    url: &str,
    files: &Storage,
    place: &Location,
) -> Result<Manifest, Stop> {
    let place = BackupPlace::open(place)?;
    let copy = database::copy(store, url, &place).await?;
    let mut manifest = Manifest::new(copy.kind, store.vault.fingerprint(), &copy.contents);
    manifest.made_at = store.clock.now().and_utc().trunc_subsecs(0).to_rfc3339();
    manifest.pieces.push(copy.file);
    let copies = stream::iter(keys(&copy.contents)).map(|key| {
        let (files, place) = (files.clone(), place.clone());
        async move {
            let copied = copy_file(&files, &key, &place).await;
            (key, copied)
        }
    });
    let mut copies = copies.buffered(AT_ONCE);
    while let Some((key, copied)) = copies.next().await {
        match copied {
            Ok(copied) => manifest.pieces.push(copied),
            Err(error) if is_gone(&error) => manifest.missing.push(key),
            Err(error) => return Err(error),
        }
    }
    manifest.missing = still_known(store, manifest.missing).await?;
    manifest.write(&place).await?;
    Ok(manifest)
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
async fn copy_file(files: &Storage, key: &str, place: &BackupPlace) -> Result<BackupFile, Stop> {
    Ok(place.put(&format!("files/{key}"), files.sealed(key).await?).await?)
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
