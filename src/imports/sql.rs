//! Statements for tables that are described by data, on either database.
//!
//! Values travel as text and are brought to the column's type by the database. An empty text stands for
//! nothing where a column may hold nothing. PostgreSQL gets each column of many rows as one array. SQLite gets
//! row after row by a statement that is prepared once; several rows in one statement would have it keep a copy
//! of every page that they touch, in case the last of them fails.

use diesel::backend::Backend;
use diesel::connection::DefaultLoadingMode;
use diesel::pg::{Pg, PgRowByRowLoadingMode};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, HasSqlType, Text, Untyped};

use super::target::{Sql, Target};
use crate::store::Conn;

/// Between the columns of a row that is read as one text. It is a control character, which no import takes.
pub(super) const SEPARATOR: char = '\u{1f}';

/// Values that SQLite is asked for at once. A last list that is shorter repeats a value, so that one statement
/// is prepared for all of them.
const LIST: usize = 500;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// A statement with a value for each `?` in its text. It is kept prepared, so there must be few such texts.
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

/// Several expressions as one text, in any order of types.
pub(super) fn line_of<'a>(expressions: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<_> = expressions.into_iter().map(|e| format!("COALESCE(CAST({e} AS TEXT), '')")).collect();
    texts.join(&format!(" || '{SEPARATOR}' || "))
}

/// The rows of a query whose only column is called `line`, with a value for each `?` in it.
pub(super) fn lines(conn: &mut Conn, query: &str, values: &[&str]) -> QueryResult<Vec<String>> {
    let query = Filled { text: query, values };
    let rows: Vec<Line> = match conn {
        Conn::Sqlite(conn) => query.load(conn)?,
        Conn::Postgres(conn) => query.load(conn)?,
    };
    Ok(rows.into_iter().map(|row| row.line).collect())
}

/// Rows whose column is one of `values`: `select` with the place of the list written `{}`. They are given to
/// `take` one by one: a list that is short may have any number of rows.
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

/// Runs a statement for the rows whose `id` is one of `ids`: the place of the list is written `{}`.
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

/// Inserts rows; each is the values of the target's fields, and then its id.
pub(super) fn insert(conn: &mut Conn, target: &Target, rows: &[Vec<&str>]) -> QueryResult<()> {
    let names: Vec<_> = target.fields.iter().map(|field| field.name).collect();
    let head = format!("INSERT INTO {} ({}, id)", target.table, names.join(", "));
    match conn {
        Conn::Sqlite(conn) => {
            let values: Vec<_> = target.fields.iter().map(|field| sqlite_value(field.sql)).collect();
            one_by_one(conn, &format!("{head} VALUES ({}, ?)", values.join(", ")), rows)
        }
        Conn::Postgres(conn) => at_once(conn, &format!("{head} {}", postgres_rows(target)), rows),
    }
}

/// Updates rows; each is the values of the target's fields, and then its id.
pub(super) fn update(conn: &mut Conn, target: &Target, rows: &[Vec<&str>]) -> QueryResult<()> {
    let (table, fields) = (target.table, target.fields.iter());
    match conn {
        Conn::Sqlite(conn) => {
            let sets: Vec<_> =
                fields.map(|field| format!("{} = {}", field.name, sqlite_value(field.sql))).collect();
            one_by_one(conn, &format!("UPDATE {table} SET {} WHERE id = ?", sets.join(", ")), rows)
        }
        Conn::Postgres(conn) => {
            let names: Vec<_> = fields.map(|field| field.name).collect();
            let sets: Vec<_> = names.iter().map(|name| format!("{name} = new.{name}")).collect();
            let (names, sets, rows_of) = (names.join(", "), sets.join(", "), postgres_rows(target));
            let new = format!("WITH new ({names}, id) AS ({rows_of})");
            at_once(
                conn,
                &format!("{new} UPDATE {table} SET {sets} FROM new WHERE {table}.id = new.id"),
                rows,
            )
        }
    }
}

fn one_by_one(conn: &mut SqliteConnection, text: &str, rows: &[Vec<&str>]) -> QueryResult<()> {
    rows.iter().try_for_each(|values| Filled { text, values }.execute(conn).map(drop))
}

fn at_once(conn: &mut PgConnection, text: &str, rows: &[Vec<&str>]) -> QueryResult<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let query = diesel::sql_query(text).into_boxed::<Pg>();
    let columns = (0..first.len()).map(|at| rows.iter().map(|row| row[at]).collect::<Vec<_>>());
    columns.fold(query, |query, column| query.bind::<Array<Text>, _>(column)).execute(conn)?;
    Ok(())
}

/// SQLite brings text to a column's affinity by itself.
fn sqlite_value(kind: Sql) -> &'static str {
    if kind == Sql::Text { "?" } else { "NULLIF(?, '')" }
}

fn postgres_rows(target: &Target) -> String {
    let value = |(at, kind): (usize, Sql)| match kind {
        Sql::Text => format!("r.c{at}"),
        _ => format!("CAST(NULLIF(r.c{at}, '') AS {})", kind.postgres()),
    };
    let width = target.fields.len();
    let values: Vec<_> = target.fields.iter().map(|field| field.sql).enumerate().map(value).collect();
    let arrays: Vec<_> = (1..=width + 1).map(|at| format!("${at}")).collect();
    let names: Vec<_> = (0..=width).map(|at| format!("c{at}")).collect();
    let (values, arrays, names) = (values.join(", "), arrays.join(", "), names.join(", "));
    format!("SELECT {values}, r.c{width} FROM unnest({arrays}) AS r({names})")
}
