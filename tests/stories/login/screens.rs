//! Each login screen is bound to a secret of its own, whatever sessions its browser has.

use std::collections::HashSet;

use diesel::prelude::*;
use futures_util::future::join_all;
use kaozheng::store::Error;
use kaozheng::store::schema::sessions::dsl as s;
use kaozheng::web::session::Session;
use reqwest::Method;

use super::{Desk, is_signed_in};
use crate::server::{Answer, DESKTOP, PHONE, Server, Visitor};

async fn sessions(server: &Server) -> Vec<String> {
    let rows = |tx: &mut kaozheng::store::Tx| Ok::<_, Error>(s::sessions.select(s::data).load(tx.conn)?);
    server.parts.store.read(rows).await.expect("the sessions")
}

/// The cookie of a session in which nobody is signed in.
async fn anonymous(server: &Server) -> String {
    let session = Session::new(None, server.parts.sessions(), None);
    session.insert("anonymous", true).await.expect("a session");
    session.save().await.expect("a row");
    format!("kaozheng={}", session.id().expect("an id"))
}

/// Opens `path` in so many new tabs of a browser into which somebody has put `cookie`.
async fn tabs(server: &Server, cookie: &str, path: &str, count: usize) -> Vec<Desk> {
    let tabs: Vec<Visitor> = (0..count).map(|_| server.visitor(DESKTOP)).collect();
    tabs.iter().for_each(|tab| tab.plant(cookie));
    let pages: Vec<Answer> = join_all(tabs.iter().map(|tab| tab.open(path))).await;
    pages.into_iter().zip(tabs).map(|(page, tab)| Desk::of(page, tab)).collect()
}

/// The session is known to an attacker, who has put it into the victim's browser.
#[tokio::test]
async fn simultaneous_screens_with_a_planted_session_share_nothing() {
    let server = Server::start().await;
    let attacker = server.visitor(DESKTOP);
    let real = anonymous(&server).await;
    for (planted, count) in [(real.as_str(), 6), ("kaozheng=AAAAAAAAAAAAAAAAAAAAAA", 60)] {
        let desks = tabs(&server, planted, "/login?next=/services", count).await;
        let handshakes: HashSet<&str> = desks.iter().map(|desk| &*desk.handshake).collect();
        let path = |desk: &Desk| format!("/login/wait/{}", desk.handshake);
        let secrets: HashSet<String> = desks.iter().map(|desk| desk.browser.cookie_at(&path(desk))).collect();
        assert_eq!((handshakes.len(), secrets.len()), (count, count));
        let [victim, other] = &desks[..2] else { unreachable!() };
        let phone = server.signed_in("张小三").await;
        phone.open(&victim.code(&server)).await;
        let number = victim.number().await;
        let mut spies = vec![planted.to_owned(), other.browser.cookie_at(&path(other))];
        spies.push(format!("{planted}; {}", phone.cookie_at(&victim.confirm())));
        for spy in &spies {
            let asked = attacker.request(Method::GET, &path(victim)).header("cookie", spy);
            let told = attacker.send(asked).await;
            assert!(told.status != 200 && !told.body.contains(&format!(">{number}<")), "{}", told.body);
        }
        phone.submit(&victim.path("number"), &[("number", &number)]).await;
        for spy in &spies[..2] {
            let asked = attacker.request(Method::GET, &path(victim)).header("cookie", spy);
            assert_eq!(attacker.send(asked).await.status, 404);
        }
        assert_eq!(victim.look().await.location, "/services");
        assert!(is_signed_in(&victim.browser).await);
        assert!(!is_signed_in(&attacker).await && !is_signed_in(&other.browser).await);
    }
}

/// Who knows the victim's session cannot confirm for them: the phone has a secret too.
#[tokio::test]
async fn a_session_alone_does_not_confirm() {
    let server = Server::start().await;
    let desk = Desk::open(&server, "/login").await;
    let phone = server.signed_in("张小三").await;
    phone.open(&desk.code(&server)).await;
    let thief = server.visitor(PHONE);
    thief.plant(&phone.cookie());
    assert!(is_signed_in(&thief).await);
    let form = [("number", &*desk.number().await)];
    assert_eq!(thief.submit_step(&desk.path("number"), &form).await.status, 404);
    assert_eq!(thief.step(&desk.confirm()).await.status, 404);
    assert!(desk.look().await.body.contains("请在手机上输入数字"));
}

