//! Pages of signed-in candidates and staff by loopback: the whole program on SQLite and, with PGHOST set, on
//! PostgreSQL. First the CPU of each page at 64 connections, against the same bytes as a constant of bare poem.
//! Then how long each page takes with few and with many applications. What each figure means is in
//! `benches/README.md`.
//!
//!     cargo bench --bench pages                  1,000 and 100,000 applications
//!     cargo bench --bench pages -- 20000         1,000 and as many as you say
//!     pg_virtualenv cargo bench --bench pages    with PostgreSQL
//!
//! SQLite's databases stay in `target/tmp/pages` for the rest of the day.

#[path = "support/client.rs"]
mod client;
#[path = "pages/copies.rs"]
mod copies;
#[path = "pages/fixture.rs"]
mod fixture;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/process.rs"]
mod process;
#[path = "support/sessions.rs"]
mod sessions;
#[path = "pages/visits.rs"]
mod visits;

use std::time::{Duration, Instant};

use client::{Line, Load, Run};
use fixture::Fixture;
use process::{Cores, Process};
use visits::Visit;

/// Applications that wait, in the smaller database.
const FEW: u32 = 1000;

const CONNECTIONS: usize = 64;
const WARMING: Duration = Duration::from_millis(700);
const MEASURED: Duration = Duration::from_millis(2500);

/// One connection asks for as long as a turn lasts, at least once. There are so many turns at least, and more
/// within a time.
const TURN: Duration = Duration::from_millis(50);
const LEAST: usize = 5;
const ONE_BY_ONE: Duration = Duration::from_secs(1);

fn main() {
    process::serve_constant_if_asked();
    let many = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(100_000);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        measure("SQLite", [FEW, many], [fixture::sqlite(FEW).await, fixture::sqlite(many).await]).await;
        if postgres::is_there() {
            let fixtures = [fixture::postgres(FEW).await, fixture::postgres(many).await];
            measure("PostgreSQL", [FEW, many], fixtures).await;
        }
    });
}

async fn measure(title: &str, [few, many]: [u32; 2], [small, large]: [Fixture; 2]) {
    let process = small.serve().await;
    println!("\n{title}, {few} applications, {CONNECTIONS} connections, CPU of each request");
    println!(
        "  page             bytes   bare poem     program    database       all/poem   p50, p99         uncompressed"
    );
    for visit in visits::common(&small) {
        costs(&small, &process, &visit).await;
    }
    drop(process);
    println!("\n{title}, one connection, p50     {few:>12} {many:>12}   growth");
    let (mut small, mut large) = (Visitor::of(&small).await, Visitor::of(&large).await);
    for (visit, of_large) in small.visits().await.iter().zip(&large.visits().await) {
        in_turn([&mut small, &mut large], [visit, of_large]).await;
        let (few, many) = (small.median(), large.median());
        let growth = few.zip(many).map_or_else(String::new, |(few, many)| format!("{:.1}", many / few));
        println!("  {:36} {} {} {growth:>8}", visit.name, shown(few), shown(many));
    }
}

/// Asks both servers by turns, so that the machine's other work slows both.
async fn in_turn([small, large]: [&mut Visitor<'_>; 2], [of_small, of_large]: [&Visit; 2]) {
    small.warm_up(of_small).await;
    large.warm_up(of_large).await;
    let (began, mut turns) = (Instant::now(), 0);
    while turns < LEAST || began.elapsed() < ONE_BY_ONE {
        small.ask(of_small).await;
        large.ask(of_large).await;
        turns += 1;
    }
}

fn shown(millis: Option<f64>) -> String {
    millis.map_or_else(|| format!("{:>12}", "failed"), |millis| format!("{millis:9.2} ms"))
}

/// Prints what a page costs the server and its database, and bare poem.
async fn costs(fixture: &Fixture, process: &Process, visit: &Visit) {
    let page = Line::open(&process.address).await.ask(&visit.request).await.page().to_vec();
    let poem = load(&Process::constant(&page, Cores::Shared).await, visit).await.cpu;
    let of_database = || match fixture.url.starts_with("postgres:") {
        true => postgres::cpu(&fixture.url),
        false => Duration::ZERO,
    };
    let before = of_database();
    let Loaded { run, cpu, with_warming } = load(process, visit).await;
    let database = (of_database() - before).as_secs_f64() * 1e6 / with_warming as f64;
    let (name, bytes, all) = (visit.name, page.len(), (cpu + database) / poem);
    let (p50, p99) = (run.millis(0.5), run.millis(0.99));
    let plain = load(process, &visit.plain()).await.cpu;
    println!(
        "  {name:14} {bytes:7} {poem:8.1} µs {cpu:8.1} µs {database:8.1} µs {all:12.1} × {p50:6.1}, {p99:6.1} ms {plain:8.1} µs"
    );
}

struct Loaded {
    run: Run,
    /// Microseconds on a core for each request.
    cpu: f64,
    /// Requests, with those of the warming up.
    with_warming: usize,
}

async fn load(process: &Process, visit: &Visit) -> Loaded {
    let request = visit.request.clone();
    let make = move |_: &mut _| request.clone();
    let lasting = |lasts| Load { connections: CONNECTIONS, lasts, most: usize::MAX };
    let warming = client::run(process, lasting(WARMING), make.clone()).await;
    let before = process.cpu();
    let run = client::run(process, lasting(MEASURED), make).await;
    let cpu = (process.cpu() - before).as_secs_f64() * 1e6 / run.answers() as f64;
    Loaded { with_warming: warming.answers() + run.answers(), run, cpu }
}

/// One connection to a server of its own.
struct Visitor<'a> {
    fixture: &'a Fixture,
    line: Line,
    /// How long each answer took. `None` after a failure, such as by the time limit of a statement.
    took: Option<Vec<Duration>>,
    _process: Process,
}

impl Visitor<'_> {
    async fn of(fixture: &Fixture) -> Visitor<'_> {
        let process = fixture.serve().await;
        Visitor { fixture, line: Line::open(&process.address).await, took: None, _process: process }
    }

    async fn visits(&mut self) -> Vec<Visit> {
        visits::growing(self.fixture, &mut self.line).await
    }

    /// The first answer, which reads the pages of the database, is not counted.
    async fn warm_up(&mut self, visit: &Visit) {
        self.took = self.line.ask(&visit.request).await.is_success().then(Vec::new);
    }

    async fn ask(&mut self, visit: &Visit) {
        let began = Instant::now();
        while let Some(took) = &mut self.took {
            let asked = Instant::now();
            let succeeded = self.line.ask(&visit.request).await.is_success();
            took.push(asked.elapsed());
            if !succeeded {
                self.took = None;
            }
            if began.elapsed() >= TURN {
                break;
            }
        }
    }

    /// In milliseconds.
    fn median(&mut self) -> Option<f64> {
        let took = self.took.take()?;
        Some(Run::new(took, Duration::ZERO).millis(0.5))
    }
}
