//! The statements that a program runs on a database, and what they read.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use kaozheng::store::{Conn, Error, Store, Tx};
use serde_json::Value;

/// Statements by the name of their database.
static RECORDED: LazyLock<Mutex<HashMap<String, Vec<String>>>> = LazyLock::new(Mutex::default);

/// The statements of a database whose connections were all opened after this.
pub struct Statements {
    /// The path of a file, or the name on the server.
    database: String,
}

impl Statements {
    /// Records from now on. `url` is that of a database of this test.
    pub fn record(url: &str) -> Statements {
        let name = || url.rsplit('/').next().unwrap_or_default();
        let database = url.strip_prefix("sqlite:").unwrap_or_else(name).to_owned();
        RECORDED.lock().expect("no panic").insert(database.clone(), Vec::new());
        set_default_instrumentation(|| Some(Box::new(Recorder::default()))).expect("no panic");
        Statements { database }
    }

    pub fn are_of_sqlite(&self) -> bool {
        self.database.starts_with('/')
    }

    /// What was run since the last call, with the bound values in place.
    pub fn take(&self) -> Vec<String> {
        let mut recorded = RECORDED.lock().expect("no panic");
        let run = recorded.get_mut(&self.database).map(std::mem::take).unwrap_or_default();
        run.iter().map(|statement| with_values(statement)).collect()
    }
}

#[derive(Default)]
struct Recorder {
    url: String,
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => self.url = url.to_owned(),
            InstrumentationEvent::StartQuery { query, .. } => {
                let mut recorded = RECORDED.lock().expect("no panic");
                let known = recorded.iter_mut().find(|(database, _)| self.url.contains(*database));
                if let Some((_, statements)) = known {
                    statements.push(query.to_string());
                }
            }
            _ => {}
        }
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

/// A row of EXPLAIN QUERY PLAN.
#[derive(QueryableByName)]
pub struct Step {
    #[diesel(sql_type = Integer)]
    id: i32,
    #[diesel(sql_type = Integer)]
    parent: i32,
    #[diesel(sql_type = Text)]
    pub detail: String,
}

impl Step {
    /// The step of which this one is a part.
    pub fn parent<'a>(&self, steps: &'a [Step]) -> Option<&'a str> {
        steps.iter().find(|step| step.id == self.parent).map(|step| &*step.detail)
    }
}

#[derive(QueryableByName)]
struct Plan {
    /// JSON.
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    plan: String,
}

/// What a statement reads.
pub enum Reading {
    /// SQLite: the steps of the plan.
    Steps(Vec<Step>),
    /// PostgreSQL: how many rows and entries of indexes it read of each table and index.
    Rows(HashMap<String, u64>),
}

/// Explains a statement. On PostgreSQL it is run.
pub async fn explain(store: &Store, statement: String) -> Reading {
    let explain = move |tx: &mut Tx| match tx.conn {
        Conn::Sqlite(conn) => {
            let plan = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}"));
            Ok::<_, Error>(Reading::Steps(plan.load(conn)?))
        }
        Conn::Postgres(conn) => {
            let sql = format!("EXPLAIN (ANALYZE, FORMAT JSON) {statement}");
            let plan: Plan = diesel::sql_query(sql).get_result(conn)?;
            let plan: Value = serde_json::from_str(&plan.plan).expect("JSON");
            let mut rows = HashMap::new();
            count_rows(&plan[0]["Plan"], &mut rows);
            Ok(Reading::Rows(rows))
        }
    };
    store.read(explain).await.expect("a plan")
}

fn count_rows(node: &Value, rows: &mut HashMap<String, u64>) {
    let number = |name: &str| node[name].as_f64().unwrap_or_default();
    let read = number("Actual Rows") + number("Rows Removed by Filter");
    let table = node["Relation Name"].as_str().or(node["Index Name"].as_str());
    if let Some(table) = table {
        *rows.entry(table.to_owned()).or_default() += (read * number("Actual Loops")) as u64;
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        count_rows(child, rows);
    }
}
