//! Backup, and restore on another machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use diesel::prelude::*;
use kaozheng::demo::sandbox::people::PEOPLE;
use kaozheng::store::schema::audit_entries;
use kaozheng::store::{Clock, Error};
use tempfile::TempDir;
use tokio::sync::mpsc::unbounded_channel;

use crate::applicant::LIST;
use crate::database::{KEY, TestDatabase, database};
use crate::durability::{Acknowledged, apply_until_killed, assert_files_are_complete};
use crate::process::{Process, kaozheng};
use crate::s3::{Fault, S3Server, files_below};
use crate::server::{PHONE, Server, Visitor};

/// The number of submissions before the backup begins.
const BEFORE: usize = 25;

/// A site and its folder of backups.
pub struct Site {
    pub url: String,
    pub files: PathBuf,
    pub key: String,
    /// The variables of an S3 server.
    pub bucket: Option<[(String, String); 5]>,
}

impl Site {
    fn run(&self, name: &str, folder: &Path, more: &[&str]) -> Output {
        self.command(name).arg(folder).args(more).output().expect("an end")
    }

    pub fn command(&self, name: &str) -> Command {
        let mut command = kaozheng(name);
        command.env("DATABASE_URL", &self.url).env("KAOZHENG_FILES", &self.files);
        command.env("KAOZHENG_DATA_KEY", &self.key).envs(self.bucket.iter().flatten().cloned());
        command
    }

