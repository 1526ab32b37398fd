//! A TLS relay between libpq and a PostgreSQL server.
//!
//! This program's libpq is built without TLS, because TLS would need OpenSSL and its headers at build time.
//! libpq connects to a Unix socket in a folder that only this user can open. A thread of this process accepts
//! the connection, connects to the server with rustls and copies both directions. When one side closes, so
//! does the other.
//!
//! libpq refuses a server that offers channel binding (SCRAM-SHA-256-PLUS) on a connection without TLS, so the
//! relay removes that offer. `sslmode=verify-full` does not need it.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener as Socket;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::Host;
use super::limits;
use super::tls::{Tls, TlsMode};

/// SSLRequest of PostgreSQL's protocol: the length of the message and its code.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Type of an authentication request, and its code for SASL.
const AUTHENTICATION: u8 = b'R';
const SASL: [u8; 4] = [0, 0, 0, 10];

/// The SASL mechanism with channel binding.
const CHANNEL_BINDING: &[u8] = b"SCRAM-SHA-256-PLUS";

/// Most bytes of the first messages of either side.
const FIRST_WORDS: usize = 10_000;

/// Closes its connections when dropped.
pub(super) struct Relay {
    folder: TempDir,
    _stop: oneshot::Sender<()>,
}

/// A connection to a server, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Relay {
    /// Listens for libpq on one socket for each server.
    pub(super) fn start(servers: &[Host], tls: Tls) -> io::Result<Relay> {
        let folder = tempfile::Builder::new()
            .prefix("kaozheng-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        let tls = Arc::new(tls);
        let (stop, stopped) = oneshot::channel::<()>();
        let mut sockets = Vec::new();
        for (at, server) in servers.iter().enumerate().filter(|(_, server)| !server.is_socket()) {
            let inside = inside(&folder, at);
            fs::create_dir(&inside)?;
            let socket = Socket::bind(format!("{inside}/.s.PGSQL.{}", server.port))?;
            socket.set_nonblocking(true)?;
            sockets.push((socket, server.clone()));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("database-tls".into()).spawn(move || {
            runtime.block_on(async {
                for (socket, server) in sockets {
                    tokio::spawn(serve(socket, server, tls.clone()));
                }
                // Completes when the sender is dropped.
                let _ = stopped.await;
            });
        })?;
        Ok(Relay { folder, _stop: stop })
    }

    /// The host that libpq connects to for the server at index `at`.
    pub(super) fn host(&self, at: usize, server: &Host) -> Host {
        let name = if server.is_socket() { server.name.clone() } else { inside(&self.folder, at) };
        Host { name, port: server.port }
    }
}

fn inside(folder: &TempDir, at: usize) -> String {
    folder.path().join(at.to_string()).display().to_string()
}

async fn serve(socket: Socket, server: Host, tls: Arc<Tls>) {
    let socket = match UnixListener::from_std(socket) {
        Ok(socket) => socket,
        Err(error) => return tracing::error!(%error, "the TLS relay cannot listen"),
    };
    loop {
        match socket.accept().await {
            Ok((libpq, _)) => {
                tokio::spawn(carry(libpq, server.clone(), tls.clone()));
            }
            Err(error) => {
                // Probably no descriptor is free.
                tracing::error!(%error, "the TLS relay cannot accept a connection");
                tokio::time::sleep(super::outage::PAUSE).await;
            }
        }
    }
}

async fn carry(libpq: UnixStream, server: Host, tls: Arc<Tls>) {
    let reached = timeout(limits::REACH, reach(&server, &tls)).await;
    let reached = reached.unwrap_or_else(|_| Err("it does not answer".to_owned()));
    let ended = match reached {
        Ok(outside) => join(libpq, outside).await,
        Err(why) => refuse(libpq, &format!("{} port {}: {why}", server.name, server.port)).await,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection through the TLS relay broke");
    }
}

async fn reach(server: &Host, tls: &Tls) -> Result<Box<dyn Stream>, String> {
    let mut outside = connect(server).await.map_err(|error| error.to_string())?;
    match ask_for_tls(&mut outside).await.map_err(|error| error.to_string())? {
        b'S' => {
            let name = ServerName::try_from(server.name.clone()).map_err(|error| error.to_string())?;
            let secured = TlsConnector::from(tls.config.clone()).connect(name, outside).await;
            Ok(Box::new(secured.map_err(|error| format!("TLS: {error}"))?))
        }
        b'N' if tls.mode == TlsMode::Prefer => Ok(Box::new(outside)),
        b'N' => Err("the server offers no TLS".to_owned()),
        _ => Err("the server does not speak PostgreSQL's protocol".to_owned()),
    }
}

async fn connect(server: &Host) -> io::Result<TcpStream> {
    let outside = TcpStream::connect((server.name.as_str(), server.port)).await?;
    outside.set_nodelay(true)?;
    let socket = SockRef::from(&outside);
    let keepalive = TcpKeepalive::new()
        .with_time(limits::KEEPALIVE_IDLE)
        .with_interval(limits::KEEPALIVE_INTERVAL)
        .with_retries(limits::KEEPALIVE_COUNT);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(limits::UNACKNOWLEDGED))?;
    Ok(outside)
}

