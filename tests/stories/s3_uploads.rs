//! Uploads in a bucket of an S3 server, and its failures.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use kaozheng::files::storage::{self, Storage, StorageError};
use kaozheng::store::schema::attachments::dsl as f;
use kaozheng::store::{Clock, Error, Ids, Vault};
use reqwest::Method;

use crate::applicant::{LIST, PDF, file, form};
use crate::commands::{command_with_timeout, migrate, serve_settings, text};
use crate::database::database;
use crate::durability::assert_files_are_complete;
use crate::s3::{Fault, S3Server, files_below};
use crate::server::{Server, Visitor};

/// Longer than the program waits before a page without a file.
const SOON: Duration = Duration::from_secs(9);

/// A server whose uploads are in a bucket, and one application. Returns its number too.
async fn server_on(s3: &S3Server) -> (Server, Visitor, String) {
    let server = Server::start_with(Clock::system(), |settings| settings.files = s3.location("site/a")).await;
    server.load_demo().await;
    let visitor = server.signed_in("张小三").await;
    let number = visitor.apply_for_number(&visitor.sitting_of("一级建造师").await).await;
    (server, visitor, number)
}

async fn keys(server: &Server) -> Vec<(String, String)> {
    let rows = f::attachments.select((f::id, f::storage_key)).order(f::id);
    server.parts.store.read::<_, Error, _>(move |tx| Ok(rows.load(tx.conn)?)).await.expect("rows")
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_in_a_bucket_survive_its_failures() {
    let s3 = S3Server::start().await;
    let (server, visitor, number) = server_on(&s3).await;
    let detail = format!("{LIST}/{number}");
    let page = visitor.open(&detail).await;
    assert_eq!(assert_files_are_complete(&visitor, &page.body).await, 5);
    let stored = files_below(&s3.folder("site/a/uploads"));
    assert_eq!(stored.len(), 8, "five files and three thumbnails");
    for path in &stored {
        let bytes = std::fs::read(path).expect("an object");
        assert!(!bytes.windows(5).any(|part| part == b"%PDF-" || part == b"JFIF\0"), "it is sealed");
    }
    let (id, key) = keys(&server).await.remove(0);
    let opened = format!("/files/{id}");

    // A failure that passes is not noticed.
    s3.set(Fault::Fails(2));
    assert_eq!(visitor.open(&opened).await.status, 200);

    // Nothing counts as lost while the server fails, or does not answer.
    let reviewer = server.signed_in("周明远").await;
    let case = format!("/staff/applications/{number}");
    for fault in [Fault::Fails(u32::MAX), Fault::Silent] {
        s3.set(fault);
        let began = Instant::now();
        let page = visitor.open(&detail).await;
        assert!(page.status == 200 && began.elapsed() < SOON, "{fault:?}: {:?}", began.elapsed());
        page.assert_lacks("打不开");
        if fault == Fault::Silent {
            continue;
        }
        let refused = visitor.open(&opened).await;
        assert_eq!(refused.status, 503);
        refused.assert_shows("系统正忙");
        reviewer.open(&case).await.assert_shows("存放材料的地方没有响应");
    }

    // A read-only bucket refuses uploads. What is there can be read, and what was typed is not lost.
    s3.set(Fault::ReadOnly);
    let before = keys(&server).await.len();
    let (sitting, new) = (visitor.sitting_of("一级建造师").await, format!("{LIST}/new"));
    let upload = || file(form(&sitting, "upload", &[]), "diploma", "毕业证.pdf", PDF.to_vec());
    let refused = visitor.upload(&new, upload()).await;
    assert_eq!(refused.status, 503);
    refused.assert_shows("系统暂时不能保存");
    let by_htmx = visitor.request(Method::POST, &new).header("HX-Request", "true").multipart(upload());
    visitor.send(by_htmx).await.assert_shows("您填写的内容仍在本页");
    assert_eq!(keys(&server).await.len(), before);
    let ready = visitor.step("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("{\"name\":\"files\",\"ok\":false"), "{}", ready.body);
    assert_eq!(visitor.open(&opened).await.status, 200);

    s3.set(Fault::None);
    visitor.upload_and_see(&new, upload()).await.assert_shows("毕业证.pdf");
    std::fs::remove_file(s3.folder("site/a").join(key)).expect("an object");
    let lost = visitor.open(&opened).await;
    assert_eq!(lost.status, 410);
    lost.assert_shows("这份文件打不开");
    visitor.open(&detail).await.assert_shows("有 1 份材料打不开");
}

#[tokio::test]
async fn orphans_of_a_bucket_go_to_quarantine_and_come_back() {
    let s3 = S3Server::start().await;
    let storage = Storage::open(&s3.location(""), Vault::from_key(&[7; 32])).expect("a storage");
    let now = Clock::system().now();
    let (key, day) = (storage::key(&Ids::seeded(1).next(now), now), now.date());
    storage.put(&key, b"mine".to_vec()).await.expect("stored");
    assert_eq!(storage.days().await.expect("days"), [day]);
    assert_eq!(storage.on_day(day).await.expect("objects").len(), 1);
    storage.quarantine(&key, day).await.expect("moved");
    assert!(storage.on_day(day).await.expect("objects").is_empty());
    assert_eq!(storage.get(&key).await.expect("asked for"), b"mine");
    assert!(storage.quarantined().await.expect("a list").is_empty(), "it came back");
    storage.quarantine(&key, day).await.expect("moved");
    let kept = storage.quarantined().await.expect("a list").remove(0);
    storage.delete_quarantined(&kept).await.expect("deleted");
    storage.delete(&key).await.expect("deleting again is no error");
    assert!(matches!(storage.get(&key).await, Err(StorageError::Missing)));
    assert_eq!(storage.sweeps().await.expect("none"), None);
    storage.store_sweeps(7).await.expect("stored");
    assert_eq!(storage.sweeps().await.expect("a number"), Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_starts_only_if_its_bucket_can_be_written() {
    let (s3, database) = (S3Server::start().await, database());
    migrate(&database.url);
    let start = |variables: Vec<(String, String)>| {
        let settings = serve_settings(&database.url, S3Server::url("site").as_ref());
        let mut command = command_with_timeout("serve");
        for (name, _) in s3.variables() {
            command.env_remove(name);
        }
        let output = command.envs(settings).envs(variables).output().expect("an end");
        assert!(!output.status.success());
        text(&output.stderr)
    };
    let output = start(Vec::new());
    assert!(output.contains("KAOZHENG_FILES is wrong: AWS_ACCESS_KEY_ID is missing"), "{output}");
    s3.set(Fault::ReadOnly);
    let variables = s3.variables();
    let refused = tokio::task::block_in_place(|| start(variables.to_vec()));
    assert!(refused.contains("s3://exam-files/site cannot be written"), "{refused}");
    assert!(!refused.contains(&variables[4].1), "the secret is not printed");
}

#[tokio::test]
async fn large_object_is_sent_in_parts() {
    use tokio::io::AsyncWriteExt;
    let s3 = S3Server::start().await;
    let storage = Storage::open(&s3.location("backups"), Vault::from_key(&[7; 32])).expect("a storage");
    let large: Vec<u8> = (0..20_000_000_u32).map(|number| number as u8).collect();
    let path = "a/database.db".into();
    let mut upload = storage.objects().upload(&path);
    upload.write_all(&large).await.expect("sent");
    upload.shutdown().await.expect("acknowledged");
    assert!(storage.objects().get(&path).await.expect("read back") == large);
    assert_eq!(files_below(&s3.folder("backups")).len(), 1);
}
