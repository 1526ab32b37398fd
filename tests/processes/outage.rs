//! The site during and after an outage of PostgreSQL.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use futures_util::future::join_all;
use kaozheng::store::schema::meta::dsl as m;
use kaozheng::store::{Bulk, Clock, Conn, Error, Ids, Store, Tx, Vault};

use crate::faulty_proxy::FaultyProxy;
use crate::postgres::{PASSWORD, Postgres};
use crate::server::{Server, Visitor};

/// Two public pages and two of a candidate.
const PAGES: [&str; 4] = ["/lookup", "/me", "/progress", "/services"];

/// The number of simultaneous requests.
const AT_ONCE: usize = 24;

/// The number of simultaneous writers.
const WRITERS: usize = 8;

async fn open(url: &str) -> Store {
    Store::open(url, Vault::from_key(&[7; 32]), Clock::system(), Ids::random()).await.expect("a store")
}

/// A migrated database on `server`, reached through `port`.
async fn migrated(server: &Postgres, port: u16) -> Store {
    let store = open(&server.url("127.0.0.1", port, "")).await;
    store.migrate().await.expect("migrations");
    store
}

/// A site on a database that may fail, with 张小三 signed in.
async fn site_with_candidate(url: String) -> (Server, Visitor) {
    let site = Server::start_with(Clock::system(), |settings| settings.database_url = url).await;
    site.load_demo().await;
    let visitor = site.signed_in("张小三").await;
    (site, visitor)
}

async fn statuses(visitor: &Visitor) -> Vec<u16> {
    let pages = PAGES.iter().cycle().take(AT_ONCE);
    join_all(pages.map(|page| async { visitor.step(page).await.status })).await
}

fn query_number(conn: &mut Conn, statement: &str) -> Result<i64, Error> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    Ok(diesel::sql_query(statement).get_result::<Row>(conn)?.number)
}

async fn read_number(store: &Store) -> Result<i64, Error> {
    store.read_one(|tx| query_number(tx.conn, "SELECT 1::int8 AS number")).await
}

async fn write(store: &Store, key: String) -> Result<(), Error> {
    store.write(move |tx| insert(tx, &key)).await
}

fn insert(tx: &mut Tx, key: &str) -> Result<(), Error> {
    diesel::insert_into(m::meta).values((m::key.eq(key), m::value.eq(""))).execute(tx.conn)?;
    Ok(())
}

