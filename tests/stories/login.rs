//! Logging in: on the same device, and by scanning the code of another screen.

mod callback;
mod confirm;
mod device_grant;
mod devices;
mod dialects;
mod identity;
mod portal;
mod proximity;
mod refusals;
mod screens;
mod sessions;
mod threats;
mod waits;

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use futures_util::FutureExt;
use kaozheng::store::schema::login_handshakes::dsl as h;
use kaozheng::store::{Clock, Error, ids};
use tokio::time::Instant;

use crate::server::{Answer, DESKTOP, PHONE, Server, Visitor};

/// A desktop that shows a code.
struct Desk {
    browser: Visitor,
    page: Answer,
    handshake: String,
}

impl Desk {
    async fn open(server: &Server, path: &str) -> Desk {
        let browser = server.visitor(DESKTOP);
        Desk::of(browser.open(path).await, browser)
    }

    fn of(page: Answer, browser: Visitor) -> Desk {
        assert_eq!(page.status, 200);
        let handshake = page.between("hx-get=\"/login/wait/", "?").to_owned();
        Desk { browser, page, handshake }
    }

    /// The path inside the code that is on the screen now.
    fn code(&self, server: &Server) -> String {
        let began = ids::made_at(&self.handshake).expect("a time");
        format!("/s/{}", server.parts.login.codes.make(&self.handshake, began, now(server)))
    }

    /// What a browser without scripts sees when it looks again.
    async fn look(&self) -> Answer {
        self.browser.step(&format!("/login/wait/{}", self.handshake)).await
    }

    /// What htmx gets that says it has seen `mark`.
    async fn wait(&self, mark: &str) -> Answer {
        self.browser.fetch(&format!("/login/wait/{}?seen={mark}", self.handshake)).await
    }

    async fn number(&self) -> String {
        self.look().await.between("class=\"code\">", "<").to_owned()
    }

    fn confirm(&self) -> String {
        format!("/s/{}/confirm", self.handshake)
    }

    fn path(&self, action: &str) -> String {
        format!("/s/{}/{action}", self.handshake)
    }
}

fn now(server: &Server) -> NaiveDateTime {
    server.parts.store.clock.now()
}

/// The first page greets whoever has signed in.
async fn is_signed_in(visitor: &Visitor) -> bool {
    visitor.open("/").await.body.contains("您好，")
}

/// A desk whose code a signed-in phone has scanned.
async fn scanned(server: &Server) -> (Desk, Visitor, Answer) {
    let desk = Desk::open(server, "/login?next=/services").await;
    let phone = server.signed_in("张小三").await;
    let page = phone.open(&desk.code(server)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    (desk, phone, page)
}

/// Two digits that are not on the screen.
fn wrong(number: &str) -> &'static str {
    if number == "42" { "43" } else { "42" }
}

