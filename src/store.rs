//! The database, the clock, the maker of ids, and the encryption of personal data.
//!
//! [`Store`] is the handle. [`Store::read`] and [`Store::write`] run a function on a [`Tx`]. A write is one
//! transaction and durable when `write` returns, so the function must not begin transactions of its own.
//!
//! A PostgreSQL server may go away and come back. A function whose connection was lost before COMMIT was sent
//! runs again on another connection, from a clone: functions are therefore `Clone`, and what they do besides
//! reading and writing the database must be idempotent.

mod address;
pub mod backups;
mod bulk;
mod candidate_id;
pub mod clock;
pub mod codes;
mod connection;
pub mod data_keys;
mod database;
mod error;
pub mod file;
pub mod hash_columns;
pub mod ids;
mod limits;
pub mod measures;
pub mod meta;
mod migrations;
mod outage;
mod pool;
mod readers;
mod relay;
mod replica;
pub mod schema;
pub mod sealed_columns;
mod timestamp;
mod tls;
mod tx;
pub mod vault;
mod write_turn;
mod writer;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

pub use bulk::Bulk;
pub use candidate_id::CandidateId;
pub use clock::Clock;
pub(crate) use codes::codes;
pub use connection::Conn;
use data_keys::{OneKeyLock, Purpose};
use database::Database;
pub use error::Error;
pub use ids::Ids;
pub use measures::{Load, Measures};
use measures::{READ, WRITE};
use pool::{Opener, Pool};
use readers::Readers;
use replica::Replica;
pub use timestamp::Timestamp;
pub use tx::Tx;
use tx::downcast;
pub use vault::Vault;
use write_turn::WriteTurn;
use writer::Writer;

/// The database with its clock, ids and keys. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    database: Database,
    reads: Reads,
    replica: Option<Arc<Replica>>,
    writes: Writes,
    pub vault: Arc<Vault>,
    pub clock: Clock,
    pub ids: Ids,
    attached: &'static (dyn Any + Send + Sync),
    pub measures: Measures,
    /// SQLite with one key only.
    _one_key: Option<Arc<OneKeyLock>>,
}

#[derive(Clone)]
enum Reads {
    Sqlite(Readers),
    Postgres(Pool),
}

#[derive(Clone)]
enum Writes {
    Sqlite(Writer),
    Postgres(Pool),
}

impl Store {
    /// Opens `sqlite:PATH`, which is created if it is missing, or `postgres://…`. Runs no migrations.
    pub async fn open(url: &str, vault: Vault, clock: Clock, ids: Ids) -> Result<Store, Error> {
        let database = Database::parse(url)?;
        let vault = Arc::new(vault);
        let measures = Measures::default();
        let pool = |kind, prepare, limit| {
            let opener = Opener { database: database.clone(), prepare, vault: vault.clone() };
            Pool::new(opener, limit, (kind, measures.clone()))
        };
        let reads = pool(READ, Conn::prepare_reader, limits::READ)?;
        let one_key = match &database {
            Database::Sqlite(path) if !vault.may_turn() => Some(Arc::new(OneKeyLock::hold(path)?)),
            _ => None,
        };
        let (reads, writes) = match &database {
            Database::Sqlite(path) => {
                let writer = start_writer(&database, path, measures.clone())?;
                (Reads::Sqlite(Readers::new(reads)), Writes::Sqlite(writer))
            }
            Database::Postgres(_) => {
                let writes = pool(WRITE, Conn::prepare_writer, limits::WRITE)?;
                (Reads::Postgres(reads), Writes::Postgres(writes))
            }
        };
        Ok(Store {
            database,
            reads,
            replica: None,
            writes,
            vault,
            clock,
            ids,
            attached: &(),
            measures,
            _one_key: one_key,
        })
    }

    /// Lets [`Store::read_public`] read from a replica that is not further behind than `bound`, if [`Store::beat`] is
    /// called more often than that.
    pub fn with_replica(self, url: &str, bound: Duration) -> Result<Store, Error> {
        let replica = Arc::new(Replica::new(
            url,
            bound,
            (self.ids.token(12), self.vault.clone()),
            self.measures.clone(),
        )?);
        Ok(Store { replica: Some(replica), ..self })
    }

