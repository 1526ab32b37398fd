//! `kaozheng restore`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::backup::{self, BackupPlace, Manifest, Scratch};
use super::{Stop, list};
use crate::files::objects::Objects;
use crate::files::storage::Storage;
use crate::settings::{Location, RawSettings, check_store};
use crate::store::{self, Clock, Vault, file};

/// Uploads that are copied at once. Each is in memory as a whole.
const AT_ONCE: usize = 4;

/// Restore a backup
///
/// Checks the manifest, every file and the data key before it changes anything. The database and the
/// place of uploads must be missing or empty; with --replace what is in folders is moved aside, not
/// deleted. A PostgreSQL database, which must be empty, is loaded by pg_restore, which must be
/// installed here.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Restore {
    /// The folder of the backup, or s3://BUCKET/PREFIX
    place: Location,
    /// Move the present database and uploads aside
    #[arg(long)]
    replace: bool,
    /// Where the uploads are: a folder or s3://BUCKET/PREFIX
    #[arg(long, env = "KAOZHENG_FILES")]
    files: Location,
    #[command(flatten)]
    raw: RawSettings,
}

impl Restore {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let (url, vault) = check_store(&self.raw).map_err(|problems| list(&problems))?;
        let place = BackupPlace::open_existing(&self.place)?;
        let manifest = Manifest::read(&place).await?;
        check(&manifest, &url, &vault)?;
        manifest.check_pieces(&place).await?;
        let database = file::path(&url);
        if let Some(folder) = database.and_then(Path::parent).filter(|folder| *folder != Path::new("")) {
            fs::create_dir_all(folder)?;
        }
        let _lock = file::lock_for_serving(&url)?;
        self.make_room(database).await?;
        self.restore_files(&manifest, &place).await?;
        match database {
            Some(database) => restore_sqlite(database, &manifest, &place).await?,
            None => restore_postgres(&url, &manifest, &place).await?,
        }
        if manifest.migrations.len() < store::schema_of_program()?.len() {
            println!(
                "The backup is older than this program: run `kaozheng migrate` before `kaozheng serve`."
            );
        }
        Ok(())
    }

    /// Moves existing data in folders aside if `--replace` is set.
    ///
    /// # Errors
    /// There is existing data and `--replace` is not set, or it is in a bucket.
    async fn make_room(&self, database: Option<&Path>) -> Result<(), Stop> {
        let parts = database.map(file::data_files).unwrap_or_default();
        let mut taken: Vec<PathBuf> = parts.into_iter().filter(|part| part.exists()).collect();
        match self.files.folder() {
            Some(folder) => {
                let entries = Storage::FOLDERS.map(|entry| folder.join(entry));
                taken.extend(entries.into_iter().filter(|path| path.exists()));
            }
            None => self.check_bucket_is_empty().await?,
        }
        if !taken.is_empty() && !self.replace {
            let first = taken[0].display();
            return Err(format!("{first} is there already; with --replace it is moved aside").into());
        }
        let suffix = format!(".before-restore-{}", Clock::system().now().format("%Y%m%dT%H%M%SZ"));
        for path in taken {
            let mut aside = path.clone().into_os_string();
            aside.push(&suffix);
            fs::rename(&path, &aside)?;
            println!("{} is now {}", path.display(), Path::new(&aside).display());
        }
        Ok(())
    }

    async fn check_bucket_is_empty(&self) -> Result<(), Stop> {
        let objects = Objects::open(&self.files)?;
        for entry in Storage::FOLDERS {
            if objects.list(Some(&entry.into())).next().await.transpose()?.is_some() {
                return Err(format!("{}/{entry} is there already; name an empty prefix", self.files).into());
            }
        }
        Ok(())
    }

    async fn restore_files(&self, manifest: &Manifest, place: &BackupPlace) -> Result<(), Stop> {
        let files = Objects::open_unsynced(&self.files)?;
        let pieces = manifest.pieces.iter().map(|piece| piece.path.clone());
        let copies = stream::iter(pieces).map(Ok::<_, Stop>).try_for_each_concurrent(AT_ONCE, |from| {
            let (files, place) = (files.clone(), place.clone());
            async move {
                let Some(to) = from.strip_prefix("files/") else { return Ok(()) };
                Ok(files.put(&to.into(), place.read(&from).await?).await?)
            }
        });
        copies.await?;
        if let Some(folder) = self.files.folder() {
            rustix::fs::syncfs(File::open(folder)?)?;
        }
        Ok(())
    }
}

/// The database is restored last, so that an interrupted restore leaves none.
async fn restore_sqlite(database: &Path, manifest: &Manifest, place: &BackupPlace) -> Result<(), Stop> {
    let mut draft = database.as_os_str().to_owned();
    draft.push("-restoring");
    let draft = PathBuf::from(draft);
    place.fetch(backup::SQLITE, &draft).await?;
    let copy = draft.clone();
    let rows = tokio::task::spawn_blocking(move || backup::contents_of(&copy)).await??.rows;
    if rows != manifest.rows {
        return Err(format!("the database holds {rows:?} instead of {:?}", manifest.rows).into());
    }
    File::open(&draft)?.sync_all()?;
    fs::rename(&draft, database)?;
    rustix::fs::syncfs(File::open(database)?)?;
    tell(manifest);
    Ok(())
}

async fn restore_postgres(url: &str, manifest: &Manifest, place: &BackupPlace) -> Result<(), Stop> {
    let scratch = Scratch::of(place)?;
    if matches!(scratch, Scratch::Temporary(_)) {
        place.fetch(backup::POSTGRES, &scratch.folder().join(backup::POSTGRES)).await?;
    }
    let loaded = backup::pg_restore(url, &scratch).await;
    loaded.map_err(|error| format!("the uploads are in place, and the database is not: {error}"))?;
    tell(manifest);
    Ok(())
}

fn tell(manifest: &Manifest) {
    let applications = manifest.rows.get("applications").copied().unwrap_or_default();
    let files = manifest.pieces.len() - 1;
    println!("{applications} applications and {files} files of {} are in place.", manifest.made_at);
}

/// Checks that the backup fits this program, this kind of database and this key.
fn check(manifest: &Manifest, url: &str, vault: &Vault) -> Result<(), Stop> {
    let kind = if file::path(url).is_some() { "sqlite" } else { "postgres" };
    if manifest.database != kind {
        let made = &manifest.database;
        return Err(format!("the backup is of {made}, and DATABASE_URL names {kind}").into());
    }
    if !vault.fingerprints().any(|(given, _)| given == manifest.key) {
        return Err("KAOZHENG_DATA_KEY is not the key of this backup".into());
    }
    let known = store::schema_of_program()?;
    let unknown: Vec<&str> =
        manifest.migrations.iter().filter(|version| !known.contains(version)).map(String::as_str).collect();
    if !unknown.is_empty() {
        let (version, unknown) = (&manifest.version, unknown.join(", "));
        return Err(format!(
            "the backup was made by a newer program, {version}, with the migrations {unknown}"
        )
        .into());
    }
    Ok(())
}
