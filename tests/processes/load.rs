//! `kaozheng load` against a demo on loopback, and what it refuses.

use std::path::Path;
use std::process::Output;

use kaozheng::store::Clock;
use tempfile::TempDir;

use crate::postgres::Postgres;
use crate::process::{Process, free_base, host_of, kaozheng};
use crate::server::Server;

/// Every row of the first table, without the last one.
const REQUESTS: [&str; 6] = [
    "lookup",
    "list of exams, form",
    "a file",
    "sign-in by scanning",
    "first page of a candidate",
    "picture of a waiting screen",
];

/// A folder with a file of certificates.
fn with_certificates() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sample = kaozheng("sample");
    sample.args(["certificates", "--count", "2000", "--output"]).arg(folder.path().join("certificates.csv"));
    assert!(sample.status().expect("a sample").success());
    folder
}

fn import(folder: &Path, database: &str) {
    let key = std::fs::read_to_string(folder.join("data/demo.key")).expect("the demo's key");
    let mut import = kaozheng("import");
    import.arg("certificates").arg(folder.join("certificates.csv"));
    let imported = import.env("DATABASE_URL", database).env("KAOZHENG_DATA_KEY", key).output();
    let imported = imported.expect("an import");
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
}

/// Runs the command for a second a step.
async fn load(folder: &Path, base: &str, metrics: &str) -> Output {
    let mut load = kaozheng("load");
    load.args(["--profile", "release-day", "--seconds", "1", "--to", base, "--metrics", metrics]);
    load.arg("--certificates").arg(folder.join("certificates.csv"));
    tokio::task::spawn_blocking(move || load.output().expect("an end")).await.expect("no panic")
}

/// The cells of the row that begins with `title`.
fn row<'a>(table: &'a str, title: &str) -> Vec<&'a str> {
    let mut rows = table.lines().map(|line| line.trim_matches('|').split('|').map(str::trim));
    let row = rows.find_map(|mut cells| (cells.next() == Some(title)).then(|| cells.collect()));
    row.unwrap_or_else(|| panic!("no row {title:?} in\n{table}"))
}

/// Starts a demo, loads it, and reads the tables.
async fn read_tables_of(more: &[&str], database: impl FnOnce(&Path) -> String) {
    let (folder, metrics) = (with_certificates(), free_base());
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let arguments = [&["--metrics-listen", host_of(&metrics)], more].concat();
    let (demo, _) = Process::demo_with(&data, &log, &arguments).await;
    import(folder.path(), &database(&data));
    let loaded = load(folder.path(), &demo.base, host_of(&metrics)).await;
    let (said, problems) = (String::from_utf8_lossy(&loaded.stdout), String::from_utf8_lossy(&loaded.stderr));
    assert!(loaded.status.success(), "{problems}");
    for title in REQUESTS {
        let [each, _, bytes, _, a_second, cores] = row(&said, title)[..] else { panic!("{said}") };
        assert!(each.ends_with(" ms") && !each.starts_with("0.000"), "{title}: {said}");
        assert!(
            [bytes, a_second, cores].iter().all(|cell| !cell.is_empty() && *cell != "0"),
            "{title}: {said}"
        );
    }
    assert_eq!(row(&said, "lookup")[4], "3,335", "{said}");
    assert!(row(&said, "lookup")[1].starts_with("1.0, 0"), "a lookup is one statement: {said}");
    assert_eq!(row(&said, "5 %")[5..7], ["0", "0"], "nothing is refused or fails: {said}");
    assert!(said.contains("Processes with 2 cores each: ") && !said.contains("The first failure"), "{said}");
    assert!(demo.stop());
}

#[tokio::test]
async fn tables_of_a_release_day_on_sqlite() {
    read_tables_of(&[], |data| format!("sqlite:{}", data.join("kaozheng.db").display())).await;
}

#[tokio::test]
async fn tables_of_a_release_day_on_postgresql() {
    let server = Postgres::start();
    let url = server.url("127.0.0.1", server.port, "sslmode=disable");
    read_tables_of(&["--database-url", &url], |_| url.clone()).await;
}

#[tokio::test]
async fn what_is_not_a_demo_is_not_put_under_load() {
    let folder = with_certificates();
    let real = Server::start_with(Clock::system(), |settings| settings.demo = false).await;
    for (base, reason) in [
        (real.base.as_str(), "is not an installation of `kaozheng demo`"),
        ("http://192.0.2.1:8080", "is not on this machine's loopback"),
    ] {
        let refused = load(folder.path(), base, "127.0.0.1:1").await;
        let problem = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && problem.contains(reason), "{base}: {problem}");
        assert!(refused.stdout.is_empty(), "nothing was measured");
    }
}

#[tokio::test]
async fn certificates_are_imported_before_anything_is_measured() {
    let (folder, log) = (with_certificates(), tempfile::NamedTempFile::new().expect("a log"));
    let (demo, _) = Process::demo(&folder.path().join("data"), log.path()).await;
    let refused = load(folder.path(), &demo.base, "127.0.0.1:1").await;
    let problem = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && problem.contains("does not have the certificates"), "{problem}");
}
