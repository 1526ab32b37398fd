//! TLS between libpq and a PostgreSQL server.
//!
//! The libpq of this program is built without TLS, because with it the build would need OpenSSL
//! and its headers. libpq connects to a Unix socket in a folder that only this user can open. For
//! each connection a thread of this process connects to the server, makes the TLS handshake with
//! rustls and copies both ways. When one side closes, so does the other.
//!
//! libpq refuses a server that offers channel binding (SCRAM-SHA-256-PLUS) on what it takes for a
//! connection without TLS, so that offer is taken out. `sslmode=verify-full` does not need it.

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
use super::tls::{Mode, Tls};

/// Asks a PostgreSQL server for TLS: the length of the message and its code.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Begins the message in which a server asks for authentication, and its code for SASL.
const AUTHENTICATION: u8 = b'R';
const SASL: [u8; 4] = [0, 0, 0, 10];

/// The way to authenticate that binds it to the TLS connection.
const BOUND: &[u8] = b"SCRAM-SHA-256-PLUS";

/// Longer than what libpq says before it waits for an answer.
const FIRST_WORDS: usize = 10_000;

/// Ends its connections when it is dropped.
pub(super) struct Relay {
    folder: TempDir,
    _stop: oneshot::Sender<()>,
}

/// A connection to a server, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Relay {
    /// Listens for libpq on behalf of each of `servers`.
    pub(super) fn start(servers: &[Host], tls: Tls) -> io::Result<Relay> {
        let folder = tempfile::Builder::new()
            .prefix("kaozheng-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        let tls = Arc::new(tls);
        let (stop, stopped) = oneshot::channel::<()>();
        let mut doors = Vec::new();
        for (at, server) in servers.iter().enumerate().filter(|(_, server)| !server.is_socket()) {
            let inside = inside(&folder, at);
            fs::create_dir(&inside)?;
            let socket = Socket::bind(format!("{inside}/.s.PGSQL.{}", server.port))?;
            socket.set_nonblocking(true)?;
            doors.push((socket, server.clone()));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("database-tls".into()).spawn(move || {
            runtime.block_on(async {
                for (socket, server) in doors {
                    tokio::spawn(serve(socket, server, tls.clone()));
                }
                // The sender is never used: this ends when it is dropped.
                let _ = stopped.await;
            });
        })?;
        Ok(Relay { folder, _stop: stop })
    }

    /// Where libpq reaches the server at this place in the list.
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
                // No descriptor is left, most likely. One is free again soon.
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
        b'N' if tls.mode == Mode::Prefer => Ok(Box::new(outside)),
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

/// Reads one byte and no more: what a third party appends to it is not taken for the server's.
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

/// Passes on what a server says until it asks for authentication or refuses.
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
        // Before that a server may say which version of the protocol it speaks.
        if kind == AUTHENTICATION || kind == b'E' {
            return Ok(());
        }
    }
}

/// What is left of a request for authentication: names that end in NUL, and a last NUL.
fn without_binding(content: Vec<u8>) -> Vec<u8> {
    match content.strip_prefix(&SASL) {
        Some(names) => {
            let names = names.split_inclusive(|byte| *byte == 0);
            let kept = names.filter(|name| name.strip_suffix(&[0]) != Some(BOUND));
            SASL.iter().chain(kept.flatten()).copied().collect()
        }
        None => content,
    }
}

async fn send(to_libpq: &mut (impl AsyncWrite + Unpin), kind: u8, content: &[u8]) -> io::Result<()> {
    let length = u32::try_from(content.len() + 4).map_err(io::Error::other)?;
    to_libpq.write_all(&[&[kind], &length.to_be_bytes()[..], content].concat()).await
}

/// Tells libpq why there is no connection, as a server would, so that its error says so.
async fn refuse(mut libpq: UnixStream, why: &str) -> io::Result<()> {
    // A socket that is closed with something unread loses what was written to it.
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
    fn only_this_user_can_reach_the_relay() {
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
    fn channel_binding_is_not_offered_to_libpq() {
        let offer = b"\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0".to_vec();
        assert_eq!(without_binding(offer), b"\0\0\0\x0aSCRAM-SHA-256\0\0");
        let password = b"\0\0\0\x03".to_vec();
        assert_eq!(without_binding(password.clone()), password);
    }
}
