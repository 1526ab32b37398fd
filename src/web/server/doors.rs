//! How many connections there may be, and what is said to those that are too many.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustix::process::{Resource, getrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, sink};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::permits::{KeyedPermits, Permit};
use crate::web::address::{ClientAddress, Customer, customer};

/// So many are told at the same time that there is no room; more are closed without a word.
const TOLD: usize = 32;

/// How long telling one may take, and most bytes of a request that are read meanwhile.
const TELLING: Duration = Duration::from_secs(2);
const UNHEARD: u64 = 64 << 10;

/// Between two warnings in the log.
const QUIET: Duration = Duration::from_secs(60);

const PAGE: &str = "<!DOCTYPE html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><title>访问的人很多</title>\
    <h1>现在访问的人很多</h1><p>请在 10 秒后再试一次。</p>";

/// Room for connections.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// All of them.
    pub all: usize,
    /// Those of one network; no limit where all come from our own proxy.
    pub network: Option<usize>,
}

impl Room {
    /// As many as login screens that may wait and 4,000 besides, if the limit of open files has room
    /// for them: a quarter of it, 64 to 512, is left to the database and to uploads. One network has
    /// a quarter of the room, at most 2,000: many phones may share an address of their carrier.
    pub fn of_process(waiters: usize, behind_proxy: bool) -> Room {
        let descriptors = getrlimit(Resource::Nofile).current.map_or(usize::MAX, |limit| limit as usize);
        let left = (descriptors / 4).clamp(64, 512);
        let most = waiters.saturating_add(4_000).min(1_000_000);
        let all = descriptors.saturating_sub(left).clamp(16, most);
        Room { all, network: (!behind_proxy).then_some((all / 4).min(2_000)) }
    }
}

/// Counts the connections that are open.
pub(super) struct Doors {
    all: Arc<Semaphore>,
    networks: Option<KeyedPermits<Customer>>,
    told: Arc<Semaphore>,
    warned: Mutex<Option<Instant>>,
}

impl Doors {
    pub(super) fn new(room: Room) -> Doors {
        Doors {
            all: Arc::new(Semaphore::new(room.all)),
            networks: room.network.map(KeyedPermits::new),
            told: Arc::new(Semaphore::new(TOLD)),
            warned: Mutex::new(None),
        }
    }

    /// The permits for one more connection, if there are any.
    pub(super) fn enter(&self, peer: IpAddr) -> Option<(Permit, Option<Permit>)> {
        let all = self.all.clone().try_acquire_owned().ok()?;
        let Some(networks) = &self.networks else { return Some((all, None)) };
        let customer = customer(ClientAddress::Known(peer.to_canonical()));
        Some((all, Some(networks.try_acquire(customer)?)))
    }

    /// Answers before anything was asked, and closes.
    pub(super) fn turn_away(&self, stream: TcpStream) {
        self.warn();
        let Ok(telling) = self.told.clone().try_acquire_owned() else { return };
        tokio::spawn(async move {
            let _ = timeout(TELLING, tell(stream)).await;
            drop(telling);
        });
    }

    fn warn(&self) {
        let mut warned = self.warned.lock();
        if warned.is_none_or(|at| at.elapsed() >= QUIET) {
            *warned = Some(Instant::now());
            tracing::warn!(free = self.all.available_permits(), "connections are turned away");
        }
    }
}

async fn tell(mut stream: TcpStream) -> std::io::Result<()> {
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Length: {}\r\nRetry-After: 10\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{PAGE}",
        PAGE.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // With its request unread, closing the connection would destroy the answer.
    copy(&mut stream.take(UNHEARD), &mut sink()).await.map(drop)
}
