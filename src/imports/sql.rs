//! SQL for tables that are described by data, on either database.
//!
//! Values are bound as text and converted by the database. An empty text is null where a column may be null.
//! PostgreSQL gets each column of many rows as one array. SQLite runs a prepared statement for each row: a
//! statement of several rows would copy every page it changes, in case a later row fails.

use diesel::backend::Backend;
use diesel::connection::DefaultLoadingMode;
use diesel::pg::{Pg, PgRowByRowLoadingMode};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, HasSqlType, Text, Untyped};

use super::table::{ColumnType, SEPARATOR, TargetTable};
use crate::store::Conn;

/// Items of a list in SQLite. A shorter list repeats its values, so that one prepared statement fits all.
const LIST: usize = 500;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// A statement with a value for each `?`. Diesel caches it by its text.
struct Filled<'a> {
    text: &'a str,
    values: &'a [&'a str],
}

impl<DB: Backend + HasSqlType<Text>> QueryFragment<DB> for Filled<'_>
where
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut values = self.values.iter();
        for (at, piece) in self.text.split('?').enumerate() {
            if at > 0
                && let Some(value) = values.next()
            {
                out.push_bind_param::<Text, str>(value)?;
            }
            out.push_sql(piece);
        }
        Ok(())
    }
}

impl QueryId for Filled<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Filled<'_> {
    type SqlType = Untyped;
}

impl<C> RunQueryDsl<C> for Filled<'_> {}

/// SQL that joins expressions of any type to one text, with [`SEPARATOR`] between them.
pub(super) fn line_of<'a>(expressions: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<_> = expressions.into_iter().map(|e| format!("COALESCE(CAST({e} AS TEXT), '')")).collect();
    texts.join(&format!(" || '{SEPARATOR}' || "))
}

/// Runs a query whose only column is `line`, with a value for each `?`.
pub(super) fn lines(conn: &mut Conn, query: &str, values: &[&str]) -> QueryResult<Vec<String>> {
    let query = Filled { text: query, values };
    let rows: Vec<Line> = match conn {
        Conn::Sqlite(conn) => query.load(conn)?,
        Conn::Postgres(conn) => query.load(conn)?,
    };
    Ok(rows.into_iter().map(|row| row.line).collect())
}

/// Runs a query for `values`: `{}` in `select` stands for `IN (…)` or `= ANY(…)`. Rows go to `take` one by
/// one, because a short list may match any number of rows.
pub(super) fn lines_in(
    conn: &mut Conn,
    select: &str,
    values: &[&str],
    mut take: impl FnMut(String),
) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(conn) => {
            let text = select.replace("{}", &list());
            for values in lists(values) {
                let filled = Filled { text: &text, values: &values };
                filled
                    .load_iter::<Line, DefaultLoadingMode>(conn)?
                    .try_for_each(|row| row.map(|row| take(row.line)))?;
            }
            Ok(())
        }
        Conn::Postgres(conn) => {
            let query = diesel::sql_query(select.replace("{}", "= ANY($1)")).bind::<Array<Text>, _>(values);
            query
                .load_iter::<Line, PgRowByRowLoadingMode>(conn)?
                .try_for_each(|row| row.map(|row| take(row.line)))
        }
    }
}

/// Runs a statement for `ids`: `{}` in it stands for `IN (…)` or `= ANY(…)`.
pub(super) fn execute_in(conn: &mut Conn, statement: &str, ids: &[&str]) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(conn) => {
            let text = statement.replace("{}", &list());
            for values in lists(ids) {
                Filled { text: &text, values: &values }.execute(conn)?;
            }
        }
        Conn::Postgres(conn) => {
            let statement = diesel::sql_query(statement.replace("{}", "= ANY($1)"));
            statement.bind::<Array<Text>, _>(ids).execute(conn)?;
        }
    }
    Ok(())
}

