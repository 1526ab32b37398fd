//! Attacks on login and the defence against each: RFC 10027 (BCP 247) §6.1 and RFC 9700. Attacks by a
//! hostile portal are in `tests/browser/portal/faults.rs`.

use diesel::prelude::*;
use futures_util::future::join_all;
use kaozheng::store::schema::login_handshakes::dsl as h;
use kaozheng::store::schema::sessions::dsl as s;
use kaozheng::store::{Error, Tx};
use reqwest::{Method, StatusCode};

use super::{LoginScreen, scanned, wrong};
use crate::server::{Answer, DESKTOP, PHONE, Server, Visitor};

const FAR: &str = "119.123.4.5";

async fn read<T: Send + 'static>(
    server: &Server,
    query: impl FnOnce(&mut Tx) -> Result<T, Error> + Clone + Send + 'static,
) -> T {
    server.parts.store.read(query).await.expect("a query")
}

async fn status(server: &Server, screen: &LoginScreen) -> String {
    let id = screen.handshake.clone();
    let row = |tx: &mut Tx| Ok(h::login_handshakes.find(id).select(h::status).first(tx.conn)?);
    read(server, row).await
}

/// §6.1.1 proximity, §6.1.14 context: the victim sees whose screen it is and how to refuse.
#[tokio::test]
async fn code_shown_to_a_victim_is_recognised_and_revoked() {
    let server = Server::start().await;
    for tricked in [false, true] {
        let attacker = server.visitor(DESKTOP);
        let far = attacker.request(Method::GET, "/login").header("x-forwarded-for", FAR);
        let screen = LoginScreen::of(attacker.send(far).await, attacker);
        let victim = server.signed_in("张小三").await;
        let page = victim.open(&screen.code(&server)).await;
        for expected in
            ["两台设备不在同一网络", "与本机不同的网络", "Windows 电脑 · Chrome", "张*三", "不是我"]
        {
            assert!(page.body.contains(expected), "{expected} is not in {}", page.body);
        }
        let number = screen.number().await;
        assert!(!page.body.contains("119.123"), "the address must not be shown: {}", page.body);
        if tricked {
            // The attacker tells the number by telephone. The victim finds the device and ends its
            // session.
            victim.submit(&screen.path("number"), &[("number", &number)]).await;
            assert_eq!(screen.reload().await.location, "/");
            assert!(screen.browser.is_signed_in().await);
            victim.submit(&screen.path("revoke"), &[("confirm", "yes")]).await;
        } else {
            victim.submit(&screen.path("decline"), &[]).await;
            victim.submit(&screen.path("number"), &[("number", &number)]).await;
            assert_eq!(status(&server, &screen).await, "denied");
        }
        assert!(!screen.browser.is_signed_in().await);
    }
}

/// §6.1.3 one-time: the first scan wins.
#[tokio::test]
async fn only_the_first_phone_may_confirm() {
    let server = Server::start().await;
    let (screen, _, _) = scanned(&server).await;
    let other = server.signed_in("陳大文").await;
    let late = other.step(&screen.code(&server)).await;
    assert_eq!(late.status, 409);
    assert!(late.body.contains("二维码已被使用"), "{}", late.body);
    assert_eq!(other.step(&screen.confirm()).await.status, 404);
    let number = screen.number().await;
    other.submit(&screen.path("number"), &[("number", &number)]).await;
    assert!(!screen.browser.is_signed_in().await);
    assert!(screen.reload().await.body.contains("请在手机上输入数字"), "nothing has changed");
}

/// §6.1.17 binding: another browser cannot wait on the handshake or redeem it.
#[tokio::test]
async fn only_the_browser_with_the_code_may_wait_and_redeem() {
    let server = Server::start().await;
    let (screen, phone, _) = scanned(&server).await;
    let number = screen.number().await;
    phone.submit(&screen.path("number"), &[("number", &number)]).await;
    let thief = LoginScreen::open(&server, "/login").await;
    let path = format!("/login/wait/{}", screen.handshake);
    assert_eq!(thief.browser.step(&path).await.status, 404);
    assert_eq!(server.visitor(DESKTOP).step(&path).await.status, 404);
    assert!(!thief.browser.is_signed_in().await);
    assert_eq!(screen.reload().await.status, 303);
}