    /// Lets every [`Tx`] carry `data` of a room above this one, such as the registry of businesses.
    pub fn attach(self, data: &'static (dyn Any + Send + Sync)) -> Store {
        Store { attached: data, ..self }
    }

    /// What [`Store::attach`] attached.
    ///
    /// # Panics
    /// When something of another type was attached, which only a defect does.
    pub fn attached<T: Any>(&self) -> &'static T {
        downcast(self.attached)
    }

    /// Opens a connection beside those of the store, for many rows in many transactions. It blocks.
    pub fn bulk(&self) -> Result<Bulk, Error> {
        let (vault, clock, ids) = ((*self.vault).clone(), self.clock.clone(), self.ids.clone());
        Ok(Bulk::of(self.database.clone(), vault, clock, ids)?.attach(self.attached))
    }

    /// Whether other processes may use the database at the same time. SQLite's is served by one.
    pub fn is_shared(&self) -> bool {
        matches!(self.database, Database::Postgres(_))
    }

    /// Runs `query` in one read transaction: all its statements see the same state, and none can write.
    ///
    /// On SQLite it runs on the caller's thread, so it must be short.
    pub async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Clone + Send + 'static,
    {
        let query = self.in_tx(query, Purpose::Read);
        let read = async {
            match &self.reads {
                Reads::Sqlite(readers) => readers.read(query).await,
                Reads::Postgres(pool) => pool.read(move |conn| pool::in_snapshot(conn, query)).await,
            }
        };
        self.measures.transaction(READ, read).await
    }

    /// [`Store::read`] for a function of one statement, which a server answers without a transaction, unless keys may
    /// turn.
    pub async fn read_one<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Clone + Send + 'static,
    {
        if self.vault.may_turn() {
            return self.read(query).await;
        }
        let query = self.in_tx(query, Purpose::Read);
        let read = async {
            match &self.reads {
                Reads::Sqlite(readers) => readers.read(query).await,
                Reads::Postgres(pool) => pool.read(query).await,
            }
        };
        self.measures.transaction(READ, read).await
    }

    /// [`Store::read_one`] for a public page, which may show what was true a moment ago: a replica answers, if there is
    /// one and it is within its bound. `query` may also run on the primary after it failed on the replica.
    pub async fn read_public<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Clone + Send + 'static,
    {
        if let Some(replica) = &self.replica
            && let Some(answer) = replica.read(self.in_tx(query.clone(), Purpose::Read)).await
        {
            return Ok(answer);
        }
        self.read_one(query).await
    }

    /// Tells by the primary how far the replica is. Call it about every second. Without a replica it does nothing.
    pub async fn beat(&self) -> Result<(), Error> {
        match &self.replica {
            Some(replica) => self.write(replica.beat()).await,
            None => Ok(()),
        }
    }

    /// Runs `work` in one transaction, which is on the disk when this returns `Ok`.
    ///
    /// # Errors
    /// [`Error::InDoubt`]: the transaction may be committed. All others: nothing was changed.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Clone + Send + 'static,
    {
        let work = self.in_tx(work, Purpose::Write);
        let write = async {
            match &self.writes {
                Writes::Sqlite(writer) => writer.write(work).await,
                Writes::Postgres(pool) => pool.write(work).await,
            }
        };
        self.measures.transaction(WRITE, write).await
    }

    /// What is in use and what waits at the moment.
    pub fn load(&self) -> Load {
        let reads = self.read_pool().load();
        match &self.writes {
            Writes::Sqlite(writer) => Load { pools: vec![reads], writer_queue: Some(writer.waiting()) },
            Writes::Postgres(pool) => Load { pools: vec![reads, pool.load()], writer_queue: None },
        }
    }

    /// Runs pending migrations, then [`Store::check_key`].
    pub async fn migrate(&self) -> Result<usize, Error> {
        let database = self.database.clone();
        // A place of its own in the queue, because the writer of this program has to wait as well.
        let turn = match &self.database {
            Database::Sqlite(path) => Some(WriteTurn::beside(path)?),
            Database::Postgres(_) => None,
        };
        // diesel's migrations bring their own transactions, so not in the writer's.
        let run = move || {
            let mut conn = database.connect(Conn::prepare_migrator)?;
            match turn {
                Some(turn) => turn.exclusively(|| migrations::run(&mut conn)),
                None => migrations::run(&mut conn),
            }
        };
        let done = tokio::task::spawn_blocking(run).await.map_err(|_| Error::Panicked)??;
        self.check_key().await?;
        Ok(done)
    }

    /// Whether the database answers and has every migration of this program. Newer migrations do not matter:
    /// during an update the old program runs until it is stopped.
    pub async fn is_ready(&self) -> Result<bool, Error> {
        match self.check_schema().await {
            Ok(()) | Err(Error::Ahead(_)) => Ok(true),
            Err(Error::Behind) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Checks that the database has exactly the migrations of this program.
    ///
    /// # Errors
    /// [`Error::Behind`] or [`Error::Ahead`].
    pub async fn check_schema(&self) -> Result<(), Error> {
        self.read_pool().read_once(migrations::check).await
    }

    /// Versions of the migrations of the database, oldest first.
    pub async fn schema_versions(&self) -> Result<Vec<String>, Error> {
        self.read_pool().read_once(migrations::run_on).await
    }

    /// Writes a small row. Fails if the disk is full or the database is read-only.
    pub async fn check_writable(&self) -> Result<(), Error> {
        self.write(|tx| meta::set(tx, "written_at", &tx.now.to_string())).await
    }

    /// Learns the generations of the data keys. Only the first call for a database writes.
    ///
    /// # Errors
    /// [`Error::WrongKey`] if a key that the database needs is not given, or two keys are unknown to it.
    pub async fn check_key(&self) -> Result<(), Error> {
        if self.read(data_keys::learn_known).await? { Ok(()) } else { self.write(data_keys::learn).await }
    }

    /// Runs `work` while no process with one key can use this database, if it is SQLite's.
    ///
    /// # Errors
    /// [`Error::OneKey`] if such a process runs.
    pub async fn without_one_key<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let _lock = match &self.database {
            Database::Sqlite(path) => match OneKeyLock::take_alone(path)? {
                Some(lock) => Some(lock),
                None => return Err(Error::OneKey("this machine".to_owned())),
            },
            Database::Postgres(_) => None,
        };
        work.await
    }

    fn read_pool(&self) -> &Pool {
        match &self.reads {
            Reads::Sqlite(readers) => &readers.connections,
            Reads::Postgres(pool) => pool,
        }
    }

    fn in_tx<T, E, F>(
        &self,
        work: F,
        purpose: Purpose,
    ) -> impl FnOnce(&mut Conn) -> Result<T, E> + Clone + Send + 'static
    where
        E: From<Error>,
        F: FnOnce(&mut Tx) -> Result<T, E> + Clone + Send + 'static,
    {
        let (vault, ids, now) = (self.vault.clone(), self.ids.clone(), self.clock.now());
        let attached = self.attached;
        move |conn| {
            let vault = data_keys::in_transaction(&vault, conn, purpose)?;
            Tx::new(conn, (&vault, &ids), now, attached).complete(work)
        }
    }
}

/// Versions of the migrations of this program, oldest first.
pub fn schema_of_program() -> Result<Vec<String>, Error> {
    migrations::known()
}

fn start_writer(database: &Database, path: &str, measures: Measures) -> Result<Writer, Error> {
    let turn = WriteTurn::beside(path)?;
    // Switching a new file to WAL fails at once if another process does the same.
    let conn = turn.exclusively(|| database.connect(Conn::prepare_writer))?;
    Writer::start(conn, turn, measures).map_err(|error| Error::Unavailable(error.to_string()))
}
