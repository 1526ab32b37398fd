//! The HTTP server: HTTP/1.1, a task for each connection.
//!
//! poem routes and answers; its own server would hold for each connection what HTTP/2 needs, a
//! copy of the last answer and no limit on how slowly a request comes. A login screen that waits
//! is nothing but a connection, and there may be ten thousand.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// How long the head of a request may take to come, and a connection may be kept for the next.
const HEAD: Duration = Duration::from_secs(75);

/// After `accept` has failed, because all file descriptors are in use for example.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves `site` until `stop` is over; requests in flight then have `grace` to finish. Each request
/// goes through `before`, which may keep it for a while, before it becomes one of poem's.
pub async fn serve<E, B, F>(
    listener: TcpListener,
    before: B,
    site: E,
    stop: impl Future<Output = ()>,
    grace: Duration,
) where
    E: Endpoint<Output = Response> + 'static,
    B: Fn(hyper::Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = hyper::Request<Incoming>> + Send,
{
    let connections = GracefulShutdown::new();
    // With the first of these that ends, the port is closed: nobody is kept in its queue.
    tokio::select! {
        () = accept(listener, before, Arc::new(site), &connections) => {}
        () = stop => {}
    }
    if timeout(grace, connections.shutdown()).await.is_err() {
        tracing::warn!("stopped with requests in flight");
    }
}

async fn accept<E, B, F>(listener: TcpListener, before: B, site: Arc<E>, connections: &GracefulShutdown)
where
    E: Endpoint<Output = Response> + 'static,
    B: Fn(hyper::Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = hyper::Request<Incoming>> + Send,
{
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => connect(stream, peer, before.clone(), site.clone(), connections),
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                sleep(PAUSE).await;
            }
        }
    }
}

fn connect<E, B, F>(
    stream: TcpStream,
    peer: SocketAddr,
    before: B,
    site: Arc<E>,
    connections: &GracefulShutdown,
) where
    E: Endpoint<Output = Response> + 'static,
    B: Fn(hyper::Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = hyper::Request<Incoming>> + Send,
{
    let at = |address| Addr::SocketAddr(address);
    let local = LocalAddr(stream.local_addr().map(at).unwrap_or(Addr::SocketAddr(peer)));
    let remote = RemoteAddr(at(peer));
    // Without it the second half of a large answer waits for the receipt of the first.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let (request, site) = (before(request), site.clone());
        let (local, remote) = (local.clone(), remote.clone());
        async move {
            let request = Request::from((request.await, local, remote, Scheme::HTTP));
            // On the heap, so that a connection without a request has no room for it.
            let response = Box::pin(site.get_response(request)).await;
            Ok::<hyper::Response<_>, Infallible>(response.into())
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    // How a connection ends concerns nobody but its browser.
    tokio::spawn(async move { drop(connection.await) });
}