fn list() -> String {
    format!("IN ({})", vec!["?"; LIST].join(", "))
}

fn lists<'a>(values: &'a [&'a str]) -> impl Iterator<Item = Vec<&'a str>> {
    values.chunks(LIST).map(|some| some.iter().copied().cycle().take(LIST).collect())
}

/// Inserts rows. A row is the values of the target's columns followed by its id.
pub(super) fn insert(conn: &mut Conn, target: &TargetTable, rows: &[Vec<&str>]) -> QueryResult<()> {
    let names: Vec<_> = target.columns.iter().map(|column| column.name).collect();
    let head = format!("INSERT INTO {} ({}, id)", target.table, names.join(", "));
    match conn {
        Conn::Sqlite(conn) => {
            let values: Vec<_> =
                target.columns.iter().map(|column| sqlite_value(column.column_type)).collect();
            each_row(conn, &format!("{head} VALUES ({}, ?)", values.join(", ")), rows)
        }
        Conn::Postgres(conn) => all_rows(conn, &format!("{head} {}", postgres_rows(target)), rows),
    }
}

/// Updates rows. A row is the values of the target's columns followed by its id.
pub(super) fn update(conn: &mut Conn, target: &TargetTable, rows: &[Vec<&str>]) -> QueryResult<()> {
    let (table, columns) = (target.table, target.columns.iter());
    match conn {
        Conn::Sqlite(conn) => {
            let sets: Vec<_> = columns
                .map(|column| format!("{} = {}", column.name, sqlite_value(column.column_type)))
                .collect();
            each_row(conn, &format!("UPDATE {table} SET {} WHERE id = ?", sets.join(", ")), rows)
        }
        Conn::Postgres(conn) => {
            let names: Vec<_> = columns.map(|column| column.name).collect();
            let sets: Vec<_> = names.iter().map(|name| format!("{name} = new.{name}")).collect();
            let (names, sets, rows_of) = (names.join(", "), sets.join(", "), postgres_rows(target));
            let new = format!("WITH new ({names}, id) AS ({rows_of})");
            all_rows(
                conn,
                &format!("{new} UPDATE {table} SET {sets} FROM new WHERE {table}.id = new.id"),
                rows,
            )
        }
    }
}

fn each_row(conn: &mut SqliteConnection, text: &str, rows: &[Vec<&str>]) -> QueryResult<()> {
    rows.iter().try_for_each(|values| Filled { text, values }.execute(conn).map(drop))
}

fn all_rows(conn: &mut PgConnection, text: &str, rows: &[Vec<&str>]) -> QueryResult<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let query = diesel::sql_query(text).into_boxed::<Pg>();
    let columns = (0..first.len()).map(|at| rows.iter().map(|row| row[at]).collect::<Vec<_>>());
    columns.fold(query, |query, column| query.bind::<Array<Text>, _>(column)).execute(conn)?;
    Ok(())
}

/// SQLite converts text to the column's affinity.
fn sqlite_value(column_type: ColumnType) -> &'static str {
    if column_type == ColumnType::Text { "?" } else { "NULLIF(?, '')" }
}

fn postgres_rows(target: &TargetTable) -> String {
    let value = |(at, column_type): (usize, ColumnType)| match column_type {
        ColumnType::Text => format!("r.c{at}"),
        _ => format!("CAST(NULLIF(r.c{at}, '') AS {})", column_type.postgres()),
    };
    let width = target.columns.len();
    let values: Vec<_> =
        target.columns.iter().map(|column| column.column_type).enumerate().map(value).collect();
    let arrays: Vec<_> = (1..=width + 1).map(|at| format!("${at}")).collect();
    let names: Vec<_> = (0..=width).map(|at| format!("c{at}")).collect();
    let (values, arrays, names) = (values.join(", "), arrays.join(", "), names.join(", "));
    format!("SELECT {values}, r.c{width} FROM unnest({arrays}) AS r({names})")
}
