//! A database of its own for each test. `KAOZHENG_TEST_DATABASE` chooses SQLite or PostgreSQL.

use std::error::Error;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use kaozheng::store::{Clock, Ids};
use tempfile::TempDir;
use url::Url;

/// An empty database. It is removed when this is dropped.
pub struct TestDatabase {
    /// Value of `DATABASE_URL`.
    pub url: String,
    _keep: DatabaseOwner,
}

enum DatabaseOwner {
    Folder { _folder: TempDir },
    Server { _name: ServerDatabase },
}

/// Creates an SQLite file, or with `KAOZHENG_TEST_DATABASE=postgres` a database on the server named by
/// PGHOST, PGPORT, PGUSER and PGPASSWORD.
pub fn database() -> TestDatabase {
    database_of(std::env::var("KAOZHENG_TEST_DATABASE").as_deref().unwrap_or("sqlite"))
}

pub fn database_of(kind: &str) -> TestDatabase {
    match kind {
        "sqlite" => sqlite(),
        "postgres" => postgres(),
        other => panic!("KAOZHENG_TEST_DATABASE is {other:?}; use `sqlite` or `postgres`"),
    }
}

fn sqlite() -> TestDatabase {
    let folder = tempfile::tempdir().expect("a folder for the database");
    let url = format!("sqlite:{}", folder.path().join("kaozheng.db").display());
    TestDatabase { url, _keep: DatabaseOwner::Folder { _folder: folder } }
}

fn postgres() -> TestDatabase {
    let name = format!("kaozheng_test_{}", Ids::random().next(Clock::system().now()).to_lowercase());
    administer(&format!("CREATE DATABASE {name}"))
        .unwrap_or_else(|error| panic!("no PostgreSQL for the tests: {error}"));
    TestDatabase { url: server(&name), _keep: DatabaseOwner::Server { _name: ServerDatabase(name) } }
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
