//! Kept connections to a server, with as little work for the client as possible.

// Each benchmark uses its own part of this.
#![allow(dead_code)]

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::SmallRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::process::{Cores, Process};

/// How many connections there have been. Each has random numbers of its own.
static OPENED: AtomicU64 = AtomicU64::new(0);

/// How many requests are sent.
#[derive(Clone, Copy)]
pub struct Load {
    /// Requests under way at any moment.
    pub connections: usize,
    pub lasts: Duration,
    /// No request is sent after so many answers.
    pub most: usize,
}

/// How long each answer took.
pub struct Run {
    took: Vec<u32>, // µs, the fastest first
    lasted: Duration,
}

impl Run {
    pub fn new(took: impl IntoIterator<Item = Duration>, lasted: Duration) -> Run {
        let mut took: Vec<u32> = took.into_iter().map(|took| took.as_micros() as u32).collect();
        took.sort_unstable();
        Run { took, lasted }
    }

    /// Runs one after the other as one.
    pub fn together(runs: Vec<Run>) -> Run {
        let lasted = runs.iter().map(|run| run.lasted).sum();
        let mut took: Vec<u32> = runs.into_iter().flat_map(|run| run.took).collect();
        took.sort_unstable();
        Run { took, lasted }
    }

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

/// Sends what `make` makes on all connections, one request after the other on each. On a core of its own the
/// client never sleeps: to wake it would be the server's work, which it would have for each answer of a slow
/// page and for none of a fast one.
pub async fn run<M>(server: &Process, load: Load, make: M) -> Run
where
    M: Fn(&mut SmallRng) -> Vec<u8> + Clone + 'static,
{
    let (took, began) = (Rc::new(RefCell::new(Vec::new())), Instant::now());
    let clients = LocalSet::new();
    if server.cores == Cores::Apart {
        clients.spawn_local(async move {
            while began.elapsed() < load.lasts {
                tokio::task::yield_now().await;
            }
        });
    }
    for _ in 0..load.connections {
        let (took, address, make) = (took.clone(), server.address.clone(), make.clone());
        clients.spawn_local(async move {
            let mut line = Line::open(&address).await;
            let mut random = SmallRng::seed_from_u64(OPENED.fetch_add(1, Ordering::Relaxed));
            while began.elapsed() < load.lasts && took.borrow().len() < load.most {
                let request = make(&mut random);
                let asked = Instant::now();
                let answer = line.ask(&request).await;
                assert!(answer.is_success(), "{}", answer.head);
                took.borrow_mut().push(asked.elapsed());
            }
        });
    }
    clients.await;
    Run::new(took.take(), began.elapsed())
}

/// A kept connection.
pub struct Line {
    stream: TcpStream,
    answer: Vec<u8>,
}

/// A whole answer.
pub struct Answer<'a> {
    pub head: &'a str,
    body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// The body of a page, which must be there.
    pub fn page(self) -> &'a [u8] {
        assert!(self.head.starts_with("HTTP/1.1 200"), "{}", self.head);
        self.body
    }

    /// Whether it is a page or a redirect after a form.
    pub fn is_success(&self) -> bool {
        matches!(self.head.get(9..12), Some("200" | "303"))
    }
}

impl Line {
    pub async fn open(address: &str) -> Line {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        Line { stream, answer: Vec::with_capacity(64 * 1024) }
    }

    /// Sends a request and waits for the whole answer.
    pub async fn ask(&mut self, request: &[u8]) -> Answer<'_> {
        self.stream.write_all(request).await.expect("a connection");
        self.answer.clear();
        loop {
            assert!(self.stream.read_buf(&mut self.answer).await.expect("an answer") > 0, "it hung up");
            if let Some(begins) = whole(&self.answer) {
                let (head, body) = self.answer.split_at(begins);
                return Answer { head: std::str::from_utf8(head).expect("a head of text"), body };
            }
        }
    }
}

/// Where the body begins, if all of it is there: by its length or by its last chunk.
fn whole(answer: &[u8]) -> Option<usize> {
    let begins = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&answer[..begins]).expect("a head of text");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let ended = match length {
        Some(length) => answer.len() >= begins + length.parse::<usize>().expect("a length"),
        None => answer.ends_with(b"\r\n0\r\n\r\n"),
    };
    ended.then_some(begins)
}
