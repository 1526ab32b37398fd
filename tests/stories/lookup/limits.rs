//! Rate limits of the public lookup, and the constant time of its answers.

use std::future::pending;
use std::time::{Duration, Instant};

use kaozheng::site::{self, Parts};
use kaozheng::store::{Clock, Ids, Store, Vault};
use tokio::net::TcpListener;

use super::*;
use crate::filing::start_demo;

#[tokio::test]
async fn network_limit_keeps_what_was_typed_and_names_the_time_to_come_back() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    for number in 0..120 {
        let document = format!("E{number:08}");
        assert_eq!(ask_from(&visitor, "10.1.0.1", EXAM, ["甲乙", &document, "1"]).await.status, 200);
    }
    let refused = ask_from(&visitor, "10.1.0.1", EXAM, [NAME, DOCUMENT, PRINT]).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["retry-after"], "60");
    let until = kaozheng::store::clock::china_to_the_second(
        server.parts.store.clock.now() + chrono::Duration::seconds(60),
    );
    assert!(
        refused.body.contains(&format!("请在 {until} 之后再查。您填写的内容已保留。")),
        "{}",
        refused.body
    );
    for typed in [NAME, DOCUMENT, PRINT] {
        assert!(refused.body.contains(&format!("value=\"{typed}\"")), "{typed}");
    }
    let english = ask_from(&visitor, "10.1.0.1", "/en/lookup/02", [NAME, DOCUMENT, PRINT]).await;
    assert!(english.status == 429 && english.body.contains(&format!("try again after {until}")));
    assert_eq!(ask_from(&visitor, "10.1.0.2", EXAM, [NAME, DOCUMENT, PRINT]).await.status, 200);
    server.advance(60);
    assert_eq!(ask_from(&visitor, "10.1.0.1", EXAM, [NAME, DOCUMENT, PRINT]).await.status, 200);
}

#[tokio::test]
async fn document_limit_counts_all_networks() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    for number in 0..20 {
        let network = format!("10.2.0.{number}");
        let spelled = if number % 2 == 0 { DOCUMENT } else { " 440300 19900307 2616" };
        let answer = ask_from(&visitor, &network, EXAM, [NAME, spelled, &number.to_string()]).await;
        assert_eq!(answer.status, 200);
    }
    let refused = ask_from(&visitor, "10.2.1.1", EXAM, [NAME, DOCUMENT, PRINT]).await;
    assert_eq!(refused.status, 429, "also with everything right");
    assert!(refused.body.contains("请在 2026-04-01 09:40:00 之后再查"), "{}", refused.body);
    let other = ask_from(&visitor, "10.2.1.1", "/lookup/07", ["陳大文", "H12345678", "SF07000004"]).await;
    assert!(other.body.contains("有效"), "another document is counted alone");
}

/// A hundred numbers of one permit are no more attempts than one.
#[tokio::test]
async fn document_limit_counts_all_numbers_of_a_permit() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    for number in 0..20 {
        let (network, permit) = (format!("10.2.0.{number}"), format!("H12345678{number:02}"));
        assert_eq!(ask_from(&visitor, &network, EXAM, [NAME, &permit, "1"]).await.status, 200);
    }
    for permit in ["H12345678", "H1234567899", "h-1234 5678"] {
        assert_eq!(ask_from(&visitor, "10.2.1.1", EXAM, [NAME, permit, "1"]).await.status, 429, "{permit}");
    }
    assert_eq!(ask_from(&visitor, "10.2.1.1", EXAM, [NAME, "H12345679", "1"]).await.status, 200);
}

#[tokio::test]
async fn clients_of_an_unknown_network_share_a_larger_budget() {
    let start = "2026-04-01T01:30:00".parse().expect("a time");
    let server = Server::start_with(Clock::manual(start), |settings| settings.trusted_proxy = false).await;
    server.load_demo().await;
    let visitor = server.visitor(PHONE);
    let mut refused = 0;
    for number in 0..130 {
        let (network, document) = (format!("10.3.0.{number}"), format!("E{number:08}"));
        refused +=
            usize::from(ask_from(&visitor, &network, EXAM, ["甲乙", &document, "1"]).await.status == 429);
    }
    assert_eq!(refused, 0, "their networks are not known");
}

/// A second process of the same site: another store on the same database.
async fn second_process(server: &Server) -> (Parts, Visitor) {
    let settings = (*server.parts.settings).clone();
    let (vault, clock) = (Vault::from_key(&[7; 32]), server.parts.store.clock.clone());
    let store = Store::open(&settings.database_url, vault, clock, Ids::random()).await.expect("a store");
    let parts = Parts::new(settings, store, server.parts.files.clone()).expect("parts");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let served = parts.clone();
    tokio::spawn(async move { site::serve(listener, &served, pending(), Duration::ZERO).await });
    (parts, Visitor::new(&base, PHONE))
}

/// Lets two processes exchange their counters.
async fn exchange_counters(one: &Parts, other: &Parts) {
    for parts in [one, other, one] {
        parts.lookup.exchange(&parts.store).await.expect("an exchange");
    }
}

