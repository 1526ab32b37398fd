//! Waiting requests have budgets: of a handshake, of a network, and of what each keeps.

use futures_util::future::{join_all, select_all};
use kaozheng::store::Clock;
use reqwest::Method;

use super::Desk;
use crate::server::{Answer, Server, Visitor};

fn is_told_to_come_later(answer: &Answer) -> bool {
    answer.status == 200 && answer.body.contains("seen=waiting-0") && answer.body.contains("delay:10s")
}

fn wait_from(desk: &Desk, network: &str) -> reqwest::RequestBuilder {
    let path = format!("/login/wait/{}?seen=waiting-0", desk.handshake);
    let request = desk.browser.request(Method::GET, &path).header("hx-request", "true");
    request.header("x-forwarded-for", network)
}

async fn answer(visitor: &Visitor, request: reqwest::RequestBuilder) -> Answer {
    visitor.send(request).await
}

async fn start(most: usize) -> Server {
    let clock = Clock::manual("2026-04-01T01:30:00".parse().expect("a time"));
    Server::start_with(clock, |settings| settings.max_waiters = most).await
}

/// Sixty windows with one code: three wait, the others come later.
#[tokio::test]
async fn a_handshake_has_three_waits_and_the_newest_stay() {
    let server = start(1000).await;
    let desk = Desk::open(&server, "/login").await;
    let phone = server.signed_in("张小三").await;
    let mut waits: Vec<_> = (0..60).map(|_| Box::pin(desk.wait("waiting-0"))).collect();
    for _ in 0..57 {
        let (told, _, left) = select_all(waits).await;
        assert!(is_told_to_come_later(&told), "{}", told.body);
        waits = left;
    }
    phone.step(&desk.code(&server)).await;
    for told in join_all(waits).await {
        assert!(
            told.body.contains("请在手机上输入数字") && told.body.contains("delay:100ms"),
            "{}",
            told.body
        );
    }
}

/// Of 16 places one network has two, also an IPv6 network with many addresses, and all that is unknown
/// eight.
#[tokio::test]
async fn a_network_takes_only_its_part_of_the_places() {
    let server = start(16).await;
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
        let desks = join_all(addresses.map(async |_| Desk::open(&server, "/login").await)).await;
        let waits = desks.iter().zip(addresses);
        let mut waits: Vec<_> =
            waits.map(|(desk, address)| Box::pin(answer(&desk.browser, wait_from(desk, address)))).collect();
        while waits.len() > most {
            let (told, _, left) = select_all(waits).await;
            assert!(is_told_to_come_later(&told), "{}", told.body);
            waits = left;
        }
        // There is room for everybody else.
        let other = Desk::open(&server, "/login").await;
        let code = other.code(&server);
        let scan = async {
            while server.parts.login.waiters.parked() <= most {
                tokio::task::yield_now().await;
            }
            phone.step(&code).await
        };
        let (told, _) = tokio::join!(other.wait("waiting-0"), scan);
        assert!(told.body.contains("请在手机上输入数字"), "{}", told.body);
    }
}

/// What a parked request keeps is small, so one with a large head is not parked.
#[tokio::test]
async fn a_large_head_is_not_kept_waiting() {
    let server = start(1000).await;
    let desk = Desk::open(&server, "/login").await;
    let secret = desk.browser.cookie_at(&format!("/login/wait/{}", desk.handshake));
    let cookies = format!("{secret}; filler={}", "x".repeat(5000));
    let large = wait_from(&desk, "10.0.0.1").header("cookie", &cookies);
    assert!(is_told_to_come_later(&desk.browser.send(large).await));
    let path = format!("/login/wait/{}?seen=waiting-0&filler={}", desk.handshake, "x".repeat(5000));
    assert!(is_told_to_come_later(&desk.browser.fetch(&path).await));
}
