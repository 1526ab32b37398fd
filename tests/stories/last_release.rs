//! An older process serves on while and after the database is migrated: the last release, which `tests/last-release`
//! names, can read and write the present schema. `tests/run older` tries it with its program.
//!
//! The schema of the last release is what its migrations make, which never change.

use std::collections::{BTreeMap, BTreeSet};

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel::{PgConnection, SqliteConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use kaozheng::store::Conn;
use sha2::{Digest, Sha256};

use crate::database::{TestDatabase, database};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The migrations of the last release, as `sha256sum` lists them.
const RELEASED: &str = include_str!("../last-release/migrations");

/// What a program meets that reads and writes a database.
#[derive(Default, PartialEq, Debug)]
struct Schema {
    /// By `table.column`.
    columns: BTreeMap<String, Column>,
    rules: BTreeSet<Rule>,
}

#[derive(QueryableByName, PartialEq, Debug)]
struct Column {
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
    #[diesel(sql_type = Bool)]
    has_default: bool,
}

/// A key, a reference or a check: what refuses a row.
#[derive(QueryableByName, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Rule {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    text: String,
}

impl Rule {
    /// Whether the text has the name as a word.
    fn names(&self, column: &str) -> bool {
        self.text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column)
    }

    fn is_check(&self) -> bool {
        self.text.starts_with("CHECK")
    }
}

/// What an older program cannot do with the present schema, or meets in it that it does not know.
fn breaks(older: &Schema, present: &Schema) -> Vec<String> {
    let lost = older.columns.values().filter_map(|column| {
        let now = present.columns.get(&column.place);
        changed(column, now).map(|change| format!("{} {change}", column.place))
    });
    let added = present.columns.values().filter(|column| {
        let known_table = older.columns.keys().any(|place| table_of(place) == table_of(&column.place));
        known_table && !older.columns.contains_key(&column.place)
    });
    let demanded = added
        .filter(|column| !column.nullable && !column.has_default)
        .map(|column| format!("{} is demanded of every row", column.place));
    let refusing = present
        .rules
        .difference(&older.rules)
        .filter(|rule| refuses_older_rows(rule, older, present))
        .map(|rule| format!("{} has a new rule: {}", rule.table_name, rule.text));
    lost.chain(demanded).chain(refusing).collect()
}

/// How a column differs for a program that reads values or NULL from it, and writes both or nothing.
fn changed(older: &Column, now: Option<&Column>) -> Option<&'static str> {
    let Some(now) = now else { return Some("is gone") };
    if now.kind != older.kind {
        return Some("has another type");
    }
    match (older.nullable, now.nullable) {
        (false, true) => return Some("may be NULL now"),
        (true, false) => return Some("may not be NULL any more"),
        _ => {}
    }
    let needed_default = older.has_default && !now.nullable;
    (needed_default && !now.has_default).then_some("has no default any more")
}

/// Whether a new rule may refuse a row in which every column that is new has its default.
///
/// No key and no reference refuses a row with NULL in one of its columns. A check that is about new columns alone
/// accepts their defaults, or else the migration itself fails.
fn refuses_older_rows(rule: &Rule, older: &Schema, present: &Schema) -> bool {
    let named: Vec<&Column> = present
        .columns
        .values()
        .filter(|column| table_of(&column.place) == rule.table_name && rule.names(name_of(&column.place)))
        .collect();
    let is_new = |column: &Column| !older.columns.contains_key(&column.place);
    let new_table = !older.columns.keys().any(|place| table_of(place) == rule.table_name);
    let harmless = match rule.is_check() {
        true => named.iter().all(|column| is_new(column)),
        false => named.iter().any(|column| is_new(column) && column.nullable && !column.has_default),
    };
    !new_table && !harmless
}

fn table_of(place: &str) -> &str {
    place.split('.').next().unwrap_or_default()
}

fn name_of(place: &str) -> &str {
    place.split('.').nth(1).unwrap_or_default()
}

// --- what a database says about itself ----------------------------------------------------------

const SQLITE_COLUMNS: &str = "SELECT t.name || '.' || c.name AS place, c.type AS kind, \
    c.\"notnull\" = 0 AS nullable, c.dflt_value IS NOT NULL AS has_default \
    FROM sqlite_master t, pragma_table_info(t.name) c \
    WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%'";

