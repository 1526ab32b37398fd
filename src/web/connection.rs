//! One connection: requests one after another, and the rest that some of them take.
//!
//! hyper has some 16 KiB of buffers and state for each connection. A request that is to wait
//! needs none of it: its connection is taken out of hyper, and all that is kept is the socket
//! and the head of the request. When the rest is over, a new connection of hyper's reads that
//! head once more, and then what follows it.
//!
//! Nothing here waits for ever: a head has [`HEAD`], a body and an answer have their
//! [`pace`](super::pace), and a connection that is closed while its client may still be sending
//! is read for up to [`LINGER`], because closing it with bytes unread would destroy the answer.

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::io::Cursor;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use poem::http::header::{self, HeaderName, HeaderValue};
use poem::http::uri::Scheme;
use poem::http::{Extensions, Request as HttpRequest};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, join, sink};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::time::timeout;

use super::body::Arriving;
use super::pace::PacedWrite;

/// How long the head of a request may take to come, and a connection may be kept for the next.
const HEAD: Duration = Duration::from_secs(75);

/// How long a client that may still be sending is read after its answer (RFC 9112 §9.6).
const LINGER: Duration = Duration::from_secs(10);

/// hyper's buffer. A head that does not fit is refused without a page; see [`head`](super::head)
/// for those that do.
const BUFFER: usize = 64 << 10;

/// Largest head of a request that rests; one that is larger is answered at once.
const RESTING_HEAD: usize = 4 << 10;

/// Most bytes that are kept of a connection while its request rests: the head, and what came after
/// it. No browser sends another request before it has its answer; whoever sends more is cut off.
const RESTING: usize = 6 << 10;

/// What a head needs, besides the names that begin with `hx-`, to be answered after a rest.
const KEPT: [HeaderName; 8] = [
    header::ACCEPT_ENCODING,
    header::CONNECTION,
    header::COOKIE,
    header::HOST,
    header::USER_AGENT,
    header::ORIGIN,
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("x-forwarded-for"),
];

/// Over when a request is to be answered; what its answer is to know.
pub type Rest = Pin<Box<dyn Future<Output = Extensions> + Send>>;

/// The rest that a request without a body takes, if it takes one; with the address of the peer.
pub type RestOf = Box<dyn Fn(&HttpRequest<Incoming>, IpAddr) -> Option<Rest> + Send + Sync>;

type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// What requests are answered with.
pub struct Answers<E> {
    /// Answers a request.
    pub site: E,
    /// Says which requests rest before that.
    pub rest_of: RestOf,
}

/// A connection without a request.
struct Line {
    /// Bytes to be read before those of the socket.
    unread: Vec<u8>,
    read: OwnedReadHalf,
    write: OwnedWriteHalf,
}

/// A request that rests.
struct Resting {
    head: Vec<u8>,
    rest: Rest,
}

/// Answers the requests of one connection, until one of both ends closes it. Once `stop` says so,
/// it ends with the answer to the request in flight.
pub async fn keep<E>(
    stream: TcpStream,
    peer: SocketAddr,
    answers: Arc<Answers<E>>,
    mut stop: watch::Receiver<bool>,
) where
    E: Endpoint<Output = Response> + 'static,
{
    let local = stream.local_addr().unwrap_or(peer);
    // Without it the second half of a large answer waits for the receipt of the first.
    let _ = stream.set_nodelay(true);
    let (read, write) = stream.into_split();
    let mut line = Line { unread: Vec::new(), read, write };
    let mut news = None;
    loop {
        let turn = Turn {
            answers: answers.clone(),
            local: LocalAddr(Addr::SocketAddr(local)),
            peer,
            news: Mutex::new(news),
            resting: Mutex::new(None),
            unread: AtomicBool::new(false),
        };
        // On the heap, so that its room is given back for the time of the rest.
        let Some((mut rested, rest)) = Box::pin(turn.run(line, &mut stop)).await else { return };
        tokio::select! {
            told = rest => news = Some(told),
            () = closed(&mut rested.read) => return,
        }
        line = rested;
    }
}

/// Returns when the client has closed the connection. What it sends before it has its answer is
/// left to be read after that.
async fn closed(read: &mut OwnedReadHalf) {
    if let Ok(1..) = read.peek(&mut [0]).await {
        pending::<()>().await;
    }
}

/// What hyper does on a connection from one rest to the next.
struct Turn<E> {
    answers: Arc<Answers<E>>,
    local: LocalAddr,
    peer: SocketAddr,
    /// For the first request, where that has had its rest.
    news: Mutex<Option<Extensions>>,
    resting: Mutex<Option<Resting>>,
    /// Whether an answer was given to a request whose body may still be coming.
    unread: AtomicBool,
}

/// Why hyper is done with a connection.
enum End {
    Closed,
    /// Closed by us, while the client may still be sending.
    Unread,
    Resting(Resting),
}

