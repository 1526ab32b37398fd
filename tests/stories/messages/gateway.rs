//! A stand-in for the office's SMS gateway, which can fail in every way.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kaozheng::settings::SmsSettings;
use kaozheng::sms::Gateway;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SECRET: [u8; 32] = [9; 32];

/// What the gateway does with a call.
#[derive(Clone, Copy)]
pub enum Fault {
    /// Answers with this head, such as `500 Broken`, and perhaps more lines.
    Head(&'static str),
    /// Takes the call and never answers.
    Silence,
    /// Takes the call and closes the connection.
    Cut,
    /// Says that it took the message, with a body that never ends.
    Endless,
    /// Answers with something that is not HTTP.
    Garbage,
}

/// A call that arrived as a whole.
#[derive(Clone, Debug)]
pub struct Call {
    pub head: String,
    pub body: Value,
    raw: String,
}

/// It ends with the test.
pub struct StandIn {
    address: String,
    calls: Arc<Mutex<Vec<Call>>>,
    faults: Arc<Mutex<VecDeque<Fault>>>,
}

impl StandIn {
    pub async fn open() -> StandIn {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/sms", listener.local_addr().expect("an address"));
        let (calls, faults) = (Arc::default(), Arc::default());
        let stand_in = StandIn { address, calls: Arc::clone(&calls), faults: Arc::clone(&faults) };
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&calls), Arc::clone(&faults)));
            }
        });
        stand_in
    }

    pub fn settings(&self) -> SmsSettings {
        SmsSettings { url: self.address.parse().expect("an address"), secret: SECRET.to_vec() }
    }

    /// The program's end of the line.
    pub fn client(&self) -> Gateway {
        Gateway::new(self.settings()).expect("a client")
    }

    /// The next calls fail so, one after the other.
    pub fn fail(&self, faults: &[Fault]) {
        self.faults.lock().expect("faults").extend(faults);
    }

    /// The calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("calls").clone()
    }

    /// Ids of the messages that were sent, in order.
    pub fn ids(&self) -> Vec<String> {
        self.calls().iter().map(|call| call.header("webhook-id")).collect()
    }
}

impl Call {
    pub fn header(&self, name: &str) -> String {
        let line = self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("no {name} in {}", self.head)).to_owned()
    }

    /// The signature as a gateway checks it, by the documents alone.
    pub fn is_signed(&self) -> bool {
        let signed =
            format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.raw);
        let tag =
            ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &SECRET), signed.as_bytes());
        self.header("webhook-signature") == format!("v1,{}", STANDARD.encode(tag))
    }
}

async fn serve(mut connection: TcpStream, calls: Arc<Mutex<Vec<Call>>>, faults: Arc<Mutex<VecDeque<Fault>>>) {
    while let Some(call) = read(&mut connection).await {
        calls.lock().expect("calls").push(call);
        let fault = faults.lock().expect("faults").pop_front();
        let head = match fault {
            None => "200 OK",
            Some(Fault::Head(head)) => head,
            Some(Fault::Cut) => return,
            Some(Fault::Silence) => return std::future::pending().await,
            Some(Fault::Garbage) => {
                let _ = connection.write_all(b"\x00\xff<html>busy</html>\r\n\r\n").await;
                return;
            }
            Some(Fault::Endless) => {
                let _ = connection.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
                while connection
                    .write_all(&[b"1000\r\n", &[b'x'; 0x1000][..], b"\r\n"].concat())
                    .await
                    .is_ok()
                {}
                return;
            }
        };
        let answer = format!("HTTP/1.1 {head}\r\ncontent-length: 2\r\n\r\n{{}}");
        if connection.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Reads a whole call. `None` if the connection is closed.
async fn read(connection: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = connection.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.expect("a length").parse::<usize>().expect("a number") {
            let parsed = serde_json::from_str(body).expect("JSON");
            return Some(Call { head: head.to_owned(), body: parsed, raw: body.to_owned() });
        }
    }
}
