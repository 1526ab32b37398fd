//! Each login screen is bound to a secret of its own, independent of the browser's session.

use std::collections::HashSet;

use diesel::prelude::*;
use futures_util::future::join_all;
use kaozheng::store::Error;
use kaozheng::store::schema::sessions::dsl as s;
use kaozheng::web::session::Session;
use reqwest::Method;

use super::LoginScreen;
use crate::server::{Answer, DESKTOP, PHONE, Server, Visitor};

async fn sessions(server: &Server) -> Vec<String> {
    let rows = |tx: &mut kaozheng::store::Tx| Ok::<_, Error>(s::sessions.select(s::data).load(tx.conn)?);
    server.parts.store.read(rows).await.expect("the sessions")
}

/// The cookie of an anonymous session.
async fn anonymous_cookie(server: &Server) -> String {
    let session = Session::new(None, server.parts.sessions(), None);
    session.insert("anonymous", true).await.expect("a session");
    session.save().await.expect("a row");
    format!("kaozheng={}", session.id().expect("an id"))
}

/// Opens `path` in `count` new tabs of a browser that has the planted `cookie`.
async fn tabs(server: &Server, cookie: &str, path: &str, count: usize) -> Vec<LoginScreen> {
    let tabs: Vec<Visitor> = (0..count).map(|_| server.visitor(DESKTOP)).collect();
    tabs.iter().for_each(|tab| tab.plant(cookie));
    let pages: Vec<Answer> = join_all(tabs.iter().map(|tab| tab.open(path))).await;
    pages.into_iter().zip(tabs).map(|(page, tab)| LoginScreen::of(page, tab)).collect()
}

/// The attacker knows the session and has planted it in the victim's browser.
#[tokio::test]
async fn screens_with_a_planted_session_share_nothing() {
    let server = Server::start().await;
    let attacker = server.visitor(DESKTOP);
    let real = anonymous_cookie(&server).await;
    for (planted, count) in [(real.as_str(), 6), ("kaozheng=AAAAAAAAAAAAAAAAAAAAAA", 60)] {
        let desks = tabs(&server, planted, "/login?next=/services", count).await;
        let handshakes: HashSet<&str> = desks.iter().map(|screen| &*screen.handshake).collect();
        let path = |screen: &LoginScreen| format!("/login/wait/{}", screen.handshake);
        let secrets: HashSet<String> =
            desks.iter().map(|screen| screen.browser.cookie_at(&path(screen))).collect();
        assert_eq!((handshakes.len(), secrets.len()), (count, count));
        let [victim, other] = &desks[..2] else { unreachable!() };
        let phone = server.signed_in("张小三").await;
        phone.open(&victim.code(&server)).await;
        let number = victim.number().await;
        let mut spies = vec![planted.to_owned(), other.browser.cookie_at(&path(other))];
        spies.push(format!("{planted}; {}", phone.cookie_at(&victim.confirm())));
        for spy in &spies {
            let asked = attacker.request(Method::GET, &path(victim)).header("cookie", spy);
            let output = attacker.send(asked).await;
            assert!(output.status != 200 && !output.body.contains(&format!(">{number}<")), "{}", output.body);
        }
        phone.submit(&victim.path("number"), &[("number", &number)]).await;
        for spy in &spies[..2] {
            let asked = attacker.request(Method::GET, &path(victim)).header("cookie", spy);
            assert_eq!(attacker.send(asked).await.status, 404);
        }
        assert_eq!(victim.reload().await.location, "/services");
        assert!(victim.browser.is_signed_in().await);
        assert!(!attacker.is_signed_in().await && !other.browser.is_signed_in().await);
    }
}

/// The session alone does not confirm: the phone has a secret too.
#[tokio::test]
async fn session_alone_does_not_confirm() {
    let server = Server::start().await;
    let screen = LoginScreen::open(&server, "/login").await;
    let phone = server.signed_in("张小三").await;
    phone.open(&screen.code(&server)).await;
    let thief = server.visitor(PHONE);
    thief.plant(&phone.cookie());
    assert!(thief.is_signed_in().await);
    let form = [("number", &*screen.number().await)];
    assert_eq!(thief.submit_step(&screen.path("number"), &form).await.status, 404);
    assert_eq!(thief.step(&screen.confirm()).await.status, 404);
    assert!(screen.reload().await.body.contains("请在手机上输入数字"));
}

