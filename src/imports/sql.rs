//! Statements for tables that are described by data, on either database.
//!
//! Values travel as text and are brought to the column's type by the database. An empty text stands for
//! nothing where a column may hold nothing. PostgreSQL gets each column of many rows as one array; SQLite
//! gets as many rows in one statement as it takes parameters for.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{Array, Text};
use diesel::sqlite::Sqlite;

use super::target::{Sql, Target};
use crate::store::Conn;

/// Between the columns of a row that is read as one text. It is a control character, which no import takes.
pub(super) const SEPARATOR: char = '\u{1f}';

/// SQLite's limit is 32,766; prepared anew each time, larger statements are no faster.
const SQLITE_PARAMETERS: usize = 4096;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Several expressions as one text, in any order of types.
pub(super) fn line_of<'a>(expressions: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<_> = expressions.into_iter().map(|e| format!("COALESCE(CAST({e} AS TEXT), '')")).collect();
    texts.join(&format!(" || '{SEPARATOR}' || "))
}

/// The rows of a query without parameters whose only column is called `line`.
pub(super) fn lines(conn: &mut Conn, query: &str, parameters: &[&str]) -> QueryResult<Vec<String>> {
    let rows: Vec<Line> = match conn {
        Conn::Sqlite(conn) => bound::<Sqlite>(query.to_owned(), parameters.iter().copied()).load(conn)?,
        Conn::Postgres(conn) => bound::<Pg>(query.to_owned(), parameters.iter().copied()).load(conn)?,
    };
    Ok(rows.into_iter().map(|row| row.line).collect())
}

fn bound<'a, DB>(query: String, parameters: impl Iterator<Item = &'a str>) -> BoxedSqlQuery<'a, DB, SqlQuery>
where
    DB: diesel::backend::Backend + diesel::sql_types::HasSqlType<Text>,
    str: diesel::serialize::ToSql<Text, DB>,
    &'a str: diesel::serialize::ToSql<Text, DB>,
{
    parameters.fold(diesel::sql_query(query).into_boxed(), |query, value| query.bind::<Text, _>(value))
}

/// Rows whose `column` is one of `values`: `select` with the place of the list written `{}`.
pub(super) fn lines_in(conn: &mut Conn, select: &str, values: &[&str]) -> QueryResult<Vec<String>> {
    let mut found = Vec::new();
    match conn {
        Conn::Sqlite(conn) => {
            for some in values.chunks(SQLITE_PARAMETERS) {
                let list = format!("IN ({})", places(some.len()));
                let query = bound::<Sqlite>(select.replace("{}", &list), some.iter().copied());
                found.extend(query.load::<Line>(conn)?);
            }
        }
        Conn::Postgres(conn) => {
            let query = diesel::sql_query(select.replace("{}", "= ANY($1)"));
            found = query.bind::<Array<Text>, _>(values).load::<Line>(conn)?;
        }
    }
    Ok(found.into_iter().map(|row| row.line).collect())
}

/// Runs a statement for the rows whose `id` is one of `ids`: the place of the list is written `{}`.
pub(super) fn execute_in(conn: &mut Conn, statement: &str, ids: &[&str]) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(conn) => {
            for some in ids.chunks(SQLITE_PARAMETERS) {
                let list = format!("IN ({})", places(some.len()));
                bound::<Sqlite>(statement.replace("{}", &list), some.iter().copied()).execute(conn)?;
            }
        }
        Conn::Postgres(conn) => {
            let statement = diesel::sql_query(statement.replace("{}", "= ANY($1)"));
            statement.bind::<Array<Text>, _>(ids).execute(conn)?;
        }
    }
    Ok(())
}

/// Inserts rows; each is an id and the values of the target's fields.
pub(super) fn insert(conn: &mut Conn, target: &Target, rows: &[Vec<&str>]) -> QueryResult<()> {
    let names: Vec<_> = target.fields.iter().map(|field| field.name).collect();
    let head = format!("INSERT INTO {} (id, {})", target.table, names.join(", "));
    write(conn, target, rows, &|values| format!("{head} {values}"))
}

/// Updates rows; each is an id and the values of the target's fields.
pub(super) fn update(conn: &mut Conn, target: &Target, rows: &[Vec<&str>]) -> QueryResult<()> {
    let id = std::iter::once("id");
    let names: Vec<_> = id.chain(target.fields.iter().map(|field| field.name)).collect();
    let sets: Vec<_> = names[1..].iter().map(|name| format!("{name} = new.{name}")).collect();
    let (table, columns, sets) = (target.table, names.join(", "), sets.join(", "));
    write(conn, target, rows, &|values| {
        format!(
            "WITH new ({columns}) AS ({values}) UPDATE {table} SET {sets} FROM new WHERE {table}.id = new.id"
        )
    })
}

fn write(
    conn: &mut Conn,
    target: &Target,
    rows: &[Vec<&str>],
    statement: &dyn Fn(&str) -> String,
) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let width = target.fields.len() + 1;
    match conn {
        Conn::Sqlite(conn) => {
            let row = sqlite_row(target);
            for some in rows.chunks(SQLITE_PARAMETERS / width) {
                let values = format!("VALUES {}", vec![&*row; some.len()].join(", "));
                let parameters = some.iter().flatten().copied();
                bound::<Sqlite>(statement(&values), parameters).execute(conn)?;
            }
        }
        Conn::Postgres(conn) => {
            let query = diesel::sql_query(statement(&postgres_rows(target))).into_boxed::<Pg>();
            let columns = (0..width).map(|at| rows.iter().map(|row| row[at]).collect::<Vec<_>>());
            columns.fold(query, |query, column| query.bind::<Array<Text>, _>(column)).execute(conn)?;
        }
    }
    Ok(())
}

fn places(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// `(?, ?, NULLIF(?, ''))`: SQLite brings text to a column's affinity by itself.
fn sqlite_row(target: &Target) -> String {
    let value = |kind| if kind == Sql::Text { "?" } else { "NULLIF(?, '')" };
    let values: Vec<_> = target.fields.iter().map(|field| value(field.sql)).collect();
    format!("(?, {})", values.join(", "))
}

fn postgres_rows(target: &Target) -> String {
    let value = |(at, kind): (usize, Sql)| match kind {
        Sql::Text => format!("r.c{at}"),
        _ => format!("CAST(NULLIF(r.c{at}, '') AS {})", kind.postgres()),
    };
    let values: Vec<_> =
        target.fields.iter().map(|field| field.sql).zip(1..).map(|(k, at)| value((at, k))).collect();
    let width = target.fields.len() + 1;
    let arrays: Vec<_> = (1..=width).map(|at| format!("${at}")).collect();
    let names: Vec<_> = (0..width).map(|at| format!("c{at}")).collect();
    format!(
        "SELECT r.c0, {} FROM unnest({}) AS r({})",
        values.join(", "),
        arrays.join(", "),
        names.join(", ")
    )
}
