//! Whether two devices share a network (RFC 10027 §6.1.1) is shown only if both addresses are known.

use diesel::prelude::*;
use futures_util::future::join_all;
use kaozheng::store::Error;
use kaozheng::store::schema::login_handshakes::dsl as h;
use reqwest::{Client, Method, RequestBuilder};

use super::LoginScreen;
use crate::server::{DESKTOP, PHONE, Server, Visitor};

/// Headers added by a proxy.
type Headers<'a> = &'a [(&'a str, &'a str)];

fn with(request: RequestBuilder, headers: Headers) -> RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

/// The phone's message about the desktop's network.
async fn network_message(server: &Server, desktop: Headers<'_>, phone: Headers<'_>) -> String {
    let browser = server.visitor(DESKTOP);
    let page = browser.send(with(browser.request(Method::GET, "/login"), desktop)).await;
    let screen = LoginScreen::of(page, browser);
    let visitor = server.signed_in("张小三").await;
    visitor.step(&screen.code(server)).await;
    visitor.send(with(visitor.request(Method::GET, &screen.confirm()), phone)).await.body
}

fn is_unknown(page: &str) -> bool {
    page.contains("网络未知")
        && page.contains("无法确认两台设备是否在同一网络")
        && page.contains("如果二维码是别人发给您的，请点“不是我”")
        && !page.contains("相同的网络")
}

#[tokio::test]
async fn addresses_are_read_in_every_valid_form() {
    let server = Server::start().await;
    let same: &[(&str, &str)] = &[
        ("119.123.4.5:5678", "119.123.4.5:91"),
        ("\"119.123.4.5:5678\"", "119.123.4.5"),
        ("6.6.6.6, 119.123.4.5", "7.7.7.7,119.123.4.5"),
        ("::ffff:119.123.4.5", "119.123.4.5"),
        ("[2409:8a55:1:2::1]:443", "2409:8a55:1:2:ffff::9"),
    ];
    for (desktop, phone) in same {
        let page =
            network_message(&server, &[("x-forwarded-for", desktop)], &[("x-forwarded-for", phone)]).await;
        assert!(page.contains("与本机相同的网络"), "{desktop} {phone}\n{page}");
    }
    let different: &[(&str, &str)] = &[
        ("119.123.4.5:80", "119.123.4.6:80"),
        ("119.123.4.6, 119.123.4.5", "119.123.4.5, 119.123.4.6"),
        ("[2409:8a55:1:2::1]:443", "[2409:8a55:1:3::1]:443"),
    ];
    for (desktop, phone) in different {
        let page =
            network_message(&server, &[("x-forwarded-for", desktop)], &[("x-forwarded-for", phone)]).await;
        assert!(
            page.contains("与本机不同的网络") && page.contains("两台设备不在同一网络"),
            "{desktop} {phone}\n{page}"
        );
    }
}

#[tokio::test]
async fn malformed_address_is_an_unknown_network() {
    let server = Server::start().await;
    let unknown: &[Headers] = &[
        &[("x-forwarded-for", "unknown")],
        &[("x-forwarded-for", "_hidden")],
        &[("x-forwarded-for", "")],
        &[("x-forwarded-for", "119.123.4.5, ")],
        &[("x-forwarded-for", "119.123.4.5"), ("x-forwarded-for", "unknown")],
        &[("x-forwarded-for", "119.123.4.5:port")],
        &[("x-forwarded-for", "gibberish")],
        &[("x-forwarded-for", "0.0.0.0")],
    ];
    let known: Headers = &[("x-forwarded-for", "119.123.4.5")];
    for headers in unknown {
        for (desktop, phone) in [(*headers, *headers), (*headers, known), (known, *headers)] {
            let page = network_message(&server, desktop, phone).await;
            assert!(is_unknown(&page), "{desktop:?} {phone:?}\n{page}");
        }
    }
}

async fn network_of(server: &Server, screen: &LoginScreen) -> String {
    let id = screen.handshake.clone();
    let row = server
        .parts
        .store
        .read(move |tx| Ok::<String, Error>(h::login_handshakes.find(id).select(h::address).first(tx.conn)?));
    row.await.expect("a row")
}

/// A proxy exists but `trusted_proxy` is off, so every request seems to come from the proxy.
#[tokio::test]
async fn unset_trusted_proxy_makes_the_network_unknown() {
    let clock = kaozheng::store::Clock::system;
    let server = Server::start_with(clock(), |settings| settings.trusted_proxy = false).await;
    for name in ["x-forwarded-for", "forwarded", "x-real-ip"] {
        let page = network_message(&server, &[(name, "for=1.2.3.4")], &[(name, "for=1.2.3.4")]).await;
        assert!(is_unknown(&page), "{name}\n{page}");
    }
    // With https there is always a proxy, even one that adds no header.
    let https = "https://exam.example/".parse().expect("an address");
    let server = Server::start_with(clock(), |settings| {
        (settings.trusted_proxy, settings.public_url) = (false, https);
    });
    let server = server.await;
    let page = Client::new().get(format!("{}/login", server.base)).header("user-agent", DESKTOP).send();
    let page = page.await.expect("an answer").text().await.expect("a page");
    let handshake = page.split_once("hx-get=\"/login/wait/").and_then(|(_, rest)| rest.split_once('?'));
    let id = handshake.expect("a handshake").0.to_owned();
    let row = server
        .parts
        .store
        .read(move |tx| Ok::<String, Error>(h::login_handshakes.find(id).select(h::address).first(tx.conn)?));
    assert_eq!(row.await.expect("a row"), "unknown");
}

/// Without a proxy the peer's address is the client's.
#[tokio::test]
async fn peer_is_the_client_without_a_proxy() {
    let clock = kaozheng::store::Clock::system();
    let server = Server::start_with(clock, |settings| settings.trusted_proxy = false).await;
    let screen = LoginScreen::open(&server, "/login").await;
    assert_eq!(network_of(&server, &screen).await, "unknown", "a visitor of the tests is behind a proxy");
    let page = Client::new().get(format!("{}/login", server.base)).header("user-agent", DESKTOP).send().await;
    assert_eq!(page.expect("an answer").status(), 200);
    let rows = server.parts.store.read(|tx| {
        Ok::<Vec<String>, Error>(h::login_handshakes.order(h::id.desc()).select(h::address).load(tx.conn)?)
    });
    assert_eq!(rows.await.expect("rows"), ["127.0.0.1", "unknown"]);
}

/// The test makes more requests than one network may make in a minute.
#[tokio::test]
async fn unknown_networks_have_a_larger_budget() {
    let server = Server::start().await;
    let visitors: Vec<Visitor> = (0..200).map(|_| server.visitor(PHONE)).collect();
    let statuses = join_all(visitors.iter().map(async |visitor| {
        let request = visitor.request(Method::GET, "/s/nonsense").header("x-forwarded-for", "unknown");
        visitor.send(request).await.status
    }));
    assert!(statuses.await.iter().all(|status| *status == 410));
}
