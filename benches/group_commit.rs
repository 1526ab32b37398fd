//! Submissions per second on SQLite, each on the disk when it is answered: 64 clients at once
//! against one alone. Prints both and the ratio, and fails below 5.
//!
//!     cargo bench --bench group_commit

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use futures_util::future::join_all;
use kaozheng::store::schema::{application_events::dsl as e, applications::dsl as a, candidates::dsl as c};
use kaozheng::store::{Clock, Error, Ids, Store, Tx, Vault};

const CLIENTS: usize = 64;
const LONG: Duration = Duration::from_secs(4);
const LEAST: f64 = 5.0;

/// As large as a form with its fields and materials.
const FORM: &str = include_str!("../src/casework/lifecycle.rs");

fn candidate(tx: &mut Tx) -> Result<(), Error> {
    let row = (
        c::id.eq("candidate"),
        c::document_type.eq("resident"),
        c::document_number.eq(""),
        c::document_hash.eq(""),
        c::name.eq(""),
        c::phone.eq(""),
        c::created_at.eq(tx.now),
        c::signed_in_at.eq(tx.now),
    );
    diesel::insert_into(c::candidates).values(row).execute(tx.conn)?;
    Ok(())
}

/// The two inserts of a submission, sealed as the real one is.
fn submit(tx: &mut Tx) -> Result<(), Error> {
    let (id, form) = (tx.id(), tx.vault.seal("applications.form", &FORM[..2000]));
    let row = (
        a::id.eq(&id),
        a::kind.eq("qualification"),
        a::candidate_id.eq("candidate"),
        a::parent_id.eq(""),
        a::subject.eq(&id),
        a::title.eq("一级建造师 · 2027-03"),
        a::summary.eq("一级 · 建筑工程"),
        a::status.eq("submitted"),
        a::version.eq(1),
        a::round.eq(1),
        a::form.eq(&form),
        a::created_at.eq(tx.now),
        a::updated_at.eq(tx.now),
    );
    diesel::insert_into(a::applications).values(row).execute(tx.conn)?;
    let row = (
        e::id.eq(tx.id()),
        e::application_id.eq(&id),
        e::position.eq(1),
        e::at.eq(tx.now),
        e::action.eq("submit"),
        e::from_status.eq("draft"),
        e::to_status.eq("submitted"),
        e::content.eq(&form),
    );
    diesel::insert_into(e::application_events).values(row).execute(tx.conn)?;
    Ok(())
}

/// Submissions per second of so many clients, each of which waits for its answer.
async fn rate(store: &Store, clients: usize) -> f64 {
    let (done, began) = (Arc::new(AtomicU32::new(0)), Instant::now());
    let client = || async {
        while began.elapsed() < LONG {
            store.write(submit).await.expect("a submission");
            done.fetch_add(1, Ordering::Relaxed);
        }
    };
    join_all((0..clients).map(|_| client())).await;
    f64::from(done.load(Ordering::Relaxed)) / began.elapsed().as_secs_f64()
}

#[tokio::main]
async fn main() {
    // On the disk that the project is on: a folder in memory would flush nothing.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("bench.db").display());
    let store =
        Store::open(&url, Vault::from_key(&[7; 32]), Clock::system(), Ids::random()).await.expect("a store");
    store.migrate().await.expect("migrations");
    store.write(candidate).await.expect("a candidate");
    let (alone, together) = (rate(&store, 1).await, rate(&store, CLIENTS).await);
    let ratio = together / alone;
    println!("1 client: {alone:.0}/s   {CLIENTS} clients: {together:.0}/s   ratio: {ratio:.1}");
    if ratio < LEAST {
        eprintln!("below {LEAST}");
        std::process::exit(1);
    }
}