/// A secret that was planted before the scan is not taken.
#[tokio::test]
async fn a_phone_gets_a_secret_that_nobody_has_planted() {
    let server = Server::start().await;
    let desk = Desk::open(&server, "/login").await;
    let phone = server.signed_in("张小三").await;
    let planted = format!("kaozheng-phone-{}=AAAAAAAAAAAAAAAAAAAAAA", desk.handshake);
    phone.plant(&format!("{planted}; Path=/s"));
    assert_eq!(phone.step(&desk.code(&server)).await.location, desk.confirm());
    assert!(!phone.cookie_at("/s/x").contains(&planted));
    assert_eq!(phone.step(&desk.code(&server)).await.location, desk.confirm(), "it may open the code twice");
    assert_eq!(phone.step(&desk.confirm()).await.status, 200);
}

/// A sign-in begins a fresh session; of the old one, here or gone, nothing is left.
#[tokio::test]
async fn signing_in_leaves_nothing_of_the_old_session() {
    let server = Server::start().await;
    for gone in [false, true] {
        let desk = Desk::open(&server, "/login?next=/services").await;
        let old = anonymous(&server).await;
        desk.browser.plant(&old);
        assert!(sessions(&server).await.iter().any(|data| !data.contains("signed_in")));
        if gone {
            let delete =
                server.parts.store.write(|tx| Ok::<_, Error>(diesel::delete(s::sessions).execute(tx.conn)?));
            delete.await.expect("a delete");
        }
        let phone = server.signed_in("张小三").await;
        phone.open(&desk.code(&server)).await;
        phone.submit(&desk.path("number"), &[("number", &desk.number().await)]).await;
        assert_eq!(desk.look().await.location, "/services");
        assert_ne!(desk.browser.cookie(), old);
        let left = sessions(&server).await;
        assert!(
            left.iter().all(|data| data.starts_with("{\"signed_in\":") && !data.contains("anonymous")),
            "{left:?}"
        );
    }
}

/// Two tabs of one browser, each at its own way in.
#[tokio::test]
async fn a_second_tab_goes_on_by_itself_and_both_end_signed_in() {
    let server = Server::start().await;
    let ways = ["/login?next=/services", "/login/device?next=/progress"];
    for (one, other) in [(ways[0], ways[0]), (ways[0], ways[1]), (ways[1], ways[0]), (ways[1], ways[1])] {
        let first = Desk::open(&server, one).await;
        let page = first.browser.open(other).await;
        let second = page.between("hx-get=\"/login/wait/", "?").to_owned();
        let look = async |seen: &str| first.browser.fetch(&format!("/login/wait/{second}?seen={seen}")).await;
        for shown in [first.wait("").await, look("").await] {
            assert!(shown.status == 200 && shown.body.contains("data:image/png"), "{}", shown.body);
        }
        // A third tab signs the browser in.
        first.browser.sign_in("/login/portal", "张小三").await;
        // As htmx asks next, with what it has seen last; nothing has changed but the session.
        let seen = if other.starts_with("/login/device") { "waiting" } else { "waiting-0" };
        let to = if other.starts_with("/login/device") { "/progress" } else { "/services" };
        assert_eq!(look(seen).await.headers["hx-redirect"], to);
        let without_scripts = first.look().await;
        assert_eq!(without_scripts.status, 303);
        assert!(is_signed_in(&first.browser).await);
    }
}

#[tokio::test]
async fn a_handshake_that_is_lost_shows_a_card_with_a_way_on() {
    let server = Server::start().await;
    let desk = Desk::open(&server, "/login").await;
    let path = format!("/login/wait/{}", desk.handshake);
    desk.browser.plant(&format!("kaozheng-screen=AAAAAAAAAAAAAAAAAAAAAA; Path={path}"));
    let part = desk.wait("waiting-0").await;
    assert!(part.status == 404 && part.body.contains("id=\"handshake\""), "{}", part.body);
    let page = desk.look().await;
    assert!(page.status == 404 && page.body.contains("考生登录"), "{}", page.body);
    for shown in [&part, &page] {
        assert!(shown.body.contains("二维码已失效") && shown.body.contains("刷新二维码"), "{}", shown.body);
        assert!(!shown.body.contains("没有找到这个页面"), "{}", shown.body);
    }
    desk.browser.sign_in("/login/portal", "张小三").await;
    assert_eq!(desk.wait("waiting-0").await.headers["hx-redirect"], "/");
}
