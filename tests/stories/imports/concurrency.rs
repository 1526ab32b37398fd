//! Imports while the site is running.

use std::process::Stdio;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use kaozheng::imports::job::BATCH;
use kaozheng::store::schema::{imports, meta};
use kaozheng::store::{Conn, Error, Store};

use super::{Installation, committed_rows, counts};
use crate::applicant::LIST;
use crate::filing::start_demo;

/// A dry run takes no write lock, so it neither waits for a writer nor blocks one.
#[test]
fn dry_run_takes_no_write_lock() {
    let installation = Installation::with_exams();
    assert!(installation.run(&["sample", "certificates", "--count", "12345", "--output", "c.csv"]).success);
    let mut writer = installation.conn();
    let locks = match writer {
        Conn::Sqlite(_) => "BEGIN IMMEDIATE",
        Conn::Postgres(_) => "BEGIN; LOCK TABLE certificates, imports, meta IN EXCLUSIVE MODE",
    };
    writer.batch_execute(locks).expect("a lock");
    let dry = installation.run(&["import", "certificates", "c.csv", "--dry-run"]);
    assert!(dry.success, "{}", dry.stderr);
    assert_eq!(counts(&dry.stdout), "12345 new, 0 changed, 0 unchanged, 0 refused");
    writer.batch_execute("COMMIT").expect("it was there all the time");
}

/// Writes a row. Returns the import's progress at that moment.
async fn write(store: &Store) -> i64 {
    let turn = store.write::<_, Error, _>(|tx| {
        diesel::delete(meta::table.find("nothing")).execute(tx.conn)?;
        let done = imports::table.filter(imports::kind.eq("certificates")).select(imports::rows_done);
        Ok(done.first(tx.conn)?)
    });
    turn.await.expect("a write that waited no longer than it may")
}

/// A writer waits for the current batch and not for the following ones.
#[tokio::test(flavor = "multi_thread")]
async fn site_writes_between_two_batches() {
    let server = start_demo().await;
    let installation = Installation::at(&server.parts.settings.database_url);
    assert!(installation.run(&["sample", "certificates", "--count", "80000", "--output", "c.csv"]).success);
    let before = installation.count("certificates");
    let candidate = server.signed_in("张小三").await;
    let sitting = candidate.sitting_of("一级建造师").await;
    let mut command = installation.command(&["import", "certificates", "c.csv"]);
    let mut import = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("an import");
    let store = &server.parts.store;
    while committed_rows(store).await.is_none() {
        assert!(import.try_wait().expect("a process").is_none(), "it ended before anybody wrote");
        tokio::task::yield_now().await;
    }
    let mut submissions = 0;
    while let Some(asked) = committed_rows(store).await {
        let turn = write(store).await;
        assert!(turn - asked <= 2 * BATCH as i64, "asked at {asked}, had to wait until {turn}");
        let number = candidate.apply_for_number(&sitting).await;
        candidate.submit(&format!("{LIST}/{number}/withdraw"), &[("confirm", "yes")]).await;
        submissions += 1;
    }
    assert!(import.wait().expect("an end").success());
    assert!(submissions > 0, "it was over before anybody had applied");
    assert_eq!(installation.count("certificates"), before + 80_000);
}
