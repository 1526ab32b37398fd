//! Every page reachable by links is valid HTML, accessible, and no wider than a small phone.

use std::collections::{BTreeSet, HashMap, VecDeque};

use kaozheng::casework::messages::topic::Topic;
use kaozheng::store::Clock;

use crate::applicant::{LIST, form, with_files};
use crate::browser::Browser;
use crate::server::{DESKTOP, PHONE, Server, Visitor};
use crate::{axe, nu};

/// Together these candidates have applications of every business in every state.
const CANDIDATES: &[&str] = &["张小三", "陳大文", "林美玲", "欧阳嘉敏", "SCHMIDT ANNA"];

/// A reviewer, finance, a dispatcher and an administrator.
const STAFF: &[&str] = &["周明远", "钱文清", "邮小川", "何静"];

/// Links that lead to no page of the site, or that end the session.
const NOT_PAGES: &[&str] = &[
    "/assets/",
    "/files/",
    "/login/portal",
    "/sandbox/",
    "/staff/figures/",
    "/lookup/batch/template",
    "/en/lookup/batch/template",
];

pub async fn server() -> Server {
    let server = Server::start_with(Clock::system(), |_| {}).await;
    server.load_demo().await;
    server.load_applications().await;
    server
}

/// The end of links to files that are saved.
const FILE: &str = "/slip/file";

/// Pages that are the same for everybody. They are opened once, as a guest.
const PUBLIC: &[&str] = &["/lookup/", "/en/lookup", "/verify", "/en/verify", "/announcements/"];

/// The beginning of the pages that a person has alone. The other pages of candidates are opened for the first one.
fn own_pages(person: &str) -> &'static [&'static str] {
    match person {
        _ if person == CANDIDATES[0] => &["/"],
        _ if STAFF.contains(&person) => &["/staff"],
        _ => &["/services/", "/certificates", "/progress"],
    }
}

/// Targets of a page's links, without fragments.
fn links(html: &str) -> impl Iterator<Item = String> + '_ {
    html.split("href=\"/").skip(1).map(|rest| {
        let address = rest.split(['"', '#']).next().unwrap_or_default();
        format!("/{}", address.replace("&amp;", "&"))
    })
}

/// Whether a page is one of the hundreds of texts of messages, which are alike. Those of one topic are opened.
fn is_like_others(place: &str) -> bool {
    let mut parts = place.strip_prefix("/staff/admin/texts/").unwrap_or_default().split('/');
    let topic = parts.next().and_then(Topic::from_code);
    let is_opened = topic == Some(Topic::Returned) && matches!(parts.next(), Some("office" | "refund"));
    topic.is_some() && !is_opened
}

