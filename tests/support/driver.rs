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

/// How often chromedriver is started until it has a port.
const ATTEMPTS: usize = 5;

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
        let mut session =
            Session { process: Chromedriver::start(|| chromedriver(&profile)), id: String::new() };
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
    /// Starts a chromedriver with `command`, again if it exits before it says its port.
    ///
    /// With `--port=0` it binds a free port of IPv4 and then the same port of IPv6. If another program has that one,
    /// it exits.
    fn start(command: impl Fn() -> Command) -> Self {
        let mut outputs = Vec::new();
        for _ in 0..ATTEMPTS {
            match Self::launch(command()) {
                Ok(started) => return started,
                Err(output) => outputs.push(output),
            }
        }
        panic!("chromedriver exits without a port; it says:\n{}", outputs.join("\n"))
    }

    /// Starts it once, and waits for its port or its end.
    ///
    /// # Errors
    /// What it printed, if it ended first.
    fn launch(mut command: Command) -> Result<Self, String> {
        let (output, end) = std::io::pipe().expect("a pipe");
        let child = command
            .stdin(Stdio::null())
            .stdout(end.try_clone().expect("a second end of the pipe"))
            .stderr(end)
            .spawn()
            .unwrap_or_else(|error| panic!("chromedriver does not start ({error}); see tests/run"));
        // The command has two ends of the pipe. Without them, the output ends with the process.
        drop(command);
        let mut started = Self { child, port: 0 };
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let mut said = Vec::new();
        for line in lines.by_ref() {
            if let Some(port) = port_in(&line) {
                started.port = port;
                // Reads on, so that chromedriver never writes into a closed or full pipe.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(started);
            }
            said.push(line);
        }
        Err(said.join("\n"))
    }
}

/// A chromedriver on a port that it chooses and prints. Its temporary files are in `folder`.
fn chromedriver(folder: &TempDir) -> Command {
    let mut command = Command::new("chromedriver");
    command.arg("--port=0").env("TMPDIR", folder.path());
    command
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that exits as chromedriver does, and has a port when it is started for the `lucky`th time.
    fn unlucky(folder: &TempDir, lucky: usize) -> impl Fn() -> Command {
        let script = format!(
            "echo >>starts; [ $(wc -l <starts) = {lucky} ] || {{ echo 'IPv6 port not available. Exiting...' >&2; exit 1; }}
             echo 'ChromeDriver was started successfully on port 38391.'; exec sleep 60"
        );
        let folder = folder.path().to_owned();
        move || {
            let mut command = Command::new("sh");
            command.args(["-c", &script]).current_dir(&folder);
            command
        }
    }

    #[test]
    fn chromedriver_without_a_port_is_started_again() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Chromedriver::start(unlucky(&folder, 3)).port, 38391);
    }

    #[test]
    #[should_panic(expected = "it says:\nIPv6 port not available. Exiting...")]
    fn output_of_a_chromedriver_that_never_starts_is_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        Chromedriver::start(unlucky(&folder, ATTEMPTS + 1));
    }
}
