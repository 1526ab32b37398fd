//! The HTTP server: HTTP/1.1, a task for each connection.
//!
//! poem routes and answers; its own server would hold for each connection what HTTP/2 needs, a
//! copy of the last answer and no limit on how slowly a request comes. A login screen that waits
//! is nothing but a [`connection`](super::connection), and there may be ten thousand.

mod doors;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use poem::{Endpoint, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::connection::{self, Answers};
use doors::Doors;
pub use doors::Room;

/// After `accept` has failed, because all file descriptors are in use for example.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves as many connections as there is room for, until `stop` is over; requests in flight then
/// have `grace` to finish.
pub async fn serve<E: Endpoint<Output = Response> + 'static>(
    listener: TcpListener,
    answers: Answers<E>,
    room: Room,
    stop: impl Future<Output = ()>,
    grace: Duration,
) {
    let (stopping, _) = watch::channel(false);
    let doors = Doors::new(room);
    // With the first of these that ends, the port is closed: nobody is kept in its queue.
    tokio::select! {
        () = accept(listener, Arc::new(answers), &doors, &stopping) => {}
        () = stop => {}
    }
    stopping.send_replace(true);
    // Each connection listens to it until it ends.
    if timeout(grace, stopping.closed()).await.is_err() {
        tracing::warn!("stopped with requests in flight");
    }
}

async fn accept<E>(
    listener: TcpListener,
    answers: Arc<Answers<E>>,
    doors: &Doors,
    stopping: &watch::Sender<bool>,
) where
    E: Endpoint<Output = Response> + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => admit(stream, peer, answers.clone(), doors, stopping.subscribe()),
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                sleep(PAUSE).await;
            }
        }
    }
}

fn admit<E: Endpoint<Output = Response> + 'static>(
    stream: TcpStream,
    peer: SocketAddr,
    answers: Arc<Answers<E>>,
    doors: &Doors,
    stop: watch::Receiver<bool>,
) {
    let Some(places) = doors.enter(peer.ip()) else { return doors.turn_away(stream) };
    tokio::spawn(async move {
        connection::keep(stream, peer, answers, stop).await;
        drop(places);
    });
}

#[cfg(test)]
mod tests;
