//! Hostile uploads, broken forms, and files that were never submitted.

use super::*;
use crate::filing::start_demo;

#[tokio::test]
async fn hostile_files_are_refused_and_valid_ones_kept() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    let huge_png = {
        // The header promises 60,000 × 60,000 pixels.
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(60_000_u32.to_be_bytes());
        bytes.extend(60_000_u32.to_be_bytes());
        bytes.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    };
    let table: Vec<(&str, &str, Vec<u8>)> = vec![
        ("diploma", "毕业证.jpg", b"MZ\x90\0 a program".to_vec()),
        ("diploma", "page.pdf", b"<html><script>alert(1)</script>".to_vec()),
        ("diploma", "half.jpg", jpeg(800, 600)[..2000].to_vec()),
        ("diploma", "bomb.png", huge_png),
        ("diploma", "big.jpg", vec![0xff; 11 * 1024 * 1024]),
        ("diploma", "empty.jpg", Vec::new()),
        ("portrait", "wide.jpg", jpeg(600, 300)),
        ("portrait", "small.jpg", jpeg(50, 70)),
        ("portrait", "photo.pdf", PDF.to_vec()),
    ];
    for (slot, name, bytes) in table {
        let good = file(form(&sitting, "upload", &[]), "id_front", "正面.jpg", scan());
        let sent = visitor.upload(NEW, file(good, slot, name, bytes)).await;
        assert_eq!(sent.status, 422, "{name}");
        let tile = sent.between(&format!("id=\"f-{slot}\""), "</fieldset>").to_owned();
        assert!(tile.contains("class=\"error\""), "{name}: {tile}");
        assert!(sent.body.contains("正面.jpg"), "{name}");
    }
}

#[tokio::test]
async fn oversized_or_broken_form_is_no_server_error() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    let long = "长".repeat(200_000);
    let sent = visitor.upload(NEW, form(&sitting, "review", &[("employer", &long)])).await;
    assert_eq!(sent.status, 413);
    let broken = visitor
        .request(Method::POST, NEW)
        .header("content-type", "multipart/form-data; boundary=x")
        .body("--x\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nrev");
    assert_eq!(visitor.send(broken).await.status, 400);
    let outside = server.visitor(crate::server::PHONE);
    for path in ["/senior", "/login/wait/x"] {
        let flood = file(form("", "draft", &[]), "x", "x.bin", vec![0; 2 * 1024 * 1024]);
        assert_eq!(outside.upload(path, flood).await.status, 400, "{path} takes no files");
    }
    let none = visitor.request(Method::POST, NEW).form(&[("action", "fly")]);
    assert_eq!(visitor.send(none).await.status, 400);
    let zero = form(&sitting, "draft", &[("employer", "公\0司")]);
    assert_eq!(visitor.upload(NEW, zero).await.location, LIST);
}

#[tokio::test]
async fn unreferenced_uploads_and_old_drafts_are_deleted_with_their_files() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    visitor.upload(NEW, file(form(&sitting, "upload", &[]), "id_front", "留.jpg", scan())).await;
    let second = file(form(&sitting, "upload", &[]), "id_back", "弃.jpg", scan());
    let page = visitor.upload_and_see(NEW, second).await;
    assert!(!page.body.contains("留.jpg"), "the second form did not keep the first file");
    let (store, files) = (&server.parts.store, &server.parts.files);
    let known = || async {
        let rows = store.read::<_, kaozheng::store::Error, _>(|tx| {
            Ok(attachments::table.count().get_result::<i64>(tx.conn)?)
        });
        rows.await.expect("a count")
    };
    kaozheng::casework::sweep::run(store, files).await.expect("a sweep");
    assert_eq!(known().await, 2, "a stray of this minute may still be wanted");
    server.advance(25 * 60 * 60);
    kaozheng::casework::sweep::run(store, files).await.expect("a sweep");
    assert_eq!((known().await, count_of(&server, "draft").await), (1, 1));
    server.advance(31 * 24 * 60 * 60);
    kaozheng::casework::sweep::run(store, files).await.expect("a sweep");
    assert_eq!((known().await, count_of(&server, "draft").await), (0, 0));
    for day in files.days().await.expect("days") {
        let left = files.on_day(day).await.expect("a list");
        assert!(left.is_empty(), "{left:?}");
    }
}

/// Web views in apps silently drop downloads.
#[tokio::test]
async fn pdf_is_saved_by_a_browser_and_shown_in_a_web_view() {
    const IPHONE: &str =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 15_8 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    let sent = file(form(&sitting, "upload", &[]), "diploma", "毕业证.pdf", PDF.to_vec());
    let page = visitor.upload_and_see(NEW, sent).await;
    let path = format!("/files/{}", page.between("href=\"/files/", "\""));
    let agents = [
        (crate::server::PHONE.to_owned(), "attachment"),
        (crate::server::DESKTOP.to_owned(), "attachment"),
        (format!("{IPHONE} Version/15.6 Mobile/15E148 Safari/604.1"), "attachment"),
        (format!("{IPHONE} Mobile/15E148"), "inline"),
        (format!("{IPHONE} Mobile/15E148 MicroMessenger/8.0.49"), "inline"),
        ("Mozilla/5.0 (Linux; Android 10; VOG-AL00; wv) Chrome/78.0 Mobile Safari/537.36".into(), "inline"),
        (
            "Mozilla/5.0 (Phone; OpenHarmony 5.0) Chrome/114.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile".into(),
            "inline",
        ),
    ];
    for (agent, kind) in agents {
        let answer = visitor.send(visitor.request(Method::GET, &path).header("user-agent", &agent)).await;
        let output = answer.headers["content-disposition"].to_str().expect("text");
        assert!(output.starts_with(kind), "{agent}: {output}");
    }
}
