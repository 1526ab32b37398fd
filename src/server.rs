//! The HTTP/1.1 server: connections, their limits, and parked requests.
//!
//! poem routes and answers, but its own server keeps hyper's buffers, state for HTTP/2 and a copy of the
//! last response for every connection, and does not limit how slowly a request may arrive. Ten thousand
//! login screens wait on open connections. This server takes a waiting connection out of hyper and keeps
//! only its socket and the head of its request, which saves about two thirds of its memory (measured in
//! `benches/README.md`).
//!
//! [`serve`] is the only entry point. The server knows neither the routes nor login: it gets an endpoint
//! that answers requests and a function that parks some of them.

mod admission;
mod connection;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use poem::{Endpoint, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::telemetry::{Counted, METRICS};
use admission::Admission;
pub use admission::ConnectionLimits;
pub use connection::{Handlers, Park, Parked};

/// The pause after `accept` has failed, for example because all file descriptors are in use.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves connections within `limits` until `stop` resolves. Requests in flight then have `grace` to
/// finish.
pub async fn serve<E: Endpoint<Output = Response> + 'static>(
    listener: TcpListener,
    handlers: Handlers<E>,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
    grace: Duration,
) {
    let (stopping, _) = watch::channel(false);
    let admission = Admission::new(limits);
    // Ending `accept` closes the listener, so no connection waits in its queue during the grace period.
    tokio::select! {
        () = accept(listener, Arc::new(handlers), &admission, &stopping) => {}
        () = stop => {}
    }
    stopping.send_replace(true);
    // Each connection has a receiver until it ends.
    if timeout(grace, stopping.closed()).await.is_err() {
        tracing::warn!("stopped with requests in flight");
    }
}

async fn accept<E: Endpoint<Output = Response> + 'static>(
    listener: TcpListener,
    handlers: Arc<Handlers<E>>,
    admission: &Admission,
    stopping: &watch::Sender<bool>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => start(stream, peer, handlers.clone(), admission, stopping.subscribe()),
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn start<E: Endpoint<Output = Response> + 'static>(
    stream: TcpStream,
    peer: SocketAddr,
    handlers: Arc<Handlers<E>>,
    admission: &Admission,
    stop: watch::Receiver<bool>,
) {
    let permit = match admission.admit(peer.ip()) {
        Ok(permit) => permit,
        Err(limit) => return admission.refuse(stream, limit),
    };
    let counted = Counted::of(&METRICS.connections);
    tokio::spawn(async move {
        connection::serve_connection(stream, peer, handlers, stop).await;
        drop((permit, counted));
    });
}

#[cfg(test)]
mod tests;