async fn stored_keys(store: &Store) -> Vec<String> {
    let rows = m::meta.filter(m::key.like("write-%")).select(m::key).order(m::key);
    store.read::<_, Error, _>(move |tx| Ok(rows.load(tx.conn)?)).await.expect("rows")
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_continue_through_a_restart() {
    let postgres = Postgres::start();
    let (_site, visitor) = site_with_candidate(postgres.url("127.0.0.1", postgres.port, "")).await;
    assert_eq!(statuses(&visitor).await, [200; AT_ONCE]);
    for _ in 0..2 {
        let over = Arc::new(AtomicBool::new(false));
        let restart = {
            let (over, postgres) = (over.clone(), &postgres);
            async move {
                tokio::task::block_in_place(|| postgres.restart());
                over.store(true, Ordering::SeqCst);
            }
        };
        let during = async {
            let mut seen = Vec::new();
            while !over.load(Ordering::SeqCst) {
                seen.extend(statuses(&visitor).await);
            }
            seen
        };
        let (seen, ()) = tokio::join!(during, restart);
        assert!(seen.iter().all(|status| *status == 200), "{seen:?}");
        assert_eq!(statuses(&visitor).await, [200; AT_ONCE]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_continue_after_sessions_are_terminated() {
    let postgres = Postgres::start();
    let (site, visitor) = site_with_candidate(postgres.url("127.0.0.1", postgres.port, "")).await;
    assert_eq!(statuses(&visitor).await, [200; AT_ONCE]);
    let administrator =
        open(&postgres.url("127.0.0.1", postgres.port, "application_name=administrator")).await;
    let ended = administrator.read::<_, Error, _>(|tx| {
        query_number(
            tx.conn,
            "SELECT count(pg_terminate_backend(pid)) AS number FROM pg_stat_activity \
             WHERE backend_type = 'client backend' AND application_name NOT LIKE '%administrator'",
        )
    });
    assert!(ended.await.expect("a count") > 1);
    assert_eq!(statuses(&visitor).await, [200; AT_ONCE]);
    let page = visitor.submit("/logout", &[]).await;
    assert_eq!(page.status, 200, "a write is no different");
    drop(site);
}

/// Inserts rows until stopped. Returns the acknowledged keys and those in doubt.
async fn write_until_stopped(
    store: Store,
    writer: usize,
    over: Arc<AtomicBool>,
    answered: Arc<[AtomicU32; WRITERS]>,
) -> (Vec<String>, Vec<String>) {
    let (mut done, mut doubtful) = (Vec::new(), Vec::new());
    for count in 0.. {
        let key = format!("write-{writer}-{count}");
        match write(&store, key.clone()).await {
            Ok(()) => done.push(key),
            Err(Error::InDoubt(_)) => doubtful.push(key),
            Err(other) => panic!("{other}"),
        }
        answered[writer].fetch_add(1, Ordering::SeqCst);
        if over.load(Ordering::SeqCst) {
            break;
        }
    }
    (done, doubtful)
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_writes_are_stored_once_after_restarts() {
    let postgres = Postgres::start();
    let store = migrated(&postgres, postgres.port).await;
    let over = Arc::new(AtomicBool::new(false));
    let answered: Arc<[AtomicU32; WRITERS]> = Arc::default();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            tokio::spawn(write_until_stopped(store.clone(), writer, over.clone(), answered.clone()))
        })
        .collect();
    for _ in 0..3 {
        // A write that has lost three connections is abandoned, so every writer is answered between two restarts.
        answered.iter().for_each(|count| count.store(0, Ordering::SeqCst));
        let everybody = || answered.iter().all(|count| count.load(Ordering::SeqCst) >= 3);
        wait_until(|| async { everybody().then_some(()) }).await;
        tokio::task::block_in_place(|| postgres.restart());
    }
    over.store(true, Ordering::SeqCst);
    let (mut done, mut doubtful) = (Vec::new(), Vec::new());
    for writer in writers {
        let (some, others) = writer.await.expect("a writer");
        done.extend(some);
        doubtful.extend(others);
    }
    let kept = stored_keys(&store).await;
    assert!(done.iter().all(|key| kept.contains(key)), "an acknowledged write is lost");
    assert!(kept.iter().all(|key| done.contains(key) || doubtful.contains(key)), "a refused write is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn write_is_retried_if_its_connection_fails_before_commit() {
    let postgres = Postgres::start();
    let store = migrated(&postgres, postgres.port).await;
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let done = store.write(move |tx| {
        insert(tx, "write-again")?;
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            tx.conn.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())")?;
        }
        Ok::<_, Error>(())
    });
    done.await.expect("the second run");
    assert_eq!((runs.load(Ordering::SeqCst), stored_keys(&store).await), (2, vec!["write-again".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn write_that_kills_every_connection_is_abandoned() {
    let postgres = Postgres::start();
    let store = migrated(&postgres, postgres.port).await;
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let done = store.write(move |tx| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok::<_, Error>(tx.conn.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())")?)
    });
    assert!(matches!(done.await, Err(Error::Database(_))));
    assert_eq!(runs.load(Ordering::SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_commit_answer_is_in_doubt_and_not_retried() {
    let postgres = Postgres::start();
    let proxy = FaultyProxy::to(postgres.port).await;
    let store = migrated(&postgres, proxy.port).await;
    let (runs, loses) = (Arc::new(AtomicU32::new(0)), proxy.loses_the_next_answer.clone());
    let counted = runs.clone();
    let done = store.write(move |tx| {
        counted.fetch_add(1, Ordering::SeqCst);
        insert(tx, "write-once")?;
        loses.store(true, Ordering::SeqCst);
        Ok::<_, Error>(())
    });
    assert!(matches!(done.await, Err(Error::InDoubt(_))));
    assert_eq!((runs.load(Ordering::SeqCst), stored_keys(&store).await), (1, vec!["write-once".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_recover_from_a_silent_connection_in_seconds() {
    let postgres = Postgres::start();
    let proxy = FaultyProxy::to(postgres.port).await;
    let store = open(&postgres.url("127.0.0.1", proxy.port, "")).await;
    let everybody = || join_all((0..AT_ONCE).map(|_| read_number(&store)));
    assert!(everybody().await.iter().all(Result::is_ok));
    proxy.freeze();
    let began = Instant::now();
    let output = everybody().await;
    let given_up = |answer: &Result<_, _>| matches!(answer, Err(Error::Unavailable(_)));
    assert!(output.iter().any(given_up), "{output:?}");
    assert!(output.iter().all(|answer| answer.is_ok() || given_up(answer)), "{output:?}");
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    let began = Instant::now();
    assert!(everybody().await.iter().all(Result::is_ok), "on new connections");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_server_is_reported_at_once_and_found_again() {
    let postgres = Postgres::start();
    let proxy = FaultyProxy::to(postgres.port).await;
    let (_site, visitor) = site_with_candidate(postgres.url("127.0.0.1", proxy.port, "")).await;
    proxy.freeze_for_good();
    let first = statuses(&visitor).await;
    assert!(first.contains(&503), "{first:?}");
    let output = wait_until(|| async {
        let began = Instant::now();
        let page = visitor.open("/lookup").await;
        (page.status == 503 && began.elapsed() < Duration::from_secs(1)).then_some(page.body)
    });
    assert!(output.await.contains("系统正忙"));
    proxy.thaw();
    wait_until(|| async { (statuses(&visitor).await == [200; AT_ONCE]).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_server_is_reported_with_its_cause_and_found_again() {
    let postgres = Postgres::start();
    let (site, visitor) = site_with_candidate(postgres.url("localhost", postgres.port, "")).await;
    tokio::task::block_in_place(|| postgres.down());
    let first = visitor.open("/lookup").await;
    assert_eq!(first.status, 503, "it was waited for");
    let began = Instant::now();
    assert_eq!(statuses(&visitor).await, [503; AT_ONCE]);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let why = read_number(&site.parts.store).await.expect_err("no server").to_string();
    assert!(why.contains("refused") && !why.contains(PASSWORD), "{why}");
    tokio::task::block_in_place(|| postgres.up(&[]));
    wait_until(|| async { (statuses(&visitor).await == [200; AT_ONCE]).then_some(()) }).await;
}

/// Polls until there is a value.
async fn wait_until<T, A: Future<Output = Option<T>>>(mut asked: impl FnMut() -> A) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(answer) = asked().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "not in time");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn statements_have_timeouts_except_in_commands() {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        limits: String,
    }
    fn limits(conn: &mut Conn) -> Result<String, Error> {
        let names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
        let values = names.map(|name| format!("current_setting('{name}')")).join(" || ' ' || ");
        Ok(diesel::sql_query(format!("SELECT {values} AS limits")).get_result::<Row>(conn)?.limits)
    }
    let postgres = Postgres::start();
    let url = postgres.url("127.0.0.1", postgres.port, "");
    let store = open(&url).await;
    let of_reads = store.read(|tx| limits(tx.conn)).await.expect("limits");
    let of_writes = store.write(|tx| limits(tx.conn)).await.expect("limits");
    assert_eq!((of_reads.as_str(), of_writes.as_str()), ("5s 2s 30s", "15s 5s 30s"));
    let of_commands = tokio::task::spawn_blocking(move || {
        let mut bulk = Bulk::open(&url, Vault::from_key(&[7; 32]), Clock::system(), Ids::random())?;
        bulk.read(|tx| limits(tx.conn))
    });
    assert_eq!(of_commands.await.expect("a command").expect("limits"), "0 0 0");
}
