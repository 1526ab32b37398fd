//! Applications from the form to the number by loopback, 64 candidates at once: the whole program on SQLite
//! and, with PGHOST set, on PostgreSQL. What each figure means is in `benches/README.md`.
//!
//!     cargo bench --bench submissions
//!     pg_virtualenv cargo bench --bench submissions

#[path = "../tests/support/applicant.rs"]
mod applicant;
#[path = "support/client.rs"]
mod client;
#[path = "../tests/support/database.rs"]
mod database;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/process.rs"]
mod process;
#[path = "../tests/support/server.rs"]
mod server;
#[path = "support/sessions.rs"]
mod sessions;

use std::time::{Duration, Instant};

use applicant::{LIST, PDF, file, form, jpeg};
use client::Run;
use futures_util::{StreamExt, stream};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use kaozheng::demo::data::load_demo;
use process::{Cores, Process};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use server::{PHONE, Visitor};

/// Candidates, each of whom submits one application.
const CANDIDATES: usize = 400;

/// Candidates who are busy at any moment.
const AT_ONCE: usize = 64;

/// As `kaozheng demo` calls the next sitting of 一级建造师.
const SITTING: &str = "sitting-01-2";

/// Pixels and bytes of a picture that a messenger has made smaller.
const PHOTOGRAPH: (u32, u32) = (1440, 1920);
const BYTES: std::ops::Range<usize> = 250_000..350_000;

/// How much the colours of neighbouring pixels differ.
const GRAIN: u8 = 12;

/// The form is opened, its files are sent, the answers are sent and shown once more, the application is submitted.
const STEPS: [&str; 4] = ["form", "upload", "check page", "submit"];

/// How long each of [`STEPS`] took.
type Steps = [Duration; STEPS.len()];

#[tokio::main]
async fn main() {
    measure("SQLite", false).await;
    if postgres::is_there() {
        measure("PostgreSQL", true).await;
    }
}

async fn measure(title: &str, on_server: bool) {
    println!("\n{title}, {CANDIDATES} candidates, {AT_ONCE} at once");
    // On the disk that the project is on: a folder in memory would flush nothing.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let url = match on_server {
        true => postgres::create("kaozheng_submissions"),
        false => format!("sqlite:{}", folder.path().join("bench.db").display()),
    };
    let cookies = prepare(&url).await;
    let process = Process::serve(&url, &folder.path().join("files"), Cores::Shared).await;
    let (visitors, files) = (visitors(&process, &cookies), files());
    let bytes: usize = files.iter().map(|(.., bytes)| bytes.len()).sum();
    println!("  files                      {bytes:8} bytes");
    let spent = || (process.cpu(), if on_server { postgres::cpu(&url) } else { Duration::ZERO });
    let (began, before) = (Instant::now(), spent());
    let submissions = visitors.iter().map(|visitor| apply(visitor, &files));
    let took: Vec<Steps> = stream::iter(submissions).buffer_unordered(AT_ONCE).collect().await;
    let (lasted, after) = (began.elapsed(), spent());
    let each = |cpu: Duration| cpu.as_secs_f64() * 1000.0 / CANDIDATES as f64;
    let (program, database) = (each(after.0 - before.0), each(after.1 - before.1));
    println!("  submissions                {:8.1} /s", CANDIDATES as f64 / lasted.as_secs_f64());
    println!("  CPU of each                {program:8.1} ms   (database: {database:.1} ms)");
    for (step, name) in STEPS.into_iter().enumerate() {
        let run = Run::new(took.iter().map(|took| took[step]), lasted);
        println!("  {name:12} p50, p99      {:8.1}, {:.1} ms", run.millis(0.5), run.millis(0.99));
    }
}

/// A browser for each cookie.
fn visitors(process: &Process, cookies: &[String]) -> Vec<Visitor> {
    let base = format!("http://{}", process.address);
    let visitor = |cookie: &String| {
        let visitor = Visitor::new(&base, PHONE);
        visitor.plant(cookie);
        visitor
    };
    cookies.iter().map(visitor).collect()
}

/// The demo's exams and the candidates. Returns the cookies of their sessions.
async fn prepare(url: &str) -> Vec<String> {
    let store = sessions::open(url).await;
    store.migrate().await.expect("migrations");
    load_demo(&store).await.expect("the demo's data");
    let opened = store.write(|tx| {
        let candidates = sessions::enrol(tx, CANDIDATES)?;
        candidates.iter().map(|candidate| sessions::begin(tx, candidate, None)).collect()
    });
    opened.await.expect("sessions")
}

/// One application. Returns how long each of its steps took.
async fn apply(visitor: &Visitor, files: &[Sent]) -> Steps {
    let new = format!("{LIST}/new");
    let mut began = Instant::now();
    let mut lap = || std::mem::replace(&mut began, Instant::now()).elapsed();
    let page = visitor.open(&new).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let form_took = lap();
    let with_files = files.iter().fold(form(SITTING, "upload", &[]), |form, (slot, name, bytes)| {
        file(form, slot, name, bytes.clone())
    });
    let page = visitor.upload(&new, with_files).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let upload_took = lap();
    let with_ids = files.iter().fold(form(SITTING, "review", &[]), |form, (slot, ..)| {
        let id = page.between(&format!("name=\"material.{slot}\" value=\""), "\"").to_owned();
        form.text(format!("material.{slot}"), id)
    });
    let sent = visitor.upload(&new, with_ids).await;
    assert_eq!(sent.location, format!("{LIST}/review"), "{}", sent.body);
    let check = visitor.open(&sent.location).await;
    let seen = check.between("name=\"seen\" value=\"", "\"").to_owned();
    let check_took = lap();
    let done = visitor.submit_step(&sent.location, &[("seen", &seen)]).await;
    assert!(done.location.ends_with("/submitted"), "{} {}", done.status, done.body);
    [form_took, upload_took, check_took, lap()]
}

/// A file: its slot in the form, its name and its content.
type Sent = (&'static str, &'static str, Vec<u8>);

/// Every file that the form asks for.
fn files() -> Vec<Sent> {
    let card = || jpeg(640, 400);
    vec![
        ("diploma", "毕业证.jpg", photograph()),
        ("id_front", "身份证正面.jpg", card()),
        ("id_back", "身份证反面.jpg", card()),
        ("work_proof", "工作证明.pdf", PDF.to_vec()),
        ("portrait", "证件照.jpg", jpeg(300, 420)),
    ]
}

/// A JPEG with grain, as a camera makes.
fn photograph() -> Vec<u8> {
    let mut random = SmallRng::seed_from_u64(1);
    let (width, height) = PHOTOGRAPH;
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let grain = random.random_range(0..GRAIN);
        Rgb([(x * 200 / width) as u8 + grain, (y * 200 / height) as u8 + grain, 120 + grain])
    });
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 80).encode_image(&picture).expect("a picture");
    assert!(BYTES.contains(&bytes.len()), "{} bytes", bytes.len());
    bytes
}
