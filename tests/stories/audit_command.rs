//! `kaozheng audit`.

use diesel::connection::SimpleConnection;
use kaozheng::store::{Clock, Conn, Error, Ids, Store, Vault};

use crate::commands::{on, text};
use crate::database::{TestDatabase, database};

/// Adds somebody to the roster and takes them off, which are two entries.
fn with_entries() -> TestDatabase {
    let database = database();
    assert!(on(&database, &["migrate"]).status.success());
    let number = ["--document-number", "440300198808150023"];
    assert!(on(&database, &[&["staff", "add", "--name", "周明远"], &number[..]].concat()).status.success());
    assert!(on(&database, &[&["staff", "remove"], &number[..]].concat()).status.success());
    database
}

async fn tamper(database: &TestDatabase, statement: &'static str) {
    let store = Store::open(&database.url, Vault::from_key(&[7; 32]), Clock::system(), Ids::random());
    let store = store.await.expect("a store");
    let done = store.write(move |tx| {
        match tx.conn {
            Conn::Sqlite(conn) => conn.batch_execute(statement)?,
            Conn::Postgres(conn) => conn.batch_execute(statement)?,
        }
        Ok::<_, Error>(())
    });
    done.await.expect("the statement");
}

#[tokio::test]
async fn verify_fails_and_names_the_entry_that_was_changed() {
    let database = with_entries();
    let sound = on(&database, &["audit", "verify"]);
    assert!(sound.status.success(), "{}", text(&sound.stderr));
    assert!(text(&sound.stdout).starts_with("2 entries were checked"), "{}", text(&sound.stdout));

    tamper(&database, "UPDATE audit_entries SET target = 'somebody else' WHERE seq = 2").await;
    let faulty = on(&database, &["audit", "verify"]);
    assert!(!faulty.status.success());
    assert!(text(&faulty.stdout).contains(" entry 2: changed"), "{}", text(&faulty.stdout));
    assert!(text(&faulty.stderr).contains("does not hold"), "{}", text(&faulty.stderr));
}

#[tokio::test]
async fn export_is_an_entry_and_shows_later_what_was_cut_off() {
    let database = with_entries();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("audit.jsonl").display().to_string();
    let exported = on(&database, &["audit", "export", &file]);
    assert_eq!(text(&exported.stderr), "3 entries were exported.\n");
    assert!(!on(&database, &["audit", "export", &file]).status.success(), "a file is never replaced");
    let lines = std::fs::read_to_string(&file).expect("an export");
    assert!(lines.contains("\"action\":\"audit_export\"") && lines.contains("\"head\":"), "{lines}");

    // A check of the file needs neither the database nor the key.
    let program = || std::process::Command::new(env!("CARGO_BIN_EXE_kaozheng"));
    let alone = program().env_clear().args(["audit", "verify", &file]).output().expect("an end");
    assert!(alone.status.success(), "{}", text(&alone.stdout));
    std::fs::write(&file, lines.replace("roster_remove", "roster_add")).expect("a forged export");
    let forged = program().env_clear().args(["audit", "verify", &file]).output().expect("an end");
    assert!(!forged.status.success() && text(&forged.stdout).contains("entry 2: changed"));
    std::fs::write(&file, &lines).expect("the export");

    let against = ["audit", "verify", "--against", &file];
    assert!(on(&database, &against).status.success());
    let cut = "DELETE FROM audit_entries WHERE seq = 3; \
               UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit_entries WHERE seq = 2)";
    tamper(&database, cut).await;
    assert!(on(&database, &["audit", "verify"]).status.success(), "the database alone does not show it");
    let shown = on(&database, &against);
    assert!(!shown.status.success() && text(&shown.stdout).contains("entry 3: missing"));
}

#[test]
fn file_that_is_no_export_is_refused() {
    let database = with_entries();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("notes.txt").display().to_string();
    std::fs::write(&file, "nothing\n").expect("a file");
    assert!(!on(&database, &["audit", "verify", &file]).status.success());
    let refused = on(&database, &["audit", "verify", "--against", &file]);
    assert!(text(&refused.stderr).contains("is no export of the audit"), "{}", text(&refused.stderr));
}
