//! Login on one device, and by scanning the code of another screen.

mod callback;
mod confirmation;
mod device_grant;
mod devices;
mod dialects;
mod identity;
mod levels;
mod own_profile;
mod parked_requests;
mod portal;
mod private_authority;
mod provinces;
mod proximity;
mod refusals;
mod screen_binding;
pub mod sessions;
mod threats;

use chrono::Duration;
use diesel::prelude::*;
use futures_util::FutureExt;
use kaozheng::store::schema::login_handshakes::dsl as h;
use kaozheng::store::{Clock, Error, Timestamp, ids};
use tokio::time::Instant;

use crate::server::{Answer, DESKTOP, PHONE, Server, Visitor};

/// A desktop that shows a login screen.
struct LoginScreen {
    browser: Visitor,
    page: Answer,
    handshake: String,
}

impl LoginScreen {
    async fn open(server: &Server, path: &str) -> LoginScreen {
        let browser = server.visitor(DESKTOP);
        LoginScreen::of(browser.open(path).await, browser)
    }

    fn of(page: Answer, browser: Visitor) -> LoginScreen {
        assert_eq!(page.status, 200);
        let handshake = page.between("hx-get=\"/login/wait/", "?").to_owned();
        LoginScreen { browser, page, handshake }
    }

    /// The path in the current QR code.
    fn code(&self, server: &Server) -> String {
        let began = ids::made_at(&self.handshake).expect("a time");
        format!("/s/{}", server.parts.login.codes.make(&self.handshake, began, now(server)))
    }

    /// Reloads the page, as a browser without scripts does.
    async fn reload(&self) -> Answer {
        self.browser.step(&format!("/login/wait/{}", self.handshake)).await
    }

    /// Polls as htmx does after it has shown the state `mark`.
    async fn wait(&self, mark: &str) -> Answer {
        self.browser.fetch(&format!("/login/wait/{}?seen={mark}", self.handshake)).await
    }

    async fn number(&self) -> String {
        self.reload().await.between("class=\"code\">", "<").to_owned()
    }

    fn confirm(&self) -> String {
        format!("/s/{}/confirm", self.handshake)
    }

    fn path(&self, action: &str) -> String {
        format!("/s/{}/{action}", self.handshake)
    }
}

fn now(server: &Server) -> Timestamp {
    server.parts.store.clock.now()
}

/// A login screen whose code was scanned by a signed-in phone.
async fn scanned(server: &Server) -> (LoginScreen, Visitor, Answer) {
    let screen = LoginScreen::open(server, "/login?next=/services").await;
    let phone = server.signed_in("张小三").await;
    let page = phone.open(&screen.code(server)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    (screen, phone, page)
}

/// Two digits other than `number`.
fn wrong(number: &str) -> &'static str {
    if number == "42" { "43" } else { "42" }
}

#[tokio::test]
async fn phone_signs_in_at_the_portal_and_continues_where_it_began() {
    let server = Server::start().await;
    let phone = server.visitor(PHONE);
    let page = phone.open("/login?next=/services/qualification").await;
    assert!(page.body.contains("用政务 App 登录") && !page.body.contains("data:image/png"), "{}", page.body);
    let portal = phone.open(page.between("data-look=\"primary\" href=\"", "\"")).await;
    assert!(portal.body.contains("演示环境") && portal.body.contains("陳大文"), "{}", portal.body);
    let before = phone.cookie();
    let arrived = phone.choose_person(&portal, "张小三").await;
    assert_eq!(arrived.url, format!("{}/services/qualification", server.base));
    assert_ne!(phone.cookie(), before, "the session id changes");
    assert!(phone.open("/").await.body.contains("您好，张*三"));
    assert_eq!(phone.step("/login?next=/services").await.location, "/services", "nothing left to do");
}

#[tokio::test]
async fn sign_out_ends_the_session() {
    let server = Server::start().await;
    let phone = server.signed_in("张小三").await;
    let old = phone.cookie();
    assert_eq!(phone.submit_step("/logout", &[]).await.location, "/logout/candidates");
    assert!(!phone.is_signed_in().await);
    let thief = server.visitor(DESKTOP);
    let request = thief.request(reqwest::Method::GET, "/").header("cookie", old);
    assert!(thief.send(request).await.body.contains("考生登录"), "the old cookie opens nothing");
}