#[tokio::test]
async fn processes_count_together() {
    let server = start_demo().await;
    let (other, there) = second_process(&server).await;
    let here = server.visitor(PHONE);
    for number in 0..10 {
        for (at, visitor) in [&here, &there].into_iter().enumerate() {
            let network = format!("10.4.{at}.{number}");
            assert_eq!(ask_from(visitor, &network, EXAM, [NAME, DOCUMENT, PRINT]).await.status, 200);
        }
    }
    exchange_counters(&server.parts, &other).await;
    if !server.parts.store.is_shared() {
        // One process serves a SQLite database, so its counts stay in memory.
        let swept = server.parts.store.write(|tx| {
            tx.now = tx.now + chrono::Duration::days(1);
            kaozheng::lookup::limits::sweep(tx)
        });
        assert_eq!(swept.await.expect("a sweep"), 0);
        assert_eq!(ask_from(&here, "10.4.9.9", EXAM, [NAME, DOCUMENT, PRINT]).await.status, 200);
        return;
    }
    for visitor in [&here, &there] {
        assert_eq!(ask_from(visitor, "10.4.9.9", EXAM, [NAME, DOCUMENT, PRINT]).await.status, 429);
    }
    let (third, elsewhere) = second_process(&server).await;
    third.lookup.exchange(&third.store).await.expect("an exchange");
    let refused = ask_from(&elsewhere, "10.4.9.9", EXAM, [NAME, DOCUMENT, PRINT]).await;
    assert_eq!(refused.status, 429, "a process that was not there yet hears of it");
    server.advance(600);
    exchange_counters(&server.parts, &other).await;
    assert_eq!(ask_from(&here, "10.4.9.9", EXAM, [NAME, DOCUMENT, PRINT]).await.status, 200);
    let swept = server.parts.store.write(kaozheng::lookup::limits::sweep).await.expect("a sweep");
    assert!(swept >= 1, "{swept}");
}

#[tokio::test]
async fn small_counters_of_another_process_are_added() {
    let server = start_demo().await;
    let (other, there) = second_process(&server).await;
    let here = server.visitor(PHONE);
    let asked = async |visitor: &Visitor, times: u32| {
        let mut status = 0;
        for _ in 0..times {
            status = ask_from(visitor, "10.5.0.1", EXAM, [NAME, DOCUMENT, PRINT]).await.status;
        }
        status
    };
    assert_eq!(asked(&here, 7).await, 200);
    assert_eq!(asked(&there, 3).await, 200);
    exchange_counters(&server.parts, &other).await;
    exchange_counters(&server.parts, &other).await;
    let left = if server.parts.store.is_shared() { 10 } else { 13 };
    assert_eq!(asked(&here, left).await, 200);
    assert_eq!(asked(&here, 1).await, 429);
}

/// The durations in ascending order.
fn sorted(mut took: Vec<Duration>) -> Vec<Duration> {
    took.sort();
    took
}

/// The probability that one of `a` took longer than one of `b` (Mann–Whitney). It is 0.5 if they are
/// alike.
fn later(a: &[Duration], b: &[Duration]) -> f64 {
    let wins: usize = a.iter().map(|x| b.partition_point(|y| y < x)).sum();
    wins as f64 / (a.len() * b.len()) as f64
}

#[tokio::test]
async fn answer_time_does_not_reveal_what_was_wrong() {
    const EACH: usize = 300;
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let kinds: [(&str, [&str; 3]); 4] = [
        ("wrong name", ["张小四", DOCUMENT, MANAGEMENT]),
        ("wrong document", [NAME, "440300199003072617", MANAGEMENT]),
        ("wrong number", [NAME, DOCUMENT, "20241044030002000999"]),
        ("no such person", ["王无名", "110105194912310021", "20241044030002000999"]),
    ];
    let mut took = kinds.map(|_| Vec::new());
    for round in 0..EACH {
        if round % 8 == 0 {
            server.advance(600); // a document may be looked up 20 times
        }
        // The inputs alternate, so that other load on the machine affects all alike.
        for kind in (0..kinds.len()).map(|at| (at + round) % kinds.len()) {
            let began = Instant::now();
            let answer = ask(&visitor, EXAM, kinds[kind].1).await;
            took[kind].push(began.elapsed());
            assert!(answer.body.contains(NOTHING));
        }
    }
    let took = took.map(sorted);
    for (kind, times) in kinds.iter().zip(&took) {
        let at = |share: usize| times[times.len() * share / 100];
        println!("{}: p10 {:?}, p50 {:?}, p90 {:?}", kind.0, at(10), at(50), at(90));
    }
    for (first, one) in took.iter().enumerate() {
        for (second, other) in took.iter().enumerate().skip(first + 1) {
            let chance = later(one, other);
            println!("{} against {}: {chance:.3}", kinds[first].0, kinds[second].0);
            assert!((0.35..=0.65).contains(&chance), "{} {} {chance}", kinds[first].0, kinds[second].0);
        }
    }
}