/// §6.1.2 short-lived codes.
#[tokio::test]
async fn code_changes_and_an_old_photo_is_useless() {
    let server = Server::start().await;
    let screen = LoginScreen::open(&server, "/login").await;
    let (photo, picture) = (screen.code(&server), screen.page.between("data:image/png", "\"").to_owned());
    server.advance(15);
    let next = screen.wait("waiting-0").await;
    assert!(next.body.contains("seen=waiting-1") && !next.body.contains("<main"), "{}", next.body);
    assert_ne!(next.between("data:image/png", "\""), picture);
    server.advance(15);
    let phone = server.signed_in("张小三").await;
    let stale = phone.step(&photo).await;
    assert_eq!(stale.status, 410);
    assert!(stale.body.contains("二维码已更换"), "{}", stale.body);
    assert_eq!(phone.step(&screen.code(&server)).await.location, screen.confirm());
}

/// §6.1.4 repeated attempts.
#[tokio::test]
async fn five_wrong_codes_cancel_the_handshake() {
    let server = Server::start().await;
    let screen = LoginScreen::open(&server, "/login").await;
    let phone = server.signed_in("张小三").await;
    for _ in 0..5 {
        assert_eq!(
            phone.step(&format!("/s/{}.0.AAAAAAAAAAAAAAAAAAAAAA", screen.handshake)).await.status,
            410
        );
    }
    assert!(screen.reload().await.body.contains("二维码已作废"));
    assert_eq!(phone.step(&screen.code(&server)).await.status, 410);
    assert_eq!(phone.step("/s/nonsense").await.status, 410);
}

/// §6.1.1 proximity: the phone is warned.
#[tokio::test]
async fn phone_is_warned_when_the_networks_differ() {
    let server = Server::start().await;
    let (screen, phone, near) = scanned(&server).await;
    assert!(near.body.contains("与本机相同的网络") && !near.body.contains("不在同一网络"), "{}", near.body);
    assert!(near.body.contains("如果不是您本人操作，请点“不是我”"), "{}", near.body);
    let far = phone.request(reqwest::Method::GET, &screen.confirm()).header("x-forwarded-for", "119.123.4.5");
    let far = phone.send(far).await;
    assert!(far.body.contains("两台设备不在同一网络"), "{}", far.body);
}

/// Open redirect through `next`.
#[tokio::test]
async fn login_redirects_only_to_our_own_pages() {
    let server = Server::start().await;
    for evil in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", evil).finish();
        let phone = server.visitor(PHONE);
        let arrived = phone.sign_in(&format!("/login/portal?{query}"), "张小三").await;
        assert_eq!(arrived.url, format!("{}/", server.base), "{evil}");
        let screen = LoginScreen::open(&server, &format!("/login?{query}")).await;
        phone.open(&screen.code(&server)).await;
        phone.submit(&screen.path("number"), &[("number", &screen.number().await)]).await;
        assert_eq!(screen.reload().await.location, "/", "{evil}");
    }
}

/// §6.1.2 short-lived codes.
#[tokio::test]
async fn handshake_expires_after_three_minutes_and_an_approval_after_one() {
    let server = Server::start().await;
    let (screen, phone, _) = scanned(&server).await;
    let number = screen.number().await;
    server.advance(180);
    assert!(phone.submit(&screen.path("number"), &[("number", &number)]).await.body.contains("二维码已过期"));
    assert!(screen.reload().await.body.contains("刷新二维码"));
    let (screen, phone, _) = scanned(&server).await;
    let number = screen.number().await;
    phone.submit(&screen.path("number"), &[("number", &number)]).await;
    server.advance(60);
    assert!(screen.reload().await.body.contains("二维码已过期"));
    assert!(!screen.browser.is_signed_in().await);
}

#[tokio::test]
async fn photo_of_the_screen_expires_after_45_seconds() {
    let server = Server::start().await;
    let screen = LoginScreen::open(&server, "/login").await;
    let photo = screen.code(&server);
    server.advance(45);
    let thief = server.signed_in("陳大文").await;
    assert_eq!(thief.step(&photo).await.status, 410);
    assert_eq!(thief.step(&screen.confirm()).await.status, 404);
    assert_eq!(status(&server, &screen).await, "waiting");
}

/// §6.1.3 one-time: one of several simultaneous scans wins.
#[tokio::test]
async fn simultaneous_scans_have_one_winner() {
    let server = Server::start().await;
    let phones = join_all(["张小三", "陳大文", "林美玲"].map(|name| server.signed_in(name))).await;
    for _ in 0..15 {
        let screen = LoginScreen::open(&server, "/login").await;
        let code = screen.code(&server);
        let answers = join_all(phones.iter().map(|phone| phone.step(&code))).await;
        let won: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 303).collect();
        assert!(won.len() == 1 && won[0].location == screen.confirm());
        assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), 2);
        assert_eq!(status(&server, &screen).await, "scanned");
    }
}

