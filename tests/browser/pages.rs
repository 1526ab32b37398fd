//! Every page there is, found by following every link: valid HTML, open to everybody, and
//! nowhere wider than a small phone.

use std::collections::{BTreeSet, VecDeque};

use kaozheng::store::Clock;
use serde_json::json;

use crate::applicant::{LIST, form};
use crate::browser::Browser;
use crate::server::{DESKTOP, PHONE, Server, Visitor};
use crate::{axe, nu};

/// Between them they have applications of every kind, in every state.
const CANDIDATES: &[&str] = &["张小三", "陳大文", "林美玲", "欧阳嘉敏", "SCHMIDT ANNA"];

/// Who reviews, pays, posts, and may do all of it.
const STAFF: &[&str] = &["周明远", "钱文清", "邮小川", "何静"];

/// Links that are no pages, or that end the visit.
const NOT_PAGES: &[&str] = &["/assets/", "/files/", "/login/portal", "/sandbox/"];

pub async fn server() -> Server {
    let server = Server::start_with(Clock::system(), |_| {}).await;
    server.load_demo().await;
    server.load_applications().await;
    server
}

/// Pages that are the same for everybody: looked at once, as a guest.
const PUBLIC: &[&str] = &["/lookup/", "/en/lookup", "/announcements/"];

/// Addresses that a page links to, without what only picks a place on it.
fn links(html: &str) -> impl Iterator<Item = String> + '_ {
    html.split("href=\"/").skip(1).map(|rest| {
        let address = rest.split(['"', '#']).next().unwrap_or_default();
        format!("/{}", address.replace("&amp;", "&"))
    })
}

/// Every page that can be reached from the first one, with its HTML.
pub async fn crawl(visitor: &Visitor) -> Vec<(String, String)> {
    let (mut seen, mut pages) = (BTreeSet::new(), Vec::new());
    let mut queue = VecDeque::from(["/".to_owned(), "/no-such-page".to_owned()]);
    while let Some(path) = queue.pop_front() {
        let place = path.split('?').next().unwrap_or_default().to_owned();
        if NOT_PAGES.iter().any(|prefix| place.starts_with(prefix)) || !seen.insert(place) {
            continue;
        }
        let page = visitor.open(&path).await;
        assert!(page.status < 500, "{path}: {}", page.status);
        assert!(
            page.status == 200 || path == "/no-such-page",
            "{path} is linked and answers {}",
            page.status
        );
        queue.extend(links(&page.body));
        pages.push((path, page.body));
    }
    pages
}

/// The pages that only a sent form brings.
async fn sent(visitor: &Visitor) -> Vec<(String, String)> {
    let sitting = visitor.sitting_of("一级建造师").await;
    let errors = visitor.upload(&format!("{LIST}/new"), form(&sitting, "review", &[("phone", "1")])).await;
    assert_eq!(errors.status, 422);
    let confirmation = visitor.apply(&sitting).await;
    assert!(confirmation.body.contains("提交成功"));
    let second = visitor.apply(&sitting).await;
    assert_eq!(second.status, 409);
    [errors, confirmation, second].map(|page| (format!("sent: {}", page.url), page.body)).into()
}

#[tokio::test]
async fn every_page_is_valid_html() {
    let server = server().await;
    let mut pages = crawl(&server.visitor(DESKTOP)).await;
    pages.extend(crawl(&server.visitor(PHONE)).await);
    for person in [CANDIDATES, STAFF].concat() {
        let visitor = server.signed_in(person).await;
        pages
            .extend(crawl(&visitor).await.into_iter().map(|(path, html)| (format!("{person} {path}"), html)));
    }
    pages.extend(sent(&server.signed_in("DUPONT MARIE").await).await);
    assert!(pages.len() > 60, "only {} pages were found", pages.len());
    nu::check(&pages);
}

/// Opens every page of somebody in a browser, on a phone and in large type.
async fn look_at_all(server: &Server, person: Option<&str>, at_least: usize) {
    let (browser, visitor) = (Browser::phone().await, server.visitor(PHONE));
    if let Some(person) = person {
        visitor.sign_in("/login/portal", person).await;
        browser.open(&format!("{}/login/portal", server.base)).await;
        browser.press(person).await;
        browser.see("您好").await;
    }
    let pages = crawl(&visitor).await;
    assert!(pages.len() >= at_least, "only {} pages were found", pages.len());
    let is_own = |path: &str| person.is_none() || !PUBLIC.iter().any(|public| path.starts_with(public));
    browser.narrow().await;
    for senior in [false, true] {
        if senior {
            browser.open(&server.base).await;
            browser.enlarge().await;
        }
        for (path, _) in pages.iter().filter(|(path, _)| is_own(path)) {
            browser.open(&format!("{}{path}", server.base)).await;
            if !senior {
                axe::check(&browser).await;
            }
            let wider = browser.run("return document.scrollingElement.scrollWidth - innerWidth").await;
            assert_eq!(wider, json!(0), "{path} is wider than the screen, large type: {senior}");
        }
    }
}

#[tokio::test]
async fn a_guest_finds_every_page_open() {
    look_at_all(&server().await, None, 6).await;
}

#[tokio::test]
async fn a_candidate_finds_every_page_open() {
    look_at_all(&server().await, Some("张小三"), 20).await;
}

#[tokio::test]
async fn somebody_with_refunds_finds_every_page_open() {
    look_at_all(&server().await, Some("陳大文"), 30).await;
}

#[tokio::test]
async fn somebody_with_receipts_finds_every_page_open() {
    look_at_all(&server().await, Some("林美玲"), 30).await;
}

#[tokio::test]
async fn somebody_with_reissues_finds_every_page_open() {
    look_at_all(&server().await, Some("欧阳嘉敏"), 30).await;
}

#[tokio::test]
async fn somebody_with_parcels_finds_every_page_open() {
    look_at_all(&server().await, Some("SCHMIDT ANNA"), 30).await;
}

#[tokio::test]
async fn reviewers_find_every_page_open() {
    look_at_all(&server().await, Some("周明远"), 30).await;
}

#[tokio::test]
async fn finance_finds_every_page_open() {
    look_at_all(&server().await, Some("钱文清"), 15).await;
}

#[tokio::test]
async fn dispatchers_find_every_page_open() {
    look_at_all(&server().await, Some("邮小川"), 8).await;
}

#[tokio::test]
async fn administrators_find_every_page_open() {
    look_at_all(&server().await, Some("何静"), 40).await;
}
