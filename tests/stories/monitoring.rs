//! Metrics, and traces of requests.

use std::future::pending;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use kaozheng::site::metrics;
use poem::middleware::AddData;
use poem::web::Data;
use poem::{EndpointExt, Route, handler, post};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::applicant::{file, form};
use crate::commands::{migrate, serve_settings};
use crate::database::database;
use crate::process::{Process, free_base, host_of, kaozheng};
use crate::server::{PHONE, Server};

/// Reads `/metrics` of a listener.
async fn scrape(address: &str) -> String {
    let answer = reqwest::get(format!("http://{address}/metrics")).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let kind = answer.headers()["content-type"].to_str().expect("a type").to_owned();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    answer.text().await.expect("text")
}

/// The value of the series that begins with `series`.
fn value(metrics: &str, series: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in\n{metrics}")).parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_tell_what_waits_and_nothing_about_a_person() {
    let server = Server::start().await;
    server.load_demo().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let parts = server.parts.clone();
    let listening = tokio::spawn(async move { metrics::serve(listener, &parts, pending()).await });

    let visitor = server.signed_in("张小三").await;
    let sitting = visitor.sitting_of("一级建造师").await;
    let number = visitor.apply_for_number(&sitting).await;
    let broken = file(form(&sitting, "upload", &[]), "diploma", "毕业证.pdf", b"no PDF".to_vec());
    visitor.upload("/services/qualification/new", broken).await;
    assert_eq!(visitor.step(&format!("/services/qualification/{number}")).await.status, 200);
    assert_eq!(server.visitor(PHONE).step("/110105194912310020").await.status, 404);
    server.advance(3 * 86400);

    let told = scrape(&address).await;
    let detail =
        "kaozheng_http_requests_total{route=\"/services/:business/:number\",method=\"GET\",status=\"2xx\"}";
    assert!(value(&told, detail) >= 1.0);
    assert!(
        value(&told, "kaozheng_http_requests_total{route=\"none\",method=\"GET\",status=\"4xx\"}") >= 1.0
    );
    assert!(value(&told, "kaozheng_uploads_total{outcome=\"stored\"}") >= 1.0);
    assert!(value(&told, "kaozheng_uploads_total{outcome=\"refused\"}") >= 1.0);
    let waiting = "{queue=\"applications\",kind=\"qualification\",state=\"submitted\"}";
    assert_eq!(value(&told, &format!("kaozheng_queue_length{waiting}")), 1.0);
    let age = value(&told, &format!("kaozheng_queue_oldest_age_seconds{waiting}"));
    assert!((3.0 * 86400.0..3.1 * 86400.0).contains(&age), "{age}");
    assert_eq!(
        value(&told, "kaozheng_queue_length{queue=\"applications\",kind=\"refund\",state=\"submitted\"}"),
        0.0
    );
    assert_eq!(value(&told, "kaozheng_check{check=\"database\"}"), 1.0);
    assert!(value(&told, "kaozheng_database_transaction_duration_seconds_count{kind=\"write\"}") >= 1.0);
    assert!(told.ends_with("# EOF\n"));
    for personal in ["张小三", "110105194912310020", &number] {
        assert!(!told.contains(personal), "{personal}");
    }
    let other = reqwest::get(format!("http://{address}/")).await.expect("an answer");
    assert_eq!(other.status(), 404, "the site is not served there");
    let site = server.visitor(PHONE).step("/metrics").await;
    assert_eq!(site.status, 404, "the site has no metrics");
    listening.abort();
}

/// What a collector received.
type Bodies = Arc<Mutex<Vec<u8>>>;

#[handler]
async fn collect(Data(bodies): Data<&Bodies>, body: Vec<u8>) {
    bodies.lock().await.extend(body);
}

/// Starts a collector that keeps what it gets.
async fn collector() -> (String, Bodies) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let bodies = Bodies::default();
    let routes = Route::new().at("/v1/traces", post(collect)).with(AddData::new(bodies.clone()));
    let acceptor = poem::listener::TcpAcceptor::from_tokio(listener).expect("an acceptor");
    tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(routes));
    (address, bodies)
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_sends_traces_to_a_collector_and_serves_metrics_beside_the_site() {
    let (database, files) = (database(), tempfile::tempdir().expect("a folder"));
    migrate(&database.url);
    let (collector, bodies) = collector().await;
    let (base, metrics) = (free_base(), free_base());
    let config = files.path().join("kaozheng.toml");
    let of_file =
        [("KAOZHENG_METRICS_LISTEN", host_of(&metrics)), ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector)];
    let lines = of_file.map(|(name, value)| format!("{name} = \"{value}\"\n"));
    std::fs::write(&config, lines.concat()).expect("a file of settings");
    let mut command: Command = kaozheng("serve");
    command.arg("--config").arg(&config).envs(serve_settings(&database.url, files.path()));
    command.env("KAOZHENG_LISTEN", host_of(&base)).env("OTEL_BSP_SCHEDULE_DELAY", "100");
    let process = Process::start(base.clone(), command).await;
    let open = async |path: &str| reqwest::get(format!("{base}{path}")).await.expect("an answer");
    let id = open("/lookup?name=zhang-xiao-san").await.headers()["x-request-id"].clone();
    let told = scrape(host_of(&metrics)).await;
    assert!(
        value(&told, "kaozheng_http_requests_total{route=\"/lookup\",method=\"GET\",status=\"2xx\"}") >= 1.0
    );
    assert!(told.contains("kaozheng_build_info{version=\""), "{told}");

    let id = id.to_str().expect("an id").to_owned();
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while !has(&bodies.lock().await, &id) {
        assert!(std::time::Instant::now() < deadline, "no span arrived");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let sent = bodies.lock().await.clone();
    for part in ["GET /lookup", "http.route", "http.response.status_code", "kaozheng.database.seconds"] {
        assert!(has(&sent, part), "{part}");
    }
    assert!(!has(&sent, "zhang-xiao-san"), "a query is sent to the collector");

    // The last requests are sent before the program ends.
    let last = open("/verify").await.headers()["x-request-id"].to_str().expect("an id").to_owned();
    let health = || kaozheng("health").env("KAOZHENG_LISTEN", host_of(&base)).status().expect("an end");
    assert!(health().success());
    assert!(process.stop());
    assert!(!health().success(), "nobody listens any more");
    assert!(has(&bodies.lock().await, &last));
}
