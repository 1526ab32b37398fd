//! What a statement reads, by the plan of its database.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use kaozheng::store::{Conn, Error, Store, Tx};
use serde_json::Value;

/// A row of EXPLAIN QUERY PLAN.
#[derive(Debug, QueryableByName)]
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
