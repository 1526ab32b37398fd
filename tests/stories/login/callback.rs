//! A callback that is loaded twice, later or at once, ends where the first one ended.

use diesel::prelude::*;
use kaozheng::site::{self, Parts};
use kaozheng::store::schema::{portal_attempts::dsl as p, sessions::dsl as s};
use reqwest::Method;
use serde_json::json;
use tokio::net::TcpListener;

use super::dialects::portal::{Site, json_of};
use crate::server::{Answer, DESKTOP, PHONE, Visitor};

/// Sends a browser to the portal. Returns the callback's path.
async fn callback_path(site: &Site, visitor: &Visitor) -> String {
    let away = visitor.step("/login/portal?next=/progress").await;
    assert_eq!(away.status, 303);
    site.set_response("/token", json_of(json!({ "access_token": "a", "token_type": "Bearer" })));
    let url = url::Url::parse(&away.location).expect("an address");
    let state = url.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
    format!("/login/callback?code=c&state={state}")
}

/// A copy of the browser before it receives an answer.
fn copy(site: &Site, visitor: &Visitor, back: &str) -> Visitor {
    let copy = site.server.visitor(PHONE);
    for cookie in visitor.cookies_at("/login/callback").split("; ").filter(|cookie| !cookie.is_empty()) {
        copy.plant(&format!("{cookie}; Path=/login/callback"));
    }
    assert!(back.contains("state="));
    copy
}

fn sets_a_cookie(answer: &Answer) -> bool {
    answer.headers.contains_key("set-cookie")
}

async fn sessions(site: &Site) -> i64 {
    let count = s::sessions.count();
    site.server
        .parts
        .store
        .read::<_, kaozheng::store::Error, _>(move |tx| Ok(count.get_result(tx.conn)?))
        .await
        .expect("a count")
}

#[tokio::test]
async fn browser_at_the_portal_has_no_session() {
    let site = Site::start(|_| {}).await;
    let visitor = site.server.visitor(PHONE);
    callback_path(&site, &visitor).await;
    assert_eq!((visitor.cookie().as_str(), sessions(&site).await), ("", 0));
}

#[tokio::test]
async fn reloaded_callback_stays_signed_in() {
    let site = Site::start(|_| {}).await;
    let visitor = site.server.visitor(PHONE);
    let back = callback_path(&site, &visitor).await;
    assert_eq!(visitor.step(&back).await.location, "/progress");
    let session = visitor.cookie();
    for seconds in [0, 30, 600, 900] {
        site.server.advance(seconds);
        let again = visitor.step(&back).await;
        assert!(again.status == 303 && again.location == "/progress", "{}", again.body);
        assert_eq!(visitor.cookie(), session, "the same session");
    }
    assert_eq!((site.requests_to("/token"), sessions(&site).await), (1, 1), "the code is used once");
}

#[tokio::test]
async fn failed_callback_fails_again_in_the_same_way() {
    let site = Site::start(|_| {}).await;
    let visitor = site.server.visitor(PHONE);
    let back = callback_path(&site, &visitor).await;
    site.set_response("/userinfo", (500, "text/html", "broken".into()));
    let first = visitor.step(&back).await;
    assert!(first.status == 502 && first.body.contains("没有完成登录"), "{}", first.body);
    let again = visitor.step(&back).await;
    assert!(again.status == 502 && again.body.contains("没有完成登录"), "{}", again.body);
    assert!(again.body.contains("/login?next=%2Fprogress"));
    assert!(!sets_a_cookie(&first) && !sets_a_cookie(&again));
    assert_eq!((site.requests_to("/token"), sessions(&site).await), (1, 0));
}

#[tokio::test]
async fn simultaneous_callbacks_create_one_session() {
    let site = Site::start(|_| {}).await;
    let visitor = site.server.visitor(PHONE);
    let back = callback_path(&site, &visitor).await;
    let copies: Vec<Visitor> = (0..4).map(|_| copy(&site, &visitor, &back)).collect();
    let answers = futures_util::future::join_all(copies.iter().map(|copy| copy.step(&back))).await;
    for (answer, copy) in answers.iter().zip(&copies) {
        assert_eq!(answer.location, "/progress", "{}", answer.body);
        assert!(copy.is_signed_in().await);
        assert_eq!(copy.cookie(), copies[0].cookie());
    }
    assert_eq!((site.requests_to("/token"), sessions(&site).await), (1, 1));
}

