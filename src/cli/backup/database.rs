//! The copy of the database in a backup: by SQLite itself, or by PostgreSQL's programs.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;

use percent_encoding::percent_decode_str;
use tempfile::TempDir;
use tokio::process::Command;

use super::manifest::{Contents, quoted};
use super::place::{BackupFile, BackupPlace};
use crate::cli::Stop;
use crate::people::staff;
use crate::store::{Error, Store, file};

/// Name of the copy of an SQLite database.
pub(in crate::cli) const SQLITE: &str = "database.db";

/// Name of the output of pg_dump.
pub(in crate::cli) const POSTGRES: &str = "database.dump";

pub(super) struct DatabaseCopy {
    /// `sqlite` or `postgres`.
    pub kind: &'static str,
    pub file: BackupFile,
    pub contents: Contents,
}

/// A folder on this machine's disk for a database: that of the backup, or one that is removed when this is dropped.
pub(in crate::cli) enum Scratch {
    Backup(PathBuf),
    Temporary(TempDir),
}

impl Scratch {
    pub fn of(place: &BackupPlace) -> io::Result<Scratch> {
        match place.folder() {
            Some(folder) => Ok(Scratch::Backup(folder.to_owned())),
            None => Ok(Scratch::Temporary(tempfile::tempdir()?)),
        }
    }

    pub fn folder(&self) -> &Path {
        match self {
            Scratch::Backup(folder) => folder,
            Scratch::Temporary(folder) => folder.path(),
        }
    }
}

pub(super) async fn copy(store: &Store, url: &str, place: &BackupPlace) -> Result<DatabaseCopy, Stop> {
    let present = place.names().await?;
    let is_sqlite = file::path(url).is_some();
    // The operator may have run pg_dump.
    let is_dumped = !is_sqlite && place.folder().is_some() && present == [POSTGRES];
    if !present.is_empty() && !is_dumped {
        return Err(format!("{} is not empty; name another place", place.location()).into());
    }
    audit(store).await?;
    let scratch = Scratch::of(place)?;
    if is_sqlite {
        return copy_sqlite(url, &scratch, place).await;
    }
    let dump = scratch.folder().join(POSTGRES);
    if !is_dumped {
        pg_dump(url, &scratch).await?;
    }
    let migrations = store.schema_versions().await?;
    let contents = store.read(|tx| Contents::of(tx.conn, migrations)).await?;
    Ok(DatabaseCopy { kind: "postgres", file: place.put_file(POSTGRES, &dump).await?, contents })
}

/// Notes the backup in the audit. A backup comes before a migration, so a database that waits for one is copied without
/// an entry: it may have no table for it yet.
async fn audit(store: &Store) -> Result<(), Stop> {
    if store.is_ready().await? {
        store.write(|tx| staff::audit_command(tx, "backup", "")).await?;
    }
    Ok(())
}

async fn copy_sqlite(url: &str, scratch: &Scratch, place: &BackupPlace) -> Result<DatabaseCopy, Stop> {
    let (from, target) = (url.to_owned(), scratch.folder().join(SQLITE));
    let copied = target.clone();
    let contents = tokio::task::spawn_blocking(move || {
        file::copy(&from, &copied)?;
        contents_of(&copied)
    });
    let contents = contents.await??;
    Ok(DatabaseCopy { kind: "sqlite", file: place.put_file(SQLITE, &target).await?, contents })
}

/// The contents of a copied SQLite database.
pub(in crate::cli) fn contents_of(database: &Path) -> Result<Contents, Error> {
    let (mut conn, migrations) = file::open_copy(database)?;
    Contents::of(&mut conn, migrations)
}

async fn pg_dump(url: &str, scratch: &Scratch) -> Result<(), Stop> {
    run("pg_dump", &["--format=custom", "--file"], url, scratch).await
}

/// Loads a dump into an empty database, in one transaction.
pub(in crate::cli) async fn pg_restore(url: &str, scratch: &Scratch) -> Result<(), Stop> {
    run("pg_restore", &["--exit-on-error", "--single-transaction", "--no-owner"], url, scratch).await
}

/// Runs a program of PostgreSQL on the database and the dump, which follows the options.
///
/// # Errors
/// It is not installed, or it fails. The error has the call for the operator, if the dump is in a folder that stays.
async fn run(program: &str, options: &[&str], url: &str, scratch: &Scratch) -> Result<(), Stop> {
    let (dump, (address, password)) = (scratch.folder().join(POSTGRES), without_password(url));
    let mut command = Command::new(program);
    command.args(options).arg(&dump).arg("--dbname").arg(address).kill_on_drop(true);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    let why = match command.output().await {
        Ok(Output { status, .. }) if status.success() => return Ok(()),
        Ok(Output { stderr, .. }) => String::from_utf8_lossy(&stderr).trim().to_owned(),
        Err(error) => format!("{program} does not run: {error}"),
    };
    let by_hand = match scratch {
        Scratch::Backup(_) => format!(
            "\n\nThe call is\n\n  {program} {} {} --dbname=\"$DATABASE_URL\"",
            options.join(" "),
            quoted(&dump)
        ),
        Scratch::Temporary(_) => String::new(),
    };
    Err(format!("{why}{by_hand}").into())
}

/// The address without its password, which others could see in the list of processes, and the password.
fn without_password(url: &str) -> (String, Option<String>) {
    let parts = url.split_once("://").and_then(|(scheme, rest)| {
        let at = rest.find(['@', '/']).filter(|at| rest.as_bytes()[*at] == b'@')?;
        let (user, password) = rest[..at].split_once(':')?;
        let password = percent_decode_str(password).decode_utf8_lossy().into_owned();
        Some((format!("{scheme}://{user}{}", &rest[at..]), Some(password)))
    });
    parts.unwrap_or_else(|| (url.to_owned(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_taken_out_of_the_address() {
        for (url, address, password) in [
            (
                "postgres://a:p%40ss@db1:5432,db2/x?sslmode=require",
                "postgres://a@db1:5432,db2/x?sslmode=require",
                Some("p@ss"),
            ),
            ("postgres://a@db/x", "postgres://a@db/x", None),
            ("postgresql:///x?host=/run/a:b@c", "postgresql:///x?host=/run/a:b@c", None),
        ] {
            assert_eq!(without_password(url), (address.to_owned(), password.map(str::to_owned)));
        }
    }
}
