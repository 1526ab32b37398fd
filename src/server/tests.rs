//! Tests of the server over raw sockets.

use std::net::SocketAddr;

use poem::Request;
use poem::endpoint::make;
use poem::http::{Extensions, Request as HttpRequest, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::web::body::came_too_slowly;

#[derive(Clone)]
struct News(&'static str);

const LIMITS: ConnectionLimits = ConnectionLimits { total: 100, per_network: None };

/// A server that parks requests for `/park` until there is news. It answers with the request's address and
/// the news. `/read` reads the body first, and `/large` answers 20 MB.
struct Fixture {
    address: SocketAddr,
    news: watch::Sender<bool>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Fixture {
    async fn start() -> Fixture {
        Fixture::with(LIMITS).await
    }

    async fn with(limits: ConnectionLimits) -> Fixture {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let news = watch::Sender::new(false);
        let waits_for = news.clone();
        let park = Box::new(move |request: &HttpRequest<_>, _| {
            let is_parked = request.uri().path() == "/park";
            is_parked.then(|| parked(waits_for.subscribe()))
        });
        let site = make(|req| async { Ok::<_, poem::Error>(answer(req).await) });
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let handlers = Handlers { site, park };
        let serving = tokio::spawn(serve(listener, handlers, limits, stopped, Duration::from_secs(60)));
        Fixture { address, news, stop, serving }
    }

    async fn send(&self, requests: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(requests.as_bytes()).await.unwrap();
        stream
    }

    async fn a_request_is_parked(&self) {
        while self.news.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
    }
}

async fn answer(mut req: Request) -> Response {
    let news = req.extensions().get::<News>().map_or("nothing", |news| news.0);
    let answer = match req.uri().path() {
        "/large" => "large".repeat(4 << 20),
        "/read" => match req.take_body().into_vec().await {
            Ok(body) => format!("{} bytes.", body.len()),
            Err(error) if came_too_slowly(&error) => {
                return Response::builder().status(StatusCode::REQUEST_TIMEOUT).finish();
            }
            Err(_) => "a part.".to_owned(),
        },
        _ => format!("{}: {news}.", req.uri()),
    };
    Response::builder().body(answer)
}

fn parked(mut news: watch::Receiver<bool>) -> Parked {
    Box::pin(async move {
        let _ = news.wait_for(|news| *news).await;
        let mut attached = Extensions::new();
        attached.insert(News("something"));
        attached
    })
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: exam.example\r\n\r\n")
}

/// Reads until the response ends with `last`.
async fn read_until(stream: &mut TcpStream, last: &str) -> String {
    let mut all = Vec::new();
    while !String::from_utf8_lossy(&all).ends_with(last) {
        let more = timeout(Duration::from_secs(10), stream.read_buf(&mut all)).await;
        assert!(more.expect("an answer").unwrap() > 0, "{}", String::from_utf8_lossy(&all));
    }
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn a_connection_goes_on_after_a_parked_request() {
    let server = Fixture::start().await;
    let mut stream = server.send(&get("/before")).await;
    read_until(&mut stream, "/before: nothing.").await;
    for seen in ["1", "2"] {
        server.news.send_replace(false);
        stream.write_all(get(&format!("/park?seen={seen}")).as_bytes()).await.unwrap();
        server.a_request_is_parked().await;
        server.news.send_replace(true);
        read_until(&mut stream, &format!("/park?seen={seen}: something.")).await;
    }
    stream.write_all(get("/after").as_bytes()).await.unwrap();
    read_until(&mut stream, "/after: nothing.").await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = Fixture::start().await;
    let mut stream = server.send(&[get("/park"), get("/next"), get("/park?2")].concat()).await;
    server.a_request_is_parked().await;
    stream.write_all(get("/last").as_bytes()).await.unwrap();
    server.news.send_replace(true);
    let all = read_until(&mut stream, "/last: nothing.").await;
    let bodies: Vec<&str> =
        all.split("\r\n\r\n").skip(1).map(|part| &part[..=part.find('.').unwrap()]).collect();
    assert_eq!(bodies, ["/park: something.", "/next: nothing.", "/park?2: something.", "/last: nothing."]);
}

#[tokio::test]
async fn a_parked_request_ends_when_its_client_disconnects() {
    let server = Fixture::start().await;
    let stream = server.send(&get("/park")).await;
    server.a_request_is_parked().await;
    drop(stream);
    timeout(Duration::from_secs(10), server.news.closed()).await.expect("no request is parked any more");
}

#[tokio::test]
async fn a_request_with_a_body_is_not_parked() {
    let server = Fixture::start().await;
    let head = "POST /park HTTP/1.1\r\nHost: exam.example\r\nContent-Length: 3\r\n\r\n";
    let mut stream = server.send(&format!("{head}a=b")).await;
    read_until(&mut stream, "/park: nothing.").await;
}

#[tokio::test]
async fn stopping_waits_for_parked_requests() {
    let server = Fixture::start().await;
    let mut stream = server.send(&get("/park")).await;
    let mut idle = server.send(&get("/idle")).await;
    read_until(&mut idle, "/idle: nothing.").await;
    server.a_request_is_parked().await;
    server.stop.send(()).unwrap();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(!server.serving.is_finished() && TcpStream::connect(server.address).await.is_err());
    server.news.send_replace(true);
    read_until(&mut stream, "/park: something.").await;
    timeout(Duration::from_secs(10), server.serving).await.expect("it ends").unwrap();
}

/// The head of a request whose body has this many bytes.
fn post(path: &str, length: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: exam.example\r\nContent-Length: {length}\r\n\r\n")
}

/// Reads until the server closes the connection.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A reset ends the connection as well.
    let _ = stream.read_to_end(&mut all).await;
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn an_unread_body_is_drained_before_the_response() {
    let server = Fixture::start().await;
    let mut stream = server.send(&post("/early", 8 << 20)).await;
    // The client reads only after it has sent everything, like a browser without scripts.
    for _ in 0..8 {
        stream.write_all(&vec![b'x'; 1 << 20]).await.unwrap();
    }
    read_until(&mut stream, "/early: nothing.").await;
    stream.write_all(get("/next").as_bytes()).await.unwrap();
    read_until(&mut stream, "/next: nothing.").await;
}

#[tokio::test]
async fn an_endless_body_gets_a_response_and_no_reset() {
    let server = Fixture::start().await;
    let mut stream = server.send(&post("/early", 1 << 40)).await;
    // The client goes on sending after the response.
    for _ in 0..64 {
        stream.write_all(&vec![b'x'; 1 << 20]).await.unwrap();
    }
    let all = read_to_end(&mut stream).await;
    assert!(all.ends_with("/early: nothing.") && all.contains("connection: close"), "{all}");
}

#[tokio::test]
async fn a_client_that_expects_100_continue_is_answered_without_its_body() {
    let server = Fixture::start().await;
    let head = post("/early", 8 << 20).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    let mut stream = server.send(&head).await;
    let all = read_to_end(&mut stream).await;
    assert!(all.starts_with("HTTP/1.1 200 OK") && all.ends_with("/early: nothing."), "{all}");
}

#[tokio::test]
async fn a_client_may_half_close_after_its_request() {
    let server = Fixture::start().await;
    let mut stream = server.send(&format!("{}12345678", post("/read", 8))).await;
    stream.shutdown().await.unwrap();
    assert!(read_to_end(&mut stream).await.ends_with("8 bytes."));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_or_trickles_times_out() {
    let server = Fixture::start().await;
    for path in ["/read", "/early"] {
        let mut stops = server.send(&format!("{}123", post(path, 8))).await;
        let (began, end) = (tokio::time::Instant::now(), if path == "/read" { "408" } else { "200" });
        assert!(read_to_end(&mut stops).await.starts_with(&format!("HTTP/1.1 {end}")), "{path}");
        assert!((30..42).contains(&began.elapsed().as_secs()), "{path}: {:?}", began.elapsed());
        let mut trickles = server.send(&post(path, 8000)).await;
        let began = tokio::time::Instant::now();
        while trickles.write_all(b"x").await.is_ok() && began.elapsed().as_secs() < 120 {
            sleep(Duration::from_secs(1)).await;
        }
        assert!((60..75).contains(&began.elapsed().as_secs()), "{path}: {:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_disconnected() {
    let server = Fixture::with(ConnectionLimits { total: 1, per_network: None }).await;
    let began = tokio::time::Instant::now();
    let _deaf = server.send(&get("/large")).await;
    let next = get("/next").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    while !read_to_end(&mut server.send(&next).await).await.contains("/next") {
        assert!(began.elapsed().as_secs() < 120, "the only connection stays open");
        sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn a_parked_request_keeps_few_bytes() {
    let server = Fixture::start().await;
    let with = |more: &str| get("/park").replace("\r\n\r\n", &format!("\r\n{more}\r\n\r\n"));
    // Headers that the handler does not need are dropped. A request with a large cookie is not parked.
    let mut long = server.send(&with(&format!("X-Long: {}", "x".repeat(10_000)))).await;
    server.a_request_is_parked().await;
    server.news.send_replace(true);
    read_until(&mut long, "/park: something.").await;
    server.news.send_replace(false);
    let mut large = server.send(&with(&format!("Cookie: a={}", "x".repeat(10_000)))).await;
    read_until(&mut large, "/park: nothing.").await;
    let mut flood = server.send(&get("/park").repeat(1000)).await;
    assert_eq!(read_to_end(&mut flood).await, "");
}

#[tokio::test]
async fn connections_beyond_the_limits_get_503() {
    let server = Fixture::with(ConnectionLimits { total: 3, per_network: Some(2) }).await;
    let mut first = server.send(&get("/first")).await;
    read_until(&mut first, "/first: nothing.").await;
    let mut second = server.send(&get("/second")).await;
    read_until(&mut second, "/second: nothing.").await;
    let mut third = server.send(&post("/third", 20_000)).await;
    third.write_all(&[b'x'; 20_000]).await.unwrap();
    let all = read_to_end(&mut third).await;
    assert!(all.starts_with("HTTP/1.1 503") && all.contains("Retry-After: 10"), "{all}");
    drop(second);
    let again = get("/again").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    while read_to_end(&mut server.send(&again).await).await.starts_with("HTTP/1.1 503") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn stopping_does_not_wait_for_a_trickle() {
    let server = Fixture::start().await;
    let mut trickle = server.send(&post("/read", 1 << 20)).await;
    trickle.write_all(&[b'x'; 1000]).await.unwrap();
    server.stop.send(()).unwrap();
    let began = tokio::time::Instant::now();
    server.serving.await.unwrap();
    assert!(began.elapsed().as_secs() <= 60);
}