/// §6.1.3 one-time: a screen that polls in several windows is signed in once.
#[tokio::test]
async fn handshake_is_redeemed_once() {
    let server = Server::start().await;
    for _ in 0..8 {
        let (screen, phone, _) = scanned(&server).await;
        let number = screen.number().await;
        phone.submit(&screen.path("number"), &[("number", &number)]).await;
        let path = format!("/login/wait/{}", screen.handshake);
        let cookie = screen.browser.cookie_at(&path);
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
            signed_in += usize::from(window.is_signed_in().await);
        }
        assert_eq!(signed_in, 1);
        assert_eq!(status(&server, &screen).await, "redeemed");
    }
}

/// §6.1.16 binding: somebody who does not see the screen has one guess.
#[tokio::test]
async fn guessed_number_denies_the_login() {
    let server = Server::start().await;
    let (screen, phone, _) = scanned(&server).await;
    let right = screen.number().await;
    for nonsense in ["", "x", "-1", "7", "99999999999999999999"] {
        let answer = phone.submit_step(&screen.path("number"), &[("number", nonsense)]).await;
        assert_eq!(answer.status, 422, "{nonsense}");
    }
    assert_eq!(status(&server, &screen).await, "scanned", "what is no number is no guess");
    phone.submit(&screen.path("number"), &[("number", wrong(&right))]).await;
    for guess in 10..=99 {
        phone.submit_step(&screen.path("number"), &[("number", &guess.to_string())]).await;
    }
    assert_eq!(status(&server, &screen).await, "denied");
    assert!(!screen.browser.is_signed_in().await);
}

/// An attacker plants a session in a browser that signs in later.
#[tokio::test]
async fn session_fixation_is_prevented() {
    let server = Server::start().await;
    let attacker = LoginScreen::open(&server, "/login").await;
    attacker.browser.open("/login/portal").await;
    let planted = attacker.browser.cookie();
    for planted in [planted.as_str(), "kaozheng=AAAAAAAAAAAAAAAAAAAAAA"] {
        let victim = server.visitor(PHONE);
        victim.plant(planted);
        victim.sign_in("/login/portal", "张小三").await;
        assert!(victim.is_signed_in().await);
        assert_ne!(victim.cookie(), planted);
        let thief = server.visitor(DESKTOP);
        thief.plant(planted);
        assert!(!thief.is_signed_in().await, "{planted}");
    }
    assert!(!attacker.browser.is_signed_in().await);
}

/// A page of another site sends a form with the victim's cookies.
#[tokio::test]
async fn cross_site_post_is_refused() {
    let server = Server::start().await;
    let (screen, phone, _) = scanned(&server).await;
    let number = screen.number().await;
    let forged: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ];
    for headers in forged {
        for path in [&screen.path("number"), &screen.path("decline"), "/logout", "/me/devices/others"] {
            let request = phone.request(Method::POST, path).form(&[("number", &*number), ("confirm", "yes")]);
            let request =
                headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            assert_eq!(phone.send(request).await.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
        }
    }
    assert_eq!(status(&server, &screen).await, "scanned");
    assert!(phone.is_signed_in().await);
}

/// §6.1.11: one address, a new browser each time.
#[tokio::test]
async fn handshakes_from_one_address_are_limited() {
    let server = Server::start().await;
    let mut answers = Vec::new();
    for _ in 0..20 {
        let visitors: Vec<Visitor> = (0..50).map(|_| server.visitor(DESKTOP)).collect();
        answers.extend(join_all(visitors.iter().map(|visitor| visitor.step("/login"))).await);
    }
    let begun = answers.iter().filter(|answer| answer.status == 200).count();
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert_eq!(begun + refused.len(), 1000);
    // The limit grows by two for each second that the test takes.
    assert!((120..240).contains(&begun), "{begun}");
    assert!(refused.iter().all(|answer| answer.body.contains("操作太频繁")
        && answer.headers.contains_key("retry-after")
        && !answer.headers.contains_key("set-cookie")));
    let rows = |tx: &mut Tx| {
        let handshakes: i64 = h::login_handshakes.count().get_result(tx.conn)?;
        Ok((handshakes, s::sessions.count().get_result::<i64>(tx.conn)?))
    };
    assert_eq!(read(&server, rows).await, (begun as i64, 0), "a refused request writes no row");
    let elsewhere = server.visitor(DESKTOP);
    let request = elsewhere.request(Method::GET, "/login").header("x-forwarded-for", FAR);
    assert_eq!(elsewhere.send(request).await.status, 200, "another network is not limited");
}

/// §6.1.11: one phone that scans many codes.
#[tokio::test]
async fn scans_by_one_phone_are_limited() {
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
