//! The chain of the audit: what is found when somebody changes the table.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use futures_util::future::join_all;
use kaozheng::people::audit::chain::Head;
use kaozheng::people::audit::check::{self, Check};
use kaozheng::people::audit::cut::{self, Cut};
use kaozheng::people::audit::{self, export};
use kaozheng::people::staff as roster;
use kaozheng::store::schema::audit_entries::dsl as a;
use kaozheng::store::{Conn, Error};
use kaozheng::web::Failure;

use super::authority::Authority;

const EVER: (chrono::NaiveDate, chrono::NaiveDate) = (
    chrono::NaiveDate::from_ymd_opt(2000, 1, 1).unwrap(),
    chrono::NaiveDate::from_ymd_opt(9999, 12, 31).unwrap(),
);

impl Authority {
    /// Writes entries of two days: three on Monday 2026-11-23, four on Tuesday.
    async fn with_entries() -> Authority {
        let authority = Authority::open().await;
        let reviewer = authority.reviewer("王审核", "S0000001").await;
        for (count, hours) in [(3, 24), (4, 0)] {
            for at in 0..count {
                let staff = reviewer.id.clone();
                let noted =
                    authority.write(move |tx| Ok(roster::audit(tx, &staff, "open", &format!("ZG{at}"))?));
                noted.await.expect("an entry");
            }
            authority.pass_hours(hours);
        }
        authority
    }

    /// What `kaozheng audit verify` finds.
    async fn faults(&self) -> Vec<String> {
        let vault = self.store.vault.clone();
        let found = self.write(move |tx| {
            let (head, unchained) = (Head::read(tx)?, check::unchained(tx)?);
            let mut check = Check::after(&vault, Cut::read(tx)?.as_ref());
            check::walk(tx, EVER, |_, link| {
                check.take(&link);
                Ok::<_, Error>(())
            })?;
            Ok(check.end(&head, unchained).1)
        });
        found.await.expect("a check").iter().map(ToString::to_string).collect()
    }

    /// Runs a statement, as somebody does who has the database and not the data key.
    async fn tamper(&self, statements: &'static str) {
        let done = self.write(move |tx| {
            match tx.conn {
                Conn::Sqlite(conn) => conn.batch_execute(statements)?,
                Conn::Postgres(conn) => conn.batch_execute(statements)?,
            }
            Ok::<_, Failure>(())
        });
        done.await.expect("the statements");
    }

    async fn exported(&self) -> Vec<u8> {
        let written = self.write(|tx| {
            let mut file = Vec::new();
            export::write(tx, EVER, &mut file).expect("an export");
            Ok(file)
        });
        written.await.expect("an export")
    }
}

