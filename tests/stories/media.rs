//! Files as phones make them: recordings, photos, PDFs and names.

use diesel::prelude::*;
use kaozheng::store::schema::audit_entries::dsl as audit;
use reqwest::Method;
use reqwest::multipart::Form;

use crate::applicant::{LIST, PDF, file};
use crate::filing::{start_demo, violation};
use crate::recordings::{wav, with_brand};
use crate::server::{Answer, Server, Visitor};

const APPEAL: &str = "/services/violation/new";

fn answers(action: &str) -> Form {
    let form = Form::new().text("action", action.to_owned());
    violation().answers.into_iter().fold(form, |form, (name, value)| form.text(name, value))
}

async fn upload(visitor: &Visitor, name: &str, bytes: &[u8]) -> Answer {
    visitor.upload_and_see(APPEAL, file(answers("upload"), "evidence", name, bytes.to_vec())).await
}

/// What the tile says about the file: its address, or the error.
fn tile(page: &Answer, slot: &str) -> Result<String, String> {
    let tile = page.between(&format!("id=\"f-{slot}\""), "</fieldset>");
    let part = |from: &str, to: &str| Some(tile.split_once(from)?.1.split_once(to)?.0.to_owned());
    match part("class=\"error\"", "</p>") {
        Some(error) => Err(error.split_once('>').expect("a text").1.to_owned()),
        None => Ok(format!("/files/{}", part("href=\"/files/", "\"").expect("a file"))),
    }
}

/// Submits an appeal with a recording. Returns its number and the address of the recording.
async fn appeal_with(server: &Server, name: &str, bytes: &[u8]) -> (Visitor, String, String) {
    let visitor = server.signed_in("张小三").await;
    let sent = visitor.upload(APPEAL, file(answers("review"), "evidence", name, bytes.to_vec())).await;
    let review = visitor.open(&sent.location).await;
    let path = format!("/files/{}", review.between("href=\"/files/", "\""));
    let seen = review.between("name=\"seen\" value=\"", "\"").to_owned();
    let number = visitor.submit(&sent.location, &[("seen", &seen)]).await.number();
    (visitor, number, path)
}

#[tokio::test]
async fn recordings_of_phones_are_taken_with_their_type() {
    let server = start_demo().await;
    let visitor = server.signed_in("张小三").await;
    let amr = [&b"#!AMR\n"[..], &[0x3c; 400]].concat();
    let mp3 = [&[0xff, 0xe3, 0x18, 0xc4][..], &[0; 400]].concat();
    let kinds = [
        ("现场.mov", with_brand("qt  "), "video/quicktime"),
        ("现场.mp4", with_brand("hvc1"), "video/mp4"),
        ("录音.m4a", with_brand("M4A "), "audio/mp4"),
        ("录音.3gp", with_brand("3gp4"), "video/mp4"),
        ("通话.amr", amr, "audio/amr"),
        ("录音.wav", wav(), "audio/wav"),
        ("录音.mp3", mp3, "audio/mpeg"),
    ];
    for (name, bytes, media_type) in kinds {
        let path = tile(&upload(&visitor, name, &bytes).await, "evidence").expect(name);
        let answer = visitor.request(Method::GET, &path).send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()),
            (200, media_type)
        );
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(answer.bytes().await.expect("a file"), bytes);
    }
}

#[tokio::test]
async fn refused_file_is_told_in_its_tile_with_what_the_slot_takes() {
    let server = start_demo().await;
    let visitor = server.signed_in("张小三").await;
    let told = tile(&upload(&visitor, "页面.html", b"<html>").await, "evidence").expect_err("an error");
    for part in ["“页面.html”", "JPG", "PDF", "MP3", "MOV"] {
        assert!(told.contains(part), "{told}");
    }
    let twice = file(answers("upload"), "evidence", "甲.exe", b"MZ".to_vec());
    let told = tile(
        &visitor.upload_and_see(APPEAL, file(twice, "evidence", "乙.jpg", with_brand("heix"))).await,
        "evidence",
    );
    let told = told.expect_err("two errors");
    assert!(told.contains("“甲.exe”") && told.contains("“乙.jpg”") && told.contains("兼容性最佳"), "{told}");
    let large = upload(&visitor, "长.mp4", &vec![0; 51 << 20]).await;
    let told = tile(&large, "evidence").expect_err("too large");
    assert!(told.contains("文件有 51.0 MB，超过 50 MB"), "{told}");
    assert!(tile(&upload(&visitor, "录音.wav", &wav()).await, "evidence").is_ok(), "the error is gone");
}

#[tokio::test]
async fn document_that_nobody_can_open_is_refused() {
    let server = start_demo().await;
    let visitor = server.signed_in("张小三").await;
    let send = async |name: &str, bytes: &[u8]| {
        let form = file(Form::new().text("action", "upload"), "diploma", name, bytes.to_vec());
        tile(&visitor.upload_and_see(&format!("{LIST}/new"), form).await, "diploma")
    };
    let locked =
        send("锁.pdf", include_bytes!("../support/user-password.pdf")).await.expect_err("a password");
    assert!(locked.contains("密码"), "{locked}");
    let owned = include_bytes!("../support/owner-password.pdf");
    let path = send("只读.pdf", owned).await.expect("it opens without a password");
    let stored = visitor.request(Method::GET, &path).send().await.expect("an answer");
    assert_eq!(stored.bytes().await.expect("a file"), &owned[..]);
    assert!(send("半.pdf", &PDF[..PDF.len() / 2]).await.expect_err("half").contains("打不开"));
    let none = String::from_utf8_lossy(PDF).replace("/Type /Page /Parent", "/Type /Font /Parent");
    assert!(send("空.pdf", none.as_bytes()).await.expect_err("no page").contains("没有页面"));
    for brand in ["heic", "hevx", "mif1", "avif"] {
        let told = send("照片.jpg", &with_brand(brand)).await.expect_err("a photo of a phone");
        assert!(told.contains("兼容性最佳") && told.contains("JPG"), "{told}");
    }
}

