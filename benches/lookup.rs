//! Lookups of certificates by loopback, 64 connections at a time: the whole program on SQLite
//! and, with PGHOST set, on PostgreSQL, against the same page as a constant of bare poem and
//! against what the database can do by itself. Then lookups while something is written. What each
//! figure means is in `benches/README.md`.
//!
//!     cargo bench --bench lookup                  1,000,000 certificates
//!     cargo bench --bench lookup -- 5000000       as many as you say
//!     cargo bench --bench lookup -- writes        only while something is written
//!     cargo bench --bench lookup -- turn          only while the data key is replaced
//!     pg_virtualenv cargo bench --bench lookup    with PostgreSQL
//!
//! The databases stay in `target/tmp/lookup` for the next run. The constant page is served by
//! this program once more, see `support/process.rs`.

#[path = "lookup/certificates.rs"]
mod certificates;
#[path = "support/client.rs"]
mod client;
#[path = "lookup/direct.rs"]
mod direct;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/process.rs"]
mod process;
#[path = "lookup/turn.rs"]
mod turn;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use certificates::request;
use client::{Line, Load, Run};
use process::{Cores, Process};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use tokio::time::{MissedTickBehavior, interval};

/// What the growth of CPU is measured from.
const FEW: u32 = 10_000;

/// Requests under way at any moment.
const CONNECTIONS: usize = 64;

/// As long as one run is measured, after one that warms up: that maps the pages of the database.
const MEASURED: Duration = Duration::from_secs(8);
const WARMING: Duration = Duration::from_secs(8);

/// Requests of all runs of a process for each certificate on average, so that none is asked for beyond the limit
/// of 20.
const EACH: f64 = 3.0;

/// Writes a second while lookups are measured. They take turns, so that the machine's other work slows all.
const WRITES: [u32; 3] = [0, 1, 20];
const TURNS: usize = 4;
const TURN: Duration = Duration::from_secs(2);

fn main() {
    process::serve_constant_if_asked();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let many = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    let only_writes = std::env::args().any(|word| word == "writes");
    runtime.block_on(async {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("lookup");
        std::fs::create_dir_all(&folder).expect("a folder");
        println!("{many} certificates, {CONNECTIONS} connections");
        if std::env::args().any(|word| word == "turn") {
            return turn::measure(&folder, many).await;
        }
        if !only_writes {
            measure(&folder, many).await;
        }
        while_writing(&folder, many).await;
    });
}

async fn measure(folder: &Path, many: u32) {
    let url = certificates::sqlite(folder, many).await;
    println!("\nSQLite");
    println!("  the statement in a loop    {:8.0} /s   (one thread)", direct::on_sqlite(&url, many).await);
    for (cores, title) in
        [(Cores::Apart, "client and server on a core each"), (Cores::Shared, "shared cores")]
    {
        println!("\nSQLite, {title}");
        cores.keep_client();
        let sqlite = on_sqlite(folder, many, cores).await;
        let (first, page) = first_lookup(&sqlite).await;
        println!("  {} bytes", page.len());
        let constant = Process::constant(&page, cores).await;
        let constant = lookups(&constant, many).await;
        show("constant page of bare poem", &constant);
        let large = lookups(&sqlite, many).await;
        show("lookup", &large);
        compare(&large, &constant);
        let small = lookups(&on_sqlite(folder, FEW, cores).await, FEW).await;
        println!("  growth exponent of CPU     {:8.3}    ({FEW} to {many})", growth(&small, &large, many));
        println!("  memory: all, own           {:5.1}, {:.1} MiB", sqlite.memory(), sqlite.own_memory());
        println!("  cold start                 {:8.1} ms", sqlite.started.as_secs_f64() * 1000.0);
        println!("  first lookup after it      {:8.1} ms", first.as_secs_f64() * 1000.0);
    }
    if postgres::is_there() {
        on_postgres(folder, many).await;
    }
}

async fn on_sqlite(folder: &Path, count: u32, cores: Cores) -> Process {
    let url = certificates::sqlite(folder, count).await;
    Process::serve(&url, &folder.join("files"), cores).await
}

