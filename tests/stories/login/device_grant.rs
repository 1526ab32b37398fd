//! Login by the portal's own code on the screen (device grant, RFC 8628).

use std::time::Duration;

use diesel::prelude::*;
use kaozheng::store::Error;
use kaozheng::store::schema::device_grants::dsl as g;

use crate::server::{Answer, DESKTOP, PHONE, Server, Visitor};

/// A desktop that shows the portal's code.
struct DeviceGrantScreen {
    browser: Visitor,
    page: Answer,
    handshake: String,
    user_code: String,
}

impl DeviceGrantScreen {
    async fn open(server: &Server) -> DeviceGrantScreen {
        let browser = server.visitor(DESKTOP);
        let page = browser.open("/login/device?next=/services").await;
        assert_eq!(page.status, 200, "{}", page.body);
        let handshake = page.between("hx-get=\"/login/wait/", "?").to_owned();
        let user_code = page.between("授权码 <strong>", "</strong>").to_owned();
        DeviceGrantScreen { browser, page, handshake, user_code }
    }

    /// Polls as the page does until its state changes. The clock advances meanwhile.
    async fn wait(&self, server: &Server) -> Answer {
        let path = format!("/login/wait/{}?seen=waiting", self.handshake);
        let answer = self.browser.fetch(&path);
        tokio::pin!(answer);
        loop {
            tokio::select! {
                answer = &mut answer => return answer,
                () = tokio::time::sleep(Duration::from_millis(100)) => server.advance(1),
            }
        }
    }
}

/// A phone opens the code's address and answers as the person `who`, or declines if it is empty.
async fn answer(server: &Server, screen: &DeviceGrantScreen, who: &str) -> Answer {
    let phone = server.visitor(PHONE);
    let page = phone.open(&format!("/sandbox/device?user_code={}", screen.user_code)).await;
    assert!(page.body.contains(&screen.user_code) && page.body.contains("演示环境"), "{}", page.body);
    let person = if who.is_empty() { String::new() } else { page.button_value(who) };
    phone.submit("/sandbox/device", &[("user_code", &screen.user_code), ("person", &person)]).await
}

#[tokio::test]
async fn portal_signs_a_screen_in() {
    let server = Server::start().await;
    let screen = DeviceGrantScreen::open(&server).await;
    for words in ["授权码", "使用本站的二维码登录", "跳转到省政务服务网登录"] {
        assert!(screen.page.body.contains(words), "{words} is not in {}", screen.page.body);
    }
    assert!(answer(&server, &screen, "陳大文").await.body.contains("已同意登录"));
    let redeemed = screen.wait(&server).await;
    assert_eq!(redeemed.headers["hx-redirect"], "/services");
    assert!(screen.browser.open("/me").await.body.contains("在政务服务平台扫码登录"));
    let left =
        server.parts.store.read::<_, Error, _>(|tx| Ok(g::device_grants.count().first::<i64>(tx.conn)?));
    assert_eq!(left.await.expect("a count"), 0, "the device code is forgotten");
}

#[tokio::test]
async fn refusal_at_the_portal_is_shown_on_the_screen() {
    let server = Server::start().await;
    let screen = DeviceGrantScreen::open(&server).await;
    assert!(answer(&server, &screen, "").await.body.contains("已拒绝登录"));
    let denied = screen.wait(&server).await;
    assert!(
        denied.body.contains("登录被拒绝") && denied.body.contains("/login/device?next="),
        "{}",
        denied.body
    );
    assert!(!screen.browser.is_signed_in().await);
    assert_eq!(answer(&server, &screen, "陳大文").await.status, 400, "an answer is final");
}

#[tokio::test]
async fn code_of_the_portal_expires() {
    let server = Server::start().await;
    let screen = DeviceGrantScreen::open(&server).await;
    server.advance(301);
    let expired = screen.wait(&server).await;
    assert!(expired.body.contains("二维码已过期") && expired.body.contains("刷新二维码"), "{}", expired.body);
}

#[tokio::test]
async fn another_poller_takes_over() {
    let server = Server::start().await;
    let screen = DeviceGrantScreen::open(&server).await;
    let turn = |seconds: i64| {
        let (store, id) = (server.parts.store.clone(), screen.handshake.clone());
        async move {
            let next = store.write::<_, Error, _>(move |tx| {
                let due = g::device_grants.find(id).filter(g::poll_at.le(tx.now));
                let until = tx.now + chrono::Duration::seconds(seconds);
                Ok(diesel::update(due).set(g::poll_at.eq(until)).execute(tx.conn)?)
            });
            next.await.expect("a write")
        }
    };
    server.advance(2);
    // Another process took the turn and died, so the turn comes back.
    assert_eq!(turn(60).await, 1);
    assert!(answer(&server, &screen, "陳大文").await.body.contains("已同意登录"));
    assert_eq!(screen.wait(&server).await.headers["hx-redirect"], "/services");
}

#[tokio::test]
async fn only_the_screen_with_the_code_redeems_it() {
    let server = Server::start().await;
    let (screen, thief) = (DeviceGrantScreen::open(&server).await, DeviceGrantScreen::open(&server).await);
    answer(&server, &screen, "陳大文").await;
    let path = format!("/login/wait/{}", screen.handshake);
    assert_eq!(thief.browser.step(&path).await.status, 404);
    assert_eq!(screen.wait(&server).await.headers["hx-redirect"], "/services");
    assert!(!thief.browser.is_signed_in().await);
}

#[tokio::test]
async fn device_grant_is_absent_where_it_is_not_offered() {
    let server = Server::start_with(kaozheng::store::Clock::system(), |settings| {
        settings.portal.ways.device = false;
    })
    .await;
    let desktop = server.visitor(DESKTOP);
    assert_eq!(desktop.step("/login/device").await.status, 404);
    assert!(!desktop.open("/login").await.body.contains("授权码登录"));
}

#[tokio::test]
async fn device_grant_comes_first_where_it_is_the_only_way() {
    let server = Server::start_with(kaozheng::store::Clock::system(), |settings| {
        (settings.portal.ways.portal, settings.portal.ways.scan) = (false, false);
    })
    .await;
    for agent in [DESKTOP, PHONE] {
        let page = server.visitor(agent).open("/login").await;
        assert!(
            page.body.contains("在本机打开政务服务平台") && !page.body.contains("跳转到"),
            "{}",
            page.body
        );
    }
}

/// The device grant follows the same rules as the redirect, and the screen shows the reason.
#[tokio::test]
async fn screen_shows_why_the_portals_code_signed_nobody_in() {
    let server = Server::start().await;
    server.load_demo().await;
    let screen = DeviceGrantScreen::open(&server).await;
    assert!(answer(&server, &screen, "另一个账号，未实名").await.body.contains("已同意登录"));
    let path = format!("/login/wait/{}", screen.handshake);
    assert_eq!(screen.wait(&server).await.headers["hx-redirect"], path.as_str());
    let output = screen.browser.step(&path).await;
    assert!(output.status == 403 && output.body.contains("请先完成实名认证"), "{}", output.body);
    assert!(!output.body.contains("再试一次") && !screen.browser.is_signed_in().await);
}
