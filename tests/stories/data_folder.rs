//! Requirements on the database and the data folder: versions, locks, permissions, paths.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};
use kaozheng::store::{Clock, Error, Ids, Store, Vault};

use crate::applicant::LIST;
use crate::commands::{command_with_timeout, migrate, refused_start, serve_settings};
use crate::database::{KEY, database, database_of};
use crate::process::{Process, free_base, host_of, kaozheng};
use crate::server::{PHONE, Visitor};

/// Runs a statement with another client.
fn run(url: &str, statement: &str) {
    match url.strip_prefix("sqlite:") {
        Some(path) => SqliteConnection::establish(path).expect("a file").batch_execute(statement),
        None => PgConnection::establish(url).expect("a server").batch_execute(statement),
    }
    .expect("a statement");
}

#[tokio::test]
async fn database_newer_than_the_program_is_refused() {
    let (database, files) = (database(), tempfile::tempdir().expect("a folder"));
    migrate(&database.url);
    run(&database.url, "INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000099')");
    let output = refused_start(&serve_settings(&database.url, files.path()));
    assert!(output.contains("newer than this program") && output.contains("20990101000099"), "{output}");
    for command in [&["migrate"][..], &["staff", "list"]] {
        let mut program = kaozheng(command[0]);
        program.args(&command[1..]).env("DATABASE_URL", &database.url).env("KAOZHENG_DATA_KEY", KEY);
        assert!(!program.output().expect("an end").status.success(), "{command:?}");
    }
    let vault = Vault::from_key(&[7; 32]);
    let store = Store::open(&database.url, vault, Clock::system(), Ids::random()).await.expect("a store");
    assert!(matches!(store.migrate().await, Err(Error::Ahead(_))));
    assert!(store.is_ready().await.expect("an answer"), "a program that already serves goes on");
}

#[test]
fn simultaneous_migrations_wait_for_each_other() {
    for _ in 0..3 {
        let database = database();
        let start = |_| {
            let mut command = kaozheng("migrate");
            command.env("DATABASE_URL", &database.url).env("KAOZHENG_DATA_KEY", KEY);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
        };
        let programs: Vec<Child> = (0..6).map(|number| start(number).expect("a program")).collect();
        let ends = programs.into_iter().map(|program| program.wait_with_output().expect("an end"));
        let output: Vec<String> = ends
            .map(|end| {
                assert!(end.status.success(), "{}", String::from_utf8_lossy(&end.stderr));
                String::from_utf8_lossy(&end.stdout).into_owned()
            })
            .collect();
        assert_eq!(
            output.iter().filter(|output| output.contains("migrations were run")).count(),
            1,
            "{output:?}"
        );
    }
}

#[tokio::test]
async fn second_program_on_a_sqlite_database_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let (demo, _) = Process::demo(&data, &log).await;
    let second = command_with_timeout("demo").args(["--listen", "127.0.0.1:0", "--data"]).arg(&data).output();
    let second = second.expect("an end");
    let output = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success() && output.contains("another program serves the database"), "{output}");

    let link = folder.path().join("same");
    std::os::unix::fs::symlink(&data, &link).expect("another name for the folder");
    let key = std::fs::read_to_string(data.join("demo.key")).expect("a key");
    let url = format!("sqlite:{}", link.join("kaozheng.db").display());
    let mut settings = serve_settings(&url, &data.join("files"));
    settings[1].1.clone_from(&key);
    assert!(refused_start(&settings).contains("another program serves the database"));

    for command in [&["migrate"][..], &["staff", "list"]] {
        let mut beside = kaozheng(command[0]);
        beside.args(&command[1..]).env("DATABASE_URL", &url).env("KAOZHENG_DATA_KEY", &key);
        assert!(beside.output().expect("an end").status.success(), "{command:?} works beside the site");
    }
    demo.kill();
    let (again, _) = Process::demo(&data, &log).await;
    assert!(again.stop(), "the lock of a killed program is gone");
}

#[tokio::test]
async fn database_file_is_complete_after_a_clean_stop() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let (demo, _) = Process::demo(&data, &log).await;
    let visitor = Visitor::new(&demo.base, PHONE);
    visitor.sign_in("/login/portal", "张小三").await;
    let number = visitor.apply_for_number(&visitor.sitting_of("一级建造师").await).await;
    assert!(demo.stop());
    let log_size = std::fs::metadata(data.join("kaozheng.db-wal")).map_or(0, |file| file.len());
    assert_eq!(log_size, 0, "nothing is left in the write-ahead log");

    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder");
    for name in ["kaozheng.db", "demo.key"] {
        std::fs::copy(data.join(name), elsewhere.join(name)).expect("a copy");
    }
    let (copy, _) = Process::demo(&elsewhere, &log).await;
    let visitor = Visitor::new(&copy.base, PHONE);
    visitor.sign_in("/login/portal", "张小三").await;
    assert!(visitor.open(&format!("{LIST}/{number}")).await.body.contains(&number));
}

/// Every file and folder below `folder`, with its permissions.
fn modes(folder: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        // SQLite may remove its own files at any moment.
        let Ok(about) = std::fs::metadata(&path) else { continue };
        found.push((path.clone(), about.permissions().mode() & 0o777));
        if about.is_dir() {
            found.extend(modes(&path));
        }
    }
    found
}

/// Starts the demo with a permissive umask and a low soft limit of open files.
async fn demo_with_loose_permissions(data: &Path) -> Process {
    let base = free_base();
    let mut command = Command::new("sh");
    command.args(["-c", "umask 022; ulimit -Sn 256; exec \"$@\"", "sh"]).arg(env!("CARGO_BIN_EXE_kaozheng"));
    command.args(["demo", "--listen", host_of(&base), "--data"]).arg(data).stderr(Stdio::null());
    Process::start(base, command).await
}

#[tokio::test]
async fn files_are_private_and_the_file_limit_is_raised() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let demo = demo_with_loose_permissions(&data).await;
    let visitor = Visitor::new(&demo.base, PHONE);
    visitor.sign_in("/login/portal", "张小三").await;
    visitor.apply_for_number(&visitor.sitting_of("一级建造师").await).await;
    let open: Vec<_> = modes(&data).into_iter().filter(|(_, mode)| mode & 0o077 != 0).collect();
    assert!(open.is_empty(), "{open:?}");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", demo.id())).expect("limits");
    let files: Vec<&str> = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .expect("a limit")
        .split_whitespace()
        .collect();
    assert_eq!(files[3], files[4], "{files:?}");
    assert!(demo.stop());

    let database = data.join("kaozheng.db");
    for path in [&database, &data.join("files"), &data.join("files/uploads")] {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions");
    }
    let (demo, _) = Process::demo(&data, &log).await;
    let output = || std::fs::read_to_string(&log).expect("a log");
    while !output().contains("what=\"uploads\"") {
        tokio::task::yield_now().await;
    }
    assert!(output().contains("what=\"database\""));
    let open: Vec<_> = modes(&data).into_iter().filter(|(_, mode)| mode & 0o077 != 0).collect();
    assert!(open.is_empty(), "{open:?}");
    drop(demo);
}

#[test]
fn missing_database_folder_is_named() {
    let (files, database) = (tempfile::tempdir().expect("a folder"), database_of("sqlite"));
    let url = format!("{}/nowhere/kaozheng.db", database.url);
    let output = refused_start(&serve_settings(&url, files.path()));
    assert!(output.contains("nowhere"), "{output}");
}
