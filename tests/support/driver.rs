//! A chromedriver with one Chromium session. Both end when it is dropped, also after a panic.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use poem::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

/// Timeout of a click or a page load.
const LONGEST: Duration = Duration::from_secs(20);

/// Flags for equal behaviour on every machine, also as root in a container.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,800",
];

pub struct Driver {
    client: Client,
    // Dropped in this order: the session ends Chromium, then the profile is unused.
    _session: Session,
    _profile: TempDir,
}

impl Driver {
    /// Starts a browser with a new profile. `options` is merged into `goog:chromeOptions`.
    pub async fn start(options: Value) -> Self {
        let profile = tempfile::tempdir().expect("a folder for the browser's profile");
        let mut session = Session { process: Chromedriver::start(&profile), id: String::new() };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(options, &profile))
            .connect(&format!("http://127.0.0.1:{}", session.process.port))
            .await
            .expect("Chromium starts");
        session.id = client.session_id().await.expect("a session").unwrap_or_default();
        Self { client, _session: session, _profile: profile }
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub async fn devtools(&self, method: &'static str, params: Value) {
        let command = DevTools { method, params };
        self.client.issue_cmd(command).await.unwrap_or_else(|error| panic!("{method}: {error}"));
    }
}

fn capabilities(options: Value, profile: &TempDir) -> Capabilities {
    let mut chrome = json!({ "args": FLAGS });
    let folder = format!("--user-data-dir={}", profile.path().display());
    chrome["args"].as_array_mut().expect("the flags").push(folder.into());
    for (name, value) in options.as_object().expect("an object") {
        chrome[name] = value.clone();
    }
    let longest = LONGEST.as_millis() as u64;
    let all = json!({
        "goog:chromeOptions": chrome,
        "timeouts": { "pageLoad": longest, "script": longest },
    });
    all.as_object().expect("an object").clone()
}

/// The browser session of a chromedriver. It quits with a blocking request, because drop cannot await.
struct Session {
    process: Chromedriver,
    id: String,
}

impl Drop for Session {
    fn drop(&mut self) {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.process.port)) else { return };
        let request =
            format!("DELETE /session/{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", self.id);
        // Any answer means that Chromium has ended.
        let _ = stream.set_read_timeout(Some(LONGEST));
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.read(&mut [0; 64]);
    }
}

struct Chromedriver {
    child: Child,
    port: u16,
}

impl Chromedriver {
    /// Starts on a port that chromedriver chooses and prints. Its temporary files are in `folder`.
    fn start(folder: &TempDir) -> Self {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("chromedriver does not start ({error}); see tests/run"));
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| port_in(&line));
        // Reads on, so that chromedriver never writes into a closed or full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let mut started = Self { child, port: 0 };
        started.port = port.expect("chromedriver says its port");
        started
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Parses `ChromeDriver was started successfully on port 38391.`
fn port_in(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("successfully on port ")?;
    port.trim_end_matches('.').parse().ok()
}

#[derive(Debug)]
struct DevTools {
    method: &'static str,
    params: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.method, "params": self.params });
        (Method::POST, Some(body.to_string()))
    }
}
