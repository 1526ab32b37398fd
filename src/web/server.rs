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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use poem::Request;
    use poem::endpoint::make_sync;
    use poem::http::{Extensions, Request as HttpRequest};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::web::connection::Rest;

    #[derive(Clone)]
    struct News(&'static str);

    /// A server whose `/rest` rests until there is news. It answers what was asked and the news.
    struct Fixture {
        address: SocketAddr,
        news: watch::Sender<bool>,
        stop: oneshot::Sender<()>,
        serving: JoinHandle<()>,
    }

    impl Fixture {
        async fn start() -> Fixture {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let news = watch::Sender::new(false);
            let waits_for = news.clone();
            let rest_of = Box::new(move |request: &HttpRequest<_>, _| {
                let rests = request.uri().path() == "/rest";
                rests.then(|| rest(waits_for.subscribe()))
            });
            let site = make_sync(|req: Request| {
                let news = req.extensions().get::<News>().map_or("nothing", |news| news.0);
                Response::builder().body(format!("{}: {news}.", req.uri()))
            });
            let (stop, stopped) = oneshot::channel::<()>();
            let stopped = async { drop(stopped.await) };
            let answers = Answers { site, rest_of };
            let serving = tokio::spawn(serve(listener, answers, stopped, Duration::from_secs(60)));
            Fixture { address, news, stop, serving }
        }

        async fn send(&self, requests: &str) -> TcpStream {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(requests.as_bytes()).await.unwrap();
            stream
        }

        async fn somebody_rests(&self) {
            while self.news.receiver_count() == 0 {
                tokio::task::yield_now().await;
            }
        }
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
        assert_eq!(
            bodies,
            ["/rest: something.", "/next: nothing.", "/rest?2: something.", "/last: nothing."]
        );
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
}
