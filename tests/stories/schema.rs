//! Both databases have the tables that `src/store/schema.rs` describes.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use kaozheng::store::{Clock, Conn, Error, Ids, Store, Vault};

use crate::database::database;

const SCHEMA: &str = include_str!("../../src/store/schema.rs");

/// Diesel type and nullability by `table.column`.
type Columns = BTreeMap<String, (String, bool)>;

/// Names of diesel's types in each database.
const TYPES: &[(&str, &[&str])] = &[
    ("Text", &["TEXT", "text"]),
    ("Integer", &["INTEGER", "integer"]),
    ("BigInt", &["BIGINT", "bigint"]),
    ("Bool", &["BOOLEAN", "boolean"]),
    ("Date", &["DATE", "date"]),
    ("Timestamp", &["TIMESTAMP", "timestamp without time zone"]),
];

fn described() -> Columns {
    let mut columns = Columns::new();
    for table in SCHEMA.split("diesel::table! {").skip(1) {
        let (name, rest) = table.trim_start().split_once(' ').expect("a table");
        let body = rest.split_once('{').expect("columns").1.split('}').next().unwrap_or_default();
        for line in body.lines().filter_map(|line| line.trim().strip_suffix(',')) {
            let (column, kind) = line.split_once(" -> ").expect("a column");
            let nullable = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            columns.insert(format!("{name}.{column}"), (nullable.unwrap_or(kind).into(), nullable.is_some()));
        }
    }
    columns
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

const SQLITE: &str = "SELECT t.name || '.' || c.name AS place, c.type AS kind, c.\"notnull\" = 0 AS nullable \
    FROM sqlite_master t, pragma_table_info(t.name) c \
    WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%'";

const POSTGRES: &str = "SELECT table_name || '.' || column_name AS place, data_type::text AS kind, \
    is_nullable = 'YES' AS nullable FROM information_schema.columns \
    WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'";

fn found(conn: &mut Conn) -> Columns {
    let rows: Vec<Row> = match conn {
        Conn::Sqlite(conn) => diesel::sql_query(SQLITE).load(conn),
        Conn::Postgres(conn) => diesel::sql_query(POSTGRES).load(conn),
    }
    .expect("columns");
    let name = |kind: &str| {
        let known = TYPES.iter().find(|(_, names)| names.contains(&kind));
        known.map_or_else(|| format!("unknown: {kind}"), |(name, _)| (*name).to_owned())
    };
    rows.into_iter().map(|row| (row.place, (name(&row.kind), row.nullable))).collect()
}

const UNIQUE_SQLITE: &str =
    "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE UNIQUE %'";

const UNIQUE_POSTGRES: &str =
    "SELECT indexdef AS sql FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE 'CREATE UNIQUE %'";

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    sql: String,
}

fn unique_indexes(conn: &mut Conn) -> Vec<String> {
    let rows: Vec<Index> = match conn {
        Conn::Sqlite(conn) => diesel::sql_query(UNIQUE_SQLITE).load(conn),
        Conn::Postgres(conn) => diesel::sql_query(UNIQUE_POSTGRES).load(conn),
    }
    .expect("indexes");
    rows.into_iter().map(|row| row.sql).collect()
}

#[tokio::test]
async fn database_matches_the_schema() {
    let database = database();
    let vault = Vault::from_key(&[7; 32]);
    let store = Store::open(&database.url, vault, Clock::system(), Ids::random()).await.expect("a store");
    assert!(!store.is_ready().await.expect("an answer"), "nothing is there before the migrations");
    assert!(store.migrate().await.expect("migrations") > 0);
    assert_eq!(store.migrate().await.expect("nothing to do"), 0);
    assert!(store.is_ready().await.expect("an answer"));
    let (found, unique) =
        store.read::<_, Error, _>(|tx| Ok((found(tx.conn), unique_indexes(tx.conn)))).await.expect("columns");
    assert!(found.len() > 100, "{}", found.len());
    assert_eq!(found, described());
    for rule in ["applications_one_draft", "applications_one_open"] {
        assert!(unique.iter().any(|sql| sql.contains(rule) && sql.contains("WHERE")), "{rule}: {unique:?}");
    }
}

/// The two migration folders have the same text where the databases allow it.
#[test]
fn migrations_of_both_databases_are_twins() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let names = |kind: &str| {
        let folder = std::fs::read_dir(format!("{root}/{kind}")).expect("migrations");
        let mut names: Vec<_> = folder.map(|entry| entry.expect("a folder").file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
    let indexes = |kind: &str| {
        let mut indexes = Vec::new();
        for name in names(kind) {
            let up = format!("{root}/{kind}/{}/up.sql", name.display());
            let text = std::fs::read_to_string(up).expect("a migration");
            let statements = text.split(';').filter(|statement| statement.contains("INDEX"));
            indexes.extend(statements.map(|s| s.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
        indexes
    };
    assert_eq!(indexes("sqlite"), indexes("postgres"));
}

/// Operators read it before a busy day. The migrations before this rule are as they were released.
#[test]
fn every_migration_says_how_long_it_locks() {
    const FIRST: u32 = 44;
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
    for folder in std::fs::read_dir(root).expect("migrations") {
        let folder = folder.expect("a folder").path();
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let number: u32 = name[11..17].parse().expect("a number after the date");
        let text = std::fs::read_to_string(folder.join("up.sql")).expect("a migration");
        let says = text.lines().any(|line| line.starts_with("--") && line.contains("lock"));
        assert!(number < FIRST || says, "{name} has no comment that says how long it locks which table");
    }
}
