//! What an attacker tries, and what stops them: RFC 10027 (BCP 247) §6.1 and RFC 9700, each a
//! test. What a lying portal tries is in `tests/browser/portal/faults.rs`.

use diesel::prelude::*;
use futures_util::future::join_all;
use kaozheng::store::schema::login_handshakes::dsl as h;
use kaozheng::store::schema::sessions::dsl as s;
use kaozheng::store::{Error, Tx};
use reqwest::{Method, StatusCode};

use super::{Desk, is_signed_in, scanned, wrong};
use crate::server::{Answer, DESKTOP, PHONE, Server, Visitor};

const FAR: &str = "119.123.4.5";

async fn read<T: Send + 'static>(
    server: &Server,
    query: impl FnOnce(&mut Tx) -> Result<T, Error> + Clone + Send + 'static,
) -> T {
    server.parts.store.read(query).await.expect("a query")
}

async fn status(server: &Server, desk: &Desk) -> String {
    let id = desk.handshake.clone();
    let row = |tx: &mut Tx| Ok(h::login_handshakes.find(id).select(h::status).first(tx.conn)?);
    read(server, row).await
}

/// §6.1.1 proximity, §6.1.14 context: the victim is told whose screen it is, and how to say no.
#[tokio::test]
async fn an_attackers_code_shown_to_a_victim() {
    let server = Server::start().await;
    for tricked in [false, true] {
        let attacker = server.visitor(DESKTOP);
        let far = attacker.request(Method::GET, "/login").header("x-forwarded-for", FAR);
        let desk = Desk::of(attacker.send(far).await, attacker);
        let victim = server.signed_in("张小三").await;
        let page = victim.open(&desk.code(&server)).await;
        for told in ["两台设备不在同一网络", "与本机不同的网络", "Windows 电脑 · Chrome", "张*三", "不是我"]
        {
            assert!(page.body.contains(told), "{told} is not in {}", page.body);
        }
        let number = desk.number().await;
        assert!(!page.body.contains("119.123"), "an address tells nobody anything: {}", page.body);
        if tricked {
            // The attacker tells it by telephone; the victim finds the device and ends it.
            victim.submit(&desk.path("number"), &[("number", &number)]).await;
            assert_eq!(desk.look().await.location, "/");
            assert!(is_signed_in(&desk.browser).await);
            victim.submit(&desk.path("revoke"), &[("confirm", "yes")]).await;
        } else {
            victim.submit(&desk.path("decline"), &[]).await;
            victim.submit(&desk.path("number"), &[("number", &number)]).await;
            assert_eq!(status(&server, &desk).await, "denied");
        }
        assert!(!is_signed_in(&desk.browser).await);
    }
}

/// §6.1.3 one-time: the first scan wins.
#[tokio::test]
async fn only_the_first_phone_may_confirm() {
    let server = Server::start().await;
    let (desk, _, _) = scanned(&server).await;
    let other = server.signed_in("陳大文").await;
    let late = other.step(&desk.code(&server)).await;
    assert_eq!(late.status, 409);
    assert!(late.body.contains("二维码已被使用"), "{}", late.body);
    assert_eq!(other.step(&desk.confirm()).await.status, 404);
    let number = desk.number().await;
    other.submit(&desk.path("number"), &[("number", &number)]).await;
    assert!(!is_signed_in(&desk.browser).await);
    assert!(desk.look().await.body.contains("请在手机上输入数字"), "nothing has changed");
}

/// §6.1.17 binding: a second browser tries to wait on the handshake, or to redeem it.
#[tokio::test]
async fn only_the_browser_that_shows_the_code_may_wait_and_redeem() {
    let server = Server::start().await;
    let (desk, phone, _) = scanned(&server).await;
    let number = desk.number().await;
    phone.submit(&desk.path("number"), &[("number", &number)]).await;
    let thief = Desk::open(&server, "/login").await;
    let path = format!("/login/wait/{}", desk.handshake);
    assert_eq!(thief.browser.step(&path).await.status, 404);
    assert_eq!(server.visitor(DESKTOP).step(&path).await.status, 404);
    assert!(!is_signed_in(&thief.browser).await);
    assert_eq!(desk.look().await.status, 303);
}

/// §6.1.2 short-lived codes.
#[tokio::test]
async fn the_picture_changes_and_an_old_photo_is_worthless() {
    let server = Server::start().await;
    let desk = Desk::open(&server, "/login").await;
    let (photo, picture) = (desk.code(&server), desk.page.between("data:image/png", "\"").to_owned());
    server.advance(15);
    let next = desk.wait("waiting-0").await;
    assert!(next.body.contains("seen=waiting-1") && !next.body.contains("<main"), "{}", next.body);
    assert_ne!(next.between("data:image/png", "\""), picture);
    server.advance(15);
    let phone = server.signed_in("张小三").await;
    let stale = phone.step(&photo).await;
    assert_eq!(stale.status, 410);
    assert!(stale.body.contains("二维码已更换"), "{}", stale.body);
    assert_eq!(phone.step(&desk.code(&server)).await.location, desk.confirm());
}

