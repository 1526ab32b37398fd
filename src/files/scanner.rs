//! The virus scanner, clamd, which gets the content of every upload before it is stored.
//!
//! Without an answer a file counts as not scanned and is neither stored nor shown to staff: somebody who can make
//! clamd fail would otherwise get anything through.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clamav_client::tokio::{Socket, Tcp, scan_buffer};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::settings::ClamdAddress;
use crate::telemetry::{METRICS, Metrics};

/// How long a scan may take, with the wait for a free place. Proxies usually time out after 60 seconds.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Most scans at once in this process. clamd has ten threads by default.
const AT_ONCE: usize = 8;

/// Bytes of a piece in which a file is sent.
const PIECE: usize = 64 << 10;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Scanner(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clamd: ClamdAddress,
    places: Semaphore,
    limit: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    Clean,
    /// The name of what was found.
    Found(String),
}

/// Why it is not known whether a file is clean.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error("clamd did not answer within {0:?}")]
    Late(Duration),
    /// clamd also closes the connection when a file is larger than its `StreamMaxLength`.
    #[error("clamd was not reached or closed the connection: {0}")]
    Lost(#[from] std::io::Error),
    /// Such as `INSTREAM size limit exceeded. ERROR`.
    #[error("clamd answered: {0:?}")]
    Refused(String),
}

impl Scanner {
    pub fn new(clamd: ClamdAddress) -> Scanner {
        Scanner::with_limit(clamd, TIMEOUT)
    }

    fn with_limit(clamd: ClamdAddress, limit: Duration) -> Scanner {
        Scanner(Arc::new(Inner { clamd, places: Semaphore::new(AT_ONCE), limit }))
    }

    /// Sends the content of a file to clamd.
    pub async fn scan(&self, bytes: &[u8]) -> Result<Scan, ScanError> {
        let began = Instant::now();
        let limit = self.0.limit;
        let scanned = timeout(limit, self.0.ask(bytes)).await.unwrap_or(Err(ScanError::Late(limit)));
        METRICS.scan_duration.observe(began.elapsed().as_secs_f64());
        let outcome = match &scanned {
            Ok(Scan::Clean) => "clean",
            Ok(Scan::Found(_)) => "found",
            Err(_) => "failed",
        };
        Metrics::count(&METRICS.scans, "outcome", outcome);
        scanned.inspect_err(|error| tracing::error!(%error, bytes = bytes.len(), "a file was not scanned"))
    }
}

impl Inner {
    async fn ask(&self, bytes: &[u8]) -> Result<Scan, ScanError> {
        // The semaphore is never closed.
        let _place = self.places.acquire().await;
        let answer = match &self.clamd {
            ClamdAddress::Tcp(address) => {
                scan_buffer(bytes, Tcp { host_address: address }, Some(PIECE)).await
            }
            ClamdAddress::Unix(path) => scan_buffer(bytes, Socket { socket_path: path }, Some(PIECE)).await,
        };
        read(&answer?)
    }
}

/// Anything but a plain OK or FOUND is no answer, such as one that was cut off.
fn read(answer: &[u8]) -> Result<Scan, ScanError> {
    let text = String::from_utf8_lossy(answer);
    let text = text.trim_end_matches(['\0', '\n']);
    let refused = || ScanError::Refused(text.chars().take(200).collect());
    let verdict = text.strip_prefix("stream: ").ok_or_else(refused)?;
    match verdict.strip_suffix(" FOUND") {
        Some(name) => Ok(Scan::Found(name.to_owned())),
        None if verdict == "OK" => Ok(Scan::Clean),
        None => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn only_whole_answers_count() {
        assert_eq!(read(b"stream: OK\0").unwrap(), Scan::Clean);
        assert_eq!(
            read(b"stream: Eicar-Test-Signature FOUND\0").unwrap(),
            Scan::Found("Eicar-Test-Signature".into())
        );
        for answer in [
            &b""[..],
            b"stream: ",
            b"stream: O",
            b"stream: Eicar-Test-Signature FOU",
            b"INSTREAM size limit exceeded. ERROR\0",
            b"stream: Can't allocate memory ERROR\0",
            b"OK",
            b"HTTP/1.1 400 Bad Request",
        ] {
            assert!(matches!(read(answer), Err(ScanError::Refused(_))), "{answer:?}");
        }
    }

    #[tokio::test]
    async fn a_silent_or_missing_clamd_ends_the_wait() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = ClamdAddress::Tcp(listener.local_addr().unwrap().to_string());
        let scanner = Scanner::with_limit(address, Duration::from_millis(200));
        assert!(matches!(scanner.scan(b"file").await, Err(ScanError::Late(_))));
        // Closes in the middle.
        let cut = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 16]).await;
                let _ = stream.write_all(b"stream: ").await;
                drop(stream);
            }
        });
        assert!(matches!(scanner.scan(&[0; 1 << 20]).await, Err(ScanError::Lost(_) | ScanError::Refused(_))));
        cut.abort();
        let nowhere = Scanner::with_limit(ClamdAddress::Unix("/nowhere/clamd.ctl".into()), TIMEOUT);
        assert!(matches!(nowhere.scan(b"file").await, Err(ScanError::Lost(_))));
    }
}
