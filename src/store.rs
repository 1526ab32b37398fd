//! Databases, schema, clock, ids and the encryption of personal data.
//!
//! [`Store`] is the one handle. [`Store::read`] and [`Store::write`] run a plain
//! function on a [`Tx`]; a write is one transaction, durable when it returns, so
//! the function must not open transactions of its own.
//!
//! A PostgreSQL server may go away and come back. A function whose connection is lost before its
//! COMMIT was sent is run again on another one, from a clone: that is why functions are `Clone`.
//! Whatever else a function does than reading and writing the database, it must bear to be done twice.

mod address;
mod bulk;
pub mod clock;
pub mod codes;
mod connection;
pub mod file;
pub mod ids;
mod limits;
pub mod meta;
mod migrations;
mod outage;
mod pool;
mod readers;
mod relay;
pub mod schema;
mod target;
mod tls;
mod turn;
pub mod vault;
mod writer;

use std::sync::Arc;

use chrono::NaiveDateTime;
use diesel::prelude::*;

pub use bulk::Bulk;
pub use clock::Clock;
pub(crate) use codes::codes;
pub use connection::Conn;
pub use ids::Ids;
use pool::Pool;
use readers::Readers;
use target::Target;
use turn::Turn;
pub use vault::Vault;
use writer::Writer;

use crate::either;

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or could not run a statement.
    #[error("database: {0}")]
    Database(diesel::result::Error),
    /// The disk is full, or the database can only be read.
    #[error("nothing can be saved: {0}")]
    NotSaved(String),
    /// No connection could be had in time.
    #[error("no database connection: {0}")]
    Unavailable(String),
    /// The server went away or gave no answer after COMMIT was sent: whether the write was
    /// committed is not known.
    #[error("whether the write was committed is not known: {0}")]
    InDoubt(String),
    /// `DATABASE_URL` asks for something that cannot be done.
    #[error("DATABASE_URL is wrong: {0}")]
    Address(String),
    /// The write was not committed: the program is stopping.
    #[error("the write was not committed")]
    Closed,
    /// The job panicked; it was rolled back.
    #[error("a database job panicked")]
    Panicked,
    /// A migration failed.
    #[error("migration: {0}")]
    Migration(String),
    /// Migrations of this program have not been run on the database.
    #[error("the database is not up to date; run `kaozheng migrate` first")]
    Behind,
    /// The database has migrations that this program does not know.
    #[error(
        "the database is newer than this program: it has the migrations {0}; start the newer program, or \
         restore a backup that was made before the update"
    )]
    Ahead(String),
    /// Another program serves this SQLite database.
    #[error(
        "another program serves the database {0}; stop it first, or use PostgreSQL, which several can share"
    )]
    Served(String),
    /// Sealed data that does not open: another key wrote it, or it was tampered with.
    #[error("sealed data cannot be opened")]
    Unreadable,
    /// The key given is not the one this database was made with.
    #[error("the data key is not the one this database was made with")]
    WrongKey,
    /// A stored value that this program does not know.
    #[error("unknown stored value in {0}")]
    Corrupt(&'static str),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        if writer::cannot_save(&error) { Error::NotSaved(error.to_string()) } else { Error::Database(error) }
    }
}

impl From<vault::Unreadable> for Error {
    fn from(_: vault::Unreadable) -> Self {
        Error::Unreadable
    }
}

/// What a database function works with: one connection, and the time, ids and
/// keys it may use. Passing them in is what lets tests decide them.
pub struct Tx<'a> {
    /// The connection, inside a transaction when writing.
    pub conn: &'a mut Conn,
    /// Seals and opens personal data.
    pub vault: &'a Vault,
    /// Makes keys for new rows.
    pub ids: &'a Ids,
    /// The one moment at which everything in this transaction happens, UTC.
    pub now: NaiveDateTime,
}

impl Tx<'_> {
    /// A new primary key.
    pub fn id(&self) -> String {
        self.ids.next(self.now)
    }

    /// Today's date in China, which is what deadlines count by.
    pub fn today(&self) -> chrono::NaiveDate {
        clock::china_date(self.now)
    }
}

/// The database with everything needed to use it. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    target: Target,
    pool: Pool,
    /// Only SQLite has a writer of its own; PostgreSQL writes through the pool.
    writer: Option<Writer>,
    readers: Readers,
    /// Seals and opens personal data.
    pub vault: Arc<Vault>,
    /// The only clock.
    pub clock: Clock,
    /// The only maker of ids and random tokens.
    pub ids: Ids,
}