    fn run_successfully(&self, name: &str, folder: &Path, more: &[&str]) -> String {
        let output = self.run(name, folder, more);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn run_refused(&self, name: &str, folder: &Path, more: &[&str]) -> String {
        let output = self.run(name, folder, more);
        assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn back_up(&self, folder: &Path) {
        self.run_successfully("backup", folder, &[]);
    }

    fn restore(&self, folder: &Path, more: &[&str]) {
        self.run_successfully("restore", folder, more);
    }

    /// `kaozheng verify-store`: what it prints, and whether it finds nothing wrong.
    pub fn verify(&self) -> (String, bool) {
        let mut command = self.command("verify-store");
        let output = command.output().expect("an end");
        let printed = [output.stdout, output.stderr].concat();
        (String::from_utf8_lossy(&printed).into_owned(), output.status.success())
    }

    pub fn assert_whole(&self) {
        let (printed, whole) = self.verify();
        assert!(whole, "{printed}");
    }
}

/// A site with one application. Returns its number too.
pub async fn site_with_an_application() -> (Server, Site, String) {
    let server = Server::start_with(Clock::system(), |_| {}).await;
    server.load_demo().await;
    let visitor = server.signed_in("张小三").await;
    let number = visitor.apply_for_number(&visitor.sitting_of("一级建造师").await).await;
    let settings = &server.parts.settings;
    let site = Site {
        url: settings.database_url.clone(),
        files: server.folder().to_owned(),
        key: KEY.into(),
        bucket: None,
    };
    (server, site, number)
}

/// An empty machine.
fn empty_machine() -> (Site, TestDatabase, TempDir) {
    let (database, folder) = (database(), tempfile::tempdir().expect("a folder"));
    let site =
        Site { url: database.url.clone(), files: folder.path().join("files"), key: KEY.into(), bucket: None };
    (site, database, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_applications_survive_the_loss_of_the_machine() {
    let (s3, folder) = (S3Server::start().await, tempfile::tempdir().expect("a folder"));
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let copy = PathBuf::from(S3Server::url("backups/2026-11-29"));
    let (demo, _) = Process::demo(&data, &log).await;
    let key = std::fs::read_to_string(data.join("demo.key")).expect("a key, kept elsewhere");
    let of = |data: &Path| Site {
        url: format!("sqlite:{}", data.join("kaozheng.db").display()),
        files: data.join("files"),
        key: key.clone(),
        bucket: Some(s3.variables()),
    };
    let site = of(&data);
    let (begun, (sender, mut receiver)) = (Arc::new(AtomicUsize::new(0)), unbounded_channel());
    let people = PEOPLE.iter().filter(|person| person.role == "考生").map(|person| person.name);
    let clients: Vec<_> = people
        .map(|person| {
            tokio::spawn(apply_until_killed(demo.base.clone(), person, begun.clone(), sender.clone()))
        })
        .collect();
    drop(sender);
    let mut before: Vec<Acknowledged> = Vec::new();
    while before.len() < BEFORE {
        before.push(receiver.recv().await.expect("the stream goes on"));
    }
    let (folder_of_copy, whole) = (copy.clone(), site);
    let backup = tokio::task::spawn_blocking(move || {
        whole.back_up(&folder_of_copy);
        whole
    });
    let site = backup.await.expect("a backup");
    let during = receiver.recv().await.expect("people went on applying meanwhile");
    demo.kill();
    for client in clients {
        client.await.expect("a client");
    }
    std::fs::remove_dir_all(&data).expect("the machine is lost");
    let machine = folder.path().join("new");
    let new = of(&machine);
    let restored = tokio::task::spawn_blocking(move || {
        new.restore(&copy, &[]);
        new.assert_whole();
        new
    });
    let new = restored.await.expect("a restored site");
    std::fs::write(machine.join("demo.key"), &key).expect("the key");
    assert!(!during.1.is_empty() && site.url != new.url);

    let (demo, _) = Process::demo(&folder.path().join("new"), &log).await;
    for person in PEOPLE.iter().filter(|person| person.role == "考生") {
        let visitor = Visitor::new(&demo.base, PHONE);
        visitor.sign_in("/login/portal", person.name).await;
        for (_, number) in before.iter().filter(|(name, _)| *name == person.name) {
            let page = visitor.open(&format!("{LIST}/{number}")).await;
            assert_eq!(page.status, 200, "{number}");
            assert_eq!(assert_files_are_complete(&visitor, &page.body).await, 5, "{number}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn site_continues_from_its_backup() {
    let (server, site, number) = site_with_an_application().await;
    let copies = tempfile::tempdir().expect("a folder");
    let copy = copies.path().join("it's here");
    site.back_up(&copy);
    assert!(site.run_refused("backup", &copy, &[]).contains("name another place"));
    let noted = audit_entries::table.filter(audit_entries::action.eq("backup")).count();
    let noted = server.parts.store.read::<_, Error, _>(move |tx| Ok(noted.get_result::<i64>(tx.conn)?));
    assert_eq!(noted.await.expect("a count"), 1, "a refused backup is not noted");

    let (new, _database, _folder) = empty_machine();
    new.restore(&copy, &[]);
    let (url, files) = (new.url.clone(), new.files.clone());
    let restored = Server::start_with(Clock::system(), |settings| {
        settings.database_url = url;
        settings.files = files.into();
    });
    let restored = restored.await;
    let visitor = restored.signed_in("张小三").await;
    let page = visitor.open(&format!("{LIST}/{number}")).await;
    assert_eq!(assert_files_are_complete(&visitor, &page.body).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn incomplete_backup_touches_nothing() {
    let (_server, site, _) = site_with_an_application().await;
    let copies = tempfile::tempdir().expect("a folder");
    let copy = copies.path().join("copy");
    site.back_up(&copy);
    let (new, _database, _folder) = empty_machine();
    let manifest = copy.join("manifest.json");
    let whole = std::fs::read_to_string(&manifest).expect("a manifest");
    let refused = |what: &str| {
        let output = new.run_refused("restore", &copy, &[]);
        assert!(output.contains(what), "{output}");
        assert!(!new.files.exists(), "nothing was touched");
    };

    std::fs::remove_file(&manifest).expect("an interrupted backup");
    refused("is no whole backup");
    std::fs::write(&manifest, &whole[..whole.len() / 2]).expect("half a manifest");
    refused("manifest.json cannot be read");
    std::fs::write(&manifest, whole.replace("\"files/uploads", "\"../uploads")).expect("a forged manifest");
    refused("outside of the backup");
    let newer = whole.replacen("\"migrations\": [", "\"migrations\": [\"20990101000099\",", 1);
    std::fs::write(&manifest, newer).expect("a newer backup");
    refused("made by a newer program");
    std::fs::write(&manifest, &whole).expect("the manifest");

    let piece = whole.split("\"path\": \"files/").nth(1).and_then(|rest| rest.split('"').next());
    let piece = copy.join("files").join(piece.expect("an upload"));
    let bytes = std::fs::read(&piece).expect("an upload");
    let mut changed = bytes.clone();
    changed[bytes.len() / 2] ^= 1;
    std::fs::write(&piece, changed).expect("a damaged upload");
    refused("its content has changed");
    std::fs::remove_file(&piece).expect("an upload less");
    refused("No such file");
    std::fs::write(&piece, bytes).expect("the upload");

    let stranger =
        Site { key: "08".repeat(32), url: new.url.clone(), files: new.files.clone(), bucket: None };
    assert!(stranger.run_refused("restore", &copy, &[]).contains("not the key of this backup"));
    new.restore(&copy, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn occupied_target_is_untouched_without_replace() {
    let (server, site, number) = site_with_an_application().await;
    let copies = tempfile::tempdir().expect("a folder");
    let copy = copies.path().join("copy");
    site.back_up(&copy);
    assert!(site.run_refused("restore", &copy, &[]).contains("with --replace it is moved aside"));
    let visitor = server.signed_in("张小三").await;
    assert!(visitor.open(&format!("{LIST}/{number}")).await.body.contains(&number), "nothing was touched");
    drop(server);

    let (new, _database, _folder) = empty_machine();
    std::fs::create_dir_all(new.files.join("uploads/2026-01-01")).expect("a folder");
    std::fs::write(new.files.join("uploads/2026-01-01/a"), b"somebody's").expect("a file");
    assert!(new.run_refused("restore", &copy, &[]).contains("uploads is there already"));
    new.restore(&copy, &["--replace"]);
    let aside = std::fs::read_dir(&new.files).expect("a folder").filter_map(|entry| {
        let path = entry.expect("an entry").path();
        path.to_string_lossy().contains("uploads.before-restore-").then_some(path)
    });
    let aside: Vec<_> = aside.collect();
    assert_eq!(std::fs::read(aside[0].join("2026-01-01/a")).expect("it is there"), b"somebody's");
}

#[tokio::test(flavor = "multi_thread")]
async fn restore_refuses_a_database_that_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log, copy) =
        (folder.path().join("data"), folder.path().join("log"), folder.path().join("copy"));
    let (demo, _) = Process::demo(&data, &log).await;
    let site = Site {
        url: format!("sqlite:{}", data.join("kaozheng.db").display()),
        files: data.join("files"),
        key: std::fs::read_to_string(data.join("demo.key")).expect("a key"),
        bucket: None,
    };
    site.back_up(&copy);
    let output = site.run_refused("restore", &copy, &["--replace"]);
    assert!(output.contains("another program serves the database"), "{output}");
    assert!(demo.stop());
    site.restore(&copy, &["--replace"]);
    let (demo, _) = Process::demo(&data, &log).await;
    assert!(demo.stop());
}

/// Runs a command in a thread that may block, while this process serves S3.
pub async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("an end")
}

#[tokio::test(flavor = "multi_thread")]
async fn site_in_a_bucket_is_backed_up_and_restored_to_a_bucket() {
    let s3 = S3Server::start().await;
    let server = Server::start_with(Clock::system(), |settings| settings.files = s3.location("site")).await;
    server.load_demo().await;
    let visitor = server.signed_in("张小三").await;
    let number = visitor.apply_for_number(&visitor.sitting_of("一级建造师").await).await;
    let in_bucket = |url: &str, prefix: &str| Site {
        url: url.to_owned(),
        files: S3Server::url(prefix).into(),
        key: KEY.into(),
        bucket: Some(s3.variables()),
    };
    let (site, database) = (in_bucket(&server.parts.settings.database_url, "site"), database());
    let (new, copy) = (in_bucket(&database.url, "new"), PathBuf::from(S3Server::url("copy")));
    s3.set(Fault::ReadOnly);
    let (refused, site) = beside({
        let copy = copy.clone();
        move || (site.run_refused("backup", &copy, &[]), site)
    })
    .await;
    assert!(!refused.is_empty() && files_below(&s3.folder("copy")).is_empty(), "{refused}");
    s3.set(Fault::None);
    let (taken, occupied) = beside(move || {
        site.back_up(&copy);
        new.restore(&copy, &[]);
        new.assert_whole();
        let taken = site.run_refused("backup", &copy, &[]);
        (taken, site.run_refused("restore", &copy, &["--replace"]))
    })
    .await;
    assert!(taken.contains("is not empty"), "{taken}");
    assert!(occupied.contains("is there already"), "{occupied}");
    let (url, files) = (database.url.clone(), s3.location("new"));
    let restored = Server::start_with(Clock::system(), |settings| {
        settings.database_url = url;
        settings.files = files;
    });
    let restored = restored.await;
    let visitor = restored.signed_in("张小三").await;
    let page = visitor.open(&format!("{LIST}/{number}")).await;
    assert_eq!(assert_files_are_complete(&visitor, &page.body).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn scheduled_backup_is_made_once_a_day_and_old_ones_are_removed() {
    use kaozheng::cli::housekeeping::{self, backups::back_up_if_due};
    use kaozheng::settings::BackupSchedule;
    let s3 = S3Server::start().await;
    let schedule = BackupSchedule { location: s3.location("backups"), hour: 2, days: 3 };
    let configured = schedule.clone();
    let clock = Clock::manual("2026-04-01T01:30:00".parse().expect("a time"));
    let server = Server::start_with(clock, |settings| settings.backups = Some(configured)).await;
    server.load_demo().await;
    let names = || {
        let folders = std::fs::read_dir(s3.folder("backups")).into_iter().flatten();
        let mut names: Vec<String> = folders
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.retain(|name| s3.folder("backups").join(name).join("manifest.json").exists());
        names.sort_unstable();
        names
    };
    let page = || async { server.signed_in("何静").await.open("/staff/admin/backups").await };

    s3.set(Fault::ReadOnly);
    let failed = back_up_if_due(&server.parts, &schedule).await;
    assert!(failed.is_err());
    page().await.assert_shows("还没有成功的备份");
    s3.set(Fault::None);
    assert!(!back_up_if_due(&server.parts, &schedule).await.expect("not yet"), "an hour after a failure");
    let mut made = 0;
    for _ in 0..6 * 24 {
        server.advance(3600);
        // Another process looks at the same time.
        let both = [&server.parts, &server.parts].map(|parts| back_up_if_due(parts, &schedule));
        for done in futures_util::future::join_all(both).await {
            made += u32::from(done.expect("a look"));
        }
        // The clock is confirmed by housekeeping.
        housekeeping::sweep_once(&server.parts).await.expect("a sweep");
    }
    assert_eq!(made, 7, "the first one at once, and one each day");
    let kept = names();
    assert_eq!(kept.len(), 4, "{kept:?}");
    assert!(kept[0].starts_with("20260403T18"), "{kept:?}");
    page().await.assert_shows("备份正常");
    let ready = server.visitor(PHONE).step("/readyz").await;
    assert!(ready.status == 200 && ready.body.contains("{\"name\":\"backup\",\"ok\":true"), "{}", ready.body);
    server.advance(40 * 3600);
    page().await.assert_shows("备份已经停止");
}