/// §6.1.4 repeats are noticed.
#[tokio::test]
async fn five_wrong_codes_cancel_the_handshake() {
    let server = Server::start().await;
    let desk = Desk::open(&server, "/login").await;
    let phone = server.signed_in("张小三").await;
    for _ in 0..5 {
        assert_eq!(phone.step(&format!("/s/{}.0.AAAAAAAAAAAAAAAAAAAAAA", desk.handshake)).await.status, 410);
    }
    assert!(desk.look().await.body.contains("二维码已作废"));
    assert_eq!(phone.step(&desk.code(&server)).await.status, 410);
    assert_eq!(phone.step("/s/nonsense").await.status, 410);
}

/// §6.1.1 proximity: a warning, never a silent pass.
#[tokio::test]
async fn the_phone_is_warned_when_the_networks_differ() {
    let server = Server::start().await;
    let (desk, phone, near) = scanned(&server).await;
    assert!(near.body.contains("与本机相同的网络") && !near.body.contains("不在同一网络"), "{}", near.body);
    assert!(near.body.contains("如果不是您本人操作，请点“不是我”"), "{}", near.body);
    let far = phone.request(reqwest::Method::GET, &desk.confirm()).header("x-forwarded-for", "119.123.4.5");
    let far = phone.send(far).await;
    assert!(far.body.contains("两台设备不在同一网络"), "{}", far.body);
}

/// An open redirect through `next`.
#[tokio::test]
async fn login_leads_only_to_our_own_pages() {
    let server = Server::start().await;
    for evil in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", evil).finish();
        let phone = server.visitor(PHONE);
        let arrived = phone.sign_in(&format!("/login/portal?{query}"), "张小三").await;
        assert_eq!(arrived.url, format!("{}/", server.base), "{evil}");
        let desk = Desk::open(&server, &format!("/login?{query}")).await;
        phone.open(&desk.code(&server)).await;
        phone.submit(&desk.path("number"), &[("number", &desk.number().await)]).await;
        assert_eq!(desk.look().await.location, "/", "{evil}");
    }
}

/// §6.1.2 short-lived codes.
#[tokio::test]
async fn a_handshake_ends_after_three_minutes_and_an_approval_after_one() {
    let server = Server::start().await;
    let (desk, phone, _) = scanned(&server).await;
    let number = desk.number().await;
    server.advance(180);
    assert!(phone.submit(&desk.path("number"), &[("number", &number)]).await.body.contains("二维码已过期"));
    assert!(desk.look().await.body.contains("刷新二维码"));
    let (desk, phone, _) = scanned(&server).await;
    let number = desk.number().await;
    phone.submit(&desk.path("number"), &[("number", &number)]).await;
    server.advance(60);
    assert!(desk.look().await.body.contains("二维码已过期"));
    assert!(!is_signed_in(&desk.browser).await);
}

#[tokio::test]
async fn a_photo_of_the_screen_45_seconds_later() {
    let server = Server::start().await;
    let desk = Desk::open(&server, "/login").await;
    let photo = desk.code(&server);
    server.advance(45);
    let thief = server.signed_in("陳大文").await;
    assert_eq!(thief.step(&photo).await.status, 410);
    assert_eq!(thief.step(&desk.confirm()).await.status, 404);
    assert_eq!(status(&server, &desk).await, "waiting");
}

/// §6.1.3 one-time: of phones that open a code at the same moment one wins.
#[tokio::test]
async fn phones_race_for_one_code() {
    let server = Server::start().await;
    let phones = join_all(["张小三", "陳大文", "林美玲"].map(|name| server.signed_in(name))).await;
    for _ in 0..15 {
        let desk = Desk::open(&server, "/login").await;
        let code = desk.code(&server);
        let answers = join_all(phones.iter().map(|phone| phone.step(&code))).await;
        let won: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 303).collect();
        assert!(won.len() == 1 && won[0].location == desk.confirm());
        assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), 2);
        assert_eq!(status(&server, &desk).await, "scanned");
    }
}