async fn on_postgres(folder: &Path, count: u32) {
    println!("\nPostgreSQL");
    let url = certificates::postgres(count).await;
    let (direct, database) = direct::on_postgres(&url, count, direct::CONNECTIONS);
    println!("  the statement in a loop    {direct:8.0} /s   (database: {database:.1} µs of CPU each)");
    match direct::pgbench(folder, count) {
        Some(rate) => println!("  pgbench -M prepared        {rate:8.0} /s"),
        None => println!("  pgbench is not installed"),
    }
    let process = Process::serve(&url, &folder.join("files"), Cores::Shared).await;
    let before = postgres::cpu(&url);
    let lookup = lookups(&process, count).await;
    let spent = postgres::cpu(&url) - before;
    show("lookup", &lookup);
    println!("  of the database's own rate {:8.1} %", 100.0 * lookup.run.rate() / direct);
    let each = spent.as_secs_f64() * 1e6 / lookup.all_answers as f64;
    println!("  CPU of the database        {each:8.1} µs a lookup");
    println!("  memory: all, own           {:5.1}, {:.1} MiB", process.memory(), process.own_memory());
}

/// How long the first lookup of a process takes, and its page.
async fn first_lookup(process: &Process) -> (Duration, Vec<u8>) {
    let mut line = Line::open(&process.address).await;
    let asked = Instant::now();
    let page = line.ask(&request(&mut SmallRng::seed_from_u64(7), FEW)).await.page().to_vec();
    (asked.elapsed(), page)
}

/// p99 of lookups while the program writes nothing, now and then, and often.
async fn while_writing(folder: &Path, many: u32) {
    println!("\nSQLite, shared cores, while login screens are opened, each a write");
    Cores::Shared.keep_client();
    let process = on_sqlite(folder, many, Cores::Shared).await;
    let parts = 1 + TURNS * WRITES.len();
    lookups_for(&process, many, WARMING, parts).await;
    let mut runs = WRITES.map(|writes| (writes, Vec::new()));
    for _ in 0..TURNS {
        for (writes, runs) in &mut runs {
            tokio::select! {
                run = lookups_for(&process, many, TURN, parts) => runs.push(run),
                () = open_screens(&process, *writes) => unreachable!("screens are opened until the lookups end"),
            }
        }
    }
    for (writes, runs) in runs {
        let run = Run::together(runs);
        let (rate, [p50, p99, longest]) = (run.rate(), [0.5, 0.99, 1.0].map(|share| run.millis(share)));
        println!(
            "  {writes:2} writes a second   {rate:8.0} /s   p50, p99, longest {p50:6.2}, {p99:.2}, {longest:.1} ms"
        );
    }
}

/// Opens login screens from different networks, each of which is a row in the database.
async fn open_screens(process: &Process, each_second: u32) {
    if each_second == 0 {
        return std::future::pending().await;
    }
    let mut line = Line::open(&process.address).await;
    let mut ticks = interval(Duration::from_secs(1) / each_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    for number in 0_u32.. {
        ticks.tick().await;
        let [.., b, c] = number.to_be_bytes();
        let head = format!(
            "GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 11.{b}.{c}.1\r\nAccept: text/html\r\n\r\n"
        );
        line.ask(head.as_bytes()).await.page();
    }
}

/// One run and what its server spent.
struct Measured {
    run: Run,
    cpu: Duration,
    /// With those of the warming up.
    all_answers: usize,
}

async fn lookups(process: &Process, count: u32) -> Measured {
    let warming = lookups_for(process, count, WARMING, 2).await;
    let before = process.cpu();
    let run = lookups_for(process, count, MEASURED, 2).await;
    let cpu = process.cpu() - before;
    let all_answers = warming.answers() + run.answers();
    Measured { run, cpu, all_answers }
}

/// One of so many `parts` of the lookups of a process.
async fn lookups_for(process: &Process, count: u32, lasts: Duration, parts: usize) -> Run {
    let most = (f64::from(count) * EACH) as usize / parts;
    let load = Load { connections: CONNECTIONS, lasts, most };
    client::run(process, load, move |random| request(random, count)).await
}

impl Measured {
    /// Microseconds on a core for each request.
    fn cpu(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.run.answers() as f64
    }
}

fn show(title: &str, measured: &Measured) {
    let run = &measured.run;
    println!("  {title:26} {:8.0} /s   {:.1} µs of CPU each", run.rate(), measured.cpu());
    println!("    p50, p99                 {:8.2}, {:.2} ms", run.millis(0.5), run.millis(0.99));
}

fn compare(lookup: &Measured, constant: &Measured) {
    let share = 100.0 * lookup.run.rate() / constant.run.rate();
    println!("  of the constant's rate     {share:8.1} %    (aim: 40)");
    println!("  of the constant's CPU      {:8.2} ×    (aim: 2.5)", lookup.cpu() / constant.cpu());
}

/// The power of the number of certificates by which the CPU of a lookup grows.
fn growth(small: &Measured, large: &Measured, many: u32) -> f64 {
    (large.cpu() / small.cpu()).ln() / (f64::from(many) / f64::from(FEW)).ln()
}
