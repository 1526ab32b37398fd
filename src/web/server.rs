//! The HTTP server: HTTP/1.1, a task for each connection.
//!
//! poem routes and answers; its own server would hold for each connection what HTTP/2 needs, a
//! copy of the last answer and no limit on how slowly a request comes. A login screen that waits
//! is nothing but a [`connection`](super::connection), and there may be ten thousand.

use std::sync::Arc;
use std::time::Duration;

use poem::{Endpoint, Response};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::connection::{self, Answers};

/// After `accept` has failed, because all file descriptors are in use for example.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` is over; requests in flight then have `grace` to finish.
pub async fn serve<E: Endpoint<Output = Response> + 'static>(
    listener: TcpListener,
    answers: Answers<E>,
    stop: impl Future<Output = ()>,
    grace: Duration,
) {
    let (stopping, _) = watch::channel(false);
    // With the first of these that ends, the port is closed: nobody is kept in its queue.
    tokio::select! {
        () = accept(listener, Arc::new(answers), &stopping) => {}
        () = stop => {}
    }
    stopping.send_replace(true);
    // Each connection listens to it until it ends.
    if timeout(grace, stopping.closed()).await.is_err() {
        tracing::warn!("stopped with requests in flight");
    }
}

async fn accept<E>(listener: TcpListener, answers: Arc<Answers<E>>, stopping: &watch::Sender<bool>)
where
    E: Endpoint<Output = Response> + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(connection::keep(stream, peer, answers.clone(), stopping.subscribe()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                sleep(PAUSE).await;
            }
        }
    }
}
