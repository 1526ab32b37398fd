//! Login screens, each on its own connection, with little work for the client.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Screens that are opened in parallel.
const AT_ONCE: usize = 32;

/// htmx's delay before the next request.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Default)]
pub struct Room {
    screens: Mutex<Vec<Arc<Screen>>>,
    lost: AtomicUsize,
}

pub struct Screen {
    pub handshake: String,
    shown: watch::Sender<Shown>,
}

#[derive(Clone, Default)]
struct Shown {
    number: Option<String>,
    arrived: Option<Instant>,
    lost: bool,
}

impl Room {
    /// Opens `count` more screens.
    pub async fn fill(self: &Arc<Self>, base: &str, count: usize) {
        let host = base.trim_start_matches("http://").to_owned();
        let first = self.screens.lock().expect("screens").len();
        let begun =
            stream::iter(first..first + count).map(|number| begin(self.clone(), host.clone(), number));
        begun.buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    /// `count` of the last opened screens, which have the most time left.
    pub fn some(&self, count: usize) -> Vec<Arc<Screen>> {
        self.screens.lock().expect("screens").iter().rev().take(count).cloned().collect()
    }

    /// How many screens got no answer, or an unexpected one.
    pub fn lost(&self) -> usize {
        self.lost.load(Ordering::Relaxed)
    }
}

async fn begin(room: Arc<Room>, host: String, number: usize) {
    let mut line = Line {
        stream: TcpStream::connect(&host).await.expect("a connection"),
        host,
        number,
        cookie: String::new(),
    };
    let page = line.ask("/login", false).await.expect("a page");
    let cookie = between(&page, "set-cookie: ", ";").expect("a session").to_owned();
    line.cookie = cookie;
    let handshake = between(&page, "hx-get=\"/login/wait/", "?").expect("a handshake").to_owned();
    let screen = Arc::new(Screen { handshake, shown: watch::Sender::default() });
    room.screens.lock().expect("screens").push(screen.clone());
    tokio::spawn(async move {
        if wait(&mut line, &screen, "waiting-0".to_owned()).await.is_none() {
            room.lost.fetch_add(1, Ordering::Relaxed);
            screen.shown.send_modify(|shown| shown.lost = true);
        }
    });
}

/// Sends waiting requests until the screen is signed in or has expired.
async fn wait(line: &mut Line, screen: &Screen, mut seen: String) -> Option<()> {
    loop {
        tokio::time::sleep(PAUSE).await;
        let part = line.ask(&format!("/login/wait/{}?seen={seen}", screen.handshake), true).await?;
        if part.contains("hx-redirect: ") {
            screen.shown.send_modify(|shown| shown.arrived = Some(Instant::now()));
            return Some(());
        }
        if part.contains("二维码已过期") {
            return Some(());
        }
        if let Some(number) = between(&part, "class=\"code\">", "<") {
            screen.shown.send_modify(|shown| shown.number = Some(number.to_owned()));
        }
        seen = between(&part, "?seen=", "\"")?.to_owned();
    }
}

impl Screen {
    /// The number on the screen, as soon as it is shown.
    pub async fn number(&self) -> String {
        let mut shown = self.shown.subscribe();
        let known = shown.wait_for(|shown| shown.number.is_some()).await.expect("a screen");
        known.number.clone().unwrap_or_default()
    }

    /// When the screen was signed in; `None` if it was lost.
    pub async fn arrived(&self) -> Option<Instant> {
        let mut shown = self.shown.subscribe();
        let known = shown.wait_for(|shown| shown.arrived.is_some() || shown.lost).await.expect("a screen");
        known.arrived
    }
}

/// The connection of one browser, in its own network.
struct Line {
    stream: TcpStream,
    host: String,
    number: usize,
    cookie: String,
}

impl Line {
    /// Requests a path. Returns the whole response as text.
    async fn ask(&mut self, path: &str, htmx: bool) -> Option<String> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: */*\r\n\
             Accept-Language: zh-CN,zh;q=0.9\r\nX-Forwarded-For: 10.{}.{}.{}\r\nCookie: {}\r\n{}\r\n",
            self.host,
            crate::server::DESKTOP,
            self.number >> 16,
            self.number >> 8 & 255,
            self.number & 255,
            self.cookie,
            if htmx { "HX-Request: true\r\nSec-Fetch-Site: same-origin\r\n" } else { "" },
        );
        self.stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        loop {
            if self.stream.read_buf(&mut answer).await.ok()? == 0 {
                return None;
            }
            if let Some(text) = whole(&answer) {
                return Some(text);
            }
        }
    }
}

/// The response, if it is complete.
fn whole(answer: &[u8]) -> Option<String> {
    let ends = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&answer[..ends]);
    let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
    (answer.len() >= ends + length).then(|| String::from_utf8_lossy(answer).into_owned())
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    Some(text.split_once(from)?.1.split_once(to)?.0)
}
