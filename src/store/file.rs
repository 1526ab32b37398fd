//! The file of a SQLite database and the files beside it. On PostgreSQL these functions do nothing.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::{Conn, Error, migrations};

/// The path of `sqlite:PATH`. `None` for PostgreSQL.
pub fn path(url: &str) -> Option<&Path> {
    url.strip_prefix("sqlite:").map(Path::new)
}

/// A file lock, released when dropped or when the process ends.
pub struct ServeLock(#[expect(dead_code, reason = "held, never read")] File);

/// Takes the lock of a process that serves or restores a SQLite database. Commands such as `import` do not
/// take it: they share the [`WriteTurn`](super::write_turn::WriteTurn) with the server.
///
/// # Errors
/// [`Error::Served`] if another process has the lock.
pub fn lock_for_serving(url: &str) -> Result<Option<ServeLock>, Error> {
    let Some(path) = path(url) else { return Ok(None) };
    let lock = beside(&real(path)?, "-serve");
    let file = File::options().create(true).append(true).open(&lock).map_err(|error| cannot(&lock, error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(ServeLock(file))),
        Err(TryLockError::WouldBlock) => Err(Error::Served(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(cannot(&lock, error)),
    }
}

/// The canonical path, also of a file that does not exist yet.
fn real(path: &Path) -> Result<PathBuf, Error> {
    if path.exists() {
        return path.canonicalize().map_err(|error| cannot(path, error));
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let folder = folder.canonicalize().map_err(|error| cannot(folder, error))?;
    Ok(folder.join(path.file_name().unwrap_or_default()))
}

/// The database and all files beside it.
fn all_files(path: &Path) -> Vec<PathBuf> {
    let locks = ["-turn", "-serve"].map(|suffix| beside(path, suffix));
    data_files(path).into_iter().chain(locks).collect()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The database file, its log and its shared memory.
pub fn data_files(path: &Path) -> Vec<PathBuf> {
    let beside = ["-wal", "-shm"].map(|suffix| beside(path, suffix));
    std::iter::once(path.to_owned()).chain(beside).collect()
}

/// Removes the permissions of group and others from the database and the files beside it. Returns the number
/// of changed files.
pub fn restrict_permissions(url: &str) -> io::Result<usize> {
    let mut tightened = 0;
    for file in path(url).map(all_files).unwrap_or_default() {
        tightened += usize::from(restrict_to_owner(&file)?);
    }
    Ok(tightened)
}

/// Removes the permissions of group and others. Returns whether there were any; `false` for a missing file.
pub fn restrict_to_owner(path: &Path) -> io::Result<bool> {
    let mode = match fs::metadata(path) {
        Ok(found) => found.permissions().mode(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if mode & 0o077 == 0 {
        return Ok(false);
    }
    fs::set_permissions(path, Permissions::from_mode(mode & 0o700))?;
    Ok(true)
}

/// Copies the write-ahead log into the database file and empties it, so that the file alone is complete.
///
/// # Errors
/// [`Error::Unavailable`] if another process still reads or writes.
pub fn checkpoint(url: &str) -> Result<(), Error> {
    let Some(path) = path(url) else { return Ok(()) };
    let mut conn = open(path)?;
    let outcome: Checkpoint = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(&mut conn)?;
    match outcome.busy {
        0 => Ok(()),
        _ => Err(Error::Unavailable("the database is still in use; its -wal file belongs to it".into())),
    }
}

#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

/// Copies the database to `target`, which must not exist, while others read and write.
///
/// `VACUUM INTO` reads one snapshot. SQLite's backup API restarts after each write by another process, and
/// diesel gives access to it only through unsafe code.
pub fn copy(url: &str, target: &Path) -> Result<(), Error> {
    let Some(path) = path(url) else { return Ok(()) };
    let target_name =
        target.to_str().ok_or_else(|| Error::Unavailable("the folder's name is not text".into()))?;
    let mut conn = open(path)?;
    diesel::sql_query("VACUUM INTO ?").bind::<diesel::sql_types::Text, _>(target_name).execute(&mut conn)?;
    File::open(target).and_then(|copy| copy.sync_all()).map_err(|error| cannot(target, error))
}

/// A connection to a copy, and the versions of its migrations.
pub fn open_copy(path: &Path) -> Result<(Conn, Vec<String>), Error> {
    let mut conn = Conn::Sqlite(open(path)?);
    let versions = migrations::run_on(&mut conn)?;
    Ok((conn, versions))
}

fn open(path: &Path) -> Result<SqliteConnection, Error> {
    if !path.is_file() {
        return Err(Error::Unavailable(format!("there is no database at {}", path.display())));
    }
    let mut conn = SqliteConnection::establish(&path.display().to_string())
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    conn.batch_execute("PRAGMA busy_timeout = 10000")?;
    Ok(conn)
}

fn cannot(path: &Path, error: io::Error) -> Error {
    Error::Unavailable(format!("{}: {error}", path.display()))
}
