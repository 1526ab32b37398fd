//! What the store guarantees to its callers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use futures_util::future::join_all;
use kaozheng::store::schema::meta::dsl as m;
use kaozheng::store::{Bulk, Clock, Error, Ids, Store, Vault};

use crate::database::{TestDatabase, database};

/// How long a command holds the writer at a time.
const BATCH: Duration = Duration::from_millis(50);

async fn open(database: &TestDatabase, key: u8) -> Store {
    let vault = Vault::from_key(&[key; 32]);
    Store::open(&database.url, vault, Clock::system(), Ids::random()).await.expect("a store")
}

async fn write(store: &Store, name: String, fate: WriteOutcome) -> Result<(), Error> {
    store
        .write(move |tx| {
            diesel::insert_into(m::meta).values((m::key.eq(name), m::value.eq(""))).execute(tx.conn)?;
            match fate {
                WriteOutcome::Keep => Ok(()),
                WriteOutcome::Fail => Err(Error::Corrupt("a test")),
                WriteOutcome::Panic => panic!("a defect"),
            }
        })
        .await
}

#[derive(Clone, Copy)]
enum WriteOutcome {
    Keep,
    Fail,
    Panic,
}

async fn stored_jobs(store: &Store) -> i64 {
    let rows = m::meta.filter(m::key.like("job-%")).count();
    store.read::<_, Error, _>(move |tx| Ok(rows.get_result(tx.conn)?)).await.expect("a count")
}

#[tokio::test]
async fn wrong_data_key_is_detected_before_it_seals_anything() {
    let database = database();
    open(&database, 1).await.migrate().await.expect("migrations");
    let other = open(&database, 2).await;
    assert!(matches!(other.check_key().await, Err(Error::WrongKey)));
    assert!(matches!(other.migrate().await, Err(Error::WrongKey)));
    open(&database, 1).await.check_key().await.expect("the right key");
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_or_panicking_write_does_not_affect_its_group() {
    let database = database();
    let store = open(&database, 1).await;
    store.migrate().await.expect("migrations");
    let fate = |number| match number {
        17 => WriteOutcome::Fail,
        23 => WriteOutcome::Panic,
        _ => WriteOutcome::Keep,
    };
    let jobs = (0..64).map(|number| write(&store, format!("job-{number}"), fate(number)));
    let outcomes = join_all(jobs).await;
    assert!(matches!(outcomes[17], Err(Error::Corrupt(_))));
    assert!(matches!(outcomes[23], Err(Error::Panicked)));
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 62);
    assert_eq!(stored_jobs(&store).await, 62);
    write(&store, "job-later".into(), WriteOutcome::Keep).await.expect("the writer goes on");
}

#[tokio::test]
async fn panicking_read_does_not_affect_others() {
    let database = database();
    let store = open(&database, 1).await;
    store.migrate().await.expect("migrations");
    for _ in 0..20 {
        let outcome = store.read::<(), Error, _>(|_| panic!("a defect")).await;
        assert!(matches!(outcome, Err(Error::Panicked)));
    }
    assert_eq!(stored_jobs(&store).await, 0);
}

#[tokio::test]
async fn duplicate_key_is_refused_and_leaves_nothing() {
    let database = database();
    let store = open(&database, 1).await;
    store.migrate().await.expect("migrations");
    write(&store, "job-1".into(), WriteOutcome::Keep).await.expect("the first");
    assert!(matches!(write(&store, "job-1".into(), WriteOutcome::Keep).await, Err(Error::Database(_))));
    assert_eq!(stored_jobs(&store).await, 1);
}

/// A command that writes batch after batch lets waiting writers in between.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_writers_precede_the_next_batch() {
    let database = database();
    let store = open(&database, 1).await;
    store.migrate().await.expect("migrations");
    let (vault, clock, ids) = ((*store.vault).clone(), store.clock.clone(), store.ids.clone());
    let mut bulk = Bulk::open(&database.url, vault, clock, ids).expect("a connection");
    let (batches, over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let (counted, ended) = (batches.clone(), over.clone());
    let command = std::thread::spawn(move || {
        while !ended.load(Ordering::SeqCst) {
            bulk.write::<_, Error>(|_| {
                let began = Instant::now();
                while began.elapsed() < BATCH {
                    std::hint::spin_loop();
                }
                counted.fetch_add(1, Ordering::SeqCst);
                Ok(())
            })
            .expect("a batch");
        }
    });
    for name in 0..10 {
        let before = batches.load(Ordering::SeqCst);
        write(&store, format!("job-{name}"), WriteOutcome::Keep).await.expect("a write");
        let after = batches.load(Ordering::SeqCst);
        assert!(after - before <= 3, "{} batches came first", after - before);
    }
    over.store(true, Ordering::SeqCst);
    command.join().expect("an end");
}
