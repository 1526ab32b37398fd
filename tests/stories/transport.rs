//! Requests that are too large, too many or incomplete, and their answers.

use std::time::Duration;

use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::applicant::{LIST, PDF, file, form};
use crate::server::{PHONE, Server, Visitor};

/// Opens a raw connection and sends `bytes`.
async fn sent(server: &Server, bytes: &[u8]) -> TcpStream {
    let mut stream =
        TcpStream::connect(server.base.trim_start_matches("http://")).await.expect("a connection");
    stream.write_all(bytes).await.expect("a request");
    stream
}

/// Reads until the server closes the connection.
async fn received(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let read = timeout(Duration::from_secs(60), stream.read_to_end(&mut all));
    read.await.expect("the server closes").expect("an answer");
    String::from_utf8_lossy(&all).into_owned()
}

async fn candidate(server: &Server) -> (Visitor, String) {
    server.load_demo().await;
    let candidate = server.signed_in("张小三").await;
    let sitting = candidate.sitting_of("一级建造师").await;
    (candidate, sitting)
}

/// The beginning of a form whose file never ends.
fn unfinished_upload(cookie: &str) -> Vec<u8> {
    let head = format!(
        "POST {LIST}/new HTTP/1.1\r\nHost: exam.example\r\nCookie: {cookie}\r\nContent-Length: 50000000\r\n\
         Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n\
         Content-Disposition: form-data; name=\"file.diploma\"; filename=\"a.jpg\"\r\n\r\n"
    );
    [head.as_bytes(), &[0xff; 300_000]].concat()
}

#[tokio::test]
async fn oversized_head_is_explained() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let with_cookie = |length: usize| {
        let cookie = format!("other={}", "x".repeat(length));
        visitor.send(visitor.request(Method::GET, "/services").header("Cookie", cookie))
    };
    assert_eq!(with_cookie(14_000).await.status, 200);
    let large = with_cookie(20_000).await;
    assert_eq!(large.status, 431);
    assert!(large.body.contains("请清除本网站的 Cookie"), "{}", large.body);
    assert_eq!(with_cookie(300_000).await.status, 431);
    let long = visitor.step(&format!("/services?{}", "x".repeat(9000))).await;
    assert_eq!(long.status, 414);
    assert!(long.body.contains("这个网址太长"), "{}", long.body);
    let many: String = (0..200).map(|number| format!("X-{number}: 1\r\n")).collect();
    let mut raw = sent(&server, format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n").as_bytes()).await;
    assert!(received(&mut raw).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn return_address_has_a_maximum_length() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    for (length, to) in [(512, format!("/{}", "x".repeat(511))), (513, "/".to_owned())] {
        let next = format!("/{}", "x".repeat(length - 1));
        let answer = visitor.submit_step("/senior", &[("next", &next)]).await;
        assert_eq!(answer.location, to);
    }
}

#[tokio::test]
async fn http_1_0_pipelined_and_chunked_requests_are_answered() {
    let server = Server::start().await;
    let mut old = sent(&server, b"GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(received(&mut old).await.ends_with("ok"));
    let mut half = sent(&server, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    half.shutdown().await.expect("a half-closed connection");
    assert!(received(&mut half).await.ends_with("ok"));
    let last = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let flood = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".repeat(499) + last;
    let mut pipelined = sent(&server, flood.as_bytes()).await;
    assert_eq!(received(&mut pipelined).await.matches("200 OK").count(), 500);
    let chunks = "1\r\nx\r\n".repeat(50_000);
    let head = "POST /senior HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut chunked = sent(&server, format!("{head}{chunks}0\r\n\r\n").as_bytes()).await;
    assert!(received(&mut chunked).await.starts_with("HTTP/1.1 303"));
    let mut many = sent(&server, format!("{head}{}", "1\r\nx\r\n".repeat(70_000)).as_bytes()).await;
    many.write_all(b"0\r\n\r\n").await.expect("the last chunk");
    assert!(received(&mut many).await.starts_with("HTTP/1.1 413"));
}

#[tokio::test]
async fn upload_without_a_session_receives_its_answer() {
    let server = Server::start().await;
    let stranger = server.visitor(PHONE);
    for _ in 0..15 {
        let photo = file(form("", "upload", &[]), "diploma", "毕业证.jpg", vec![0xff; 512 * 1024]);
        let answer = stranger.upload(&format!("{LIST}/new"), photo).await;
        assert_eq!(answer.status, 401);
        assert!(answer.body.contains("登录已超时"), "{}", answer.body);
    }
}

#[tokio::test]
async fn unfinished_uploads_of_one_person_do_not_block_others() {
    let server = Server::start().await;
    let holder = server.signed_in("陳大文").await;
    let mut held = Vec::new();
    for _ in 0..12 {
        held.push(sent(&server, &unfinished_upload(&holder.cookie())).await);
    }
    let (other, sitting) = candidate(&server).await;
    let good = file(form(&sitting, "upload", &[]), "diploma", "毕业证.pdf", PDF.to_vec());
    let answer = other.upload_and_see(&format!("{LIST}/new"), good).await;
    assert!(answer.body.contains("毕业证.pdf"), "{}", answer.body);
    // Unfinished uploads are on disk as unnamed files.
    let arriving = server.folder().join("tmp");
    let named: Vec<_> = std::fs::read_dir(arriving).expect("the folder").filter_map(Result::ok).collect();
    assert!(named.is_empty(), "{named:?}");
    drop(held);
    let good = file(form("", "upload", &[]), "diploma", "学位证.pdf", PDF.to_vec());
    let answer = holder.upload_and_see(&format!("{LIST}/new"), good).await;
    assert!(answer.body.contains("学位证.pdf"), "{}", answer.body);
}

#[tokio::test]
async fn long_screenshot_stays_readable_and_an_extreme_strip_is_refused() {
    let server = Server::start().await;
    let (visitor, sitting) = candidate(&server).await;
    let png = |width, height| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let picture = image::GrayImage::new(width, height);
        picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture");
        bytes.into_inner()
    };
    let with = |name: &str, bytes| file(form(&sitting, "upload", &[]), "diploma", name, bytes);
    let sent = visitor.upload_and_see(&format!("{LIST}/new"), with("长截图.png", png(1080, 16_000))).await;
    let id = sent.between("href=\"/files/", "\"").to_owned();
    let shown = visitor.request(Method::GET, &format!("/files/{id}")).send().await.expect("an answer");
    let shown = image::load_from_memory(&shown.bytes().await.expect("a file")).expect("a picture");
    assert_eq!((shown.width(), shown.height()), (1080, 16_000));
    let sent = visitor.upload(&format!("{LIST}/new"), with("线.png", png(39_000_000, 1))).await;
    assert_eq!(sent.status, 422);
    assert!(sent.body.contains("图片太长，请分成几张上传"), "{}", sent.body);
}
