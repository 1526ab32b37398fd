//! The file of a SQLite database and what lies beside it. Nothing here concerns PostgreSQL.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::{Conn, Error, migrations};

/// The file of `sqlite:PATH`, or nothing for PostgreSQL.
pub fn path(url: &str) -> Option<&Path> {
    url.strip_prefix("sqlite:").map(Path::new)
}

/// A program that serves this database. The lock ends with the value, also when the process is killed.
pub struct Serving(#[expect(dead_code, reason = "held, never read")] File);

/// Refuses a second program that serves, or restores, one SQLite database. Commands such as `import`
/// do not take this lock: they take turns with the server.
///
/// # Errors
/// [`Error::Served`] when another program has the lock.
pub fn serve_alone(url: &str) -> Result<Option<Serving>, Error> {
    let Some(path) = path(url) else { return Ok(None) };
    let lock = beside(&real(path)?, "-serve");
    let file = File::options().create(true).append(true).open(&lock).map_err(|error| cannot(&lock, error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Serving(file))),
        Err(TryLockError::WouldBlock) => Err(Error::Served(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(cannot(&lock, error)),
    }
}

/// The same name for one file, however it was spelled.
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

/// The database and the files that SQLite and this program keep beside it.
fn parts(path: &Path) -> Vec<PathBuf> {
    let locks = ["-turn", "-serve"].map(|suffix| beside(path, suffix));
    data(path).into_iter().chain(locks).collect()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The files that hold data; the locks beside them hold none.
pub fn data(path: &Path) -> Vec<PathBuf> {
    let beside = ["-wal", "-shm"].map(|suffix| beside(path, suffix));
    std::iter::once(path.to_owned()).chain(beside).collect()
}

/// Takes the permissions of group and others from the database and what lies beside it. Returns how
/// many files had some.
pub fn tighten(url: &str) -> io::Result<usize> {
    let mut tightened = 0;
    for file in path(url).map(parts).unwrap_or_default() {
        tightened += usize::from(own(&file)?);
    }
    Ok(tightened)
}

/// Leaves a file or folder to its owner alone. Returns whether others had permissions; a missing file
/// has none.
pub fn own(path: &Path) -> io::Result<bool> {
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

/// Copies the write-ahead log into the database file and empties it, so that the file alone is whole.
///
/// # Errors
/// [`Error::Unavailable`] when another program still reads or writes.
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

/// Writes a whole copy of the database to `target`, which must not exist, while others read and write.
///
/// `VACUUM INTO` reads one snapshot. SQLite's backup API would begin anew after each write by another
/// process, and diesel gives access to it only through unsafe code.
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
