//! The generations of the data key, and what keeps processes in step while keys turn.
//!
//! A transaction must store and search the hashes of one moment. A process that is given several keys therefore reads
//! the state at the beginning of each transaction. On PostgreSQL its writers hold [`LOCK`] shared, which the turn
//! takes alone for each step. A process that is given one key reads nothing; keys cannot turn while it runs: on
//! PostgreSQL its connections say which keys it has, and on SQLite it locks a file.

use std::fs::File;
use std::io;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use super::schema::data_keys::dsl as k;
use super::vault::{HashState, StoredGeneration, Suite};
use super::{Conn, Error, Timestamp, Tx, Vault, meta};
use crate::either;

/// Key of the advisory lock in PostgreSQL.
const LOCK: i64 = 0x006b_617a_6b65_7973;

/// What the name of a connection begins with. After it come the fingerprints of the process's keys, shortened.
const CONNECTION: &str = "kaozheng";

/// Characters of a fingerprint in the name of a connection, which has at most 63.
const SHORT: usize = 10;

/// How long a step of the turn waits for the writers before it, while those after it wait for the step.
const PATIENCE: &str = "SET LOCAL lock_timeout = '1s'";

/// What a transaction does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Its statements see one state.
    Read,
    Write,
}

/// A generation in the database.
#[derive(Clone, Debug, Queryable)]
pub struct DataKeyRow {
    pub generation: i32,
    pub fingerprint: String,
    suite: String,
    blind_key: String,
    /// See [`HashState::turned_to`].
    pub turned_to: Option<String>,
    /// When it began to seal; `None` while it is only announced.
    pub begun_at: Option<Timestamp>,
    /// `None` while values are sealed with the key before.
    pub finished_at: Option<Timestamp>,
}

impl DataKeyRow {
    pub fn number(&self) -> u8 {
        u8::try_from(self.generation).unwrap_or_default()
    }

    pub fn suite(&self) -> Result<Suite, Error> {
        Suite::from_code(&self.suite).ok_or(Error::Corrupt("data_keys.suite"))
    }

    fn stored(&self) -> Result<StoredGeneration, Error> {
        Ok(StoredGeneration {
            fingerprint: self.fingerprint.clone(),
            suite: self.suite()?,
            blind_key: self.blind_key.clone(),
            is_finished: self.finished_at.is_some(),
        })
    }
}

/// All generations, the first first.
pub fn list(tx: &mut Tx) -> Result<Vec<DataKeyRow>, Error> {
    rows(tx.conn)
}

fn rows(conn: &mut Conn) -> Result<Vec<DataKeyRow>, Error> {
    Ok(k::data_keys.order(k::generation).load(conn)?)
}

/// Teaches the vault the generations of the database. Makes the first given key the first generation of a new one.
///
/// # Errors
/// [`Error::WrongKey`]
pub(super) fn learn(tx: &mut Tx) -> Result<(), Error> {
    let mut known = rows(tx.conn)?;
    if known.is_empty() {
        make_first(tx)?;
        known = rows(tx.conn)?;
    }
    teach(tx.vault, &known)
}

/// [`learn`] without writing. Returns whether there are generations.
pub(super) fn learn_known(tx: &mut Tx) -> Result<bool, Error> {
    let known = rows(tx.conn)?;
    if !known.is_empty() {
        teach(tx.vault, &known)?;
    }
    Ok(!known.is_empty())
}

fn teach(vault: &Vault, rows: &[DataKeyRow]) -> Result<(), Error> {
    let is_given = |row: &DataKeyRow| vault.fingerprints().any(|(given, _)| given == row.fingerprint);
    if !rows.last().is_some_and(is_given) {
        return Err(Error::WrongKey);
    }
    let begun = rows.iter().filter(|row| row.begun_at.is_some());
    let stored = begun.map(DataKeyRow::stored).collect::<Result<Vec<_>, _>>()?;
    let unknown = vault.fingerprints().filter(|(given, _)| rows.iter().all(|row| row.fingerprint != *given));
    if unknown.count() > 1 {
        return Err(Error::WrongKey);
    }
    vault.learn(&stored).map_err(|_| Error::WrongKey)
}

/// Two processes may start at once: the second keeps the row of the first.
fn make_first(tx: &mut Tx) -> Result<(), Error> {
    let (fingerprint, suite) = tx.vault.fingerprints().next().expect("a vault has a key");
    let row = (
        k::generation.eq(1),
        k::fingerprint.eq(fingerprint),
        k::suite.eq(suite.code()),
        k::blind_key.eq(""),
        k::begun_at.eq(tx.now),
        k::finished_at.eq(tx.now),
    );
    let insert = diesel::insert_into(k::data_keys).values(row);
    either!(&mut *tx.conn, conn => insert.on_conflict_do_nothing().execute(conn))?;
    Ok(())
}