#[tokio::test]
async fn desktop_is_signed_in_by_a_phone_that_signs_in_first() {
    let server = Server::start().await;
    let screen = LoginScreen::open(&server, "/login?next=/services").await;
    assert!(screen.page.body.contains("扫码登录") && screen.page.body.contains("3 分 0 秒"));
    let phone = server.visitor(PHONE);
    let portal = phone.open(&screen.code(&server)).await;
    assert!(portal.url.contains("/sandbox/authorize"), "{}", portal.url);
    let number = screen.number().await;
    let page = phone.choose_person(&portal, "陳大文").await;
    for words in [
        "您正在登录另一台设备",
        "考证通 · 示范市考试院",
        "Windows 电脑 · Chrome",
        "陳*文",
        "与本机相同的网络",
        "不是我",
    ] {
        assert!(page.body.contains(words), "{words} is not in\n{}", page.body);
    }
    let done = phone.submit(&screen.path("number"), &[("number", &number)]).await;
    assert!(done.body.contains("已确认登录"), "{}", done.body);
    assert_eq!(screen.browser.cookie(), "", "an anonymous login screen has no session");
    let redeemed = screen.wait("scanned").await;
    assert_eq!(redeemed.headers["hx-redirect"], "/services");
    for signed_in in [&screen.browser, &phone] {
        assert!(signed_in.open("/").await.body.contains("您好，陳*文"));
    }
    let session = screen.browser.cookie();
    assert_eq!(screen.wait("scanned").await.headers["hx-redirect"], "/services", "it is signed in");
    assert_eq!(screen.browser.cookie(), session, "only once");
}

#[tokio::test]
async fn desktop_without_scripts_reloads() {
    let server = Server::start().await;
    let (screen, phone, _) = scanned(&server).await;
    let again = format!("3; url=/login/wait/{}", screen.handshake);
    assert!(screen.page.body.contains(&again), "{}", screen.page.body);
    let number = screen.number().await;
    assert!(screen.reload().await.body.contains(&again));
    phone.submit(&screen.path("number"), &[("number", &number)]).await;
    let redeemed = screen.reload().await;
    assert_eq!((redeemed.status, redeemed.location.as_str()), (303, "/services"));
    assert!(screen.browser.is_signed_in().await);
}

#[tokio::test]
async fn wrong_number_or_decline_denies_the_login() {
    let server = Server::start().await;
    for decline in [false, true] {
        let (screen, phone, _) = scanned(&server).await;
        let number = screen.number().await;
        let answer = match decline {
            false => phone.submit(&screen.path("number"), &[("number", wrong(&number))]).await,
            true => phone.submit(&screen.path("decline"), &[]).await,
        };
        assert!(answer.body.contains("已拒绝这次登录"), "{}", answer.body);
        assert!(screen.reload().await.body.contains("登录被拒绝"));
        phone.submit(&screen.path("number"), &[("number", &number)]).await;
        assert!(!screen.browser.is_signed_in().await);
    }
}

#[tokio::test]
async fn screen_cancels_its_code() {
    let server = Server::start().await;
    let (screen, phone, _) = scanned(&server).await;
    let number = screen.number().await;
    let path = format!("/login/wait/{}", screen.handshake);
    server.visitor(DESKTOP).submit(&path, &[("next", "/services")]).await;
    assert!(screen.reload().await.body.contains("请在手机上输入数字"), "another browser cannot cancel it");
    let fresh = screen.browser.submit(&path, &[("next", "/services")]).await;
    assert!(fresh.url.ends_with("/login?next=%2Fservices") && fresh.body.contains("扫码登录"));
    assert_ne!(fresh.between("hx-get=\"/login/wait/", "?"), screen.handshake);
    phone.submit(&screen.path("number"), &[("number", &number)]).await;
    assert!(phone.open(&screen.confirm()).await.body.contains("二维码已作废"));
}

#[tokio::test]
async fn waiting_screen_shows_changes() {
    let server = Server::start().await;
    let screen = LoginScreen::open(&server, "/login").await;
    let phone = server.signed_in("张小三").await;
    let code = screen.code(&server);
    let (seen, _) = tokio::join!(screen.wait("waiting-0"), phone.step(&code));
    assert!(seen.body.contains("请在手机上输入数字"), "{}", seen.body);
}

