//! A database of its own for each test. `KAOZHENG_TEST_DATABASE` chooses SQLite or PostgreSQL.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::error::Error;
use std::process::Command;
use std::sync::{Arc, Weak};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use kaozheng::store::{Clock, Ids};
use parking_lot::Mutex;
use tempfile::TempDir;
use url::Url;

/// The data key of the tests: 32 bytes of 7.
pub const KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";

/// A database. It is removed when this is dropped.
pub struct TestDatabase {
    /// Value of `DATABASE_URL`.
    pub url: String,
    owner: DatabaseOwner,
    /// The database that it was copied from, which stays until its last copy is dropped.
    _template: Option<Arc<TestDatabase>>,
}

enum DatabaseOwner {
    Folder(TempDir),
    Server(ServerDatabase),
}

/// The name of an SQLite file in its folder.
const FILE: &str = "kaozheng.db";

/// A database with the tables of this program, for [`KEY`]. It is a copy of one that all tests of the process share,
/// because the migrations take longer than most tests.
pub fn migrated_database() -> TestDatabase {
    static TEMPLATE: Mutex<Weak<TestDatabase>> = Mutex::new(Weak::new());
    let mut known = TEMPLATE.lock();
    let template = known.upgrade().unwrap_or_else(|| {
        let made = Arc::new(database());
        *known = Arc::downgrade(&made);
        migrate(&made);
        made
    });
    drop(known);
    copy(template)
}

/// Runs the migrations in a process of its own, which leaves no connection open.
fn migrate(database: &TestDatabase) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaozheng"));
    command.env_clear().env("DATABASE_URL", &database.url).env("KAOZHENG_DATA_KEY", KEY).arg("migrate");
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn copy(template: Arc<TestDatabase>) -> TestDatabase {
    let copy = match &template.owner {
        DatabaseOwner::Folder(folder) => {
            let copy = sqlite();
            let DatabaseOwner::Folder(target) = &copy.owner else { unreachable!("it is a folder") };
            std::fs::copy(folder.path().join(FILE), target.path().join(FILE)).expect("a copy");
            copy
        }
        DatabaseOwner::Server(name) => postgres(&format!("TEMPLATE {}", name.0)),
    };
    TestDatabase { _template: Some(template), ..copy }
}

/// An empty database: an SQLite file, or with `KAOZHENG_TEST_DATABASE=postgres` a database on the server named by
/// PGHOST, PGPORT, PGUSER and PGPASSWORD.
pub fn database() -> TestDatabase {
    database_of(std::env::var("KAOZHENG_TEST_DATABASE").as_deref().unwrap_or("sqlite"))
}

pub fn database_of(kind: &str) -> TestDatabase {
    match kind {
        "sqlite" => sqlite(),
        "postgres" => postgres(""),
        other => panic!("KAOZHENG_TEST_DATABASE is {other:?}; use `sqlite` or `postgres`"),
    }
}

fn sqlite() -> TestDatabase {
    let folder = tempfile::tempdir().expect("a folder for the database");
    let url = format!("sqlite:{}", folder.path().join(FILE).display());
    TestDatabase { url, owner: DatabaseOwner::Folder(folder), _template: None }
}

fn postgres(options: &str) -> TestDatabase {
    let name = format!("kaozheng_test_{}", Ids::random().next(Clock::system().now()).to_lowercase());
    administer(&format!("CREATE DATABASE {name} {options}"))
        .unwrap_or_else(|error| panic!("no PostgreSQL for the tests: {error}"));
    let url = server(&name);
    TestDatabase { url, owner: DatabaseOwner::Server(ServerDatabase(name)), _template: None }
}

/// The name of a database on the server.
struct ServerDatabase(String);

impl Drop for ServerDatabase {
    fn drop(&mut self) {
        // The server may have ended and taken the database with it.
        let _ = administer(&format!("DROP DATABASE {} WITH (FORCE)", self.0));
    }
}

fn administer(statement: &str) -> Result<(), Box<dyn Error>> {
    Ok(PgConnection::establish(&server("postgres"))?.batch_execute(statement)?)
}

/// URL of a database on the server that the environment names, as for `psql`.
fn server(database: &str) -> String {
    let set = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; see tests/run"));
    let mut url = Url::parse("postgres://localhost").expect("an address");
    url.set_host(Some(&set("PGHOST"))).expect("PGHOST is a host name");
    url.set_port(Some(set("PGPORT").parse().expect("PGPORT is a number"))).expect("a port");
    url.set_username(&set("PGUSER")).expect("PGUSER is a name");
    url.set_password(Some(&set("PGPASSWORD"))).expect("PGPASSWORD is text");
    url.set_path(database);
    url.into()
}