/// The vault for a transaction that begins.
///
/// # Errors
/// [`Error::WrongKey`] if keys turn to one that is not given.
pub(super) fn in_transaction(vault: &Vault, conn: &mut Conn, purpose: Purpose) -> Result<Vault, Error> {
    if !vault.may_turn() {
        return Ok(vault.clone());
    }
    if purpose == Purpose::Write
        && let Conn::Postgres(conn) = conn
    {
        // A statement of its own, since a statement does not see what was committed while it waited.
        conn.batch_execute(&format!("SELECT pg_advisory_xact_lock_shared({LOCK})"))?;
    }
    let begun = k::data_keys.filter(k::begun_at.is_not_null());
    let newest = begun.order(k::generation.desc()).select((k::generation, k::turned_to));
    let newest: Option<(i32, Option<String>)> = newest.first(conn).optional()?;
    let Some((generation, turned_to)) = newest else { return Ok(vault.clone()) };
    let generation = u8::try_from(generation).map_err(|_| Error::Corrupt("data_keys.generation"))?;
    if !vault.knows(generation) {
        teach(vault, &rows(conn)?)?;
    }
    Ok(vault.in_state(HashState { generation, turned_to }))
}

/// Lets no other transaction of a process with several keys write until this one ends.
fn lock_alone(tx: &mut Tx) -> Result<(), Error> {
    if let Conn::Postgres(conn) = tx.conn {
        conn.batch_execute(&format!("{PATIENCE}; SELECT pg_advisory_xact_lock({LOCK})"))?;
    }
    Ok(())
}

/// Announces the given key that the database does not know. From now on no process without it starts or connects, and
/// it does not seal yet.
pub fn prepare(tx: &mut Tx) -> Result<(), Error> {
    lock_alone(tx)?;
    let known = rows(tx.conn)?;
    let (fingerprint, suite) = new_key(tx.vault, &known).ok_or(Error::WrongKey)?;
    let newest = known.last().map_or(0, |row| row.generation);
    diesel::insert_into(k::data_keys)
        .values((
            k::generation.eq(newest + 1),
            k::fingerprint.eq(fingerprint),
            k::suite.eq(suite.code()),
            k::blind_key.eq(""),
            k::turned_to.eq(""),
        ))
        .execute(tx.conn)?;
    // Programs from before there were generations compare this with their key.
    meta::set(tx, "key", fingerprint)
}

/// The given key that the database does not know.
fn new_key<'a>(vault: &'a Vault, known: &[DataKeyRow]) -> Option<(&'a str, Suite)> {
    vault.fingerprints().find(|(given, _)| known.iter().all(|row| row.fingerprint != *given))
}

/// Whether a key is given that the database does not know.
pub fn has_new_key(tx: &mut Tx) -> Result<bool, Error> {
    let known = rows(tx.conn)?;
    Ok(new_key(tx.vault, &known).is_some())
}

/// Takes [`prepare`] back.
pub fn take_back(tx: &mut Tx) -> Result<(), Error> {
    lock_alone(tx)?;
    diesel::delete(k::data_keys.filter(k::begun_at.is_null())).execute(tx.conn)?;
    let newest = rows(tx.conn)?.pop().ok_or(Error::Corrupt("data_keys"))?;
    meta::set(tx, "key", &newest.fingerprint)
}

/// Lets the announced key seal.
pub fn begin(tx: &mut Tx) -> Result<(), Error> {
    lock_alone(tx)?;
    let announced = k::data_keys.filter(k::begun_at.is_null());
    diesel::update(announced).set(k::begun_at.eq(tx.now)).execute(tx.conn)?;
    Ok(())
}

/// Runs one step of the turn, which replaces the hashes up to `end`, while nobody writes. `None`: all are replaced.
pub fn step(
    tx: &mut Tx,
    generation: i32,
    end: Option<&str>,
    replace: impl FnOnce(&mut Tx) -> Result<(), Error>,
) -> Result<(), Error> {
    lock_alone(tx)?;
    replace(tx)?;
    diesel::update(k::data_keys.find(generation)).set(k::turned_to.eq(end)).execute(tx.conn)?;
    Ok(())
}

/// The newest generation whose key has replaced all before it.
pub fn replaced_all(tx: &mut Tx) -> Result<u8, Error> {
    let finished = rows(tx.conn)?.into_iter().rfind(|row| row.finished_at.is_some());
    Ok(finished.map_or(1, |row| row.number()))
}