/// Unique indexes, keys in the text of a table, and references.
const SQLITE_RULES: &str = "SELECT tbl_name AS table_name, 'UNIQUE' || substr(sql, instr(sql, ' ON ')) AS text \
    FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE UNIQUE %' \
    UNION ALL SELECT t.name, 'UNIQUE (' || (SELECT group_concat(name) FROM pragma_index_info(i.name)) || ')' \
    FROM sqlite_master t, pragma_index_list(t.name) i WHERE t.type = 'table' AND i.origin IN ('u', 'pk') \
    UNION ALL SELECT t.name, f.\"from\" || ' REFERENCES ' || f.\"table\" || '.' || coalesce(f.\"to\", '') \
    FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'";

const SQLITE_TABLES: &str = "SELECT name AS table_name, sql AS text FROM sqlite_master WHERE type = 'table'";

const POSTGRES_COLUMNS: &str = "SELECT table_name || '.' || column_name AS place, data_type::text AS kind, \
    is_nullable = 'YES' AS nullable, column_default IS NOT NULL AS has_default \
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'";

const POSTGRES_RULES: &str = "SELECT conrelid::regclass::text AS table_name, pg_get_constraintdef(oid) AS text \
    FROM pg_constraint WHERE contype IN ('c', 'f', 'p', 'u') AND connamespace = 'public'::regnamespace \
    UNION ALL SELECT tablename::text, 'UNIQUE' || substr(indexdef, strpos(indexdef, ' ON ')) \
    FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE 'CREATE UNIQUE %'";

fn schema_of(conn: &mut Conn) -> Schema {
    let (columns, rules): (Vec<Column>, Vec<Rule>) = match conn {
        Conn::Sqlite(conn) => {
            let tables: Vec<Rule> = diesel::sql_query(SQLITE_TABLES).load(conn).expect("tables");
            let mut rules: Vec<Rule> = diesel::sql_query(SQLITE_RULES).load(conn).expect("rules");
            rules.extend(tables.iter().flat_map(checks));
            (diesel::sql_query(SQLITE_COLUMNS).load(conn).expect("columns"), rules)
        }
        Conn::Postgres(conn) => (
            diesel::sql_query(POSTGRES_COLUMNS).load(conn).expect("columns"),
            diesel::sql_query(POSTGRES_RULES).load(conn).expect("rules"),
        ),
    };
    let columns = columns.into_iter().map(|column| (column.place.clone(), column)).collect();
    Schema { columns, rules: rules.into_iter().collect() }
}

/// The checks in the text of an SQLite table, which knows them in no other form.
fn checks(table: &Rule) -> Vec<Rule> {
    let texts = table.text.split("CHECK").skip(1).map(|rest| {
        let mut depth = 0;
        let end = rest.find(|c: char| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == ')' && depth == 0
        });
        format!("CHECK{}", &rest[..=end.expect("the end of a check")])
    });
    texts.map(|text| Rule { table_name: table.table_name.clone(), text }).collect()
}

// --- databases of the last release ----------------------------------------------------------------

fn connect(database: &TestDatabase) -> Conn {
    match database.url.strip_prefix("sqlite:") {
        Some(path) => Conn::Sqlite(SqliteConnection::establish(path).expect("a file")),
        None => Conn::Postgres(PgConnection::establish(&database.url).expect("a server")),
    }
}

/// Versions of the migrations of the last release, as diesel writes them: `20261123000001`.
fn released() -> Vec<String> {
    let folders = RELEASED.lines().filter_map(|line| line.split("migrations/sqlite/").nth(1));
    folders.map(|folder| folder[..17].replace('-', "")).collect()
}

/// Runs the pending migrations that `choose` accepts by their version.
fn migrate(conn: &mut Conn, choose: impl Fn(&str) -> bool) {
    match conn {
        Conn::Sqlite(conn) => run(conn, "sqlite", choose),
        Conn::Postgres(conn) => run(conn, "postgres", choose),
    }
}