impl Store {
    /// Opens `sqlite:PATH` (made when absent) or `postgres://…`. Migrates nothing.
    pub async fn open(url: &str, vault: Vault, clock: Clock, ids: Ids) -> Result<Store, Error> {
        let target = Target::parse(url)?;
        let writer = match &target {
            Target::Sqlite(path) => Some(start_writer(&target, path)?),
            Target::Postgres(_) => None,
        };
        let pool = Pool::new(target.clone())?;
        let readers = Readers::start(&target).map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Store { target, pool, writer, readers, vault: Arc::new(vault), clock, ids })
    }

    /// Runs `query` on a connection for reading. SQLite refuses writes there.
    pub async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Clone + Send + 'static,
    {
        self.pool.read(self.in_tx(query)).await
    }

    /// [`Store::read`] for a short query of static type that very many ask at once. It may share
    /// a read transaction with others.
    pub async fn glance<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Clone + Send + 'static,
    {
        self.readers.read(self.in_tx(query)).await
    }

    /// Runs `work` in one transaction; when this returns `Ok` it is on the disk.
    ///
    /// # Errors
    /// [`Error::InDoubt`] when it may or may not be; otherwise nothing was changed.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Clone + Send + 'static,
    {
        let work = self.in_tx(work);
        match &self.writer {
            Some(writer) => writer.write(work).await,
            None => self.pool.write(work).await,
        }
    }

    /// Runs pending migrations and remembers, or checks, which key seals this database.
    ///
    /// # Errors
    /// [`Error::WrongKey`] when the database was made with another key.
    pub async fn migrate(&self) -> Result<usize, Error> {
        let target = self.target.clone();
        // A place of its own in the queue, because the writer of this program has to wait as well.
        let turn = self.writer.as_ref().map(|writer| Turn::beside(&writer.path)).transpose()?;
        // diesel's migrations bring their own transactions, so not in the writer's.
        let run = move || {
            let mut conn = target.connect(Conn::prepare_migrator)?;
            match turn {
                Some(turn) => turn.alone(|| migrations::run(&mut conn)),
                None => migrations::run(&mut conn),
            }
        };
        let done = tokio::task::spawn_blocking(run).await.map_err(|_| Error::Panicked)??;
        self.check_key().await?;
        Ok(done)
    }

    /// Whether the database answers and has every migration of this program. Newer migrations do not
    /// matter here: during an update the older program goes on until it is stopped.
    pub async fn is_ready(&self) -> Result<bool, Error> {
        match self.check_schema().await {
            Ok(()) | Err(Error::Ahead(_)) => Ok(true),
            Err(Error::Behind) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Checks that the database has the migrations of this program, and no others.
    ///
    /// # Errors
    /// [`Error::Behind`] or [`Error::Ahead`] when it has not.
    pub async fn check_schema(&self) -> Result<(), Error> {
        self.pool.read_once(migrations::check).await
    }

    /// The versions of the migrations that were run on the database, oldest first.
    pub async fn schema_versions(&self) -> Result<Vec<String>, Error> {
        self.pool.read_once(migrations::run_on).await
    }

    /// Writes a small row, so that a full disk or a read-only database is noticed.
    pub async fn check_writable(&self) -> Result<(), Error> {
        self.write(|tx| meta::set(tx, "written_at", &tx.now.to_string())).await
    }

    /// Notices a wrong key at start, before anything is sealed with it. Only the first start writes: a
    /// command that is to read waits for no writer.
    pub async fn check_key(&self) -> Result<(), Error> {
        use schema::meta::dsl as m;
        let kept = |tx: &mut Tx| -> Result<Option<String>, Error> {
            Ok(m::meta.filter(m::key.eq("key")).select(m::value).first(tx.conn).optional()?)
        };
        let keep = move |tx: &mut Tx| match kept(tx)? {
            Some(known) => Ok(known),
            None => {
                let row = (m::key.eq("key"), m::value.eq(tx.vault.fingerprint()));
                // Two first starts at one moment: the second keeps what the first has written.
                either!(&mut *tx.conn, conn => diesel::insert_into(m::meta)
                    .values(row)
                    .on_conflict_do_nothing()
                    .execute(conn))?;
                kept(tx)?.ok_or(Error::Corrupt("meta.key"))
            }
        };
        let known = match self.read(kept).await? {
            Some(known) => known,
            None => self.write::<_, Error, _>(keep).await?,
        };
        if known == self.vault.fingerprint() { Ok(()) } else { Err(Error::WrongKey) }
    }

    fn in_tx<T, E, F>(&self, work: F) -> impl FnOnce(&mut Conn) -> Result<T, E> + Clone + Send + 'static
    where
        F: FnOnce(&mut Tx) -> Result<T, E> + Clone + Send + 'static,
    {
        let (vault, ids, now) = (self.vault.clone(), self.ids.clone(), self.clock.now());
        move |conn| work(&mut Tx { conn, vault: &vault, ids: &ids, now })
    }
}

/// The versions of the migrations of this program, oldest first.
pub fn schema_of_program() -> Result<Vec<String>, Error> {
    migrations::known()
}

fn start_writer(target: &Target, path: &str) -> Result<Writer, Error> {
    let turn = Turn::beside(path)?;
    // Switching a new file to WAL fails at once where another program is doing the same.
    let conn = turn.alone(|| target.connect(Conn::prepare_writer))?;
    Writer::start(conn, path, turn).map_err(|error| Error::Unavailable(error.to_string()))
}
