//! The statements that a test makes the program run, counted by diesel's instrumentation.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

use crate::server::{Answer, Server, Visitor};

/// Beginnings of statements that control the connection.
const CONTROL: &[&str] = &["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET", "PRAGMA"];

/// Tables that tell who sent a request.
const WHO_ASKS: &[&str] = &["sessions", "candidates", "staff"];

/// What ran on the database of one server.
#[derive(Default)]
struct Record {
    /// The SQL of each statement, in order.
    run: Vec<String>,
    /// The SQL of the statements that stay prepared on a connection.
    prepared: BTreeSet<String>,
}

/// The recorded databases, each by a part of its address that no other has.
static RECORDS: Mutex<Vec<(String, Arc<Mutex<Record>>)>> = Mutex::new(Vec::new());

/// Records the statements of one server.
pub struct Statements {
    record: Arc<Mutex<Record>>,
}

impl Statements {
    /// Starts a server whose statements are recorded.
    pub async fn of_server(start: impl Future<Output = Server>) -> (Server, Statements) {
        set_default_instrumentation(instrument).expect("no other test panicked while it set this");
        let server = start.await;
        let name = unique_part(&server.parts.settings.database_url).to_owned();
        let record = Arc::default();
        lock(&RECORDS).push((name, Arc::clone(&record)));
        (server, Statements { record })
    }

    /// Opens a page. Returns it with the SQL of the statements that it took, without those that tell who asks.
    pub async fn of_page(&self, visitor: &Visitor, path: &str) -> (Answer, Vec<String>) {
        lock(&self.record).run.clear();
        let page = visitor.open(path).await;
        let mut run = std::mem::take(&mut lock(&self.record).run);
        run.retain(|sql| !tells_who_asks(sql));
        (page, run)
    }

    /// Whether a connection keeps a statement prepared after it ran.
    pub fn stays_prepared(&self, sql: &str) -> bool {
        lock(&self.record).prepared.contains(sql)
    }
}

/// The file of an SQLite database, or the name of a database on a server.
fn unique_part(url: &str) -> &str {
    match url.strip_prefix("sqlite:") {
        Some(path) => path,
        None => url.rsplit('/').next().unwrap_or(url),
    }
}

fn tells_who_asks(sql: &str) -> bool {
    let target = sql.split_once("FROM ").or_else(|| sql.split_once("UPDATE ")).map_or("", |(_, rest)| rest);
    let table = target.trim_start_matches(['(', '"', '`']);
    WHO_ASKS.iter().any(|name| table.strip_prefix(name).is_some_and(|rest| rest.starts_with(['"', '`'])))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The instrumentation of a new connection.
fn instrument() -> Option<Box<dyn Instrumentation>> {
    let mut address = String::new();
    // The compiler does not infer the lifetime of the event.
    Some(Box::new(move |event: InstrumentationEvent<'_>| match event {
        InstrumentationEvent::StartEstablishConnection { url, .. } => address = url.to_owned(),
        InstrumentationEvent::StartQuery { query, .. } => {
            with_record(&address, |record| {
                let text = query.to_string();
                let sql = text.split(" -- binds").next().unwrap_or_default().trim();
                if !CONTROL.iter().any(|word| sql.starts_with(word)) {
                    record.run.push(sql.to_owned());
                }
            });
        }
        InstrumentationEvent::CacheQuery { sql, .. } => {
            with_record(&address, |record| record.prepared.extend([sql.trim().to_owned()]));
        }
        _ => {}
    }))
}

fn with_record(address: &str, change: impl FnOnce(&mut Record)) {
    let record =
        lock(&RECORDS).iter().find(|(name, _)| address.contains(name)).map(|(_, record)| record.clone());
    if let Some(record) = record {
        change(&mut lock(&record));
    }
}
