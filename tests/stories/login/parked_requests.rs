//! Budgets of parked requests: per handshake, per network, and of their size.

use futures_util::future::{join_all, select_all};
use kaozheng::store::Clock;
use reqwest::Method;

use super::LoginScreen;
use crate::server::{Answer, Server, Visitor};

fn is_told_to_come_later(answer: &Answer) -> bool {
    answer.status == 200 && answer.body.contains("seen=waiting-0") && answer.body.contains("delay:10s")
}

fn wait_from(screen: &LoginScreen, network: &str) -> reqwest::RequestBuilder {
    let path = format!("/login/wait/{}?seen=waiting-0", screen.handshake);
    let request = screen.browser.request(Method::GET, &path).header("hx-request", "true");
    request.header("x-forwarded-for", network)
}

async fn answer(visitor: &Visitor, request: reqwest::RequestBuilder) -> Answer {
    visitor.send(request).await
}

async fn start_with_waiters(most: usize) -> Server {
    let clock = Clock::manual("2026-04-01T01:30:00".parse().expect("a time"));
    Server::start_with(clock, |settings| settings.max_waiters = most).await
}

/// Of sixty windows with one code, three stay parked and the others are told to come later.
#[tokio::test]
async fn handshake_has_three_parked_requests_and_the_newest_stay() {
    let server = start_with_waiters(1000).await;
    let screen = LoginScreen::open(&server, "/login").await;
    let phone = server.signed_in("张小三").await;
    let mut waits: Vec<_> = (0..60).map(|_| Box::pin(screen.wait("waiting-0"))).collect();
    for _ in 0..57 {
        let (expected, _, left) = select_all(waits).await;
        assert!(is_told_to_come_later(&expected), "{}", expected.body);
        waits = left;
    }
    phone.step(&screen.code(&server)).await;
    for expected in join_all(waits).await {
        assert!(
            expected.body.contains("请在手机上输入数字") && expected.body.contains("delay:100ms"),
            "{}",
            expected.body
        );
    }
}

/// Of 16 permits, one network gets two, whatever its IPv6 addresses, and all unknown networks together
/// get eight.
#[tokio::test]
async fn network_takes_only_its_share_of_the_permits() {
    let server = start_with_waiters(16).await;
    let phone = server.signed_in("张小三").await;
    let networks = [
        (
            2,
            ["119.123.4.5", "119.123.4.5:999", "::ffff:119.123.4.5", "[::ffff:119.123.4.5]:1", "119.123.4.5"],
        ),
        (
            2,
            [
                "2409:8a55:1:200::1",
                "2409:8a55:1:2ff::1",
                "2409:8a55:1:201::9",
                "[2409:8a55:1:2aa::1]:5",
                "2409:8a55:1:200::1",
            ],
        ),
    ];
    for (most, addresses) in networks {
        let desks = join_all(addresses.map(async |_| LoginScreen::open(&server, "/login").await)).await;
        let waits = desks.iter().zip(addresses);
        let mut waits: Vec<_> = waits
            .map(|(screen, address)| Box::pin(answer(&screen.browser, wait_from(screen, address))))
            .collect();
        while waits.len() > most {
            let (expected, _, left) = select_all(waits).await;
            assert!(is_told_to_come_later(&expected), "{}", expected.body);
            waits = left;
        }
        // Permits remain for the other networks.
        let other = LoginScreen::open(&server, "/login").await;
        let code = other.code(&server);
        let scan = async {
            while server.parts.login.waiters.parked() <= most {
                tokio::task::yield_now().await;
            }
            phone.step(&code).await
        };
        let (expected, _) = tokio::join!(other.wait("waiting-0"), scan);
        assert!(expected.body.contains("请在手机上输入数字"), "{}", expected.body);
    }
}

/// A parked request takes little memory, so one with a large head is not parked.
#[tokio::test]
async fn request_with_a_large_head_is_not_parked() {
    let server = start_with_waiters(1000).await;
    let screen = LoginScreen::open(&server, "/login").await;
    let secret = screen.browser.cookie_at(&format!("/login/wait/{}", screen.handshake));
    let cookies = format!("{secret}; filler={}", "x".repeat(5000));
    let large = wait_from(&screen, "10.0.0.1").header("cookie", &cookies);
    assert!(is_told_to_come_later(&screen.browser.send(large).await));
    let path = format!("/login/wait/{}?seen=waiting-0&filler={}", screen.handshake, "x".repeat(5000));
    assert!(is_told_to_come_later(&screen.browser.fetch(&path).await));
}