/// The second request may reach another process, and the first answer may be lost with its process.
#[tokio::test]
async fn another_process_gives_the_same_answer() {
    let site = Site::start(|_| {}).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let Parts { settings, store, files, .. } = site.server.parts.clone();
    let other = Parts::new((*settings).clone(), store, files).expect("the program's parts");
    let serve = async move {
        site::serve(listener, &other, std::future::pending(), std::time::Duration::ZERO).await;
    };
    let task = tokio::spawn(serve);
    let visitor = site.server.visitor(PHONE);
    let back = callback_path(&site, &visitor).await;
    let elsewhere = Visitor::new(&base, PHONE);
    let cookie = visitor.cookies_at("/login/callback");
    let request = elsewhere.request(Method::GET, &back).header("cookie", &cookie);
    let (here, there) = tokio::join!(visitor.step(&back), elsewhere.send(request));
    assert_eq!((here.location.as_str(), there.location.as_str()), ("/progress", "/progress"));
    assert_eq!(elsewhere.cookie(), visitor.cookie());
    assert_eq!(site.requests_to("/token"), 1);
    task.abort();
}

/// A browser that aborts and reloads while the portal is being asked is signed in.
#[tokio::test]
async fn reload_during_the_token_request_is_signed_in() {
    let site = Site::start(|_| {}).await;
    let visitor = site.server.visitor(PHONE);
    let back = callback_path(&site, &visitor).await;
    let hold = site.block("/userinfo").await;
    {
        let first = copy(&site, &visitor, &back);
        let request = first.step(&back);
        tokio::pin!(request);
        while site.requests_to("/userinfo") == 0 {
            tokio::select! {
                answer = &mut request => panic!("answered: {}", answer.body),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    drop(hold);
    assert_eq!(visitor.step(&back).await.location, "/progress");
    assert!(visitor.is_signed_in().await);
    assert_eq!((site.requests_to("/token"), sessions(&site).await), (1, 1));
}

#[tokio::test]
async fn callback_from_another_browser_or_another_day_is_refused() {
    let site = Site::start(|_| {}).await;
    let visitor = site.server.visitor(PHONE);
    let back = callback_path(&site, &visitor).await;
    let thief = site.server.visitor(DESKTOP);
    for _ in 0..2 {
        let refused = thief.step(&back).await;
        assert!(refused.status == 403 && refused.body.contains("这次登录已失效"), "{}", refused.body);
        assert!(!sets_a_cookie(&refused) && !thief.is_signed_in().await);
        // Tried before and after the browser that began has returned.
        assert_eq!(visitor.step(&back).await.location, "/progress");
    }
    for path in ["", "?error=access_denied", "?state=unknown"] {
        let refused = thief.step(&format!("/login/callback{path}")).await;
        assert!(refused.status == 403 && !sets_a_cookie(&refused), "{path}");
    }
    for path in ["?state=unknown&code=c", "?code=c"] {
        let refused = visitor.step(&format!("/login/callback{path}")).await;
        assert!(refused.status == 403 && !sets_a_cookie(&refused), "an attempt is open: {path}");
    }
    assert_eq!(sessions(&site).await, 1);
    visitor.submit("/logout", &[]).await;
    visitor.step(&back).await;
    assert!(!visitor.is_signed_in().await, "signing out is final");

    let late = site.server.visitor(PHONE);
    let back = callback_path(&site, &late).await;
    site.server.advance(600);
    let refused = late.step(&back).await;
    assert!(refused.status == 403 && refused.body.contains("这次登录已失效"), "{}", refused.body);
}

/// The session is handed out again for a minute, only to the browser that began.
#[tokio::test]
async fn lost_answer_is_repeated_for_a_minute() {
    let site = Site::start(|_| {}).await;
    for (seconds, is_in) in [(59, true), (60, false)] {
        let visitor = site.server.visitor(PHONE);
        let back = callback_path(&site, &visitor).await;
        let lost = copy(&site, &visitor, &back);
        assert_eq!(visitor.step(&back).await.location, "/progress");
        site.server.advance(seconds);
        let again = lost.step(&back).await;
        assert_eq!(again.status, if is_in { 303 } else { 403 }, "{}", again.body);
        assert_eq!(lost.is_signed_in().await, is_in);
    }
}

#[tokio::test]
async fn attempts_are_deleted() {
    let site = Site::start(|_| {}).await;
    let store = &site.server.parts.store;
    let count = || async {
        let count = p::portal_attempts.count();
        store
            .read::<i64, kaozheng::store::Error, _>(move |tx| Ok(count.get_result(tx.conn)?))
            .await
            .expect("a count")
    };
    let (left, done) = (site.server.visitor(PHONE), site.server.visitor(PHONE));
    callback_path(&site, &left).await;
    let back = callback_path(&site, &done).await;
    done.step(&back).await;
    for (seconds, kept) in [(0, 2), (1201, 1), (12 * 3600, 0)] {
        site.server.advance(seconds);
        store.write(kaozheng::login::attempt::sweep).await.expect("a sweep");
        assert_eq!(count().await, kept, "{seconds}");
    }
}
