//! Acknowledged applications survive the end of the program, however it ends.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kaozheng::demo::sandbox::people::PEOPLE;
use reqwest::Method;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::applicant::{LIST, PDF, form, with_files};
use crate::process::Process;
use crate::server::{PHONE, Visitor};

/// The number of submissions, and after how many the program is killed.
pub const STREAM: usize = 200;
const KILL_AFTER: usize = 120;

/// A number for which a page said 提交成功, with the candidate's name.
pub type Acknowledged = (&'static str, String);

/// Applies and withdraws until the program is gone or `STREAM` submissions have begun.
pub async fn apply_until_killed(
    base: String,
    person: &'static str,
    begun: Arc<AtomicUsize>,
    done: UnboundedSender<Acknowledged>,
) {
    let visitor = Visitor::new(&base, PHONE);
    visitor.sign_in("/login/portal", person).await;
    let sitting = visitor.sitting_of("一级建造师").await;
    while begun.fetch_add(1, Ordering::SeqCst) < STREAM {
        let Some(number) = try_to_apply(&visitor, &base, &sitting).await else { return };
        done.send((person, number.clone())).expect("somebody listens");
        let path = format!("{LIST}/{number}/withdraw");
        let gone = visitor.request(Method::POST, &path).form(&[("confirm", "yes")]).send().await.is_err();
        if gone {
            return;
        }
    }
}

/// Returns the number (受理号), or `None` when the program is gone.
async fn try_to_apply(visitor: &Visitor, base: &str, sitting: &str) -> Option<String> {
    let whole = with_files(form(sitting, "review", &[]));
    let path = format!("{LIST}/new");
    visitor.request(Method::POST, &path).multipart(whole).send().await.ok()?;
    let review =
        visitor.request(Method::GET, &format!("{LIST}/review")).send().await.ok()?.text().await.ok()?;
    let (_, seen) = review.split_once("name=\"seen\" value=\"").unwrap_or_else(|| panic!("{review}"));
    let seen = [("seen", seen.split('"').next().unwrap_or_default())];
    let sent = visitor.request(Method::POST, &format!("{LIST}/review")).form(&seen).send().await.ok()?;
    let to = sent.headers().get("location").expect("a way on").to_str().expect("text").replace(base, "");
    to.strip_suffix("/submitted")?.rsplit('/').next().map(str::to_owned)
}

/// Asserts that every linked file opens and that a PDF equals what was sent. Returns the number of
/// files.
pub async fn assert_files_are_complete(visitor: &Visitor, page: &str) -> usize {
    let links: BTreeSet<&str> =
        page.split("href=\"/files/").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect();
    for id in &links {
        let answer = visitor.request(Method::GET, &format!("/files/{id}")).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let is_pdf = answer.headers()["content-type"] == "application/pdf";
        let bytes = answer.bytes().await.expect("a file");
        if is_pdf {
            assert_eq!(&bytes[..], PDF);
        } else {
            image::load_from_memory(&bytes).expect("a picture");
        }
    }
    links.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_applications_survive_kill_9() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let data = folder.path().join("data");
    let (demo, _) = Process::demo(&data, &log).await;
    let begun = Arc::new(AtomicUsize::new(0));
    let (sender, mut receiver) = unbounded_channel();
    let people = PEOPLE.iter().filter(|person| person.role == "考生").map(|person| person.name);
    let clients: Vec<_> = people
        .map(|person| {
            tokio::spawn(apply_until_killed(demo.base.clone(), person, begun.clone(), sender.clone()))
        })
        .collect();
    drop(sender);
    let mut done: Vec<Acknowledged> = Vec::new();
    while done.len() < KILL_AFTER {
        done.push(receiver.recv().await.expect("the stream goes on"));
    }
    demo.kill();
    for client in clients {
        client.await.expect("a client");
    }
    while let Some(late) = receiver.recv().await {
        done.push(late);
    }

    let (demo, _) = Process::demo(&data, &log).await;
    assert!(done.len() >= KILL_AFTER && done.len() < STREAM, "{}", done.len());
    for person in PEOPLE.iter().filter(|person| person.role == "考生") {
        let visitor = Visitor::new(&demo.base, PHONE);
        visitor.sign_in("/login/portal", person.name).await;
        for (_, number) in done.iter().filter(|(name, _)| *name == person.name) {
            let page = visitor.open(&format!("{LIST}/{number}")).await;
            assert_eq!(page.status, 200, "{number}");
            assert!(page.body.contains("示范建设工程有限公司") && page.body.contains("提交申请"));
            assert_eq!(assert_files_are_complete(&visitor, &page.body).await, 5, "{number}");
        }
        assert_no_half_application(&visitor).await;
    }
}

/// Applications whose answer never arrived are complete or still drafts.
async fn assert_no_half_application(visitor: &Visitor) {
    let (mut next, mut opened) = (LIST.to_owned(), BTreeSet::new());
    loop {
        let page = visitor.open(&next).await;
        let cards = page.body.split("class=\"cover\" href=\"").skip(1);
        let paths = cards.map(|rest| rest.split('"').next().unwrap_or_default());
        // The address of a later page shows the earlier ones too.
        for path in paths.filter(|path| opened.insert((*path).to_owned())) {
            let detail = visitor.open(path).await;
            assert!(detail.status == 200 && detail.body.contains("提交申请"), "{path}");
        }
        match page.body.split("class=\"button more\"").nth(1) {
            Some(more) => {
                next = more
                    .split("href=\"")
                    .nth(1)
                    .expect("a link")
                    .split('"')
                    .next()
                    .expect("a link")
                    .replace("&amp;", "&")
            }
            None => return,
        }
    }
}

#[tokio::test]
async fn stop_signal_lets_requests_finish_and_a_restart_finds_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let data = folder.path().join("data");
    let (demo, _) = Process::demo(&data, &log).await;
    let visitor = Visitor::new(&demo.base, PHONE);
    visitor.sign_in("/login/portal", "张小三").await;
    let sitting = visitor.sitting_of("一级建造师").await;
    let number = visitor.apply_for_number(&sitting).await;
    assert!(demo.stop(), "it ended as it should");

    let (demo, took) = Process::demo(&data, &log).await;
    assert!(took.as_secs() < 3, "{took:?}");
    let visitor = Visitor::new(&demo.base, PHONE);
    visitor.sign_in("/login/portal", "张小三").await;
    assert!(visitor.open(&format!("{LIST}/{number}")).await.body.contains(&number));
}

