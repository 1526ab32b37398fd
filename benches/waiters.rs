//! 10,000 waiting login screens on one process, by loopback. Prints the memory of a screen, the CPU while
//! nothing happens, and how long an approval takes to reach its screen at 50 approvals a second: on SQLite,
//! and with PGHOST set on PostgreSQL, there also with the phones at another process.
//!
//!     cargo bench --bench waiters
//!
//! The server is this program in a second process, started with `WAITERS_SERVER` set, so that its memory and
//! CPU are measured alone.

#[path = "waiters/client.rs"]
mod client;
#[path = "../tests/support/database.rs"]
mod database;
#[path = "waiters/process.rs"]
mod process;
#[path = "../tests/support/server.rs"]
mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use client::{Room, Screen};
use futures_util::{StreamExt, stream};
use kaozheng::login::code::Codes;
use kaozheng::store::{Clock, Vault, ids};
use process::Process;
use reqwest::Method;
use server::{PHONE, Visitor};

const WAITERS: usize = 10_000;

/// Longer than two pictures of 15 seconds.
const IDLE: Duration = Duration::from_secs(32);

const PHONES: usize = 100;
const APPROVALS: usize = 1000;
const EACH: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() {
    if let Ok(listen) = std::env::var("WAITERS_SERVER") {
        return process::serve(&listen).await;
    }
    run("SQLite, one process", "sqlite", false).await;
    match std::env::var("PGHOST") {
        Ok(_) => {
            run("PostgreSQL, one process", "postgres", false).await;
            run("PostgreSQL, the phones at another process", "postgres", true).await;
        }
        Err(_) => println!("\nPGHOST is not set: nothing was measured on PostgreSQL"),
    }
}

async fn run(title: &str, kind: &str, elsewhere: bool) {
    println!("\n{title}");
    let database = database::database_of(kind);
    let process = Process::start(&database.url, None).await;
    let other = match elsewhere {
        true => Some(Process::start(&database.url, Some(&process)).await),
        false => None,
    };
    let phones = sign_in(&process.base).await;
    let room = Arc::new(Room::default());
    room.fill(&process.base, 100).await;
    let (few, _) = idle(&process).await;
    let before = process.memory();
    room.fill(&process.base, WAITERS - 100).await;
    let (many, cpu) = idle(&process).await;
    let each = (process.memory() - before) as f64 / (WAITERS - 100) as f64 / 1024.0;
    println!("  memory of a waiter         {each:6.1} KiB   (aim: 16)");
    println!("  CPU while idle             {:6.1} %     (aim: 5 of one core)", cpu * 100.0);
    println!("  statements a second        {many:6.1}       (with 100 waiters: {few:.1})");
    let mut took = approve(&room, &phones, other.as_ref().unwrap_or(&process)).await;
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    let aim = if elsewhere { 1200 } else { 150 };
    println!("  approval to answer, p50    {:6.1} ms", at(0.5));
    println!("  approval to answer, p99    {:6.1} ms    (aim: {aim})", at(0.99));
    println!("  approvals that arrived     {:6}       (of {APPROVALS})", took.len());
    println!("  screens that were lost     {:6}", room.lost());
}

/// Statements a second and the share of a core while everybody waits.
async fn idle(process: &Process) -> (f64, f64) {
    // New screens send their first waiting request.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (began, statements, cpu) = (Instant::now(), process.statements().await, process.cpu());
    tokio::time::sleep(IDLE).await;
    let seconds = began.elapsed().as_secs_f64();
    let statements = (process.statements().await - statements) as f64 / seconds;
    (statements, (process.cpu() - cpu).as_secs_f64() / seconds)
}

async fn sign_in(base: &str) -> Vec<Visitor> {
    let phones = stream::iter(0..PHONES).map(async |_| {
        let phone = Visitor::new(base, PHONE);
        phone.sign_in("/login/portal", "张小三").await;
        phone
    });
    phones.buffer_unordered(8).collect().await
}

/// Approves different screens, fifty a second. Returns how long each approval took to arrive.
async fn approve(room: &Room, phones: &[Visitor], process: &Process) -> Vec<Duration> {
    let codes = Codes::new(&Vault::from_key(&process::KEY));
    let (began, codes) = (Instant::now(), &codes);
    let screens = room.some(APPROVALS);
    let approvals = screens.iter().enumerate().map(async |(number, screen)| {
        tokio::time::sleep_until((began + EACH * number as u32).into()).await;
        approve_one(&phones[number % PHONES], number, screen, codes, &process.base).await
    });
    let took = stream::iter(approvals).buffer_unordered(APPROVALS).collect::<Vec<_>>().await;
    took.into_iter().flatten().collect()
}

async fn approve_one(
    phone: &Visitor,
    number: usize,
    screen: &Screen,
    codes: &Codes,
    base: &str,
) -> Option<Duration> {
    let network = format!("10.9.{}.{}", number / 250, number % 250);
    let began = ids::made_at(&screen.handshake).expect("a time");
    let code = codes.make(&screen.handshake, began, Clock::system().now());
    let scan = phone.request(Method::GET, &format!("{base}/s/{code}")).header("x-forwarded-for", &network);
    let scanned = phone.send(scan).await;
    assert_eq!(scanned.status, 303, "{}", scanned.body);
    let shown = screen.number().await;
    let pick = phone.request(Method::POST, &format!("{base}/s/{}/number", screen.handshake));
    let (approved, form) = (Instant::now(), [("number", shown)]);
    phone.send(pick.header("x-forwarded-for", &network).form(&form)).await;
    let arrived = screen.arrived().await?;
    Some(arrived.saturating_duration_since(approved))
}
