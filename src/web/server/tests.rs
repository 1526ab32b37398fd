//! With raw sockets, as browsers, phones and nobody's friends use them.

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
use crate::web::connection::Rest;

#[derive(Clone)]
struct News(&'static str);

const ROOM: Room = Room { all: 100, network: None };

/// A server whose `/rest` rests until there is news. It answers what was asked and the news; what
/// is sent to `/read` is read first, and `/large` answers 20 MB.
struct Fixture {
    address: SocketAddr,
    news: watch::Sender<bool>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Fixture {
    async fn start() -> Fixture {
        Fixture::with(ROOM).await
    }

    async fn with(room: Room) -> Fixture {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let news = watch::Sender::new(false);
        let waits_for = news.clone();
        let rest_of = Box::new(move |request: &HttpRequest<_>, _| {
            let rests = request.uri().path() == "/rest";
            rests.then(|| rest(waits_for.subscribe()))
        });
        let site = make(|req| async { Ok::<_, poem::Error>(answer(req).await) });
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let answers = Answers { site, rest_of };
        let serving = tokio::spawn(serve(listener, answers, room, stopped, Duration::from_secs(60)));
        Fixture { address, news, stop, serving }
    }

    async fn send(&self, requests: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(requests.as_bytes()).await.unwrap();
        stream
    }

    async fn somebody_rests(&self) {
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

fn rest(mut news: watch::Receiver<bool>) -> Rest {
    Box::pin(async move {
        let _ = news.wait_for(|news| *news).await;
        let mut told = Extensions::new();
        told.insert(News("something"));
        told
    })
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: exam.example\r\n\r\n")
}

/// What the server has sent when `last` has come.
async fn read_until(stream: &mut TcpStream, last: &str) -> String {
    let mut all = Vec::new();
    while !String::from_utf8_lossy(&all).ends_with(last) {
        let more = timeout(Duration::from_secs(10), stream.read_buf(&mut all)).await;
        assert!(more.expect("an answer").unwrap() > 0, "{}", String::from_utf8_lossy(&all));
    }
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn a_connection_goes_on_after_a_rest() {
    let server = Fixture::start().await;
    let mut stream = server.send(&get("/before")).await;
    read_until(&mut stream, "/before: nothing.").await;
    for seen in ["1", "2"] {
        server.news.send_replace(false);
        stream.write_all(get(&format!("/rest?seen={seen}")).as_bytes()).await.unwrap();
        server.somebody_rests().await;
        server.news.send_replace(true);
        read_until(&mut stream, &format!("/rest?seen={seen}: something.")).await;
    }
    stream.write_all(get("/after").as_bytes()).await.unwrap();
    read_until(&mut stream, "/after: nothing.").await;
}

#[tokio::test]
async fn what_comes_early_is_answered_in_its_turn() {
    let server = Fixture::start().await;
    let mut stream = server.send(&[get("/rest"), get("/next"), get("/rest?2")].concat()).await;
    server.somebody_rests().await;
    stream.write_all(get("/last").as_bytes()).await.unwrap();
    server.news.send_replace(true);
    let all = read_until(&mut stream, "/last: nothing.").await;
    let bodies: Vec<&str> =
        all.split("\r\n\r\n").skip(1).map(|part| &part[..=part.find('.').unwrap()]).collect();
    assert_eq!(bodies, ["/rest: something.", "/next: nothing.", "/rest?2: something.", "/last: nothing."]);
}

#[tokio::test]
async fn a_rest_ends_when_its_client_goes_away() {
    let server = Fixture::start().await;
    let stream = server.send(&get("/rest")).await;
    server.somebody_rests().await;
    drop(stream);
    timeout(Duration::from_secs(10), server.news.closed()).await.expect("nobody rests any more");
}

#[tokio::test]
async fn a_request_with_a_body_does_not_rest() {
    let server = Fixture::start().await;
    let head = "POST /rest HTTP/1.1\r\nHost: exam.example\r\nContent-Length: 3\r\n\r\n";
    let mut stream = server.send(&format!("{head}a=b")).await;
    read_until(&mut stream, "/rest: nothing.").await;
}

#[tokio::test]
async fn a_stop_waits_for_those_who_rest() {
    let server = Fixture::start().await;
    let mut stream = server.send(&get("/rest")).await;
    let mut idle = server.send(&get("/idle")).await;
    read_until(&mut idle, "/idle: nothing.").await;
    server.somebody_rests().await;
    server.stop.send(()).unwrap();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(!server.serving.is_finished() && TcpStream::connect(server.address).await.is_err());
    server.news.send_replace(true);
    read_until(&mut stream, "/rest: something.").await;
    timeout(Duration::from_secs(10), server.serving).await.expect("it ends").unwrap();
}

/// The head of a request whose body has this many bytes.
fn post(path: &str, length: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: exam.example\r\nContent-Length: {length}\r\n\r\n")
}

/// All that comes until the server closes the connection.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A connection that was reset has ended as well.
    let _ = stream.read_to_end(&mut all).await;
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn an_answer_waits_for_a_body_that_nobody_wants() {
    let server = Fixture::start().await;
    let mut stream = server.send(&post("/early", 8 << 20)).await;
    // A client that reads only when it has sent everything, as a browser without scripts.
    for _ in 0..8 {
        stream.write_all(&vec![b'x'; 1 << 20]).await.unwrap();
    }
    read_until(&mut stream, "/early: nothing.").await;
    stream.write_all(get("/next").as_bytes()).await.unwrap();
    read_until(&mut stream, "/next: nothing.").await;
}

#[tokio::test]
async fn a_body_without_end_gets_an_answer_and_no_reset() {
    let server = Fixture::start().await;
    let mut stream = server.send(&post("/early", 1 << 40)).await;
    // It goes on sending after the answer has been given.
    for _ in 0..64 {
        stream.write_all(&vec![b'x'; 1 << 20]).await.unwrap();
    }
    let all = read_to_end(&mut stream).await;
    assert!(all.ends_with("/early: nothing.") && all.contains("connection: close"), "{all}");
}

#[tokio::test]
async fn who_waits_to_be_asked_for_a_body_is_not_asked_in_vain() {
    let server = Fixture::start().await;
    let head = post("/early", 8 << 20).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    let mut stream = server.send(&head).await;
    let all = read_to_end(&mut stream).await;
    assert!(all.starts_with("HTTP/1.1 200 OK") && all.ends_with("/early: nothing."), "{all}");
}

#[tokio::test]
async fn who_has_said_everything_is_answered() {
    let server = Fixture::start().await;
    let mut stream = server.send(&format!("{}12345678", post("/read", 8))).await;
    stream.shutdown().await.unwrap();
    assert!(read_to_end(&mut stream).await.ends_with("8 bytes."));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_or_trickles_is_given_up() {
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
async fn a_client_that_reads_nothing_is_given_up() {
    let server = Fixture::with(Room { all: 1, network: None }).await;
    let began = tokio::time::Instant::now();
    let _deaf = server.send(&get("/large")).await;
    let next = get("/next").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    while !read_to_end(&mut server.send(&next).await).await.contains("/next") {
        assert!(began.elapsed().as_secs() < 120, "the only place stays taken");
        sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn a_request_that_rests_keeps_little() {
    let server = Fixture::start().await;
    let with = |more: &str| get("/rest").replace("\r\n\r\n", &format!("\r\n{more}\r\n\r\n"));
    // What the answer does not need is not kept; a large cookie is not kept waiting.
    let mut long = server.send(&with(&format!("X-Long: {}", "x".repeat(10_000)))).await;
    server.somebody_rests().await;
    server.news.send_replace(true);
    read_until(&mut long, "/rest: something.").await;
    server.news.send_replace(false);
    let mut large = server.send(&with(&format!("Cookie: a={}", "x".repeat(10_000)))).await;
    read_until(&mut large, "/rest: nothing.").await;
    let mut flood = server.send(&get("/rest").repeat(1000)).await;
    assert_eq!(read_to_end(&mut flood).await, "");
}

#[tokio::test]
async fn connections_that_are_too_many_are_told() {
    let server = Fixture::with(Room { all: 3, network: Some(2) }).await;
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
async fn a_stop_does_not_wait_for_a_trickle() {
    let server = Fixture::start().await;
    let mut trickle = server.send(&post("/read", 1 << 20)).await;
    trickle.write_all(&[b'x'; 1000]).await.unwrap();
    server.stop.send(()).unwrap();
    let began = tokio::time::Instant::now();
    server.serving.await.unwrap();
    assert!(began.elapsed().as_secs() <= 60);
}