/// An older program left applications assigned to a reviewer who is no longer on the roster.
#[tokio::test]
async fn start_unassigns_applications_of_former_staff() {
    use diesel::prelude::*;
    use kaozheng::store::schema::{applications, staff};
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let (demo, _) = Process::demo(&data, &log).await;
    assert!(demo.stop(), "it ended as it should");
    let open = || SqliteConnection::establish(data.join("kaozheng.db").to_str().expect("a path"));
    let taken = |conn: &mut SqliteConnection| {
        let of_reviewer = applications::table.inner_join(staff::table).filter(staff::name.eq("周明远"));
        of_reviewer.filter(applications::status.eq("in_review")).count().get_result::<i64>(conn)
    };
    let mut conn = open().expect("the database");
    assert!(taken(&mut conn).expect("a count") > 0, "the demo has cases that are being reviewed");
    let gone = diesel::update(staff::table.filter(staff::name.eq("周明远")));
    gone.set(staff::active.eq(false)).execute(&mut conn).expect("a change");
    drop(conn);
    let (_demo, _) = Process::demo(&data, &log).await;
    let mut conn = open().expect("the database");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while taken(&mut conn).expect("a count") > 0 {
        assert!(std::time::Instant::now() < deadline, "the cases stay locked");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn request_in_flight_finishes_after_the_stop_signal() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let folder = tempfile::tempdir().expect("a folder");
    let (demo, _) = Process::demo(&folder.path().join("data"), &folder.path().join("log")).await;
    let address = demo.base.strip_prefix("http://").expect("an address").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.expect("a connection");
    let head = format!(
        "POST /senior HTTP/1.1\r\nHost: {address}\r\nContent-Length: 6\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\nnex"
    );
    stream.write_all(head.as_bytes()).await.expect("half a request");
    // The program has started on the request once it answers a later one.
    assert_eq!(reqwest::get(format!("{}/healthz", demo.base)).await.expect("an answer").status(), 200);
    let ended = tokio::task::spawn_blocking(move || demo.stop());
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(b"t=/").await.expect("the other half");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    assert!(ended.await.expect("an end"));
}

#[tokio::test]
async fn log_has_no_personal_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let (demo, _) = Process::demo(&folder.path().join("data"), &log).await;
    for person in PEOPLE {
        let visitor = Visitor::new(&demo.base, PHONE);
        visitor.sign_in("/login/portal", person.name).await;
        visitor.open("/me").await;
        visitor.open("/staff/queue").await;
        if person.role == "考生" {
            let sitting = visitor.sitting_of("一级建造师").await;
            let wrong = form(&sitting, "review", &[("phone", "1380013")]);
            visitor.upload(&format!("{LIST}/new"), wrong).await;
            visitor.apply_for_number(&sitting).await;
        }
    }
    assert!(demo.stop());
    let log = std::fs::read_to_string(&log).expect("a log");
    assert!(log.lines().count() > 50, "a log that says what happened");
    let typed = ["示范建设工程有限公司", "示范大学", "13800138000", "毕业证"];
    let known = PEOPLE.iter().flat_map(|person| [person.name, person.document_number, person.phone]);
    for secret in known.chain(typed) {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}
