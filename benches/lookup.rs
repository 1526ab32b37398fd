//! Lookups of certificates by loopback, 64 connections at a time: the whole program on SQLite
//! and, with PGHOST set, on PostgreSQL, against the same page as a constant of bare poem and
//! against what the database can do by itself. What each figure means is in `benches/README.md`.
//!
//!     cargo bench --bench lookup                  1,000,000 certificates
//!     cargo bench --bench lookup -- 5000000       as many as you say
//!     pg_virtualenv cargo bench --bench lookup    with PostgreSQL
//!
//! The databases stay in `target/tmp/lookup` for the next run. The constant page is served by
//! this program once more, started with `LOOKUP_CONSTANT` set.

#[path = "lookup/certificates.rs"]
mod certificates;
#[path = "lookup/client.rs"]
mod client;
#[path = "lookup/direct.rs"]
mod direct;
#[path = "lookup/process.rs"]
mod process;

use std::path::{Path, PathBuf};
use std::time::Duration;

use client::Run;
use process::{Cores, Process, Usage};

/// What the growth of CPU is measured from.
const FEW: u32 = 10_000;

/// As long as one run is measured, after one that warms up: that maps the pages of the database.
const MEASURED: Duration = Duration::from_secs(8);
const WARMING: Duration = Duration::from_secs(8);

/// Requests of both for each certificate on average, so that none is asked for beyond the limit of 20.
const EACH: f64 = 3.0;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    if let Ok(listen) = std::env::var("LOOKUP_CONSTANT") {
        return tokio::runtime::Runtime::new().expect("a runtime").block_on(process::serve_constant(&listen));
    }
    let many = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    runtime.block_on(measure(many));
}

async fn measure(many: u32) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("lookup");
    std::fs::create_dir_all(&folder).expect("a folder");
    println!("{many} certificates, {} connections", client::CONNECTIONS);
    let url = certificates::sqlite(&folder, many).await;
    println!("\nSQLite");
    println!("  the statement in a loop    {:8.0} /s   (one thread)", direct::on_sqlite(&url, many).await);
    for (cores, title) in
        [(Cores::Apart, "client and server on a core each"), (Cores::Shared, "shared cores")]
    {
        println!("\nSQLite, {title}");
        cores.keep_client();
        let sqlite = on_sqlite(&folder, many, cores).await;
        let constant = Process::constant(&sqlite.page().await, cores).await.run(many).await;
        show("constant page of bare poem", &constant);
        let large = sqlite.run(many).await;
        show("lookup", &large);
        compare(&large, &constant);
        let small = on_sqlite(&folder, FEW, cores).await.run(FEW).await;
        println!("  growth exponent of CPU     {:8.3}    ({FEW} to {many})", growth(&small, &large, many));
        println!("  memory: all, own           {:5.1}, {:.1} MiB", sqlite.memory(), sqlite.own_memory());
        println!("  cold start                 {:8.1} ms", sqlite.started.as_secs_f64() * 1000.0);
        println!("  first lookup after it      {:8.1} ms", sqlite.first.as_secs_f64() * 1000.0);
    }
    match std::env::var("PGHOST") {
        Ok(_) => on_postgres(&folder, many).await,
        Err(_) => println!("\nPGHOST is not set: nothing was measured on PostgreSQL"),
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
    let before = process::of_postgres(&url);
    let lookup = process.run(count).await;
    let spent = process::of_postgres(&url) - before;
    show("lookup", &lookup);
    println!("  of the database's own rate {:8.1} %", 100.0 * lookup.run.rate() / direct);
    let each = spent.as_secs_f64() * 1e6 / lookup.all_answers as f64;
    println!("  CPU of the database        {each:8.1} µs a lookup");
    println!("  memory: all, own           {:5.1}, {:.1} MiB", process.memory(), process.own_memory());
}

/// One run and what its server spent.
struct Measured {
    run: Run,
    usage: Usage,
    /// With those of the warming up.
    all_answers: usize,
}

impl Process {
    async fn run(&self, count: u32) -> Measured {
        let most = |share: f64| (f64::from(count) * EACH * share) as usize;
        let warming = client::run(&self.address, self.cores, count, WARMING, most(0.3)).await;
        let before = self.usage();
        let run = client::run(&self.address, self.cores, count, MEASURED, most(0.7)).await;
        let usage = self.usage() - before;
        let all_answers = warming.answers() + run.answers();
        Measured { run, usage, all_answers }
    }
}

impl Measured {
    /// Microseconds on a core for each request.
    fn cpu(&self) -> f64 {
        self.usage.cpu.as_secs_f64() * 1e6 / self.run.answers() as f64
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
