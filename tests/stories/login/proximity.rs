//! Whether two devices are near each other (RFC 10027 §6.1.1) is never guessed.

use diesel::prelude::*;
use futures_util::future::join_all;
use kaozheng::store::Error;
use kaozheng::store::schema::login_handshakes::dsl as h;
use reqwest::{Client, Method, RequestBuilder};

use super::Desk;
use crate::server::{DESKTOP, PHONE, Server, Visitor};

/// What a proxy has added, header by header.
type Headers<'a> = &'a [(&'a str, &'a str)];

fn with(request: RequestBuilder, headers: Headers) -> RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

/// What a phone is told about the network of a desktop.
async fn told(server: &Server, desktop: Headers<'_>, phone: Headers<'_>) -> String {
    let screen = server.visitor(DESKTOP);
    let page = screen.send(with(screen.request(Method::GET, "/login"), desktop)).await;
    let desk = Desk::of(page, screen);
    let visitor = server.signed_in("张小三").await;
    visitor.step(&desk.code(server)).await;
    visitor.send(with(visitor.request(Method::GET, &desk.confirm()), phone)).await.body
}

fn is_unknown(page: &str) -> bool {
    page.contains("网络未知")
        && page.contains("无法确认两台设备是否在同一网络")
        && page.contains("如果二维码是别人发给您的，请点“不是我”")
        && !page.contains("相同的网络")
}

#[tokio::test]
async fn addresses_are_read_in_every_form_that_names_one() {
    let server = Server::start().await;
    let same: &[(&str, &str)] = &[
        ("119.123.4.5:5678", "119.123.4.5:91"),
        ("\"119.123.4.5:5678\"", "119.123.4.5"),
        ("6.6.6.6, 119.123.4.5", "7.7.7.7,119.123.4.5"),
        ("::ffff:119.123.4.5", "119.123.4.5"),
        ("[2409:8a55:1:2::1]:443", "2409:8a55:1:2:ffff::9"),
    ];
    for (desktop, phone) in same {
        let page = told(&server, &[("x-forwarded-for", desktop)], &[("x-forwarded-for", phone)]).await;
        assert!(page.contains("与本机相同的网络"), "{desktop} {phone}\n{page}");
    }
    let different: &[(&str, &str)] = &[
        ("119.123.4.5:80", "119.123.4.6:80"),
        ("119.123.4.6, 119.123.4.5", "119.123.4.5, 119.123.4.6"),
        ("[2409:8a55:1:2::1]:443", "[2409:8a55:1:3::1]:443"),
    ];
    for (desktop, phone) in different {
        let page = told(&server, &[("x-forwarded-for", desktop)], &[("x-forwarded-for", phone)]).await;
        assert!(
            page.contains("与本机不同的网络") && page.contains("两台设备不在同一网络"),
            "{desktop} {phone}\n{page}"
        );
    }
}

#[tokio::test]
async fn what_names_no_address_is_never_the_same_network() {
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
            let page = told(&server, desktop, phone).await;
            assert!(is_unknown(&page), "{desktop:?} {phone:?}\n{page}");
        }
    }
}

async fn network_of(server: &Server, desk: &Desk) -> String {
    let id = desk.handshake.clone();
    let row = server
        .parts
        .store
        .read(move |tx| Ok::<String, Error>(h::login_handshakes.find(id).select(h::address).first(tx.conn)?));
    row.await.expect("a row")
}

/// The proxy is there and the setting is not: all seem to come from the proxy.
#[tokio::test]
async fn a_forgotten_proxy_makes_the_network_unknown() {
    let clock = kaozheng::store::Clock::system;
    let server = Server::start_with(clock(), |settings| settings.trusted_proxy = false).await;
    for name in ["x-forwarded-for", "forwarded", "x-real-ip"] {
        let page = told(&server, &[(name, "for=1.2.3.4")], &[(name, "for=1.2.3.4")]).await;
        assert!(is_unknown(&page), "{name}\n{page}");
    }
    // By https there is a proxy, also one that adds no header.
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

/// Nothing hides the address of who comes straight to us.
#[tokio::test]
async fn without_a_proxy_the_peer_is_known() {
    let clock = kaozheng::store::Clock::system();
    let server = Server::start_with(clock, |settings| settings.trusted_proxy = false).await;
    let desk = Desk::open(&server, "/login").await;
    assert_eq!(network_of(&server, &desk).await, "unknown", "a visitor of the tests is behind a proxy");
    let page = Client::new().get(format!("{}/login", server.base)).header("user-agent", DESKTOP).send().await;
    assert_eq!(page.expect("an answer").status(), 200);
    let rows = server.parts.store.read(|tx| {
        Ok::<Vec<String>, Error>(h::login_handshakes.order(h::id.desc()).select(h::address).load(tx.conn)?)
    });
    assert_eq!(rows.await.expect("rows"), ["127.0.0.1", "unknown"]);
}

/// More than one network may do in a minute.
#[tokio::test]
async fn unknown_networks_do_not_share_the_budget_of_one() {
    let server = Server::start().await;
    let visitors: Vec<Visitor> = (0..200).map(|_| server.visitor(PHONE)).collect();
    let statuses = join_all(visitors.iter().map(async |visitor| {
        let request = visitor.request(Method::GET, "/s/nonsense").header("x-forwarded-for", "unknown");
        visitor.send(request).await.status
    }));
    assert!(statuses.await.iter().all(|status| *status == 410));
}
