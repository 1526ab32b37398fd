//! What the database knows about its tables, by which it chooses indexes, after an import.

use diesel::prelude::*;
use kaozheng::store::schema::exams;
use kaozheng::store::{Clock, Error, Ids, Store, Tx, Vault};

use super::Installation;
use crate::explain::{Reading, explain};

/// As in `src/lookup/finding.rs`.
const LOOKUP: &str = "SELECT e.name, c.number, v.print_number FROM exams e \
                      LEFT JOIN certificates c ON c.person_hash = 'a' OR c.person_hash = 'b' \
                      LEFT JOIN voided_prints v ON v.certificate_id = c.id WHERE e.code = '02'";

#[tokio::test]
async fn lookup_finds_by_its_index_while_a_file_grows_the_table_beside_the_site() {
    let installation = Installation::with_exams();
    let sample = |count: &str, file: &str| {
        let made = installation.run(&["sample", "certificates", "--count", count, "--output", file]);
        assert!(made.success);
    };
    sample("1", "few.csv");
    sample("20000", "many.csv");
    installation.import("certificates", "few.csv");
    let vault = Vault::from_key(&[7; 32]);
    let store =
        Store::open(installation.url(), vault, Clock::system(), Ids::random()).await.expect("a store");
    // The connection learns of a table of one row.
    ask(&store).await;
    explain(&store, LOOKUP.to_owned()).await;
    installation.import("certificates", "many.csv");
    // SQLite's EXPLAIN does not look whether the schema has changed. Every other statement does.
    ask(&store).await;
    match explain(&store, LOOKUP.to_owned()).await {
        Reading::Steps(steps) => {
            let scanned = steps.iter().find(|step| step.detail.starts_with("SCAN"));
            assert!(scanned.is_none(), "{steps:?}");
        }
        Reading::Rows(rows) => assert!(rows.values().all(|count| *count < 10), "{rows:?}"),
    }
}

async fn ask(store: &Store) {
    let count = |tx: &mut Tx| Ok::<i64, Error>(exams::table.count().get_result(tx.conn)?);
    assert!(store.read(count).await.expect("a count") > 0);
}
