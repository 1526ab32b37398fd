//! One connection: its requests one after another, some of which are parked before they are answered.
//!
//! A connection is either active or parked. While it is active, hyper reads requests and writes responses,
//! and holds some 16 KiB of buffers and state. When a request is to be parked, hyper's connection is
//! dropped, and only the socket and the head of the request stay. When the wait is over, a new connection
//! of hyper reads that head again as text: hyper can only start from bytes, and the parsed headers would
//! keep its read buffer in memory.
//!
//! Every wait is bounded. The head has [`HEAD_TIMEOUT`], body and response have a minimum
//! [`pace`](crate::web::pace). A connection that is closed while its client may still be sending is read for
//! up to [`LINGER`], because closing it with bytes unread would reset it and destroy the response.

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

use crate::web::body::IncomingBody;
use crate::web::pace::PacedWrite;

/// How long the head of a request may take, including the time that the connection is idle before it.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// How long a client that may still be sending is read after the response (RFC 9112 §9.6).
const LINGER: Duration = Duration::from_secs(10);

/// hyper's buffer, in bytes. hyper refuses a head that does not fit without a page; [`head`](crate::web::head)
/// refuses smaller ones with a page.
const BUFFER: usize = 64 << 10;

/// Largest head of a parked request, in bytes. A request with a larger head is answered at once.
const MAX_PARKED_HEAD: usize = 4 << 10;

/// Most bytes kept of a parked connection: the head, and what was sent after it. Browsers do not send the
/// next request before the response; a client that sends more than this is disconnected.
const MAX_PARKED_BYTES: usize = 6 << 10;

/// The headers of a parked request that are kept, besides those whose names begin with `hx-`.
const KEPT_HEADERS: [HeaderName; 8] = [
    header::ACCEPT_ENCODING,
    header::CONNECTION,
    header::COOKIE,
    header::HOST,
    header::USER_AGENT,
    header::ORIGIN,
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("x-forwarded-for"),
];

/// Resolves when a parked request should be answered; the output is attached to it.
pub type Parked = Pin<Box<dyn Future<Output = Extensions> + Send>>;

/// Decides whether a request without a body is parked. The address is the peer's.
pub type Park = Box<dyn Fn(&HttpRequest<Incoming>, IpAddr) -> Option<Parked> + Send + Sync>;

type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// How requests are answered.
pub struct Handlers<E> {
    pub site: E,
    pub park: Park,
}

/// A socket that hyper does not hold.
struct Socket {
    /// Bytes to be read before those of the socket.
    unread: Vec<u8>,
    read: OwnedReadHalf,
    write: OwnedWriteHalf,
}

struct ParkedRequest {
    head: Vec<u8>,
    parked: Parked,
}

/// Answers the requests of one connection until either end closes it. After `stop` it ends with the
/// response to the request in flight.
pub async fn serve_connection<E>(
    stream: TcpStream,
    peer: SocketAddr,
    handlers: Arc<Handlers<E>>,
    mut stop: watch::Receiver<bool>,
) where
    E: Endpoint<Output = Response> + 'static,
{
    let local = stream.local_addr().unwrap_or(peer);
    // Otherwise the last part of a large response waits for the acknowledgement of the parts before it.
    let _ = stream.set_nodelay(true);
    let (read, write) = stream.into_split();
    let mut socket = Socket { unread: Vec::new(), read, write };
    let mut attached = None;
    loop {
        let active = Active {
            handlers: handlers.clone(),
            local: LocalAddr(Addr::SocketAddr(local)),
            peer,
            attached: Mutex::new(attached),
            to_park: Mutex::new(None),
            body_unread: AtomicBool::new(false),
        };
        // On the heap, so that its memory is free while the request is parked.
        let Some((idle, parked)) = Box::pin(active.run(socket, &mut stop)).await else { return };
        socket = idle;
        tokio::select! {
            output = parked => attached = Some(output),
            () = closed(&mut socket.read) => return,
        }
    }
}

/// Resolves when the client has closed the connection. Bytes that it sends meanwhile stay unread.
async fn closed(read: &mut OwnedReadHalf) {
    if let Ok(1..) = read.peek(&mut [0]).await {
        pending::<()>().await;
    }
}