fn check_of(file: &[u8], earlier: &[u8]) -> Vec<String> {
    let (_, found) = export::check(file, export::heads(earlier).expect("heads")).expect("a check");
    found.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn untouched_audit_has_no_fault() {
    let authority = Authority::with_entries().await;
    assert_eq!(authority.faults().await, [""; 0]);
    let places = a::audit_entries.order((a::day, a::seq)).select((a::day, a::seq));
    let places =
        authority.write(move |tx| Ok(places.load::<(Option<chrono::NaiveDate>, Option<i64>)>(tx.conn)?));
    let places: Vec<String> = places
        .await
        .expect("places")
        .iter()
        .map(|(day, seq)| format!("{} {}", day.unwrap(), seq.unwrap()))
        .collect();
    let expected = [
        "2026-11-23 1",
        "2026-11-23 2",
        "2026-11-23 3",
        "2026-11-24 1",
        "2026-11-24 2",
        "2026-11-24 3",
        "2026-11-24 4",
    ];
    assert_eq!(places, expected);
}

#[tokio::test]
async fn every_change_of_the_table_is_found_with_its_place() {
    let cases: &[(&'static str, &[&str])] = &[
        (
            "UPDATE audit_entries SET target = 'ZG9' WHERE day = '2026-11-24' AND seq = 2",
            &["2026-11-24 entry 2: changed"],
        ),
        (
            "UPDATE audit_entries SET staff_id = NULL WHERE day = '2026-11-23' AND seq = 1",
            &["2026-11-23 entry 1: changed"],
        ),
        (
            "UPDATE audit_entries SET at = '2026-11-23 05:00:00' WHERE day = '2026-11-23' AND seq = 3",
            &["2026-11-23 entry 3: changed"],
        ),
        (
            "UPDATE audit_entries SET candidate_id = 'somebody' WHERE day = '2026-11-24' AND seq = 4",
            &["2026-11-24 entry 4: changed"],
        ),
        ("DELETE FROM audit_entries WHERE day = '2026-11-24' AND seq = 2", &["2026-11-24 entry 2: missing"]),
        (
            "DELETE FROM audit_entries WHERE day = '2026-11-24' AND seq IN (2, 3)",
            &["2026-11-24 entries 2 to 3: missing"],
        ),
        (
            "DELETE FROM audit_entries WHERE day = '2026-11-23' AND seq = 3",
            &["missing between 2026-11-23 entry 2 and 2026-11-24 entry 1"],
        ),
        (
            "DELETE FROM audit_entries WHERE day = '2026-11-23'",
            &["2026-11-24 entry 1: the entries before it are missing"],
        ),
        (
            "DELETE FROM audit_entries WHERE day = '2026-11-24' AND seq > 2",
            &["missing: the entries after 2026-11-24 entry 2, up to 2026-11-24 entry 4"],
        ),
        (
            "INSERT INTO audit_entries (id, at, action, target, day, seq, previous, hash) \
             SELECT 'forged', at, 'open', 'ZG7', day, 5, hash, 'x' FROM audit_entries WHERE day = '2026-11-24' AND seq = 4",
            &["2026-11-24 entry 5: inserted"],
        ),
        (
            "DROP INDEX audit_entries_place; \
             INSERT INTO audit_entries (id, at, action, target, day, seq, previous, hash) \
             SELECT 'forged', at, 'open', 'ZG7', day, seq, previous, hash FROM audit_entries WHERE day = '2026-11-23' AND seq = 2",
            &["2026-11-23 entry 2: inserted"],
        ),
        (
            "INSERT INTO audit_entries (id, at, action, target) VALUES ('forged', '2026-11-23 05:00:00', 'open', 'ZG7')",
            &["1 entries have no place"],
        ),
        (
            "UPDATE audit_entries SET day = '2026-11-25', seq = 1 WHERE day = '2026-11-23' AND seq = 2",
            &["2026-11-23 entry 2: missing", "2026-11-25 entry 1: inserted"],
        ),
        ("UPDATE audit_head SET seq = 2, hash = 'x'", &["missing: the entries after 2026-11-24 entry 4"]),
    ];
    for (statement, expected) in cases {
        let authority = Authority::with_entries().await;
        authority.tamper(statement).await;
        let faults = authority.faults().await;
        let fits = faults.len() == expected.len()
            && faults.iter().zip(*expected).all(|(fault, part)| fault.contains(part));
        assert!(fits, "{statement}\n{faults:#?}");
    }
}

#[tokio::test]
async fn chain_goes_on_after_a_change_and_keeps_showing_it() {
    let authority = Authority::with_entries().await;
    authority.tamper("UPDATE audit_entries SET target = 'ZG9' WHERE day = '2026-11-24' AND seq = 4").await;
    authority.write(|tx| Ok(roster::audit_command(tx, "export", "exams")?)).await.expect("an entry");
    assert_eq!(authority.faults().await, ["2026-11-24 entry 4: changed"]);
}

/// Each has a transaction of its own; on PostgreSQL, a connection of its own.
#[tokio::test]
async fn simultaneous_entries_make_one_chain() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let note = |at: usize| {
        let staff = reviewer.id.clone();
        authority.write(move |tx| {
            (0..3).try_for_each(|part| roster::audit(tx, &staff, "open", &format!("ZG{at}-{part}")))?;
            Ok(())
        })
    };
    for noted in join_all((0..40).map(note)).await {
        noted.expect("entries");
    }
    assert_eq!(authority.faults().await, [""; 0]);
    let head = authority.write(|tx| Ok(Head::read(tx)?)).await.expect("a head");
    assert_eq!(head.place.seq, 120);
}

#[tokio::test]
async fn failed_transaction_leaves_no_entry_and_no_gap() {
    let authority = Authority::with_entries().await;
    let failed = authority.write::<(), _>(|tx| {
        roster::audit_command(tx, "export", "exams")?;
        Err(Failure::NotFound)
    });
    assert!(matches!(failed.await, Err(Failure::NotFound)));
    authority.write(|tx| Ok(roster::audit_command(tx, "export", "exams")?)).await.expect("an entry");
    assert_eq!(authority.faults().await, [""; 0]);
}

#[tokio::test]
async fn entries_of_an_older_program_are_appended() {
    let authority = Authority::with_entries().await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    authority
        .tamper(
            "INSERT INTO audit_entries (id, at, action, target) VALUES ('01', '2026-11-20 05:00:00', 'open', 'ZG7'); \
             INSERT INTO audit_entries (id, at, action, target) \
             SELECT '02', '2026-11-21 05:00:00', 'file', number || '/x' FROM applications WHERE number IS NOT NULL",
        )
        .await;
    assert_eq!(audit::adopt_all(&authority.store).await.expect("a number"), 2);
    assert_eq!(audit::adopt_all(&authority.store).await.expect("a number"), 0);
    assert_eq!(authority.faults().await, [""; 0]);
    let about = a::audit_entries.filter(a::id.eq("02")).select(a::candidate_id);
    let about =
        authority.write(move |tx| Ok(about.first::<Option<String>>(tx.conn)?)).await.expect("an entry");
    let applicant = authority.application(&number).await.candidate_id.to_string();
    assert_eq!(about, Some(applicant), "the candidate is found by the number");
}

#[tokio::test]
async fn export_can_be_checked_without_the_data_key() {
    let authority = Authority::with_entries().await;
    let earlier = authority.exported().await;
    assert_eq!(check_of(&earlier, &[]), [""; 0]);
    authority.write(|tx| Ok(roster::audit_command(tx, "export", "exams")?)).await.expect("an entry");
    let later = authority.exported().await;
    assert_eq!(check_of(&later, &earlier), [""; 0], "a day may go on");

    let text = String::from_utf8(later.clone()).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    let without = |at: usize| {
        let kept: Vec<&str> =
            lines.iter().enumerate().filter(|(line, _)| *line != at).map(|(_, line)| *line).collect();
        kept.join("\n")
    };
    let changed = text.replacen("\"ZG1\"", "\"ZG8\"", 1);
    assert_eq!(check_of(changed.as_bytes(), &[]), ["2026-11-23 entry 2: changed"]);
    assert!(
        check_of(without(2).as_bytes(), &[])
            .iter()
            .any(|found| found.contains("2026-11-23 entry 3: entries before it are missing"))
    );
    assert_eq!(
        check_of(&without(9).into_bytes(), &[]),
        ["2026-11-24: the last entries are missing or added"]
    );
    assert_eq!(check_of(without(0).as_bytes(), &[]).len(), lines.len());
    assert_eq!(check_of(b"", &[]), ["line 1: cannot be read"]);
}

#[tokio::test]
async fn earlier_export_shows_that_the_newest_entries_were_cut_off() {
    let authority = Authority::with_entries().await;
    let earlier = authority.exported().await;
    authority
        .tamper(
            "DELETE FROM audit_entries WHERE day = '2026-11-24' AND seq > 2; \
             UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit_entries WHERE day = '2026-11-24' AND seq = 2)",
        )
        .await;
    assert_eq!(authority.faults().await, [""; 0], "nothing in the database shows it");
    assert_eq!(
        check_of(&authority.exported().await, &earlier),
        ["2026-11-24 entry 4: missing, the earlier export has it"]
    );
    for at in 0..3 {
        authority
            .write(move |tx| Ok(roster::audit_command(tx, "export", &at.to_string())?))
            .await
            .expect("an entry");
    }
    let found = check_of(&authority.exported().await, &earlier);
    assert_eq!(
        found,
        ["2026-11-24 entry 4: it, or an entry before it on this day, differs from the earlier export"]
    );
}

#[tokio::test]
async fn rest_of_the_chain_holds_after_its_first_day_was_removed() {
    let authority = Authority::with_entries().await;
    let earlier = authority.exported().await;
    let tuesday = chrono::NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
    let remove = move |tx: &mut kaozheng::store::Tx| Ok(cut::remove_oldest_day(tx, tuesday)?);
    let removed = authority.write(remove).await.expect("a day less");
    assert_eq!(removed.map(|(day, entries)| (day.to_string(), entries)), Some(("2026-11-23".to_owned(), 3)));
    assert_eq!(authority.write(remove).await.expect("nothing"), None, "the end is kept");
    assert_eq!(authority.faults().await, [""; 0]);
    assert_eq!(check_of(&authority.exported().await, &[]), [""; 0]);
    let lost = check_of(&authority.exported().await, &earlier);
    assert_eq!(lost, ["2026-11-23 entry 3: missing, the earlier export has it"]);

    authority.write(|tx| Ok(roster::audit_command(tx, "export", "exams")?)).await.expect("an entry");
    assert_eq!(authority.faults().await, [""; 0], "the chain goes on");
    authority.tamper("DELETE FROM audit_entries WHERE day = '2026-11-24' AND seq = 1").await;
    assert_eq!(authority.faults().await, ["missing between 2026-11-23 entry 3 and 2026-11-24 entry 2"]);
    // Without the data key nobody makes a cut that holds.
    authority
        .tamper("UPDATE audit_cuts SET day = '2026-11-24', seq = 1, hash = (SELECT previous FROM audit_entries WHERE seq = 2)")
        .await;
    let found = authority.faults().await;
    assert!(found[0].contains("up to 2026-11-24 entry 1 were removed is not by this program"), "{found:?}");
}
