//! What the databases can do by themselves.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use kaozheng::exams::certificate::person_hashes;
use kaozheng::lookup::finding::{Finding, find};
use kaozheng::store::{Clock, Conn, Error, Ids, Store, Tx, Vault};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::certificates::{Person, person};
use crate::postgres;
use crate::process::KEY;

/// As many as our readers keep.
pub const CONNECTIONS: u64 = 6;

const LASTS: Duration = Duration::from_secs(8);

/// The statement of a lookup, prepared, in a loop on one thread of ours: how many a second.
pub async fn on_sqlite(url: &str, count: u32) -> f64 {
    let store =
        Store::open(url, Vault::from_key(&KEY), Clock::system(), Ids::random()).await.expect("a store");
    // The first time the pages of the database are mapped.
    in_a_loop(&store, count, 0).await;
    in_a_loop(&store, count, 1).await
}

async fn in_a_loop(store: &Store, count: u32, seed: u64) -> f64 {
    let (mut random, began, mut done) = (SmallRng::seed_from_u64(seed), Instant::now(), 0);
    while began.elapsed() < LASTS {
        let person = person(random.random_range(0..count));
        let found = store.read_one(move |tx| Ok::<_, Error>(is_found(tx, &person)));
        assert!(matches!(found.await, Ok(true)), "it is there");
        done += 1;
    }
    f64::from(done) / began.elapsed().as_secs_f64()
}

/// The statement of a lookup, prepared, in a loop on each connection: how many a second, and
/// what each costs the database, in microseconds on a core.
pub fn on_postgres(url: &str, count: u32, connections: u64) -> (f64, f64) {
    let (done, before) = (AtomicU64::new(0), postgres::cpu(url));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..connections {
            let done = &done;
            scope.spawn(move || ask(url, count, number, done));
        }
    });
    let (lasted, spent) = (began.elapsed(), postgres::cpu(url) - before);
    let done = done.load(Ordering::Relaxed) as f64;
    (done / lasted.as_secs_f64(), spent.as_secs_f64() * 1e6 / done)
}

fn ask(url: &str, count: u32, number: u64, done: &AtomicU64) {
    let (vault, ids) = (Vault::from_key(&KEY), Ids::random());
    let mut conn = Conn::establish(url).expect("a connection");
    let now = Clock::system().now();
    let mut tx = Tx::new(&mut conn, (&vault, &ids), now, &());
    let mut random = SmallRng::seed_from_u64(number);
    let began = Instant::now();
    while began.elapsed() < LASTS {
        let person = person(random.random_range(0..count));
        assert!(is_found(&mut tx, &person), "it is there");
        done.fetch_add(1, Ordering::Relaxed);
    }
}

pub fn is_found(tx: &mut Tx, person: &Person) -> bool {
    let hashes = person_hashes(tx.vault, &person.name, &person.document, tx.today());
    let found = find(tx, &format!("{:02}", person.exam), hashes, &person.number);
    matches!(found, Ok(Some((_, Finding::Found(_)))))
}

/// The same tables by pgbench, which cannot make our hash and so finds by the key of the row.
const SCRIPT: &str = "\\set number random(0, :last)
SELECT e.name, c.*, v.print_number, v.voided_on FROM exams e
LEFT JOIN certificates c ON c.exam_id = e.id AND c.id = 'certificate-' || lpad(:number::text, 9, '0')
LEFT JOIN voided_prints v ON v.certificate_id = c.id
WHERE e.code = lpad((:number::int % 12)::text, 2, '0');
";

/// Transactions a second of `pgbench -M prepared`; nothing where it is not installed.
pub fn pgbench(folder: &Path, count: u32) -> Option<f64> {
    let script = folder.join("lookup.sql");
    std::fs::write(&script, SCRIPT).expect("a script");
    let installed = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let program = installed.map(|version| version.path().join("bin/pgbench")).find(|file| file.exists())?;
    let output = Command::new(program)
        .args(["-n", "-M", "prepared", "-j", "2", "-T", &LASTS.as_secs().to_string()])
        .args(["-c", &CONNECTIONS.to_string(), "-D", &format!("last={}", count - 1), "-f"])
        .arg(script)
        .arg("kaozheng_lookup")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
}