/// §6.1.3 one-time: a screen that asks in several windows at once is signed in once.
#[tokio::test]
async fn a_handshake_is_redeemed_twice() {
    let server = Server::start().await;
    for _ in 0..8 {
        let (desk, phone, _) = scanned(&server).await;
        let number = desk.number().await;
        phone.submit(&desk.path("number"), &[("number", &number)]).await;
        let path = format!("/login/wait/{}", desk.handshake);
        let cookie = desk.browser.cookie_at(&path);
        let windows: Vec<Visitor> = (0..4).map(|_| server.visitor(DESKTOP)).collect();
        let answers = join_all(windows.iter().map(|window| {
            let request = window.request(Method::GET, &path).header("cookie", &cookie);
            window.send(request)
        }));
        let answers = answers.await;
        let redeemed = answers.iter().filter(|answer| answer.location == "/services").count();
        assert_eq!(redeemed, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
        let mut signed_in = 0;
        for window in &windows {
            signed_in += usize::from(is_signed_in(window).await);
        }
        assert_eq!(signed_in, 1);
        assert_eq!(status(&server, &desk).await, "redeemed");
    }
}

/// §6.1.16 binding: who has not seen the screen has one guess.
#[tokio::test]
async fn a_number_is_guessed() {
    let server = Server::start().await;
    let (desk, phone, _) = scanned(&server).await;
    let right = desk.number().await;
    for nonsense in ["", "x", "-1", "7", "99999999999999999999"] {
        let answer = phone.submit_step(&desk.path("number"), &[("number", nonsense)]).await;
        assert_eq!(answer.status, 422, "{nonsense}");
    }
    assert_eq!(status(&server, &desk).await, "scanned", "what is no number is no guess");
    phone.submit(&desk.path("number"), &[("number", wrong(&right))]).await;
    for guess in 10..=99 {
        phone.submit_step(&desk.path("number"), &[("number", &guess.to_string())]).await;
    }
    assert_eq!(status(&server, &desk).await, "denied");
    assert!(!is_signed_in(&desk.browser).await);
}

/// An attacker leaves their own session in somebody's browser, who then signs in.
#[tokio::test]
async fn session_fixation() {
    let server = Server::start().await;
    let attacker = Desk::open(&server, "/login").await;
    attacker.browser.open("/login/portal").await;
    let planted = attacker.browser.cookie();
    for planted in [planted.as_str(), "kaozheng=AAAAAAAAAAAAAAAAAAAAAA"] {
        let victim = server.visitor(PHONE);
        victim.plant(planted);
        victim.sign_in("/login/portal", "张小三").await;
        assert!(is_signed_in(&victim).await);
        assert_ne!(victim.cookie(), planted);
        let thief = server.visitor(DESKTOP);
        thief.plant(planted);
        assert!(!is_signed_in(&thief).await, "{planted}");
    }
    assert!(!is_signed_in(&attacker.browser).await);
}

/// A page of somebody else's sends a form with the victim's cookies.
#[tokio::test]
async fn a_forged_or_cross_site_post() {
    let server = Server::start().await;
    let (desk, phone, _) = scanned(&server).await;
    let number = desk.number().await;
    let forged: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ];
    for headers in forged {
        for path in [&desk.path("number"), &desk.path("decline"), "/logout", "/me/devices/others"] {
            let request = phone.request(Method::POST, path).form(&[("number", &*number), ("confirm", "yes")]);
            let request =
                headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            assert_eq!(phone.send(request).await.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
        }
    }
    assert_eq!(status(&server, &desk).await, "scanned");
    assert!(is_signed_in(&phone).await);
}

/// §6.1.11: one machine behind one address, a browser of its own each time.
#[tokio::test]
async fn a_thousand_handshakes_from_one_address() {
    let server = Server::start().await;
    let mut answers = Vec::new();
    for _ in 0..20 {
        let visitors: Vec<Visitor> = (0..50).map(|_| server.visitor(DESKTOP)).collect();
        answers.extend(join_all(visitors.iter().map(|visitor| visitor.step("/login"))).await);
    }
    let begun = answers.iter().filter(|answer| answer.status == 200).count();
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert_eq!(begun + refused.len(), 1000);
    // Two more each second that the test takes.
    assert!((120..240).contains(&begun), "{begun}");
    assert!(refused.iter().all(|answer| answer.body.contains("操作太频繁")
        && answer.headers.contains_key("retry-after")
        && !answer.headers.contains_key("set-cookie")));
    let rows = |tx: &mut Tx| {
        let handshakes: i64 = h::login_handshakes.count().get_result(tx.conn)?;
        Ok((handshakes, s::sessions.count().get_result::<i64>(tx.conn)?))
    };
    assert_eq!(read(&server, rows).await, (begun as i64, 0), "who is refused costs no row");
    let elsewhere = server.visitor(DESKTOP);
    let request = elsewhere.request(Method::GET, "/login").header("x-forwarded-for", FAR);
    assert_eq!(elsewhere.send(request).await.status, 200, "nobody else is refused");
}

/// §6.1.11: one phone that scans whatever it finds.
#[tokio::test]
async fn a_phone_that_never_stops_scanning() {
    let server = Server::start().await;
    let phone = server.signed_in("张小三").await;
    let mut statuses = Vec::new();
    for n in 0..40 {
        let code = phone.request(Method::GET, "/s/nonsense");
        statuses.push(phone.send(code.header("x-forwarded-for", format!("10.0.0.{n}"))).await.status);
    }
    assert!(statuses[..20].iter().all(|status| *status == 410), "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
}
