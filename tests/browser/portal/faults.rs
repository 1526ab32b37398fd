//! Faults of the portal lead to a page that explains them and offers another try. Nobody is signed in,
//! and the status blames the portal.

use std::time::Instant;

use chrono::Duration;
use diesel::prelude::*;
use kaozheng::settings::ClaimsFrom;
use kaozheng::store::schema::device_grants::dsl as g;
use kaozheng::store::{Clock, Error};
use serde_json::json;
use url::Url;

use super::site;
use crate::portal_server::Fault;
use crate::server::{Answer, DESKTOP, PHONE, Server, Visitor};

const NO_ANSWER: &str = "政务服务平台暂时没有回应";
const NOT_UNDERSTOOD: &str = "政务服务平台的回答无法识别";
const REFUSED: &str = "政务服务平台没有完成登录";
const DECLINED: &str = "您没有在政务服务平台授权登录";
const OUTDATED: &str = "这次登录已失效";
const INCOMPLETE: &str = "政务服务平台提供的身份信息不完整";
const UNMAPPED: &str = "暂不支持用这种证件登录";

/// Goes to the portal and comes back.
async fn sign_in(visitor: &Visitor) -> Answer {
    let page = visitor.open("/login/portal?next=/me").await;
    match page.body.contains("统一身份认证") {
        true => visitor.submit(&page.url, &[("person", "zhang")]).await,
        false => page,
    }
}

async fn assert_refused(visitor: &Visitor, answer: &Answer, words: &str, case: &str) {
    let ours = [DECLINED, OUTDATED, UNMAPPED].contains(&words);
    assert_eq!(answer.status, if ours { 403 } else { 502 }, "{case}: {}", answer.body);
    // Another try does not help with an unmapped document type, so none is offered.
    let offers_another_try = answer.body.contains("重新登录");
    let output = answer.body.contains(words) && offers_another_try == (words != UNMAPPED);
    let page = answer.body.split("<main").last().unwrap_or_default();
    assert!(output, "{case}: {words} is not in {page}");
    assert!(!visitor.is_signed_in().await, "{case}");
}

async fn assert_works(server: &Server, case: &str) {
    let visitor = server.visitor(PHONE);
    let answer = sign_in(&visitor).await;
    assert!(answer.url.ends_with("/me") && visitor.is_signed_in().await, "{case}: {}", answer.body);
}

