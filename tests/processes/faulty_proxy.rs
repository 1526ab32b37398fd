//! A TCP proxy between the program and PostgreSQL that fails on request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Forwards connections on `port` to the database.
pub struct FaultyProxy {
    pub port: u16,
    /// Connections with a number up to this one are silent: nothing passes and they stay open.
    frozen: watch::Sender<u64>,
    made: watch::Receiver<u64>,
    /// Drops the server's next answer together with its connection.
    pub loses_the_next_answer: Arc<AtomicBool>,
}

impl FaultyProxy {
    pub async fn to(port: u16) -> FaultyProxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("an address").port();
        let (frozen, freezes) = watch::channel(0);
        let (count, made) = watch::channel(0);
        let loses = Arc::new(AtomicBool::new(false));
        let lost = loses.clone();
        tokio::spawn(async move {
            for number in 1.. {
                let (program, _) = listener.accept().await.expect("a connection");
                let Ok(server) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await else {
                    continue;
                };
                let _ = count.send(number);
                let ((from_program, to_program), (from_server, to_server)) =
                    (program.into_split(), server.into_split());
                let never = Arc::new(AtomicBool::new(false));
                tokio::spawn(pass(from_program, to_server, number, freezes.clone(), never));
                tokio::spawn(pass(from_server, to_program, number, freezes.clone(), lost.clone()));
            }
        });
        FaultyProxy { port: own, frozen, made, loses_the_next_answer: loses }
    }

    /// Existing connections fall silent. New ones work.
    pub fn freeze(&self) {
        self.frozen.send(*self.made.borrow()).expect("a proxy");
    }

    /// All connections fall silent, new ones included.
    pub fn freeze_for_good(&self) {
        self.frozen.send(u64::MAX).expect("a proxy");
    }

    /// Delivers everything that was held back.
    pub fn thaw(&self) {
        self.frozen.send(0).expect("a proxy");
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    number: u64,
    mut frozen: watch::Receiver<u64>,
    loses: Arc<AtomicBool>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if loses.swap(false, Ordering::SeqCst) {
            break;
        }
        if frozen.wait_for(|frozen| *frozen < number).await.is_err() {
            break;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
}
