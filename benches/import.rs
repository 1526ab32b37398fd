//! Imports of so many certificates, as an operator runs them: on SQLite and on PostgreSQL, into an empty
//! table and once more when everything is there. Prints rows per second, time on cores and peak memory.
//!
//!     cargo bench --bench import -- 1000000
//!     pg_virtualenv cargo bench --bench import -- 1000000    # PostgreSQL too

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

const KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";
const ROWS: u32 = 200_000;

/// A tick is a hundredth of a second on Linux.
const TICK: Duration = Duration::from_millis(10);

fn command(folder: &Path, database: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaozheng"));
    command.current_dir(folder).env("DATABASE_URL", database).env("KAOZHENG_DATA_KEY", KEY).args(args);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn run(folder: &Path, database: &str, args: &[&str]) {
    assert!(command(folder, database, args).status().expect("the program").success(), "{args:?}");
}

/// What proc(5) tells of a process while it is there: peak memory in kB, and time on cores.
fn usage(child: &Child) -> Option<(u64, Duration)> {
    let proc = |name| std::fs::read_to_string(format!("/proc/{}/{name}", child.id())).ok();
    let status = proc("status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let stat = proc("stat")?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u32>().ok();
    Some((peak.trim().strip_suffix(" kB")?.parse().ok()?, TICK * (ticks(11)? + ticks(12)?)))
}

fn measure(what: &str, rows: u32, mut command: Command) {
    let began = Instant::now();
    let mut child = command.spawn().expect("the program");
    let mut used = (0, Duration::ZERO);
    let status = loop {
        used = usage(&child).unwrap_or(used);
        if let Some(status) = child.try_wait().expect("a process") {
            break status;
        }
        std::thread::sleep(TICK);
    };
    assert!(status.success(), "{what}");
    let (seconds, (peak, cpu)) = (began.elapsed().as_secs_f64(), used);
    let rate = f64::from(rows) / seconds;
    println!(
        "{what:<28} {seconds:>7.1} s {rate:>8.0} rows/s {:>7.1} s of CPU {:>6} MB",
        cpu.as_secs_f64(),
        peak / 1024
    );
}

fn measure_on(name: &str, folder: &Path, database: &str, rows: u32) {
    run(folder, database, &["migrate"]);
    run(folder, database, &["import", "exams", "exams.csv"]);
    let import = ["import", "certificates", "certificates.csv"];
    for (what, args) in [("checked only", &[&import[..], &["--dry-run"]].concat()), ("new", &import.to_vec())]
    {
        measure(&format!("{name}, {what}"), rows, command(folder, database, args));
    }
    measure(&format!("{name}, all there"), rows, command(folder, database, &import));
}

/// A database on the server that the environment names, as for `psql`.
fn postgres() -> Option<String> {
    let set = |name| std::env::var(name).ok();
    let server =
        format!("postgres://{}:{}@{}:{}", set("PGUSER")?, set("PGPASSWORD")?, set("PGHOST")?, set("PGPORT")?);
    let mut conn = PgConnection::establish(&format!("{server}/postgres")).expect("PostgreSQL");
    conn.batch_execute("DROP DATABASE IF EXISTS kaozheng_bench").expect("no database");
    conn.batch_execute("CREATE DATABASE kaozheng_bench").expect("a database");
    Some(format!("{server}/kaozheng_bench"))
}

fn main() {
    let rows = std::env::args().filter_map(|arg| arg.parse().ok()).next().unwrap_or(ROWS);
    // On the disk that the project is on: a folder in memory would flush nothing.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let sqlite = format!("sqlite:{}", folder.path().join("bench.db").display());
    run(folder.path(), "", &["sample", "exams", "--output", "exams.csv"]);
    let sample = ["sample", "certificates", "--count", &rows.to_string(), "--output", "certificates.csv"];
    run(folder.path(), "", &sample);
    println!("{rows} certificates");
    measure_on("SQLite", folder.path(), &sqlite, rows);
    match postgres() {
        Some(database) => measure_on("PostgreSQL", folder.path(), &database, rows),
        None => println!("PostgreSQL is not measured: PGHOST, PGPORT, PGUSER and PGPASSWORD are not set"),
    }
}