fn common_faults(
    path: &'static str,
    error_500: &'static str,
) -> [(&'static str, &'static str, Fault, &'static str); 5] {
    [
        ("slow", path, Fault::Slow, NO_ANSWER),
        ("cut connection", path, Fault::Cut, NO_ANSWER),
        ("error 500", path, Fault::Status(500), error_500),
        ("garbage", path, Fault::Text("{\"access_token\": "), NOT_UNDERSTOOD),
        ("another's page", path, Fault::Text("<html>请先登录 WLAN</html>"), NOT_UNDERSTOOD),
    ]
}

/// Tries each fault on a site of its own, which works again once the portal does.
async fn try_each(from: ClaimsFrom, faults: &[(&str, &'static str, Fault, &str)]) {
    for (name, path, fault, words) in faults {
        let case = format!("{name} at {path}");
        let (server, portal) = site(Clock::system(), |portal| portal.claims_from = from).await;
        portal.fail(path, *fault);
        let visitor = server.visitor(PHONE);
        assert_refused(&visitor, &sign_in(&visitor).await, words, &case).await;
        portal.mend();
        assert_works(&server, &case).await;
    }
}

#[tokio::test]
async fn token_endpoint_faults_sign_nobody_in() {
    try_each(ClaimsFrom::Userinfo, &common_faults("/token", NOT_UNDERSTOOD)).await;
}

#[tokio::test]
async fn userinfo_faults_sign_nobody_in() {
    let missing = Fault::Json(|said| said["citizen"]["cert"] = json!({ "type": "111" }));
    let unknown = Fault::Json(|said| said["citizen"]["cert"]["type"] = json!("999"));
    let invalid = Fault::Json(|said| said["citizen"]["cert"]["number"] = json!("110105194912310021"));
    let more = [
        ("a claim is missing", "/me", missing, INCOMPLETE),
        ("an unknown kind of document", "/me", unknown, UNMAPPED),
        ("a number with a wrong check digit", "/me", invalid, INCOMPLETE),
    ];
    try_each(ClaimsFrom::Userinfo, &[&common_faults("/me", REFUSED)[..], &more].concat()).await;
}

#[tokio::test]
async fn key_and_id_token_faults_sign_nobody_in() {
    let none = Fault::Json(|said| said["id_token"] = json!(null));
    let forged = Fault::Json(|said| {
        let token = said["id_token"].as_str().expect("a token");
        let unsigned = &token[..token.rfind('.').expect("a signature")];
        said["id_token"] = json!(format!("{unsigned}.AAAA"));
    });
    let more = [
        ("no ID token", "/token", none, INCOMPLETE),
        ("a forged signature", "/token", forged, REFUSED),
        ("no key of the portal", "/jwks", Fault::Text("{\"keys\":[]}"), REFUSED),
    ];
    try_each(ClaimsFrom::IdToken, &[&common_faults("/jwks", REFUSED)[..], &more].concat()).await;
}

#[tokio::test]
async fn discovery_faults_sign_nobody_in() {
    const DOCUMENT: &str = "/.well-known/openid-configuration";
    let foreign = Fault::Json(|said| said["issuer"] = json!("https://evil.example"));
    let plain = Fault::Json(|said| said["token_endpoint"] = json!("http://evil.example/token"));
    let table = [
        ("error 500", "*", Fault::Status(500), REFUSED),
        ("another's document", DOCUMENT, foreign, NOT_UNDERSTOOD),
        ("an address without https", DOCUMENT, plain, NOT_UNDERSTOOD),
    ];
    try_each(ClaimsFrom::Userinfo, &table).await;
}

#[tokio::test]
async fn tampered_callback_signs_nobody_in() {
    fn set(url: &mut Url, name: &str, value: &str) {
        let kept: Vec<_> = url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
        if !value.is_empty() {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    type Change = fn(&mut Url);
    let table: [(&str, Change, &str); 5] = [
        ("wrong state", |url| set(url, "state", "guessed"), OUTDATED),
        ("no state", |url| set(url, "state", ""), OUTDATED),
        ("wrong iss", |url| set(url, "iss", "https://evil.example"), REFUSED),
        ("no iss", |url| set(url, "iss", ""), REFUSED),
        ("no code", |url| set(url, "code", ""), REFUSED),
    ];
    let (server, portal) = site(Clock::system(), |_| {}).await;
    for (case, change, words) in table {
        portal.fail("*", Fault::Location(change));
        let visitor = server.visitor(PHONE);
        assert_refused(&visitor, &sign_in(&visitor).await, words, case).await;
    }
    portal.mend();
    assert_works(&server, "afterwards").await;
}

#[tokio::test]
async fn code_works_once_and_only_for_its_browser() {
    let (server, _portal) = site(Clock::system(), |_| {}).await;
    let (owner, thief) = (server.visitor(PHONE), server.visitor(DESKTOP));
    let callback = callback_of(&owner).await;
    // Another browser has no such attempt.
    assert_refused(&thief, &thief.step(&callback).await, OUTDATED, "another browser").await;
    // PKCE: another browser's own attempt cannot redeem the code either.
    let own = callback_of(&thief).await;
    let code =
        |callback: &str| callback.split("code=").nth(1).expect("a code").split('&').next().map(str::to_owned);
    let stolen = own.replace(&code(&own).expect("a code"), &code(&callback).expect("a code"));
    assert_refused(&thief, &thief.step(&stolen).await, REFUSED, "a stolen code").await;
    assert_eq!(owner.step(&callback).await.location, "/", "it is still its owner's");
    assert_eq!(owner.submit_step("/logout", &[]).await.location, "/logout/candidates");
    assert_refused(&owner, &owner.step(&callback).await, OUTDATED, "a replay").await;
    let again = callback_of(&owner).await;
    let replayed = again.replace(&code(&again).expect("a code"), &code(&callback).expect("a code"));
    assert_refused(&owner, &owner.step(&replayed).await, REFUSED, "a code that was used").await;
}

/// Signs in at the portal. Returns the callback URL to which the portal redirects.
async fn callback_of(visitor: &Visitor) -> String {
    let mut answer = visitor.step("/login/portal").await;
    // An upper bound of the portal's redirects.
    for _ in 0..8 {
        answer = match answer.location.as_str() {
            back if back.starts_with("/login/callback") => return answer.location,
            "" => visitor.submit_step(&answer.url, &[("person", "zhang")]).await,
            next => {
                let here = Url::parse(&answer.url).expect("an address");
                visitor.step(here.join(next).expect("an address").as_str()).await
            }
        };
    }
    panic!("the portal does not send back: {}", answer.body)
}

#[tokio::test]
async fn refusal_at_the_portal_is_shown() {
    let (server, _portal) = site(Clock::system(), |_| {}).await;
    let visitor = server.visitor(PHONE);
    let page = visitor.open("/login/portal").await;
    let answer = visitor.submit(&page.url, &[("person", "")]).await;
    assert_refused(&visitor, &answer, DECLINED, "access_denied").await;
}

/// The portal's ID tokens are valid for 30 seconds; we tolerate a clock difference of 60.
#[tokio::test]
async fn clock_difference_of_two_minutes_signs_nobody_in() {
    for minutes in [-2, 2] {
        let clock = Clock::manual(Clock::system().now() + Duration::minutes(minutes));
        let (server, _portal) = site(clock, |portal| portal.claims_from = ClaimsFrom::IdToken).await;
        let visitor = server.visitor(PHONE);
        assert_refused(&visitor, &sign_in(&visitor).await, REFUSED, &format!("{minutes} minutes")).await;
    }
}

#[tokio::test]
async fn rotated_keys_are_fetched_again() {
    let (server, portal) = site(Clock::system(), |portal| portal.claims_from = ClaimsFrom::IdToken).await;
    assert_works(&server, "the first key").await;
    portal.rotate_keys().await;
    assert_works(&server, "a new key, not known yet").await;
    // The token's key was rotated away between signing and verification.
    portal.fail("/jwks", Fault::Text("{\"keys\":[]}"));
    portal.rotate_keys().await;
    let visitor = server.visitor(PHONE);
    assert_refused(&visitor, &sign_in(&visitor).await, REFUSED, "a withdrawn key").await;
    portal.mend();
    assert_works(&server, "afterwards").await;
}

/// Waits on a screen with the portal's code until the answer changes.
async fn wait_for_change(server: &Server) -> Answer {
    let desktop = server.visitor(DESKTOP);
    let page = desktop.open("/login/device").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let id = page.between("hx-get=\"/login/wait/", "?").to_owned();
    let answer = desktop.fetch(&format!("/login/wait/{id}?seen=waiting")).await;
    assert!(!desktop.is_signed_in().await);
    answer
}

#[tokio::test]
async fn device_grant_faults_are_shown() {
    let table = [
        (Fault::Refuse("expired_token"), "二维码已过期"),
        (Fault::Refuse("access_denied"), "登录被拒绝"),
        (Fault::Refuse("invalid_grant"), "登录没有完成"),
        (Fault::Text("{"), "登录没有完成"),
    ];
    for (fault, words) in table {
        let (server, portal) = site(Clock::system(), |_| {}).await;
        portal.fail("/token", fault);
        let output = wait_for_change(&server).await;
        assert!(output.status == 200 && output.body.contains(words), "{words} is not in {}", output.body);
        assert!(output.body.contains("刷新二维码"));
    }
    let (server, portal) = site(Clock::system(), |_| {}).await;
    portal.fail("/device/auth", Fault::Status(500));
    let desktop = server.visitor(DESKTOP);
    assert_refused(&desktop, &desktop.step("/login/device").await, NOT_UNDERSTOOD, "no code").await;
}

/// RFC 8628 §3.5: each `slow_down` adds five seconds to the interval.
#[tokio::test]
async fn slow_down_lengthens_the_polling_interval() {
    let (server, portal) = site(Clock::manual(Clock::system().now()), |_| {}).await;
    portal.fail("/token", Fault::Refuse("slow_down"));
    server.visitor(DESKTOP).open("/login/device").await;
    for (polls, interval) in [(1, 5), (2, 10), (3, 15)] {
        server.advance(interval);
        wait_for_interval(&server, interval + 5).await;
        assert_eq!(portal.calls("/token"), polls);
    }
    server.visitor(DESKTOP).open("/login/device").await;
    server.advance(5);
    wait_for_interval(&server, 10).await;
    assert_eq!(portal.calls("/token"), 4, "the second screen's turn, not yet the first one's");
}

/// Waits until the stored polling interval of a code is `seconds`.
async fn wait_for_interval(server: &Server, seconds: i64) {
    let deadline = Instant::now() + std::time::Duration::from_secs(10);
    loop {
        let intervals = server
            .parts
            .store
            .read::<_, Error, _>(|tx| Ok(g::device_grants.select(g::poll_seconds).load::<i32>(tx.conn)?));
        let intervals = intervals.await.expect("a query");
        if intervals.iter().any(|interval| i64::from(*interval) == seconds) {
            return;
        }
        assert!(Instant::now() < deadline, "{seconds} is not among {intervals:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