/// A connection in the hands of hyper, until a request is parked.
struct Active<E> {
    handlers: Arc<Handlers<E>>,
    local: LocalAddr,
    peer: SocketAddr,
    /// The output of [`Parked`], for the first request if that was parked.
    attached: Mutex<Option<Extensions>>,
    to_park: Mutex<Option<ParkedRequest>>,
    /// Whether a response was sent although the body of its request may still be coming.
    body_unread: AtomicBool,
}

/// Why hyper is done with a connection.
enum End {
    Closed,
    /// Closed by us, while the client may still be sending.
    ClosedUnread,
    Park(ParkedRequest),
}

impl<E: Endpoint<Output = Response> + 'static> Active<E> {
    /// Runs until a request is parked, and returns the socket. `None` when the connection has been closed.
    async fn run(self, socket: Socket, stop: &mut watch::Receiver<bool>) -> Option<(Socket, Parked)> {
        let active = Arc::new(self);
        let answering = active.clone();
        let service = service_fn(move |request| {
            let answer = answering.clone().begin(request);
            answer.map(|answer| Ok::<hyper::Response<_>, Infallible>(answer.into()))
        });
        let io = join(Cursor::new(socket.unread).chain(socket.read), PacedWrite::new(socket.write));
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(BUFFER)
            // A client may close its sending half after the request and still gets the response.
            .half_close(true)
            .serve_connection(TokioIo::new(io), service);
        let mut stopping = false;
        let end = loop {
            let end = poll_fn(|context| {
                // Polling hyper calls `begin`, which may set `to_park`.
                match connection.poll_without_shutdown(context) {
                    Poll::Ready(closed) => Poll::Ready(active.end(closed)),
                    Poll::Pending => match active.to_park.lock().take() {
                        Some(request) => Poll::Ready(End::Park(request)),
                        None => Poll::Pending,
                    },
                }
            });
            tokio::select! {
                // hyper has to read a request that was parked before it is told to stop.
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
            End::ClosedUnread => {
                linger(read, write).await;
                None
            }
            End::Park(ParkedRequest { head, parked }) => {
                let position = usize::try_from(first.position()).unwrap_or(usize::MAX);
                let later = first.get_ref().get(position..).unwrap_or_default();
                let unread = [&head[..], &parts.read_buf[..], later].concat();
                (unread.len() <= MAX_PARKED_BYTES).then_some((Socket { unread, read, write }, parked))
            }
        }
    }

    fn end(&self, closed: hyper::Result<()>) -> End {
        // hyper has answered a request that it could not parse. Other errors only mean that the connection
        // is gone.
        let refused = closed.is_err_and(|error| error.is_parse());
        if refused || self.body_unread.load(Ordering::Relaxed) { End::ClosedUnread } else { End::Closed }
    }

    fn begin(self: Arc<Self>, mut request: HttpRequest<Incoming>) -> Answering {
        match self.attached.lock().take() {
            Some(attached) => request.extensions_mut().extend(attached),
            None => {
                if let Some(parked) = self.park(&request) {
                    *self.to_park.lock() = Some(parked);
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
        let body = IncomingBody::take(&mut request);
        Box::pin(async move {
            let mut response = self.clone().answer(request).await;
            if !body.drain().await {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                self.body_unread.store(true, Ordering::Relaxed);
            }
            response
        })
    }

    async fn answer(self: Arc<Self>, request: Request) -> Response {
        self.handlers.site.call(request).await.unwrap_or_else(|error| error.into_response())
    }

    fn park(&self, request: &HttpRequest<Incoming>) -> Option<ParkedRequest> {
        if !request.body().is_end_stream() {
            return None;
        }
        let parked = (self.handlers.park)(request, self.peer.ip())?;
        let head = head_of(request);
        (head.len() <= MAX_PARKED_HEAD).then_some(ParkedRequest { head, parked })
    }
}

/// Discards what the client still sends after the last response.
async fn linger(mut read: OwnedReadHalf, mut write: OwnedWriteHalf) {
    let _ = write.shutdown().await;
    let _ = timeout(LINGER, copy(&mut read, &mut sink())).await;
}

/// The head of a request with the headers that are kept, as text (RFC 9112 §3 and §5).
fn head_of<B>(request: &HttpRequest<B>) -> Vec<u8> {
    let line = format!("{} {} {:?}\r\n", request.method(), request.uri(), request.version());
    let mut head = line.into_bytes();
    let kept = |name: &HeaderName| KEPT_HEADERS.contains(name) || name.as_str().starts_with("hx-");
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
    fn a_parked_head_has_only_the_kept_headers() {
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