/// See [`HashState::turned_to`].
pub fn turned_to(tx: &mut Tx) -> Result<Option<String>, Error> {
    Ok(rows(tx.conn)?.pop().and_then(|newest| newest.turned_to))
}

/// Whether a step failed because other transactions did not end soon.
pub fn is_busy(error: &Error) -> bool {
    matches!(error, Error::Database(error) if error.to_string().contains("lock timeout"))
}

/// Keeps the parts of the former keys that hash, sealed with the newest key.
pub fn keep_blind_keys(tx: &mut Tx) -> Result<(), Error> {
    for generation in 1..tx.vault.generation() {
        let sealed = tx.vault.sealed_blind_key(generation)?;
        let row = k::data_keys.find(i32::from(generation));
        diesel::update(row).set(k::blind_key.eq(sealed)).execute(tx.conn)?;
    }
    Ok(())
}

/// Notes that nothing is sealed with a former key any more.
pub fn finish(tx: &mut Tx, generation: i32) -> Result<(), Error> {
    diesel::update(k::data_keys.find(generation)).set(k::finished_at.eq(tx.now)).execute(tx.conn)?;
    Ok(())
}

/// Names a new connection by the keys of this process, and refuses it if the process lacks the newest.
pub(super) fn announce(vault: &Vault, conn: &mut Conn) -> Result<(), Error> {
    let Conn::Postgres(postgres) = conn else { return Ok(()) };
    let mut name = CONNECTION.to_owned();
    for (fingerprint, _) in vault.fingerprints() {
        name.extend([" ", &fingerprint[..SHORT]]);
    }
    // A name that the address gives stays, at the end.
    postgres.batch_execute(&format!(
        "SELECT set_config('application_name', rtrim('{name} ' || current_setting('application_name')), false)"
    ))?;
    if vault.may_turn() || !has_table(postgres)? {
        return Ok(());
    }
    let newest = k::data_keys.order(k::generation.desc()).select(k::fingerprint);
    let newest: Option<String> = newest.first(conn).optional()?;
    let is_given = |newest: &String| vault.fingerprints().any(|(given, _)| given == newest);
    if newest.is_none_or(|newest| is_given(&newest)) { Ok(()) } else { Err(Error::WrongKey) }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Nullable<Text>)]
    found: Option<String>,
}

/// Whether the migrations have made the table.
fn has_table(conn: &mut diesel::PgConnection) -> Result<bool, Error> {
    let query = diesel::sql_query("SELECT to_regclass('data_keys')::TEXT AS found");
    Ok(query.get_result::<Found>(conn)?.found.is_some())
}

/// Addresses of processes that are connected to this database and lack the newest key. Empty for SQLite.
pub fn without_newest(tx: &mut Tx) -> Result<Vec<String>, Error> {
    let fingerprint = rows(tx.conn)?.pop().ok_or(Error::Corrupt("data_keys"))?.fingerprint;
    let Conn::Postgres(conn) = tx.conn else { return Ok(Vec::new()) };
    let query = diesel::sql_query(
        "SELECT DISTINCT coalesce(host(client_addr), 'this machine') AS found FROM pg_stat_activity \
         WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid() \
         AND backend_type = 'client backend' AND (application_name = '' OR starts_with(application_name, $1)) \
         AND position($2 IN application_name) = 0",
    );
    let query = query.bind::<Text, _>(CONNECTION).bind::<Text, _>(&fingerprint[..SHORT]);
    Ok(query.load::<Found>(conn)?.into_iter().filter_map(|row| row.found).collect())
}

/// The lock of SQLite that a process with one key holds shared.
pub(super) struct OneKeyLock(File);

impl OneKeyLock {
    fn open(path: &str) -> Result<OneKeyLock, Error> {
        let file = File::options().create(true).append(true).open(format!("{path}-keys"));
        file.map(OneKeyLock).map_err(unavailable)
    }

    /// Keeps keys from turning as long as it lives.
    pub(super) fn hold(path: &str) -> Result<OneKeyLock, Error> {
        let lock = OneKeyLock::open(path)?;
        lock.0.lock_shared().map_err(unavailable)?;
        Ok(lock)
    }

    /// `None` if a process with one key runs.
    pub(super) fn take_alone(path: &str) -> Result<Option<OneKeyLock>, Error> {
        let lock = OneKeyLock::open(path)?;
        match lock.0.try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(unavailable(error)),
        }
    }
}

fn unavailable(error: io::Error) -> Error {
    Error::Unavailable(format!("the lock of the data keys: {error}"))
}
