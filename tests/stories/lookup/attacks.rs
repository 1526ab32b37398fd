//! Hostile input to the public lookup.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::filing::start_demo;
use crate::process::Process;

#[tokio::test]
async fn markup_in_input_is_escaped() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let script = "\"><script>alert(1)</script>";
    for typed in [[script, DOCUMENT, "1"], [NAME, script, "1"], [NAME, DOCUMENT, script], [script, "", ""]] {
        let answer = ask(&visitor, EXAM, typed).await;
        assert!(!answer.body.contains("<script>alert"), "{typed:?}");
        assert!(answer.body.contains("&quot;&gt;&lt;script&gt;"), "{typed:?}");
    }
    let list = visitor.open("/lookup?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(list.status == 200 && !list.body.contains("<script>alert"));
}

/// Every input gets an answer, and none a server error.
#[tokio::test]
async fn hostile_input_is_answered() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let long = "9".repeat(10_000);
    for typed in [
        [NAME, DOCUMENT, &long],
        [&long, &long, &long],
        ["张\0小三", "4403\u{200b}00199003072616", PRINT],
        ["' OR 1=1 --", "%", "_"],
        ["\u{202e}三小张", "\u{1F468}\u{200d}\u{1F469}", "\n\r\t1"],
    ] {
        let answer = ask(&visitor, EXAM, typed).await;
        assert!(matches!(answer.status, 200 | 422), "{}", answer.status);
    }
    let raw = async |kind: &str, body: Vec<u8>| {
        let request = visitor.request(Method::POST, EXAM).header("content-type", kind.to_owned()).body(body);
        visitor.send(request.header("x-forwarded-for", "10.7.0.1")).await.status
    };
    let form = "application/x-www-form-urlencoded";
    assert_eq!(raw(form, b"name=%FF%FE&document=%80&number=%".to_vec()).await, 200);
    assert_eq!(raw(form, b"name=\xD5\xC5&document=1&number=1".to_vec()).await, 200, "GBK");
    assert_eq!(raw(form, Vec::new()).await, 422);
    assert_eq!(raw(form, vec![b'a'; 300 * 1024]).await, 413);
    assert_eq!(raw("multipart/form-data; boundary=x", b"--x--".to_vec()).await, 400);
    assert_eq!(raw("application/json", b"{}".to_vec()).await, 422);
    let again = "name=a&name=b&document=1&number=1".repeat(500);
    assert!(matches!(raw(form, again.into_bytes()).await, 200 | 422));
    for path in
        ["/lookup/%00", "/lookup/%FF", "/lookup/..%2f..%2fetc", "/v/%00", "/v/x%27--", "/en/lookup/%E4%B8"]
    {
        assert!(matches!(visitor.step(path).await.status, 400 | 404), "{path}");
    }
    for path in ["/lookup?q=%00", "/lookup?q=%FF", "/lookup?q=a&q=b", "/lookup?"] {
        assert!(matches!(visitor.step(path).await.status, 200 | 404), "{path}");
    }
    let method = visitor.send(visitor.request(Method::PUT, EXAM)).await;
    assert_eq!(method.status, 405);
}

/// Sends raw bytes and reads until the connection closes.
async fn raw(host: &str, request: &str) -> String {
    let mut line = TcpStream::connect(host).await.expect("a connection");
    line.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.expect("an answer");
    answer
}

/// The form is incomplete, not too large: the page must not ask to shorten it.
#[tokio::test]
async fn incomplete_form_is_reported_as_incomplete() {
    let server = start_demo().await;
    let host = server.base.trim_start_matches("http://");
    let head = format!(
        "POST {EXAM} HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n",
        server.base
    );
    let answer = raw(host, &format!("{head}4\r\nname\r\nno length\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("请求的内容不完整"), "{answer}");
}

/// RFC 9112 §3.2: HTTP/1.1 requires exactly one Host. HTTP/1.0 does not require it.
#[tokio::test]
async fn request_must_have_exactly_one_host() {
    let server = start_demo().await;
    let host = server.base.trim_start_matches("http://");
    let own = format!("Host: {host}\r\n");
    let table = [
        ("1.1", own.as_str(), "200"),
        ("1.1", "", "400"),
        ("1.1", &format!("{own}Host: other.example\r\n"), "400"),
        ("1.1", &own.repeat(2), "400"),
        ("1.0", "", "200"),
        ("1.0", &own.repeat(2), "400"),
    ];
    for (version, hosts, status) in table {
        let request = format!("GET /lookup HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n");
        let answer = raw(host, &request).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "HTTP/{version}, {hosts:?}");
    }
}

#[tokio::test]
async fn thousand_requests_from_one_network_are_mostly_refused() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let asked = (0..1000).map(|number| {
        let document = format!("E{:08}", number % 50);
        let visitor = &visitor;
        async move { ask_from(visitor, "10.8.0.1", EXAM, ["甲乙", &document, "1"]).await.status }
    });
    let answers = futures_util::future::join_all(asked).await;
    let count = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((count(200), count(429)), (120, 880));
    assert_eq!(ask_from(&visitor, "10.8.0.2", EXAM, [NAME, DOCUMENT, PRINT]).await.status, 200);
}

#[tokio::test]
async fn no_personal_data_is_logged() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let (program, _) = Process::demo(&folder.path().join("data"), &log).await;
    let visitor = Visitor::new(&program.base, PHONE);
    let answer = ask(&visitor, EXAM, [NAME, DOCUMENT, PRINT]).await;
    assert!(answer.body.contains("有效"));
    ask(&visitor, EXAM, [NAME, DOCUMENT, "SF99999999"]).await;
    visitor.step("/v/SecretSecretSecretSecr").await;
    assert!(program.stop());
    let written = std::fs::read_to_string(log).expect("a log");
    let id = answer.headers["x-request-id"].to_str().expect("text");
    assert!(written.contains(id) && written.contains(EXAM), "the request itself is logged: {written}");
    for secret in [NAME, DOCUMENT, PRINT, "SF99999999", "小三", "SecretSecret"] {
        assert!(!written.contains(secret), "{secret} is in the log");
    }
}
