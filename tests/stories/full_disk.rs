//! A full disk, and paths that are not writable.

use std::path::Path;

use kaozheng::store::Clock;
use reqwest::Method;

use crate::applicant::{LIST, PDF, file, form};
use crate::commands::{refused_start, serve_settings};
use crate::database::database_of;
use crate::disk::SmallDisk;
use crate::server::{PHONE, Server, Visitor};

/// A server whose uploads, and SQLite database, are on a disk of 64 MB.
async fn server_on(disk: &Path) -> Server {
    let (files, database) = (disk.join("files"), disk.join("kaozheng.db"));
    Server::start_with(Clock::system(), |settings| {
        settings.files = files.into();
        if settings.database_url.starts_with("sqlite:") {
            settings.database_url = format!("sqlite:{}", database.display());
        }
    })
    .await
}

/// Asserts that public and signed-in pages that only read still work.
async fn assert_reads_work(visitor: &Visitor, number: &str) {
    let detail = format!("{LIST}/{number}");
    let paths = ["/", "/services", "/lookup", "/me", "/progress", "/certificates", LIST, &detail, "/healthz"];
    for path in paths {
        assert_eq!(visitor.step(path).await.status, 200, "{path}");
    }
    let page = visitor.open(&detail).await;
    let picture = page.between("href=\"/files/", "\"").to_owned();
    assert_eq!(visitor.step(&format!("/files/{picture}")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn full_disk_stops_saving_but_not_reading() {
    let disk = SmallDisk::of(64);
    let server = server_on(disk.path()).await;
    server.load_demo().await;
    let visitor = server.signed_in("张小三").await;
    let sitting = visitor.sitting_of("一级建造师").await;
    let number = visitor.apply_for_number(&sitting).await;
    let filler = disk.fill();

    assert_reads_work(&visitor, &number).await;
    let new = format!("{LIST}/new");
    let upload = || file(form(&sitting, "upload", &[]), "diploma", "毕业证.pdf", PDF.to_vec());
    let refused = visitor.upload(&new, upload()).await;
    assert_eq!(refused.status, 503);
    assert!(
        refused.body.contains("系统暂时不能保存") && refused.body.contains("浏览器会重新提交"),
        "{}",
        refused.body
    );
    let by_htmx = visitor.request(Method::POST, &new).header("HX-Request", "true").multipart(upload());
    let refused = visitor.send(by_htmx).await;
    assert_eq!(refused.headers["hx-retarget"], "#notice");
    assert!(refused.body.contains("您填写的内容仍在本页"), "{}", refused.body);
    if server.parts.settings.database_url.starts_with("sqlite:") {
        let draft = visitor.upload(&new, form(&sitting, "draft", &[])).await;
        assert_eq!(draft.status, 503);
        assert!(draft.body.contains("系统暂时不能保存"), "{}", draft.body);
    }
    assert_reads_work(&visitor, &number).await;

    std::fs::remove_file(filler).expect("room again");
    assert_eq!(visitor.upload(&new, form(&sitting, "draft", &[])).await.location, LIST);
    visitor.upload_and_see(&new, upload()).await.assert_shows("毕业证.pdf");
}

#[tokio::test(flavor = "multi_thread")]
async fn readyz_names_the_failing_check() {
    let whole = Server::start().await;
    let answer = whole.visitor(PHONE).step("/readyz").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    for check in ["database", "writer", "files", "disk"] {
        assert!(answer.body.contains(&format!("{{\"name\":\"{check}\",\"ok\":true")), "{}", answer.body);
    }

    let disk = SmallDisk::of(64);
    let server = server_on(disk.path()).await;
    disk.fill();
    let answer = server.visitor(PHONE).step("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["content-type"], "application/json");
    let writer = !server.parts.settings.database_url.starts_with("sqlite:");
    for (check, ok) in [("database", true), ("writer", writer), ("files", false), ("disk", false)] {
        assert!(answer.body.contains(&format!("{{\"name\":\"{check}\",\"ok\":{ok}")), "{}", answer.body);
    }
    assert_eq!(server.visitor(PHONE).step("/healthz").await.status, 200);
}

#[test]
fn serve_refuses_to_start_where_it_cannot_save() {
    let database = database_of("sqlite");
    let disk = SmallDisk::of(32);
    let (files, on_disk) = (disk.path().join("files"), disk.path().join("kaozheng.db"));
    std::fs::create_dir(&files).expect("a folder");
    let read_only = format!("sqlite:{}", on_disk.display());
    crate::commands::migrate(&database.url);
    crate::commands::migrate(&read_only);
    disk.make_read_only();

    let output = refused_start(&serve_settings(&database.url, &files));
    assert!(output.contains("cannot be written"), "{output}");
    let output = refused_start(&serve_settings(&read_only, disk.path()));
    assert!(output.contains("Read-only file system") && output.contains("kaozheng.db"), "{output}");
}