#[tokio::test]
async fn a_phone_signs_in_at_the_portal_and_goes_where_it_wanted() {
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
async fn sign_out_ends_the_session_itself() {
    let server = Server::start().await;
    let phone = server.signed_in("张小三").await;
    let old = phone.cookie();
    assert_eq!(phone.submit_step("/logout", &[]).await.location, "/");
    assert!(!is_signed_in(&phone).await);
    let thief = server.visitor(DESKTOP);
    let request = thief.request(reqwest::Method::GET, "/").header("cookie", old);
    assert!(thief.send(request).await.body.contains("考生登录"), "the old cookie opens nothing");
}

#[tokio::test]
async fn a_desktop_is_signed_in_by_a_phone_that_signs_in_on_the_way() {
    let server = Server::start().await;
    let desk = Desk::open(&server, "/login?next=/services").await;
    assert!(desk.page.body.contains("扫码登录") && desk.page.body.contains("3 分 0 秒"));
    let phone = server.visitor(PHONE);
    let portal = phone.open(&desk.code(&server)).await;
    assert!(portal.url.contains("/sandbox/authorize"), "{}", portal.url);
    let number = desk.number().await;
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
    let done = phone.submit(&desk.path("number"), &[("number", &number)]).await;
    assert!(done.body.contains("已确认登录"), "{}", done.body);
    assert_eq!(desk.browser.cookie(), "", "who only looks at a code has no session");
    let redeemed = desk.wait("scanned").await;
    assert_eq!(redeemed.headers["hx-redirect"], "/services");
    for signed_in in [&desk.browser, &phone] {
        assert!(signed_in.open("/").await.body.contains("您好，陳*文"));
    }
    let session = desk.browser.cookie();
    assert_eq!(desk.wait("scanned").await.headers["hx-redirect"], "/services", "it is signed in");
    assert_eq!(desk.browser.cookie(), session, "only once");
}

#[tokio::test]
async fn without_scripts_the_desktop_looks_again_and_again() {
    let server = Server::start().await;
    let (desk, phone, _) = scanned(&server).await;
    let again = format!("3; url=/login/wait/{}", desk.handshake);
    assert!(desk.page.body.contains(&again), "{}", desk.page.body);
    let number = desk.number().await;
    assert!(desk.look().await.body.contains(&again));
    phone.submit(&desk.path("number"), &[("number", &number)]).await;
    let redeemed = desk.look().await;
    assert_eq!((redeemed.status, redeemed.location.as_str()), (303, "/services"));
    assert!(is_signed_in(&desk.browser).await);
}

#[tokio::test]
async fn a_wrong_number_or_not_me_denies_for_good() {
    let server = Server::start().await;
    for decline in [false, true] {
        let (desk, phone, _) = scanned(&server).await;
        let number = desk.number().await;
        let answer = match decline {
            false => phone.submit(&desk.path("number"), &[("number", wrong(&number))]).await,
            true => phone.submit(&desk.path("decline"), &[]).await,
        };
        assert!(answer.body.contains("已拒绝这次登录"), "{}", answer.body);
        assert!(desk.look().await.body.contains("登录被拒绝"));
        phone.submit(&desk.path("number"), &[("number", &number)]).await;
        assert!(!is_signed_in(&desk.browser).await);
    }
}

#[tokio::test]
async fn the_screen_can_give_its_code_up() {
    let server = Server::start().await;
    let (desk, phone, _) = scanned(&server).await;
    let number = desk.number().await;
    let path = format!("/login/wait/{}", desk.handshake);
    server.visitor(DESKTOP).submit(&path, &[("next", "/services")]).await;
    assert!(desk.look().await.body.contains("请在手机上输入数字"), "nobody else gives it up");
    let fresh = desk.browser.submit(&path, &[("next", "/services")]).await;
    assert!(fresh.url.ends_with("/login?next=%2Fservices") && fresh.body.contains("扫码登录"));
    assert_ne!(fresh.between("hx-get=\"/login/wait/", "?"), desk.handshake);
    phone.submit(&desk.path("number"), &[("number", &number)]).await;
    assert!(phone.open(&desk.confirm()).await.body.contains("二维码已作废"));
}

#[tokio::test]
async fn a_waiting_screen_shows_what_has_changed() {
    let server = Server::start().await;
    let desk = Desk::open(&server, "/login").await;
    let phone = server.signed_in("张小三").await;
    let code = desk.code(&server);
    let (seen, _) = tokio::join!(desk.wait("waiting-0"), phone.step(&code));
    assert!(seen.body.contains("请在手机上输入数字"), "{}", seen.body);
}

#[tokio::test]
async fn a_change_wakes_at_once_here_and_soon_from_another_process() {
    let server = Server::start().await;
    let desk = Desk::open(&server, "/login").await;
    let (waiters, id) = (&server.parts.login.waiters, desk.handshake.clone());
    // What another process does: only the row changes, nobody here is told.
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
    assert!(Instant::now() < late, "nobody looked for it");
}

/// What a screen shows is known without the database, but never longer than it is true.
#[tokio::test]
async fn waiting_asks_the_database_nothing_until_something_changes() {
    let server = Server::start().await;
    let desk = Desk::open(&server, "/login").await;
    assert!(desk.wait("").await.body.contains("seen=waiting-0"));
    let spoil = |words: &'static str| {
        let (store, id) = (server.parts.store.clone(), desk.handshake.clone());
        async move {
            let row = h::login_handshakes.find(id);
            let write = store.write(move |tx| {
                Ok::<_, Error>(diesel::update(row).set(h::browser.eq(words)).execute(tx.conn)?)
            });
            assert_eq!(write.await.expect("a write"), 1);
        }
    };
    let browser = server.parts.store.read({
        let id = desk.handshake.clone();
        move |tx| Ok::<String, Error>(h::login_handshakes.find(id).select(h::browser).first(tx.conn)?)
    });
    let browser: &'static str = browser.await.expect("a row").leak();
    // Whoever looked into the row would find no screen's handshake there.
    spoil("nobody's").await;
    server.advance(15);
    assert!(desk.wait("waiting-0").await.body.contains("seen=waiting-1"));
    assert_eq!(server.visitor(DESKTOP).fetch(&format!("/login/wait/{}", desk.handshake)).await.status, 404);
    spoil(browser).await;
    let phone = server.signed_in("张小三").await;
    phone.step(&desk.code(&server)).await;
    assert!(desk.wait("waiting-1").await.body.contains("请在手机上输入数字"));
    server.advance(180);
    assert!(desk.wait("scanned").await.body.contains("二维码已过期"));
}

#[tokio::test]
async fn when_too_many_wait_others_come_later_and_nobody_is_lost() {
    let clock = Clock::manual("2026-04-01T01:30:00".parse().expect("a time"));
    let server = Server::start_with(clock, |settings| settings.max_waiters = 1).await;
    let (first, second) = (Desk::open(&server, "/login").await, Desk::open(&server, "/login").await);
    let phone = server.signed_in("张小三").await;
    let (held, refused) = tokio::join!(first.wait("waiting-0"), async {
        while !server.parts.login.waiters.is_full() {
            tokio::task::yield_now().await;
        }
        let refused = server.visitor(DESKTOP).step("/login").await;
        let told = second.wait("waiting-0").await;
        assert!(told.body.contains("seen=waiting-0") && told.body.contains("delay:10s"), "{}", told.body);
        phone.step(&first.code(&server)).await;
        refused
    });
    assert!(refused.status == 503 && refused.headers["retry-after"] == "30");
    assert!(refused.body.contains("请稍后再试") && refused.body.contains("再试一次"), "{}", refused.body);
    assert!(held.body.contains("请在手机上输入数字") && held.body.contains("delay:100ms"));
    assert_eq!(server.visitor(DESKTOP).step("/login").await.status, 200, "there is room again");
}

#[tokio::test]
async fn a_stopping_program_keeps_nobody_waiting() {
    let server = Server::start().await;
    let desk = Desk::open(&server, "/login").await;
    let began = std::time::Instant::now();
    let (seen, ()) = tokio::join!(desk.wait("waiting-0"), async { server.parts.login.waiters.stop() });
    assert!(seen.body.contains("seen=waiting-0") && began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}