#[tokio::test]
async fn file_is_taken_whatever_the_encoding_of_its_name() {
    let server = start_demo().await;
    let visitor = server.signed_in("张小三").await;
    let names: [(&[u8], &str); 4] = [
        (b"filename=\"\xd6\xa4\xca\xe9.pdf\"", "证书.pdf"),
        ("filename=\"证书.pdf\"".as_bytes(), "证书.pdf"),
        (b"filename*=UTF-8''%E8%AF%81%E4%B9%A6.pdf", "证书.pdf"),
        (b"filename=\"\xff\xff\xff.pdf\"", "未命名"),
    ];
    for (sent, shown) in names {
        let head = b"--x\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nupload\r\n\
                     --x\r\nContent-Disposition: form-data; name=\"file.diploma\"; ";
        let body = [&head[..], sent, b"\r\n\r\n", PDF, b"\r\n--x--\r\n"].concat();
        let request = visitor.request(Method::POST, &format!("{LIST}/new"));
        let sent =
            visitor.send(request.header("content-type", "multipart/form-data; boundary=x").body(body)).await;
        let page = visitor.open(&sent.location).await;
        assert!(tile(&page, "diploma").is_ok(), "{shown}");
        page.assert_shows(&format!("<strong>{shown}"));
    }
}

#[tokio::test]
async fn recording_is_sent_in_the_parts_that_a_player_asks_for() {
    let server = start_demo().await;
    let sound = wav();
    let (visitor, number, path) = appeal_with(&server, "录音.wav", &sound).await;
    let get = async |headers: &[(&str, &str)]| {
        let request = headers.iter().fold(visitor.request(Method::GET, &path), |request, (name, value)| {
            request.header(*name, *value)
        });
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        (status, headers, answer.bytes().await.expect("a part"))
    };
    let (status, headers, bytes) = get(&[]).await;
    assert_eq!((status, &bytes[..]), (200, &sound[..]));
    assert_eq!(headers["accept-ranges"], "bytes");
    assert!(headers["content-disposition"].to_str().unwrap().starts_with("inline"));
    assert!(!headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    assert!(headers["content-security-policy"].to_str().unwrap().contains("media-src 'self'"));
    let (status, part, bytes) = get(&[("range", "bytes=10-19")]).await;
    assert_eq!((status, &bytes[..]), (206, &sound[10..20]));
    assert_eq!(part["content-range"], format!("bytes 10-19/{}", sound.len()));
    assert_eq!(part["content-type"], "audio/wav");
    let (status, beyond, _) = get(&[("range", "bytes=999999-")]).await;
    assert_eq!(
        (status, beyond["content-range"].to_str().unwrap()),
        (416, &*format!("bytes */{}", sound.len()))
    );
    let tag = headers["etag"].to_str().unwrap();
    assert_eq!(get(&[("range", "bytes=0-9"), ("if-range", tag)]).await.0, 206);
    assert_eq!(get(&[("range", "bytes=0-9"), ("if-range", "\"older\"")]).await.0, 200);
    let saved = visitor.step(&format!("{path}?download=1")).await;
    assert!(saved.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let stranger = server.signed_in("DUPONT MARIE").await;
    let stolen = stranger.request(Method::GET, &path).header("range", "bytes=0-9");
    assert_eq!(stranger.send(stolen).await.status, 404);
    let player = format!("<audio controls preload=\"none\" src=\"{path}\"");
    visitor.open(&format!("/services/violation/{number}")).await.assert_shows(&player);
    let reviewer = server.signed_in("周明远").await;
    reviewer.open(&format!("/staff/applications/{number}")).await.assert_shows(&player);
}

#[tokio::test]
async fn recording_that_no_browser_plays_is_offered_as_a_download() {
    let server = start_demo().await;
    let (_, number, path) = appeal_with(&server, "通话.amr", b"#!AMR\n<<<<").await;
    let desk = server.signed_in("周明远").await.open(&format!("/staff/applications/{number}")).await;
    desk.assert_shows("浏览器不能播放这种录音");
    desk.assert_shows(&format!("href=\"{path}?download=1\""));
    desk.assert_lacks("<audio");
}

#[tokio::test]
async fn playing_a_recording_is_one_entry_of_the_audit() {
    let server = start_demo().await;
    let (_, _, path) = appeal_with(&server, "录音.wav", &wav()).await;
    let reviewer = server.signed_in("周明远").await;
    let play = async |range: &str| {
        let request = reviewer.request(Method::GET, &path).header("range", range);
        assert_eq!(reviewer.send(request).await.status, 206, "{range}");
    };
    let entries = async || {
        let rows = server.parts.store.read::<_, kaozheng::store::Error, _>(|tx| {
            Ok(audit::audit_entries.filter(audit::action.eq("file")).count().get_result::<i64>(tx.conn)?)
        });
        rows.await.expect("a count")
    };
    play("bytes=500-").await;
    assert_eq!(entries().await, 1, "a look that does not begin at the start has an entry too");
    server.advance(5 * 60);
    for start in [1000, 2000] {
        play(&format!("bytes={start}-")).await;
        server.advance(5 * 60);
    }
    assert_eq!(entries().await, 1);
    play("bytes=0-").await;
    assert_eq!(entries().await, 2, "it is opened again");
}
