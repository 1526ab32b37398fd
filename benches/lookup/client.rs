//! Employers, each on a kept connection of their own, as cheap as they can be.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::certificates::{Person, person};
use crate::process::Cores;

/// Requests under way at any moment.
pub const CONNECTIONS: usize = 64;

/// How many employers there have been. Each looks up others: who asks for the same again is soon told to
/// other processes, which is a write.
static EMPLOYERS: AtomicU64 = AtomicU64::new(0);

/// How long each answer took.
pub struct Run {
    took: Vec<u32>, // µs, the fastest first
    lasted: Duration,
}

impl Run {
    pub fn answers(&self) -> usize {
        self.took.len()
    }

    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.took.len() as f64 / self.lasted.as_secs_f64()
    }

    /// The time within which such a share of the answers came.
    pub fn millis(&self, share: f64) -> f64 {
        f64::from(self.took[((self.took.len() - 1) as f64 * share) as usize]) / 1000.0
    }
}

/// Looks up one after the other of `count` certificates, on all connections, for so long, or until
/// there are `most` answers. On a core of its own the client never sleeps: to wake it would be the
/// server's work, which it would have for each answer of a slow page and for none of a fast one.
pub async fn run(address: &str, cores: Cores, count: u32, lasts: Duration, most: usize) -> Run {
    let (took, began) = (Rc::new(RefCell::new(Vec::new())), Instant::now());
    let employers = LocalSet::new();
    if cores == Cores::Apart {
        employers.spawn_local(async move {
            while began.elapsed() < lasts {
                tokio::task::yield_now().await;
            }
        });
    }
    for _ in 0..CONNECTIONS {
        let (took, address) = (took.clone(), address.to_owned());
        employers.spawn_local(async move {
            let mut line = Line::open(&address).await;
            let mut random = SmallRng::seed_from_u64(EMPLOYERS.fetch_add(1, Ordering::Relaxed));
            while began.elapsed() < lasts && took.borrow().len() < most {
                let request = request(&mut random, count);
                let asked = Instant::now();
                line.ask(&request).await;
                took.borrow_mut().push(asked.elapsed().as_micros() as u32);
            }
        });
    }
    employers.await;
    let mut took = std::mem::take(&mut *took.borrow_mut());
    took.sort_unstable();
    Run { took, lasted: began.elapsed() }
}

/// A lookup that finds one of the certificates, from a network of its own.
pub fn request(random: &mut SmallRng, count: u32) -> Vec<u8> {
    let Person { exam, name, document, number } = person(random.random_range(0..count));
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("name", &name), ("document", &document), ("number", &number)])
        .finish();
    let from: u32 = random.random_range(0..1 << 24);
    let [_, b, c, d] = from.to_be_bytes();
    format!(
        "POST /lookup/{exam:02} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 10.{b}.{c}.{d}\r\n\
         User-Agent: Mozilla/5.0 (Linux; Android 14; Pixel 8)\r\nAccept: text/html\r\n\
         Accept-Encoding: gzip, deflate, br\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A kept connection.
pub struct Line {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Line {
    pub async fn open(address: &str) -> Line {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        Line { stream, answer: Vec::with_capacity(16 * 1024) }
    }

    /// Sends a request; the body of the answer, which must be a success.
    pub async fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).await.expect("a connection");
        self.answer.clear();
        loop {
            assert!(self.stream.read_buf(&mut self.answer).await.expect("an answer") > 0, "it hung up");
            if let Some(body) = whole(&self.answer) {
                return &self.answer[body..];
            }
        }
    }
}

/// Where the body begins, if all of it is there: by its length or by its last chunk.
fn whole(answer: &[u8]) -> Option<usize> {
    let begins = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&answer[..begins]).expect("a head of text");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let ended = match length {
        Some(length) => answer.len() >= begins + length.parse::<usize>().expect("a length"),
        None => answer.ends_with(b"\r\n0\r\n\r\n"),
    };
    ended.then_some(begins)
}
