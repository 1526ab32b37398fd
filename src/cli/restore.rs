//! `kaozheng restore`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::backup::{self, Manifest, quoted};
use super::{Stop, list};
use crate::files::storage::Storage;
use crate::settings::{RawSettings, check_store};
use crate::store::{self, Clock, file};

/// Restore a backup
///
/// Checks the manifest, every file and the data key before it changes anything. The database and the
/// folder of uploads must be missing or empty; with --replace they are moved aside, not deleted. A
/// PostgreSQL database is loaded by pg_restore; the command prints the call.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Restore {
    /// The folder of the backup
    folder: PathBuf,
    /// Move the present database and uploads aside
    #[arg(long)]
    replace: bool,
    /// Folder of the uploads
    #[arg(long, env = "KAOZHENG_FILES")]
    files: PathBuf,
    #[command(flatten)]
    raw: RawSettings,
}

impl Restore {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let (url, vault) = check_store(&self.raw).map_err(|problems| list(&problems))?;
        tokio::task::spawn_blocking(move || self.restore(&url, &vault.fingerprint())).await?
    }

    fn restore(&self, url: &str, key: &str) -> Result<(), Stop> {
        let manifest = Manifest::read(&self.folder)?;
        check(&manifest, url, key)?;
        manifest.check_pieces(&self.folder)?;
        let database = file::path(url);
        if let Some(folder) = database.and_then(Path::parent).filter(|folder| *folder != Path::new("")) {
            fs::create_dir_all(folder)?;
        }
        let _lock = file::lock_for_serving(url)?;
        self.make_room(database)?;
        for piece in &manifest.pieces {
            if let Some(path) = piece.path.strip_prefix("files/") {
                copy(&self.folder.join(&piece.path), &self.files.join(path))?;
            }
        }
        fs::create_dir_all(&self.files)?;
        rustix::fs::syncfs(File::open(&self.files)?)?;
        match database {
            Some(database) => self.restore_database(database, &manifest)?,
            None => println!(
                "The uploads are there. Load the database, which must be empty, with\n\n  {}",
                self.pg_restore_command()
            ),
        }
        if manifest.migrations.len() < store::schema_of_program()?.len() {
            println!(
                "The backup is older than this program: run `kaozheng migrate` before `kaozheng serve`."
            );
        }
        Ok(())
    }

    /// Moves existing data aside if `--replace` is set.
    ///
    /// # Errors
    /// There is existing data and `--replace` is not set.
    fn make_room(&self, database: Option<&Path>) -> Result<(), Stop> {
        let parts = database.map(file::data_files).unwrap_or_default();
        let mut taken: Vec<PathBuf> = parts.into_iter().filter(|part| part.exists()).collect();
        let files = Storage::FOLDERS.map(|folder| self.files.join(folder));
        taken.extend(files.into_iter().filter(|path| path.exists()));
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

    /// The database is restored last, so that an interrupted restore leaves none.
    fn restore_database(&self, database: &Path, manifest: &Manifest) -> Result<(), Stop> {
        let mut draft = database.as_os_str().to_owned();
        draft.push("-restoring");
        let draft = PathBuf::from(draft);
        copy(&self.folder.join(backup::SQLITE), &draft)?;
        let rows = backup::contents_of(&draft)?.rows;
        if rows != manifest.rows {
            return Err(format!("the database holds {rows:?} instead of {:?}", manifest.rows).into());
        }
        File::open(&draft)?.sync_all()?;
        fs::rename(&draft, database)?;
        rustix::fs::syncfs(File::open(database)?)?;
        let applications = rows.get("applications").copied().unwrap_or_default();
        let files = manifest.pieces.len() - 1;
        println!("{applications} applications and {files} files of {} are in place.", manifest.made_at);
        Ok(())
    }

    fn pg_restore_command(&self) -> String {
        let dump = quoted(&self.folder.join(backup::POSTGRES));
        format!(
            "pg_restore --exit-on-error --single-transaction --no-owner --dbname=\"$DATABASE_URL\" {dump}"
        )
    }
}

/// Checks that the backup fits this program, this kind of database and this key.
fn check(manifest: &Manifest, url: &str, key: &str) -> Result<(), Stop> {
    let kind = if file::path(url).is_some() { "sqlite" } else { "postgres" };
    if manifest.database != kind {
        let made = &manifest.database;
        return Err(format!("the backup is of {made}, and DATABASE_URL names {kind}").into());
    }
    if manifest.key != key {
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

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to)?;
    file::restrict_to_owner(to)?;
    Ok(())
}
