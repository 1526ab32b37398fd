//! 核验链接: a holder lets an employer see one certificate.

use super::*;
use crate::filing::start_demo;

/// Links page of 张小三's certificate of 二级建造师.
const LINKS: &str = "/certificates/certificate-00/links";

/// Distinct paths of the links on a page.
fn links(page: &Answer) -> Vec<String> {
    let paths = page.body.split("href=\"/v/").skip(1);
    paths.map(|rest| format!("/v/{}", rest.split('"').next().unwrap_or_default())).collect()
}

async fn make(candidate: &Visitor, days: &str) -> String {
    let page = candidate.submit(LINKS, &[("days", days)]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    links(&page).first().expect("a link").clone()
}

async fn write_opened_counts(server: &Server) {
    server.parts.lookup.exchange(&server.parts.store).await.expect("an exchange");
}

#[tokio::test]
async fn employer_sees_a_certificate_by_its_link() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let empty = candidate.open(LINKS).await;
    assert!(empty.body.contains("1 天") && empty.body.contains("7 天") && empty.body.contains("30 天"));
    let link = make(&candidate, "7").await;
    let page = candidate.open(LINKS).await;
    assert!(page.body.contains("有效期至 2026-04-08 09:30") && page.body.contains("data:image/png"));
    assert!(page.body.contains(&format!("{}{link}", server.base)), "the address to copy");
    let employer = server.visitor(PHONE);
    let shown = employer.step(&link).await;
    for part in
        ["持证人授权", "有效", "张*三", "440***********2616", "二级建造师", "建筑工程", MANAGEMENT, PRINT]
    {
        assert!(shown.body.contains(part), "{part}");
    }
    assert!(!shown.body.contains(NAME) && !shown.body.contains(DOCUMENT));
    assert!(!shown.body.contains("市政公用工程"), "one certificate, not all of the exam");
    assert!(shown.headers["x-robots-tag"].to_str().expect("text").contains("noindex"));
    assert!(!shown.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn link_ends_by_expiry_and_by_revocation() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let employer = server.visitor(PHONE);
    let (short, long) = (make(&candidate, "1").await, make(&candidate, "30").await);
    server.advance(24 * 3600 - 1);
    assert_eq!(employer.step(&short).await.status, 200);
    server.advance(1);
    let ended = employer.step(&short).await;
    assert!(ended.status == 404 && ended.body.contains("核验链接无效或已过期"));
    let candidate = server.signed_in("张小三").await;
    let page = candidate.open(LINKS).await;
    assert_eq!(links(&page), std::slice::from_ref(&long), "{}", page.body);
    let revoke = format!("{LINKS}/{}", page.between(&format!("action=\"{LINKS}/"), "\""));
    assert_eq!(employer.step(&long).await.status, 200);
    let after = candidate.submit(&revoke, &[]).await;
    assert!(after.body.contains("已失效的链接") && after.body.contains("撤销"));
    let revoked = employer.step(&long).await;
    assert_eq!(candidate.submit(&revoke, &[]).await.status, 200, "once more changes nothing");
    let never = employer.step("/v/AAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!([revoked.status, never.status], [404, 404]);
    let words = |answer: &Answer| answer.between("<main", "</main>").to_owned();
    assert!(words(&ended) == words(&revoked) && words(&revoked) == words(&never), "one answer for all");
    assert!(never.headers["x-robots-tag"].to_str().expect("text").contains("noindex"));
}

/// The machine's clock is set back after a visitor or the sweep has found a link expired.
#[tokio::test]
async fn expired_link_stays_expired_when_the_clock_is_set_back() {
    let server = start_demo().await;
    for sweep in [false, true] {
        let candidate = server.signed_in("张小三").await;
        let (link, employer) = (make(&candidate, "1").await, server.visitor(PHONE));
        server.advance(24 * 3600);
        match sweep {
            true => {
                let swept = server.parts.store.write(kaozheng::exams::certificate_link::sweep).await;
                assert_eq!(swept.expect("a sweep"), 1);
            }
            false => assert_eq!(employer.step(&link).await.status, 404),
        }
        write_opened_counts(&server).await;
        server.advance(-24 * 3600);
        assert_eq!(employer.step(&link).await.status, 404);
        let page = server.signed_in("张小三").await.open(LINKS).await;
        assert!(page.body.contains(" 到期") && !page.body.contains(" 撤销"), "{}", page.body);
    }
}

#[tokio::test]
async fn holder_sees_when_a_link_was_opened() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let link = make(&candidate, "7").await;
    assert!(candidate.open(LINKS).await.body.contains("还没有被查看"));
    let employer = server.visitor(PHONE);
    for _ in 0..2 {
        employer.step(&link).await;
    }
    write_opened_counts(&server).await;
    server.advance(60);
    employer.step(&link).await;
    write_opened_counts(&server).await;
    write_opened_counts(&server).await;
    let page = candidate.open(LINKS).await;
    assert!(page.body.contains("被查看 3 次"), "{}", page.body);
    assert!(
        page.told().contains("2026-04-01 09:30</time>，2 次") && page.told().contains("2026-04-01 09:31")
    );
}

#[tokio::test]
async fn links_of_another_holder_are_not_found() {
    let server = start_demo().await;
    let (holder, other) = (server.signed_in("张小三").await, server.signed_in("林美玲").await);
    let link = make(&holder, "7").await;
    let page = holder.open(LINKS).await;
    let revoke = format!("{LINKS}/{}", page.between(&format!("action=\"{LINKS}/"), "\""));
    assert_eq!(other.open(LINKS).await.status, 404);
    assert_eq!(other.submit(LINKS, &[("days", "7")]).await.status, 404);
    assert_eq!(other.submit(&revoke, &[]).await.status, 404);
    // A link under a certificate that it does not belong to.
    let disguised = revoke.replace("certificate-00", "certificate-06");
    other.submit(&disguised, &[]).await;
    assert_eq!(server.visitor(PHONE).step(&link).await.status, 200, "it still lives");
    assert_eq!(other.open("/certificates/none/links").await.status, 404);
    let guest = server.visitor(PHONE).step(LINKS).await;
    assert!(guest.status == 303 && guest.location.starts_with("/login"));
}

#[tokio::test]
async fn number_and_lifetime_of_links_are_limited() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    for days in ["", "0", "2", "365", "-1", "x"] {
        assert_eq!(candidate.submit(LINKS, &[("days", days)]).await.status, 400, "{days}");
    }
    for _ in 0..10 {
        make(&candidate, "1").await;
    }
    let refused = candidate.submit(LINKS, &[("days", "1")]).await;
    assert!(refused.status == 409 && refused.body.contains("最多同时有 10 个"));
    server.advance(24 * 3600);
    let candidate = server.signed_in("张小三").await;
    make(&candidate, "1").await;
}

/// The database alone does not reveal a link.
#[tokio::test]
async fn link_token_is_not_stored() {
    use diesel::prelude::*;
    use kaozheng::store::{Error, schema::certificate_links::dsl as l};
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let link = make(&candidate, "7").await;
    let token = link.trim_start_matches("/v/").to_owned();
    let rows = server.parts.store.read::<_, Error, _>(|tx| {
        Ok(l::certificate_links.select((l::token, l::token_hash)).load::<(String, String)>(tx.conn)?)
    });
    for (sealed, hash) in rows.await.expect("links") {
        assert!(!sealed.contains(&token) && !hash.contains(&token));
    }
}