fn run<DB: Backend>(conn: &mut impl MigrationHarness<DB>, kind: &str, choose: impl Fn(&str) -> bool) {
    let source = FileBasedMigrations::from_path(format!("{ROOT}/migrations/{kind}")).expect("migrations");
    for migration in conn.pending_migrations(source).expect("pending migrations") {
        if choose(&migration.name().version().to_string()) {
            conn.run_migration(&*migration).expect("a migration");
        }
    }
}

#[test]
fn last_release_reads_and_writes_the_present_schema() {
    let database = database();
    let mut conn = connect(&database);
    let released = released();
    migrate(&mut conn, |version| released.iter().any(|known| known == version));
    let older = schema_of(&mut conn);
    assert!(older.columns.len() > 100 && older.rules.len() > 20, "{older:?}");
    migrate(&mut conn, |_| true);
    let broken = breaks(&older, &schema_of(&mut conn));
    assert!(
        broken.is_empty(),
        "an older process serves on beside this schema (docs/operations.md, Processes). Add now, and remove in a \
         later version:\n{}",
        broken.join("\n")
    );
}

/// Databases that ran a migration do not run it again when its text changes.
#[test]
fn released_migrations_never_change() {
    assert_eq!(released().len() * 2, RELEASED.lines().count());
    for line in RELEASED.lines() {
        let (sum, path) = line.split_once("  ").expect("a line of sha256sum");
        let text = std::fs::read(format!("{ROOT}/{path}")).unwrap_or_else(|error| panic!("{path}: {error}"));
        let found: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, sum, "{path} is part of a release; write another migration");
    }
}

// --- the rules of this file -------------------------------------------------------------------------

const SMALL: &str = "CREATE TABLE people (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, town TEXT)";

fn breaks_after(statements: &str) -> Vec<String> {
    let database = database();
    let mut conn = connect(&database);
    conn.batch_execute(SMALL).expect("a table");
    let older = schema_of(&mut conn);
    conn.batch_execute(statements).expect("statements");
    breaks(&older, &schema_of(&mut conn))
}

#[test]
fn additions_with_null_or_a_default_serve_an_older_program() {
    let statements = "ALTER TABLE people ADD COLUMN code TEXT CHECK (code <> '');
         ALTER TABLE people ADD COLUMN visits INTEGER NOT NULL DEFAULT 0;
         CREATE UNIQUE INDEX people_code ON people (town, code);
         CREATE INDEX people_town ON people (town);
         CREATE TABLE visits (person_id TEXT PRIMARY KEY NOT NULL REFERENCES people (id), day DATE NOT NULL)";
    assert_eq!(breaks_after(statements), Vec::<String>::new());
}

#[test]
fn what_an_older_program_cannot_use_is_named() {
    for (statements, named) in [
        ("ALTER TABLE people DROP COLUMN town", "people.town is gone"),
        ("ALTER TABLE people RENAME COLUMN town TO city", "people.town is gone"),
        (
            "DROP TABLE people; CREATE TABLE people (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, town DATE)",
            "people.town has another type",
        ),
        (
            "DROP TABLE people; CREATE TABLE people (id TEXT PRIMARY KEY NOT NULL, name TEXT, town TEXT)",
            "people.name may be NULL now",
        ),
        (
            "DROP TABLE people; CREATE TABLE people (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, town TEXT NOT NULL)",
            "people.town may not be NULL any more",
        ),
        (
            "DROP TABLE people; CREATE TABLE people (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, town TEXT, \
          code TEXT NOT NULL)",
            "people.code is demanded of every row",
        ),
        ("CREATE UNIQUE INDEX people_name ON people (name)", "people has a new rule: UNIQUE ON"),
        (
            "ALTER TABLE people ADD COLUMN code INTEGER NOT NULL DEFAULT 0; \
          CREATE UNIQUE INDEX people_code ON people (code)",
            "people has a new rule: UNIQUE ON",
        ),
        ("ALTER TABLE people ADD COLUMN code TEXT CHECK (code <> town)", "people has a new rule: CHECK"),
    ] {
        let broken = breaks_after(statements);
        assert!(broken.len() == 1 && broken[0].starts_with(named), "{statements}: {broken:?}");
    }
}
