//! One connection: requests one after another, and the rest that some of them take.
//!
//! hyper has some 16 KiB of buffers and state for each connection. A request that is to wait
//! needs none of it: its connection is taken out of hyper, and all that is kept is the socket
//! and the head of the request. When the rest is over, a new connection of hyper's reads that
//! head once more, and then what follows it.

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::io::Cursor;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use poem::http::uri::Scheme;
use poem::http::{Extensions, Request as HttpRequest};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Request, Response};
use tokio::io::{AsyncReadExt, join};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

/// How long the head of a request may take to come, and a connection may be kept for the next.
const HEAD: Duration = Duration::from_secs(75);

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
}

impl<E: Endpoint<Output = Response> + 'static> Turn<E> {
    /// The connection with the request that rests, or nothing when it has been closed.
    async fn run(self, line: Line, stop: &mut watch::Receiver<bool>) -> Option<(Line, Rest)> {
        let turn = Arc::new(self);
        let answering = turn.clone();
        let service = service_fn(move |request| {
            let answer = answering.clone().begin(request);
            async move { Ok::<hyper::Response<_>, Infallible>(answer.await.into()) }
        });
        let io = join(Cursor::new(line.unread).chain(line.read), line.write);
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(TokioIo::new(io), service);
        let mut stopping = false;
        let resting = loop {
            let end = poll_fn(|context| turn.end(Pin::new(&mut connection), context));
            tokio::select! {
                // A request that has had its rest is read before hyper hears of the stop.
                biased;
                resting = end => break resting?,
                _ = stop.wait_for(|stop| *stop), if !stopping => {
                    stopping = true;
                    Pin::new(&mut connection).graceful_shutdown();
                }
            }
        };
        let parts = connection.into_parts();
        let (input, write) = parts.io.into_inner().into_inner();
        let (first, read) = input.into_inner();
        let replayed = usize::try_from(first.position()).unwrap_or(usize::MAX);
        let later = first.get_ref().get(replayed..).unwrap_or_default();
        let unread = [&resting.head, &parts.read_buf[..], later].concat();
        Some((Line { unread, read, write }, resting.rest))
    }

    /// Nothing once the connection has been closed.
    fn end(&self, connection: Pin<&mut impl Future>, context: &mut Context<'_>) -> Poll<Option<Resting>> {
        // How a connection ends concerns nobody but its browser.
        if connection.poll(context).is_ready() {
            return Poll::Ready(None);
        }
        let resting = self.resting.lock().take();
        if resting.is_some() { Poll::Ready(resting) } else { Poll::Pending }
    }

    fn begin(self: Arc<Self>, mut request: HttpRequest<Incoming>) -> Answering {
        match self.news.lock().take() {
            Some(news) => request.extensions_mut().extend(news),
            None => {
                if let Some(rest) = self.rest_of(&request) {
                    let resting = Resting { head: head_of(&request), rest };
                    *self.resting.lock() = Some(resting);
                    return Box::pin(pending());
                }
            }
        }
        let remote = RemoteAddr(Addr::SocketAddr(self.peer));
        let request = Request::from((request, self.local.clone(), remote, Scheme::HTTP));
        Box::pin(async move {
            self.answers.site.call(request).await.unwrap_or_else(|error| error.into_response())
        })
    }

    fn rest_of(&self, request: &HttpRequest<Incoming>) -> Option<Rest> {
        if !request.body().is_end_stream() {
            return None;
        }
        (self.answers.rest_of)(request, self.peer.ip())
    }
}

/// Headers that the answer to a request depends on after its rest. The others are dropped, because a
/// parked request keeps its head.
const KEPT: &[&str] = &["host", "connection", "cookie", "accept-encoding", "hx-request", "hx-target"];

/// What is kept of the head of a request, to be read once more (RFC 9112 §3 and §5).
fn head_of<B>(request: &HttpRequest<B>) -> Vec<u8> {
    let line = format!("{} {} {:?}\r\n", request.method(), request.uri(), request.version());
    let mut head = line.into_bytes();
    for (name, value) in request.headers().iter().filter(|(name, _)| KEPT.contains(&name.as_str())) {
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
    fn a_head_is_written_as_it_was_read_without_what_its_answer_needs_not() {
        let request = HttpRequest::get("/login/wait/1?seen=a%20b")
            .header("host", "exam.example")
            .header("cookie", "a=1")
            .header("cookie", "b=2")
            .header("user-agent", "x".repeat(9000))
            .header("x-filler", "x".repeat(9000))
            .body(())
            .unwrap();
        let head = String::from_utf8(head_of(&request)).unwrap();
        let as_read = "GET /login/wait/1?seen=a%20b HTTP/1.1\r\nhost: exam.example\r\n\
                       cookie: a=1\r\ncookie: b=2\r\n\r\n";
        assert_eq!(head, as_read);
    }
}
