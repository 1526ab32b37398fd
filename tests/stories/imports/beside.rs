//! An import beside a site that works.

use std::process::Stdio;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use kaozheng::imports::job::BATCH;
use kaozheng::store::schema::{imports, meta};
use kaozheng::store::{Conn, Error, Store};

use super::{Office, counts, noted};
use crate::applicant::LIST;
use crate::filing::authority;

/// It does not wait for a writer, so no writer waits for it.
#[test]
fn a_dry_run_takes_no_lock_that_a_writer_has() {
    let office = Office::with_exams();
    assert!(office.run(&["sample", "certificates", "--count", "12345", "--output", "c.csv"]).success);
    let mut writer = office.conn();
    let locks = match writer {
        Conn::Sqlite(_) => "BEGIN IMMEDIATE",
        Conn::Postgres(_) => "BEGIN; LOCK TABLE certificates, imports, meta IN EXCLUSIVE MODE",
    };
    writer.batch_execute(locks).expect("a lock");
    let dry = office.run(&["import", "certificates", "c.csv", "--dry-run"]);
    assert!(dry.success, "{}", dry.complained);
    assert_eq!(counts(&dry.told), "12345 new, 0 changed, 0 unchanged, 0 refused");
    writer.batch_execute("COMMIT").expect("it was there all the time");
}

/// Writes something; answers with how far the import was when it was this writer's turn.
async fn write(store: &Store) -> i64 {
    let turn = store.write::<_, Error, _>(|tx| {
        diesel::delete(meta::table.find("nothing")).execute(tx.conn)?;
        let done = imports::table.filter(imports::kind.eq("certificates")).select(imports::rows_done);
        Ok(done.first(tx.conn)?)
    });
    turn.await.expect("a write that waited no longer than it may")
}

/// Whoever wants to write waits for the batch that is being written, not for those that follow.
#[tokio::test(flavor = "multi_thread")]
async fn a_site_writes_between_two_batches() {
    let server = authority().await;
    let office = Office::at(&server.parts.settings.database_url);
    assert!(office.run(&["sample", "certificates", "--count", "80000", "--output", "c.csv"]).success);
    let before = office.count("certificates");
    let candidate = server.signed_in("张小三").await;
    let sitting = candidate.sitting_of("一级建造师").await;
    let mut command = office.command(&["import", "certificates", "c.csv"]);
    let mut import = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("an import");
    let store = &server.parts.store;
    while noted(store).await.is_none() {
        assert!(import.try_wait().expect("a process").is_none(), "it ended before anybody wrote");
        tokio::task::yield_now().await;
    }
    let mut submissions = 0;
    while let Some(asked) = noted(store).await {
        let turn = write(store).await;
        assert!(turn - asked <= 2 * BATCH as i64, "asked at {asked}, had to wait until {turn}");
        let number = candidate.applied(&sitting).await;
        candidate.submit(&format!("{LIST}/{number}/withdraw"), &[("confirm", "yes")]).await;
        submissions += 1;
    }
    assert!(import.wait().expect("an end").success());
    assert!(submissions > 0, "it was over before anybody had applied");
    assert_eq!(office.count("certificates"), before + 80_000);
}
