//! Limits of open connections, and the answer to a connection beyond them.

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
use crate::telemetry::{METRICS, Metrics};
use crate::web::address::{ClientAddress, ClientNetwork, client_network};

/// This many connections get the 503 page at the same time; others are closed without an answer.
const MAX_REFUSALS: usize = 32;

/// How long a refusal may take, and how many bytes of the request are read meanwhile.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_DISCARDED: u64 = 64 << 10;

/// Shortest time between two warnings in the log.
const WARN_EVERY: Duration = Duration::from_secs(60);

const PAGE: &str = "<!DOCTYPE html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><title>访问的人很多</title>\
    <h1>现在访问的人很多</h1><p>请在 10 秒后再试一次。</p>";

#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    pub total: usize,
    /// Of one network; no limit if all connections come from our own proxy.
    pub per_network: Option<usize>,
}

impl ConnectionLimits {
    /// The limits for `max_parked` parked requests and 4,000 connections besides, as far as the process may
    /// open files. A quarter of its open files, 64 to 512, is left to the database and to uploads. One
    /// network gets a quarter of the total, at most 2,000, because many phones may share an address of
    /// their carrier.
    pub fn of_process(max_parked: usize, behind_proxy: bool) -> ConnectionLimits {
        let descriptors = getrlimit(Resource::Nofile).current.map_or(usize::MAX, |limit| limit as usize);
        let reserved = (descriptors / 4).clamp(64, 512);
        let most = max_parked.saturating_add(4_000).min(1_000_000);
        let total = descriptors.saturating_sub(reserved).clamp(16, most);
        ConnectionLimits { total, per_network: (!behind_proxy).then_some((total / 4).min(2_000)) }
    }
}

pub(super) struct Admission {
    total: Arc<Semaphore>,
    networks: Option<KeyedPermits<ClientNetwork>>,
    refusals: Arc<Semaphore>,
    warned_at: Mutex<Option<Instant>>,
}

pub(super) struct ConnectionPermit {
    _of_total: Permit,
    _of_network: Option<Permit>,
}

impl Admission {
    pub(super) fn new(limits: ConnectionLimits) -> Admission {
        Admission {
            total: Arc::new(Semaphore::new(limits.total)),
            networks: limits.per_network.map(KeyedPermits::new),
            refusals: Arc::new(Semaphore::new(MAX_REFUSALS)),
            warned_at: Mutex::new(None),
        }
    }

    /// A permit for one more connection.
    ///
    /// # Errors
    /// The name of the limit that is reached, as metrics have it.
    pub(super) fn admit(&self, peer: IpAddr) -> Result<ConnectionPermit, &'static str> {
        let of_total = self.total.clone().try_acquire_owned().map_err(|_| "total")?;
        let of_network = match &self.networks {
            Some(networks) => {
                let network = client_network(ClientAddress::Known(peer.to_canonical()));
                Some(networks.try_acquire(network).ok_or("network")?)
            }
            None => None,
        };
        Ok(ConnectionPermit { _of_total: of_total, _of_network: of_network })
    }

    /// Sends a 503 page without reading the request first, and closes the connection.
    pub(super) fn refuse(&self, stream: TcpStream, limit: &'static str) {
        Metrics::count(&METRICS.connections_refused, "limit", limit);
        self.warn();
        let Ok(permit) = self.refusals.clone().try_acquire_owned() else { return };
        tokio::spawn(async move {
            let _ = timeout(REFUSAL_TIMEOUT, send_refusal(stream)).await;
            drop(permit);
        });
    }

    fn warn(&self) {
        let mut warned_at = self.warned_at.lock();
        if warned_at.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
            *warned_at = Some(Instant::now());
            tracing::warn!(free = self.total.available_permits(), "connections are turned away");
        }
    }
}

async fn send_refusal(mut stream: TcpStream) -> std::io::Result<()> {
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Length: {}\r\nRetry-After: 10\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{PAGE}",
        PAGE.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // Closing a connection with bytes unread resets it, and the client may lose the answer.
    copy(&mut stream.take(MAX_DISCARDED), &mut sink()).await.map(drop)
}
