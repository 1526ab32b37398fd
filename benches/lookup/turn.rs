//! Lookups while the data key is replaced.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kaozheng::store::{Clock, Ids, Store, Vault};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{MissedTickBehavior, interval};

use crate::certificates::{self, person};
use crate::direct::is_found;
use crate::postgres;
use crate::process::KEY;

const NEW_KEY: &str = "0808080808080808080808080808080808080808080808080808080808080808";

/// Between two lookups, so that they do not take the processor from the turn.
const PAUSE: Duration = Duration::from_millis(5);

const LASTS: Duration = Duration::from_secs(8);

pub async fn measure(folder: &Path, count: u32) {
    let source = certificates::sqlite(folder, count).await;
    let copy = folder.join("turning.db");
    for rest in ["", "-wal", "-shm"] {
        // There may be none.
        let _ = std::fs::remove_file(format!("{}{rest}", copy.display()));
    }
    std::fs::copy(source.trim_start_matches("sqlite:"), &copy).expect("a copy");
    println!("\nReplacing the data key on SQLite");
    replace(&format!("sqlite:{}", copy.display()), folder, count).await;
    if postgres::is_there() {
        let url = certificates::postgres(count).await;
        println!("\nReplacing the data key on PostgreSQL");
        replace(&url, folder, count).await;
    }
}

async fn replace(url: &str, folder: &Path, count: u32) {
    let old: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    let both = format!("{old},{NEW_KEY}");
    let some_time = || {
        let began = Instant::now();
        move || began.elapsed() < LASTS
    };
    let before = lookups(&open(url, &old).await, count, some_time()).await;
    show("with one key", before);
    let store = open(url, &both).await;
    show("with both keys", lookups(&store, count, some_time()).await);
    let (mut command, began) = (rotate(url, &both, folder), Instant::now());
    show("while the key turns", lookups(&store, count, || is_running(&mut command)).await);
    println!("  the turn lasted            {:8.1} s", began.elapsed().as_secs_f64());
    assert!(command.wait().expect("an end").success(), "the turn");
    drop(store);
    show("with the new key", lookups(&open(url, NEW_KEY).await, count, some_time()).await);
}

async fn open(url: &str, keys: &str) -> Store {
    let vault = Vault::parse(keys).expect("keys");
    let store = Store::open(url, vault, Clock::system(), Ids::random()).await.expect("a store");
    store.check_key().await.expect("the keys of the database");
    store
}

fn rotate(url: &str, keys: &str, folder: &Path) -> Child {
    let files = folder.join("files");
    std::fs::create_dir_all(&files).expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaozheng"));
    command.args(["keys", "rotate"]).env("DATABASE_URL", url).env("KAOZHENG_DATA_KEY", keys);
    command.env("KAOZHENG_FILES", files).stdout(Stdio::null()).spawn().expect("a command")
}

fn is_running(command: &mut Child) -> bool {
    command.try_wait().expect("a state").is_none()
}

/// How long each lookup took. Each finds its certificate.
async fn lookups(store: &Store, count: u32, mut goes_on: impl FnMut() -> bool) -> Vec<Duration> {
    let (mut random, mut took) = (SmallRng::seed_from_u64(1), Vec::new());
    let mut pauses = interval(PAUSE);
    pauses.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while goes_on() {
        pauses.tick().await;
        let (person, began) = (person(random.random_range(0..count)), Instant::now());
        let found = store.read_public(move |tx| Ok::<_, kaozheng::store::Error>(is_found(tx, &person)));
        assert!(found.await.expect("an answer"), "every certificate is found");
        took.push(began.elapsed());
    }
    took
}

fn show(title: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "  {title:<26} {:8} lookups, p50 {:.2} ms, p99 {:.2} ms, longest {:.1} ms",
        took.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