/// Every page reachable from the first one, with its HTML.
pub async fn crawl(visitor: &Visitor) -> Vec<(String, String)> {
    let (mut seen, mut pages) = (BTreeSet::new(), Vec::new());
    let mut queue = VecDeque::from(["/", "/no-such-page", "/login"].map(str::to_owned));
    while let Some(path) = queue.pop_front() {
        let place = path.split('?').next().unwrap_or_default().to_owned();
        let is_page = !place.ends_with(FILE) && !NOT_PAGES.iter().any(|prefix| place.starts_with(prefix));
        let is_page = is_page && !is_like_others(&place);
        if !is_page || !seen.insert(place) {
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

/// The pages that only appear after a form is sent.
async fn pages_after_a_form(visitor: &Visitor) -> Vec<(String, String)> {
    let sitting = visitor.sitting_of("一级建造师").await;
    let errors = visitor.upload(&format!("{LIST}/new"), form(&sitting, "review", &[("phone", "1")])).await;
    assert_eq!(errors.status, 422);
    let confirmation = visitor.apply(&sitting).await;
    assert!(confirmation.body.contains("提交成功"));
    let second = visitor.upload(&format!("{LIST}/new"), with_files(form(&sitting, "review", &[]))).await;
    assert_eq!(second.status, 422);
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
    pages.extend(pages_after_a_form(&server.signed_in("DUPONT MARIE").await).await);
    assert!(pages.len() > 60, "only {} pages were found", pages.len());
    nu::check(&pages);
}

/// Opens every page of one person on a phone and in large type.
async fn open_all(server: &Server, person: Option<&str>, at_least: usize) {
    let (browser, visitor) = (Browser::phone().await, server.visitor(PHONE));
    if let Some(person) = person {
        visitor.sign_in("/login/portal", person).await;
        browser.open(&format!("{}/login/portal", server.base)).await;
        browser.press(person).await;
        browser.see("您好").await;
    }
    let pages = crawl(&visitor).await;
    assert!(pages.len() >= at_least, "only {} pages were found", pages.len());
    let begins = |path: &str, with: &[&str]| with.iter().any(|beginning| path.starts_with(beginning));
    let is_own =
        |path: &str| person.is_none_or(|person| begins(path, own_pages(person)) && !begins(path, PUBLIC));
    let pages = pages.into_iter().map(|(path, _)| path).filter(|path| is_own(path));
    inspect(server, &browser, &few_of_each_shape(pages)).await;
}

/// At most four addresses whose parts begin alike before their first digit, such as the applications of one business. A
/// browser takes seconds for each, and staff have hundreds of links.
fn few_of_each_shape(pages: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashMap::<Vec<String>, u8>::new();
    let mut is_new = |path: &String| {
        let path = path.split('?').next().unwrap_or_default();
        let before_digits =
            |part: &str| part.split(|one: char| one.is_ascii_digit()).next().unwrap_or_default().to_owned();
        let count = seen.entry(path.split('/').map(before_digits).collect()).or_default();
        *count += 1;
        *count <= 4
    };
    pages.filter(|path| is_new(path)).collect()
}

/// Opens pages on a small phone, also in large type.
async fn inspect(server: &Server, browser: &Browser, pages: &[String]) {
    browser.narrow().await;
    let mut faults = Vec::new();
    for senior in [false, true] {
        if senior {
            browser.open(&server.base).await;
            browser.enlarge().await;
        }
        for path in pages {
            browser.open(&format!("{}{path}", server.base)).await;
            if !senior {
                axe::check(browser).await;
                faults.extend(small_targets(browser).await);
                faults.extend(breakable_dates(browser).await);
            }
            for size in SIZES {
                faults.extend(too_wide(browser, size).await);
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Sizes of the text, set in the browser: as usual and twice as large.
const SIZES: [&str; 2] = ["", "200%"];

/// What makes the open page wider than the screen.
async fn too_wide(browser: &Browser, size: &str) -> Option<String> {
    let script = format!(
        "document.documentElement.style.fontSize = '{size}';
        const {{ scrollWidth }} = document.scrollingElement, {{ clientWidth }} = document.documentElement;
        if (scrollWidth <= clientWidth) return [];
        return [...document.querySelectorAll('main *, #top *, #tabs *, #bar *')]
            .filter(part => part.getBoundingClientRect().right > clientWidth + 1)
            .map(part => part.outerHTML.slice(0, 80));"
    );
    let wide = browser.run(&script).await;
    let parts = wide.as_array().filter(|parts| !parts.is_empty())?;
    Some(format!("{} is too wide with text of {size:?}: {parts:?}", browser.url().await))
}

/// Targets of the open page that are lower or narrower than 44 px. A link between words may be lower.
const SMALL_TARGETS: &str = "
    const beside = link => [...link.parentElement.childNodes]
        .some(node => node.nodeType === Node.TEXT_NODE && node.textContent.trim().length > 1);
    const inWords = part => getComputedStyle(part).display === 'inline' && beside(part);
    const box = part => (part.closest('.card') && part.matches('.cover') && part.closest('.card')
        || part.matches('input') && part.closest('label') || part).getBoundingClientRect();
    return [...document.querySelectorAll('a, button, summary, input, select, textarea')]
        .filter(part => part.getBoundingClientRect().width > 1 && !part.matches('.hidden, .skip') && !inWords(part))
        .filter(part => box(part).height < 43.5 || box(part).width < 43.5)
        .map(part => part.outerHTML.slice(0, 80));";

async fn small_targets(browser: &Browser) -> Option<String> {
    let small = browser.run(SMALL_TARGETS).await;
    let parts = small.as_array().filter(|parts| !parts.is_empty())?;
    Some(format!("{} has small targets: {parts:?}", browser.url().await))
}

/// Texts of the open page with a day or a month that may break over lines.
const BREAKABLE_DATES: &str = r"
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    const date = /(?<!\d)(19|20)\d\d-(0[1-9]|1[0-2])(-\d\d)?(?!\d)/;
    while (texts.nextNode()) {
        const part = texts.currentNode.parentElement;
        const isShown = part.checkVisibility() && !part.closest('option, textarea, .imprint');
        const breaks = getComputedStyle(part).whiteSpace !== 'nowrap';
        if (isShown && breaks && date.test(texts.currentNode.data)) found.push(texts.currentNode.data.slice(0, 80));
    }
    return found;";

async fn breakable_dates(browser: &Browser) -> Option<String> {
    let found = browser.run(BREAKABLE_DATES).await;
    let texts = found.as_array().filter(|texts| !texts.is_empty())?;
    Some(format!("{} has dates that may break: {texts:?}", browser.url().await))
}

#[tokio::test]
async fn guest_pages_are_accessible() {
    open_all(&server().await, None, 6).await;
}

/// The pages of the portals that the demo plays.
#[tokio::test]
async fn sandbox_pages_are_valid_and_accessible() {
    let server = server().await;
    let back = format!("{}/login/callback", server.base);
    let pages = [
        format!(
            "/sandbox/zhejiang-simple/sso/usp.do?action=oauth&scope=1&servicecode=kaozheng-demo&redirectUrl={back}"
        ),
        "/sandbox/zhejiang/uc/sso/login?appId=kaozheng-demo&sp=1".to_owned(),
        "/sandbox/zhejiang/uc/unifiedLogout".to_owned(),
        "/sandbox/guangdong/app".to_owned(),
        "/sandbox/guangdong/pscp/sso/static/manage/realname".to_owned(),
        "/sandbox/device?user_code=BCDFGHJK".to_owned(),
    ];
    let (visitor, mut opened) = (server.visitor(PHONE), Vec::new());
    for path in &pages {
        let page = visitor.open(path).await;
        assert!(page.status == 200 && page.body.contains("演示环境"), "{path}: {}", page.body);
        opened.push((path.clone(), page.body));
    }
    nu::check(&opened);
    inspect(&server, &Browser::phone().await, &pages).await;
}

#[tokio::test]
async fn consent_pages_are_accessible() {
    let (server, browser) = (server().await, Browser::phone().await);
    browser.open(&format!("{}/login/portal", server.base)).await;
    browser.press("石卫国").await;
    browser.see("我已阅读并同意").await;
    let need = "/me/consent?need=portrait+account&next=%2Fme";
    let pages = ["/me/consent?next=%2Fme", need, "/me/consent/refused", "/privacy/0"];
    inspect(&server, &browser, &pages.map(str::to_owned)).await;
}

#[tokio::test]
async fn candidate_pages_are_accessible() {
    open_all(&server().await, Some("张小三"), 20).await;
}

#[tokio::test]
async fn refund_pages_are_accessible() {
    open_all(&server().await, Some("陳大文"), 30).await;
}

#[tokio::test]
async fn receipt_pages_are_accessible() {
    open_all(&server().await, Some("林美玲"), 30).await;
}

#[tokio::test]
async fn reissue_pages_are_accessible() {
    open_all(&server().await, Some("欧阳嘉敏"), 30).await;
}

#[tokio::test]
async fn posting_pages_are_accessible() {
    open_all(&server().await, Some("SCHMIDT ANNA"), 30).await;
}

#[tokio::test]
async fn reviewer_pages_are_accessible() {
    open_all(&server().await, Some("周明远"), 30).await;
}

#[tokio::test]
async fn finance_pages_are_accessible() {
    open_all(&server().await, Some("钱文清"), 15).await;
}

#[tokio::test]
async fn dispatcher_pages_are_accessible() {
    open_all(&server().await, Some("邮小川"), 8).await;
}

#[tokio::test]
async fn administrator_pages_are_accessible() {
    open_all(&server().await, Some("何静"), 40).await;
}
