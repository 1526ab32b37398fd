//! Tests of the test helpers.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};

use crate::database::database;

/// Runs a statement on the database at `url`.
fn run(url: &str, statement: &str) -> Result<(), String> {
    let text = |error: &dyn std::error::Error| error.to_string();
    match url.strip_prefix("sqlite:") {
        Some(path) => {
            let mut file = SqliteConnection::establish(path).map_err(|error| text(&error))?;
            file.batch_execute(statement).map_err(|error| text(&error))
        }
        None => {
            let mut server = PgConnection::establish(url).map_err(|error| text(&error))?;
            server.batch_execute(statement).map_err(|error| text(&error))
        }
    }
}

#[test]
fn every_test_has_a_database_of_its_own() {
    let (mine, yours) = (database(), database());
    let kind = std::env::var("KAOZHENG_TEST_DATABASE").unwrap_or_else(|_| "sqlite".into());
    assert!(mine.url.starts_with(&kind), "{} asked, {} given", kind, mine.url);
    run(&mine.url, "CREATE TABLE note (text TEXT)").unwrap();
    run(&mine.url, "SELECT text FROM note").unwrap();
    run(&yours.url, "SELECT text FROM note").unwrap_err();
}

#[test]
fn database_is_removed_after_its_test() {
    let url = database().url;
    run(&url, "SELECT 1").unwrap_err();
}