/// Reads exactly one byte: data that an attacker appends to it must not be taken as the server's.
async fn ask_for_tls(outside: &mut TcpStream) -> io::Result<u8> {
    outside.write_all(&SSL_REQUEST).await?;
    outside.read_u8().await
}

async fn join(libpq: UnixStream, outside: Box<dyn Stream>) -> io::Result<()> {
    let (mut from_libpq, mut to_libpq) = libpq.into_split();
    let (mut from_server, mut to_server) = tokio::io::split(outside);
    tokio::select! {
        ended = copy(&mut from_libpq, &mut to_server) => ended?,
        ended = async {
            greet(&mut from_server, &mut to_libpq).await?;
            copy(&mut from_server, &mut to_libpq).await
        } => ended?,
    };
    to_server.shutdown().await
}

/// Forwards the server's messages up to its authentication request or error.
async fn greet(
    from_server: &mut (impl AsyncRead + Unpin),
    to_libpq: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    loop {
        let (kind, length) = (from_server.read_u8().await?, from_server.read_u32().await?);
        let length = (length as usize).checked_sub(4).filter(|length| *length <= FIRST_WORDS);
        let mut content = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
        from_server.read_exact(&mut content).await?;
        if kind == AUTHENTICATION {
            content = without_binding(content);
        }
        send(to_libpq, kind, &content).await?;
        // A NegotiateProtocolVersion may come before.
        if kind == AUTHENTICATION || kind == b'E' {
            return Ok(());
        }
    }
}

/// Removes channel binding from a SASL request: names that end in NUL, and a final NUL.
fn without_binding(content: Vec<u8>) -> Vec<u8> {
    match content.strip_prefix(&SASL) {
        Some(names) => {
            let names = names.split_inclusive(|byte| *byte == 0);
            let kept = names.filter(|name| name.strip_suffix(&[0]) != Some(CHANNEL_BINDING));
            SASL.iter().chain(kept.flatten()).copied().collect()
        }
        None => content,
    }
}

async fn send(to_libpq: &mut (impl AsyncWrite + Unpin), kind: u8, content: &[u8]) -> io::Result<()> {
    let length = u32::try_from(content.len() + 4).map_err(io::Error::other)?;
    to_libpq.write_all(&[&[kind], &length.to_be_bytes()[..], content].concat()).await
}

/// Sends libpq an ErrorResponse, so that its error contains the reason.
async fn refuse(mut libpq: UnixStream, why: &str) -> io::Result<()> {
    // A socket that is closed with unread data loses what was written to it.
    if libpq.read(&mut [0; FIRST_WORDS]).await? == 0 {
        return Ok(());
    }
    let fields = format!("SFATAL\0VFATAL\0C08001\0M{}\0\0", why.replace('\0', " "));
    send(&mut libpq, b'E', fields.as_bytes()).await?;
    libpq.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relay_folder_is_private() {
        let server = Host { name: "db".to_owned(), port: 5432 };
        let mut address =
            super::super::address::Address::parse("postgres://db/exam?sslmode=require").unwrap();
        let tls = Tls::take(&mut address, |_| None).unwrap().unwrap();
        let relay = Relay::start(std::slice::from_ref(&server), tls).unwrap();
        let mode = fs::metadata(relay.folder.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(relay.host(0, &server).name.starts_with(relay.folder.path().to_str().unwrap()));
    }

    #[test]
    fn channel_binding_is_removed_from_the_offer() {
        let offer = b"\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0".to_vec();
        assert_eq!(without_binding(offer), b"\0\0\0\x0aSCRAM-SHA-256\0\0");
        let password = b"\0\0\0\x03".to_vec();
        assert_eq!(without_binding(password.clone()), password);
    }
}
