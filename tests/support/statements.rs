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
    /// Each statement with its values, as diesel displays them, in order.
    run: Vec<String>,
    /// The SQL of the statements that stay prepared on a connection.
    prepared: BTreeSet<String>,
}

/// The recorded databases, each by a part of its address that no other has.
static RECORDS: Mutex<Vec<(String, Arc<Mutex<Record>>)>> = Mutex::new(Vec::new());

/// Records the statements that run on one database.
pub struct Statements {
    record: Arc<Mutex<Record>>,
    is_sqlite: bool,
}

impl Statements {
    /// Records from now on what runs on connections that are opened from now on.
    pub fn record(url: &str) -> Statements {
        set_default_instrumentation(instrument).expect("no other test panicked while it set this");
        let record = Arc::default();
        lock(&RECORDS).push((unique_part(url).to_owned(), Arc::clone(&record)));
        Statements { record, is_sqlite: url.starts_with("sqlite:") }
    }

    /// Starts a server whose statements are recorded.
    pub async fn of_server(start: impl Future<Output = Server>) -> (Server, Statements) {
        set_default_instrumentation(instrument).expect("no other test panicked while it set this");
        let server = start.await;
        let statements = Statements::record(&server.parts.settings.database_url);
        (server, statements)
    }

    pub fn are_of_sqlite(&self) -> bool {
        self.is_sqlite
    }

    /// Opens a page. Returns it with the SQL of the statements that it took, without those that tell who asks.
    pub async fn of_page(&self, visitor: &Visitor, path: &str) -> (Answer, Vec<String>) {
        self.take();
        let page = visitor.open(path).await;
        let run = std::mem::take(&mut lock(&self.record).run);
        let sql = run.iter().map(|displayed| displayed.split(" -- binds").next().unwrap_or_default().trim());
        let is_control = |sql: &&str| CONTROL.iter().any(|word| sql.starts_with(word));
        let of_page = sql.filter(|sql| !is_control(sql) && !tells_who_asks(sql));
        (page, of_page.map(str::to_owned).collect())
    }

    /// What was run since the last call, with the bound values in place.
    pub fn take(&self) -> Vec<String> {
        let run = std::mem::take(&mut lock(&self.record).run);
        run.iter().map(|displayed| with_values(displayed)).collect()
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
    let from = sql.match_indices("FROM ").find(|(at, _)| is_outside_of_parentheses(&sql[..*at]));
    let from = from.map(|(at, word)| &sql[at + word.len()..]);
    let target = from.or_else(|| sql.split_once("UPDATE ").map(|(_, rest)| rest)).unwrap_or_default();
    let table = target.trim_start_matches(['(', '"', '`']);
    WHO_ASKS.iter().any(|name| table.strip_prefix(name).is_some_and(|rest| rest.starts_with(['"', '`'])))
}

/// Whether the text has closed every parenthesis.
fn is_outside_of_parentheses(text: &str) -> bool {
    text.matches('(').count() == text.matches(')').count()
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
                record.run.push(text);
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

/// Puts the values that diesel displays behind a statement into it.
fn with_values(displayed: &str) -> String {
    let (statement, values) = displayed.split_once(" -- binds: ").unwrap_or((displayed, "[]"));
    let values: Vec<String> = split(inside(values.trim(), '[', ']')).into_iter().map(literal).collect();
    let mut sql = statement.to_owned();
    for (at, value) in values.iter().enumerate().rev() {
        sql = sql.replace(&format!("${}", at + 1), value);
    }
    for value in &values {
        sql = sql.replacen('?', value, 1);
    }
    sql
}

/// Splits at the commas outside of brackets and quotation marks.
fn split(list: &str) -> Vec<&str> {
    let (mut values, mut depth, mut quoted, mut begin) = (Vec::new(), 0, false, 0);
    for (at, letter) in list.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '[' | '(' if !quoted => depth += 1,
            ']' | ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                values.push(list[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    values.push(list[begin..].trim());
    values
}

/// A value as a literal of SQL. A list is a literal of an array.
fn literal(value: &str) -> String {
    let text = match value.starts_with('[') {
        true => {
            let elements = split(inside(value, '[', ']')).into_iter().map(bare);
            format!("{{{}}}", elements.collect::<Vec<_>>().join(","))
        }
        false => bare(value).to_owned(),
    };
    format!("'{}'", text.replace('\'', "''"))
}

/// A value without the name of its newtype and without quotation marks.
fn bare(value: &str) -> &str {
    let is_newtype = |(name, _): (&str, &str)| name.chars().all(char::is_alphabetic);
    let value = if value.split_once('(').is_some_and(is_newtype) { inside(value, '(', ')') } else { value };
    value.trim_matches('"')
}

fn inside(text: &str, open: char, close: char) -> &str {
    let inner = text.split_once(open).map_or(text, |(_, rest)| rest);
    inner.rsplit_once(close).map_or(inner, |(inner, _)| inner)
}