#[tokio::test]
async fn change_wakes_a_waiting_screen_at_once_and_from_another_process_soon() {
    let server = Server::start().await;
    let screen = LoginScreen::open(&server, "/login").await;
    let (waiters, id) = (&server.parts.login.waiters, screen.handshake.clone());
    // Simulates another process: only the row changes, and nothing in this process is notified.
    let change = |seconds: i64| {
        let (store, id) = (server.parts.store.clone(), id.clone());
        async move {
            let write = store.write(move |tx| {
                let at = tx.now + Duration::seconds(seconds);
                let row = h::login_handshakes.find(id);
                Ok::<_, Error>(diesel::update(row).set(h::changed_at.eq(at)).execute(tx.conn)?)
            });
            assert_eq!(write.await.expect("a write"), 1);
        }
    };
    let (began, late) = (now(&server), Instant::now() + std::time::Duration::from_secs(20));
    let mut watch = waiters.watch(&id);
    assert_eq!(watch.changed_after(began, late).now_or_never(), None);
    change(1).await;
    waiters.wake(&id).await;
    assert_eq!(watch.changed_after(began, late).now_or_never(), Some(()));
    let known = began + Duration::seconds(1);
    assert_eq!(watch.changed_after(known, late).now_or_never(), None);
    change(2).await;
    watch.changed_after(known, late).await;
    assert!(Instant::now() < late, "the request was not answered in time");
}

/// A waiting screen needs no query while nothing changes, and never shows outdated state.
#[tokio::test]
async fn waiting_needs_no_query_until_something_changes() {
    let server = Server::start().await;
    let screen = LoginScreen::open(&server, "/login").await;
    assert!(screen.wait("").await.body.contains("seen=waiting-0"));
    let spoil = |words: &'static str| {
        let (store, id) = (server.parts.store.clone(), screen.handshake.clone());
        async move {
            let row = h::login_handshakes.find(id);
            let write = store.write(move |tx| {
                Ok::<_, Error>(diesel::update(row).set(h::browser.eq(words)).execute(tx.conn)?)
            });
            assert_eq!(write.await.expect("a write"), 1);
        }
    };
    let browser = server.parts.store.read({
        let id = screen.handshake.clone();
        move |tx| Ok::<String, Error>(h::login_handshakes.find(id).select(h::browser).first(tx.conn)?)
    });
    let browser: &'static str = browser.await.expect("a row").leak();
    // Any query would find the row changed.
    spoil("nobody's").await;
    server.advance(15);
    assert!(screen.wait("waiting-0").await.body.contains("seen=waiting-1"));
    assert_eq!(server.visitor(DESKTOP).fetch(&format!("/login/wait/{}", screen.handshake)).await.status, 404);
    spoil(browser).await;
    let phone = server.signed_in("张小三").await;
    phone.step(&screen.code(&server)).await;
    assert!(screen.wait("waiting-1").await.body.contains("请在手机上输入数字"));
    server.advance(180);
    assert!(screen.wait("scanned").await.body.contains("二维码已过期"));
}

#[tokio::test]
async fn excess_waiting_screens_are_told_to_come_later() {
    let clock = Clock::manual("2026-04-01T01:30:00".parse().expect("a time"));
    let server = Server::start_with(clock, |settings| settings.max_waiters = 1).await;
    let (first, second) =
        (LoginScreen::open(&server, "/login").await, LoginScreen::open(&server, "/login").await);
    let phone = server.signed_in("张小三").await;
    let (held, refused) = tokio::join!(first.wait("waiting-0"), async {
        while !server.parts.login.waiters.is_full() {
            tokio::task::yield_now().await;
        }
        let refused = server.visitor(DESKTOP).step("/login").await;
        let output = second.wait("waiting-0").await;
        assert!(
            output.body.contains("seen=waiting-0") && output.body.contains("delay:10s"),
            "{}",
            output.body
        );
        phone.step(&first.code(&server)).await;
        refused
    });
    assert!(refused.status == 503 && refused.headers["retry-after"] == "30");
    assert!(refused.body.contains("请稍后再试") && refused.body.contains("再试一次"), "{}", refused.body);
    assert!(held.body.contains("请在手机上输入数字") && held.body.contains("delay:100ms"));
    assert_eq!(server.visitor(DESKTOP).step("/login").await.status, 200, "there is room again");
}

#[tokio::test]
async fn stopping_program_answers_waiting_requests() {
    let server = Server::start().await;
    let screen = LoginScreen::open(&server, "/login").await;
    let began = std::time::Instant::now();
    let (seen, ()) = tokio::join!(screen.wait("waiting-0"), async { server.parts.login.waiters.stop() });
    assert!(seen.body.contains("seen=waiting-0") && began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}