/// A secret planted before the scan is not accepted.
#[tokio::test]
async fn planted_phone_secret_is_replaced() {
    let server = Server::start().await;
    let screen = LoginScreen::open(&server, "/login").await;
    let phone = server.signed_in("张小三").await;
    let planted = format!("kaozheng-phone-{}=AAAAAAAAAAAAAAAAAAAAAA", screen.handshake);
    phone.plant(&format!("{planted}; Path=/s"));
    assert_eq!(phone.step(&screen.code(&server)).await.location, screen.confirm());
    assert!(!phone.cookie_at("/s/x").contains(&planted));
    assert_eq!(
        phone.step(&screen.code(&server)).await.location,
        screen.confirm(),
        "it may open the code twice"
    );
    assert_eq!(phone.step(&screen.confirm()).await.status, 200);
}

/// A sign-in begins a new session and removes the old one.
#[tokio::test]
async fn sign_in_replaces_the_old_session() {
    let server = Server::start().await;
    for gone in [false, true] {
        let screen = LoginScreen::open(&server, "/login?next=/services").await;
        let old = anonymous_cookie(&server).await;
        screen.browser.plant(&old);
        assert!(sessions(&server).await.iter().any(|data| !data.contains("signed_in")));
        if gone {
            let delete =
                server.parts.store.write(|tx| Ok::<_, Error>(diesel::delete(s::sessions).execute(tx.conn)?));
            delete.await.expect("a delete");
        }
        let phone = server.signed_in("张小三").await;
        phone.open(&screen.code(&server)).await;
        phone.submit(&screen.path("number"), &[("number", &screen.number().await)]).await;
        assert_eq!(screen.reload().await.location, "/services");
        assert_ne!(screen.browser.cookie(), old);
        let left = sessions(&server).await;
        assert!(
            left.iter().all(|data| data.starts_with("{\"signed_in\":") && !data.contains("anonymous")),
            "{left:?}"
        );
    }
}

/// Two tabs of one browser, each with its own login screen.
#[tokio::test]
async fn second_tab_continues_and_both_end_signed_in() {
    let server = Server::start().await;
    let ways = ["/login?next=/services", "/login/device?next=/progress"];
    for (one, other) in [(ways[0], ways[0]), (ways[0], ways[1]), (ways[1], ways[0]), (ways[1], ways[1])] {
        let first = LoginScreen::open(&server, one).await;
        let page = first.browser.open(other).await;
        let second = page.between("hx-get=\"/login/wait/", "?").to_owned();
        let look = async |seen: &str| first.browser.fetch(&format!("/login/wait/{second}?seen={seen}")).await;
        for shown in [first.wait("").await, look("").await] {
            assert!(shown.status == 200 && shown.body.contains("data:image/png"), "{}", shown.body);
        }
        // A third tab signs the browser in.
        first.browser.sign_in("/login/portal", "张小三").await;
        // htmx polls with the state it has shown. Only the session has changed.
        let seen = if other.starts_with("/login/device") { "waiting" } else { "waiting-0" };
        let to = if other.starts_with("/login/device") { "/progress" } else { "/services" };
        assert_eq!(look(seen).await.headers["hx-redirect"], to);
        let without_scripts = first.reload().await;
        assert_eq!(without_scripts.status, 303);
        assert!(first.browser.is_signed_in().await);
    }
}

#[tokio::test]
async fn lost_handshake_shows_a_card_with_a_way_on() {
    let server = Server::start().await;
    let screen = LoginScreen::open(&server, "/login").await;
    let path = format!("/login/wait/{}", screen.handshake);
    screen.browser.plant(&format!("kaozheng-screen=AAAAAAAAAAAAAAAAAAAAAA; Path={path}"));
    let part = screen.wait("waiting-0").await;
    assert!(part.status == 404 && part.body.contains("id=\"handshake\""), "{}", part.body);
    let page = screen.reload().await;
    assert!(page.status == 404 && page.body.contains("考生登录"), "{}", page.body);
    for shown in [&part, &page] {
        assert!(shown.body.contains("二维码已失效") && shown.body.contains("刷新二维码"), "{}", shown.body);
        assert!(!shown.body.contains("没有找到这个页面"), "{}", shown.body);
    }
    screen.browser.sign_in("/login/portal", "张小三").await;
    assert_eq!(screen.wait("waiting-0").await.headers["hx-redirect"], "/");
}
