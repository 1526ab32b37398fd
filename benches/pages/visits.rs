//! The pages that are visited.

use kaozheng::paths;

use crate::client::Line;
use crate::fixture::Fixture;

/// A request for a page.
pub struct Visit {
    pub name: &'static str,
    pub request: Vec<u8>,
}

const ENCODINGS: &str = "Accept-Encoding: gzip, deflate, br\r\n";

impl Visit {
    /// The same without compression.
    pub fn plain(&self) -> Visit {
        Visit { name: self.name, request: plain(&self.request) }
    }
}

fn plain(request: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(request).replace(ENCODINGS, "").into_bytes()
}

fn get(name: &'static str, session: &str, path: &str) -> Visit {
    Visit { name, request: head("GET", session, path) }
}

fn head(method: &str, session: &str, path: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 198.51.100.7\r\nCookie: {session}\r\n\
         User-Agent: Mozilla/5.0 (Linux; Android 14; Pixel 8)\r\nAccept: text/html\r\n\
         {ENCODINGS}Accept-Language: zh-CN,zh;q=0.9\r\nContent-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

/// The pages that candidates and staff open most.
pub fn common(fixture: &Fixture) -> Vec<Visit> {
    let Fixture { sessions, .. } = fixture;
    vec![
        get("home", &sessions.twelve, paths::HOME),
        get("progress, 12", &sessions.twelve, paths::PROGRESS),
        get("progress, 20", &sessions.twenty, paths::PROGRESS),
        get("detail", &sessions.returned, &fixture.detail),
        get("form", &sessions.draft, &paths::new_application("qualification")),
        get("queue", &sessions.staff, paths::QUEUE),
        get("review", &sessions.staff, &paths::case(&fixture.case)),
    ]
}

/// The pages whose costs may grow with the number of applications.
pub async fn growing(fixture: &Fixture, line: &mut Line) -> Vec<Visit> {
    let Fixture { sessions, .. } = fixture;
    let desk = |name, path: &str| get(name, &sessions.staff, path);
    let queue = |name, filters: &[(&str, &str)]| {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(filters).finish();
        desk(name, &format!("{}?{query}", paths::QUEUE))
    };
    let second = next_page(line, &sessions.staff).await;
    vec![
        queue("queue", &[]),
        desk("queue, second page", &second),
        queue("queue, in review", &[("status", "in_review")]),
        queue("queue, taken by oneself", &[("status", "mine")]),
        queue("queue, tasks", &[("status", "todo")]),
        queue("queue, decided", &[("status", "decided")]),
        queue("queue, one business", &[("kind", "refund")]),
        queue("queue, overdue", &[("time", "overdue")]),
        queue("queue, for 30 days", &[("time", "30")]),
        queue("queue, on hold", &[("status", "held")]),
        queue("queue, returned", &[("status", "returned")]),
        queue("queue, one exam", &[("exam", "一级建造师")]),
        queue("queue, decided, one exam", &[("status", "decided"), ("exam", "一级建造师")]),
        queue("search by exam", &[("q", "造价工程师")]),
        queue("search by number", &[("q", &fixture.case)]),
        queue("search without a match", &[("q", "没有这样的考试")]),
        queue("search in decided without a match", &[("status", "decided"), ("q", "没有这样的考试")]),
        desk("find a number", &found(line, &sessions.staff, &fixture.case).await),
        desk("find a name", &found(line, &sessions.staff, "考生一").await),
        desk("find a document", &found(line, &sessions.staff, "E00000001").await),
        desk("find nothing", &found(line, &sessions.staff, "没有这个人").await),
        desk("figures of this month", paths::FIGURES),
        desk("review page", &paths::case(&fixture.case)),
        Visit {
            name: "take the next case (POST)",
            request: head("POST", &sessions.staff, paths::QUEUE_NEXT),
        },
        get("home of a candidate with 12", &sessions.twelve, paths::HOME),
        get("home of a candidate with 500", &sessions.many, paths::HOME),
        get("home of a staff member", &sessions.staff, paths::HOME),
        get("progress of a candidate with 12", &sessions.twelve, paths::PROGRESS),
        get("progress of a candidate with 500", &sessions.many, paths::PROGRESS),
    ]
}

/// Searches for words at the desk. Returns the address of what is found.
async fn found(line: &mut Line, session: &str, words: &str) -> String {
    let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("words", words).finish();
    let length = format!(
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let head = String::from_utf8(head("POST", session, paths::SEARCH)).expect("text");
    let answer = line.ask(head.replace("Content-Length: 0\r\n\r\n", &length).as_bytes()).await;
    let location = answer.head.lines().find_map(|line| line.strip_prefix("location: "));
    location.expect("a redirect").to_owned()
}

/// The link at the end of the first page of the queue.
async fn next_page(line: &mut Line, session: &str) -> String {
    let request = plain(&head("GET", session, paths::QUEUE));
    let page = String::from_utf8(line.ask(&request).await.page().to_vec()).expect("text");
    let before = page.split("加载更多").next().unwrap_or_default();
    let (_, link) = before.rsplit_once("href=\"").expect("a link to the second page");
    link.split('"').next().unwrap_or_default().replace("&amp;", "&")
}