impl<E: Endpoint<Output = Response> + 'static> Turn<E> {
    /// The connection with the request that rests, or nothing when it has been closed.
    async fn run(self, line: Line, stop: &mut watch::Receiver<bool>) -> Option<(Line, Rest)> {
        let turn = Arc::new(self);
        let answering = turn.clone();
        let service = service_fn(move |request| {
            let answer = answering.clone().begin(request);
            answer.map(|answer| Ok::<hyper::Response<_>, Infallible>(answer.into()))
        });
        let io = join(Cursor::new(line.unread).chain(line.read), PacedWrite::new(line.write));
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(BUFFER)
            // Whoever has sent all of a request may say so, and is answered.
            .half_close(true)
            .serve_connection(TokioIo::new(io), service);
        let mut stopping = false;
        let end = loop {
            let end = poll_fn(|context| {
                // A request that rests is asked for after hyper has been polled: it begins there.
                match connection.poll_without_shutdown(context) {
                    Poll::Ready(closed) => Poll::Ready(turn.end(closed)),
                    Poll::Pending => turn
                        .resting
                        .lock()
                        .take()
                        .map_or(Poll::Pending, |resting| Poll::Ready(End::Resting(resting))),
                }
            });
            tokio::select! {
                // A request that has had its rest is read before hyper hears of the stop.
                biased;
                end = end => break end,
                _ = stop.wait_for(|stop| *stop), if !stopping => {
                    stopping = true;
                    Pin::new(&mut connection).graceful_shutdown();
                }
            }
        };
        let parts = connection.into_parts();
        let (input, write) = parts.io.into_inner().into_inner();
        let (first, read) = input.into_inner();
        let write = write.into_inner();
        match end {
            End::Closed => None,
            End::Unread => {
                linger(read, write).await;
                None
            }
            End::Resting(Resting { head, rest }) => {
                let replayed = usize::try_from(first.position()).unwrap_or(usize::MAX);
                let later = first.get_ref().get(replayed..).unwrap_or_default();
                let unread = [&head[..], &parts.read_buf[..], later].concat();
                (unread.len() <= RESTING).then_some((Line { unread, read, write }, rest))
            }
        }
    }

    fn end(&self, closed: hyper::Result<()>) -> End {
        // What hyper could not read, it has answered; how else a connection ends concerns nobody
        // but its client.
        let refused = closed.is_err_and(|error| error.is_parse());
        if refused || self.unread.load(Ordering::Relaxed) { End::Unread } else { End::Closed }
    }

    fn begin(self: Arc<Self>, mut request: HttpRequest<Incoming>) -> Answering {
        match self.news.lock().take() {
            Some(news) => request.extensions_mut().extend(news),
            None => {
                if let Some(resting) = self.resting(&request) {
                    *self.resting.lock() = Some(resting);
                    return Box::pin(pending());
                }
            }
        }
        let has_body = !request.body().is_end_stream();
        let remote = RemoteAddr(Addr::SocketAddr(self.peer));
        let mut request = Request::from((request, self.local.clone(), remote, Scheme::HTTP));
        if !has_body {
            return Box::pin(self.answer(request));
        }
        let arriving = Arriving::of(&mut request);
        Box::pin(async move {
            let mut response = self.clone().answer(request).await;
            if !arriving.drain().await {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                self.unread.store(true, Ordering::Relaxed);
            }
            response
        })
    }

    async fn answer(self: Arc<Self>, request: Request) -> Response {
        self.answers.site.call(request).await.unwrap_or_else(|error| error.into_response())
    }

    fn resting(&self, request: &HttpRequest<Incoming>) -> Option<Resting> {
        if !request.body().is_end_stream() {
            return None;
        }
        let rest = (self.answers.rest_of)(request, self.peer.ip())?;
        let head = head_of(request);
        (head.len() <= RESTING_HEAD).then_some(Resting { head, rest })
    }
}

/// Reads what still comes after the last answer and drops it.
async fn linger(mut read: OwnedReadHalf, mut write: OwnedWriteHalf) {
    let _ = write.shutdown().await;
    let _ = timeout(LINGER, copy(&mut read, &mut sink())).await;
}

/// What is needed of the head of a request, to be read once more (RFC 9112 §3 and §5).
fn head_of<B>(request: &HttpRequest<B>) -> Vec<u8> {
    let line = format!("{} {} {:?}\r\n", request.method(), request.uri(), request.version());
    let mut head = line.into_bytes();
    let kept = |name: &HeaderName| KEPT.contains(name) || name.as_str().starts_with("hx-");
    for (name, value) in request.headers().iter().filter(|(name, _)| kept(name)) {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend(part);
        }
    }
    head.extend(b"\r\n");
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_parked_request_needs_is_written_as_it_was_read() {
        let request = HttpRequest::get("/login/wait/1?seen=a%20b")
            .header("host", "exam.example")
            .header("cookie", "a=1")
            .header("cookie", "b=2")
            .header("accept-language", "zh-CN")
            .header("x-filler", "x".repeat(9000))
            .header("hx-request", "true")
            .body(())
            .unwrap();
        let head = String::from_utf8(head_of(&request)).unwrap();
        let as_read = "GET /login/wait/1?seen=a%20b HTTP/1.1\r\nhost: exam.example\r\n\
                       cookie: a=1\r\ncookie: b=2\r\nhx-request: true\r\n\r\n";
        assert_eq!(head, as_read);
    }
}
