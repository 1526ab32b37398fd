//! A browser engine of a chosen version, driven over the Chrome DevTools Protocol. chromedriver
//! supports only its own version and cannot block requests.
//!
//! Steps act on what is visible, like those of `Browser`, and are retried until they succeed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// An old engine takes half a minute to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a browser is started, and how long its first tab may take.
const ATTEMPTS: usize = 4;
const READY: Duration = Duration::from_secs(25);

const PAUSE: Duration = Duration::from_millis(50);

/// The old builds run in a single process, because their sandbox needs older system libraries.
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-zygote",
    "--single-process",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
];

/// Functions that find the element of a step, in syntax that every engine understands.
const FINDERS: &str = include_str!("engine.js");

/// A page in an engine. Its process ends when this is dropped.
pub struct Engine {
    name: String,
    socket: Mutex<Socket>,
    session: String,
    process: Child,
    _profile: TempDir,
}

struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last: u64,
}

impl Engine {
    /// Starts Chromium of a version, from the npm package that contains it.
    pub async fn chromium(version: u32) -> Engine {
        Engine::start(&unpacked(version), &format!("Chromium {version}")).await
    }

    /// Starts the installed browser.
    pub async fn installed() -> Engine {
        Engine::start(Path::new("chromium"), "Chromium").await
    }

    /// Starts a browser. The first tab of an old one is never ready at times when the machine is busy; the browser is
    /// started again then.
    async fn start(program: &Path, name: &str) -> Engine {
        for _ in 0..ATTEMPTS {
            let engine = Engine::launch(program, name).await;
            if tokio::time::timeout(READY, engine.send("Page.enable", json!({}))).await.is_ok() {
                for domain in ["Runtime.enable", "Network.enable", "DOM.enable"] {
                    engine.send(domain, json!({})).await;
                }
                return engine;
            }
        }
        panic!("{name} has no tab that is ready");
    }

    /// Starts a browser with a tab.
    async fn launch(program: &Path, name: &str) -> Engine {
        let profile = tempfile::tempdir().expect("a folder for the browser's profile");
        let mut process = Command::new(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("HOME", profile.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start ({error}); see tests/run"));
        let mut lines = BufReader::new(process.stderr.take().expect("its output")).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            line.strip_prefix("DevTools listening on ").map(|address| address.trim().to_owned())
        });
        // Reads on, so that the browser never writes into a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.unwrap_or_else(|| panic!("{name} ended before it listened"));
        let (stream, _) = connect_async(address).await.expect("its DevTools");
        let socket = Mutex::new(Socket { stream, last: 0 });
        let mut engine =
            Engine { name: name.to_owned(), socket, session: String::new(), process, _profile: profile };
        let target = engine.send("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = engine.send("Target.attachToTarget", attach).await;
        engine.session = attached["sessionId"].as_str().expect("a session").to_owned();
        engine
    }

    /// Sets a phone's screen of 360 pixels and its User-Agent.
    pub async fn with_phone_screen(self, user_agent: &str) -> Engine {
        let size = json!({ "width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": true });
        self.send("Emulation.setDeviceMetricsOverride", size).await;
        self.send("Network.setUserAgentOverride", json!({ "userAgent": user_agent })).await;
        self
    }

    /// Sets a desktop's screen of 1280 pixels.
    pub async fn with_desktop_screen(self) -> Engine {
        let size = json!({ "width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.send("Emulation.setDeviceMetricsOverride", size).await;
        self
    }

    /// Lets requests whose URL matches `pattern` fail.
    pub async fn block_requests(&self, pattern: &str) {
        self.send("Network.setBlockedURLs", json!({ "urls": [pattern] })).await;
    }

    pub async fn open(&self, url: &str) {
        self.send("Page.navigate", json!({ "url": url })).await;
        self.until(
            &format!("open {url}"),
            "document.readyState === 'complete' && location.href !== 'about:blank'",
        )
        .await;
    }

    /// Waits until the visible text contains `text`, ignoring white space.
    pub async fn see(&self, text: &str) {
        self.until(&format!("see “{text}”"), &format!("finders.sees({})", json!(text))).await;
    }

    /// Presses the button or link named `name`.
    pub async fn press(&self, name: &str) {
        self.until(&format!("press “{name}”"), &format!("finders.press({})", json!(name))).await;
    }

    /// Fills in the control labelled `label`.
    pub async fn fill(&self, label: &str, value: &str) {
        let step = format!("finders.fill({}, {})", json!(label), json!(value));
        self.until(&format!("fill in “{label}”"), &step).await;
    }

    /// Chooses the option labelled `label`, inside the question named `field` unless it is empty.
    pub async fn choose(&self, field: &str, label: &str) {
        let step = format!("finders.choose({}, {})", json!(field), json!(label));
        self.until(&format!("choose “{label}”"), &step).await;
    }

    /// Attaches a file to the upload whose control is named `slot`.
    pub async fn attach(&self, slot: &str, file: &Path) {
        let found = format!("document.querySelector('input[name=\"file.{slot}\"]')");
        self.until(&format!("find the upload {slot}"), &format!("!!{found}")).await;
        let node = self.send("Runtime.evaluate", json!({ "expression": found })).await;
        let object = &node["result"]["objectId"];
        let params = json!({ "files": [file], "objectId": object });
        self.send("DOM.setFileInputFiles", params).await;
    }

    /// Evaluates an expression and returns its value.
    pub async fn run(&self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.send("Runtime.evaluate", params).await;
        answer["result"]["value"].clone()
    }

    /// The engine's syntax error for a script, if any.
    pub async fn syntax_error(&self, script: &str) -> Option<String> {
        let params = json!({ "expression": script, "sourceURL": "script", "persistScript": false });
        let compiled = self.send("Runtime.compileScript", params).await;
        compiled.get("exceptionDetails").map(Value::to_string)
    }

    /// Asserts that the page is styled and not wider than the screen.
    pub async fn assert_looks_right(&self) {
        let found = self.run(&format!("{FINDERS}; finders.faults()")).await;
        let faults = found.as_array().cloned().unwrap_or_default();
        if !faults.is_empty() {
            self.fail("show the page right", &format!("{faults:?}")).await;
        }
    }

    /// Saves a picture of the window as `target/shots/NAME.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let shot = self.send("Page.captureScreenshot", json!({ "format": "png" })).await;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("shots");
        let file = folder.join(format!("{}-{name}", self.name.replace(' ', "-"))).with_extension("png");
        fs::create_dir_all(&folder).expect("a folder for screenshots");
        let picture = STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64");
        fs::write(&file, picture).expect("a file for the screenshot");
        file
    }

    async fn until(&self, step: &str, condition: &str) {
        let (deadline, script) = (Instant::now() + PATIENCE, format!("{FINDERS}; {condition}"));
        while self.run(&script).await != json!(true) {
            if Instant::now() > deadline {
                self.fail(step, "it cannot be done").await;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn fail(&self, step: &str, why: &str) -> ! {
        let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let shot = self.screenshot(&format!("{test}-failed")).await;
        let page = self.run("location.href + ' ' + document.body.innerText").await;
        panic!("{} could not {step}: {why}\n  picture {}\n  page: {page}", self.name, shot.display());
    }

    /// Sends a command and waits for its response. Events in between are skipped.
    async fn send(&self, method: &str, params: Value) -> Value {
        let mut socket = self.socket.lock().await;
        socket.last += 1;
        let id = socket.last;
        let mut command = json!({ "id": id, "method": method, "params": params });
        if !self.session.is_empty() && !method.starts_with("Target.") {
            command["sessionId"] = json!(self.session);
        }
        socket.stream.send(Message::text(command.to_string())).await.expect("the browser listens");
        loop {
            let next = tokio::time::timeout(PATIENCE, socket.stream.next()).await;
            let message = next.unwrap_or_else(|_| panic!("{}: no answer to {method}", self.name));
            let text = message.expect("the browser runs").expect("a message").into_text().expect("text");
            let said: Value = serde_json::from_str(&text).expect("JSON");
            if said["id"] == json!(id) {
                // A navigation drops the script that is being evaluated.
                return said.get("result").cloned().unwrap_or_default();
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The executable of an old Chromium, unpacked at first use.
fn unpacked(version: u32) -> PathBuf {
    static UNPACKING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = UNPACKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("chromium-{version}"));
    if program.exists() {
        return program;
    }
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/node_modules/chromium-{version}/bin"));
    let packed = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}; see tests/run", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .find(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("chromium") && name.ends_with(".br")
        })
        .expect("a packed Chromium");
    let partial = program.with_extension("partial");
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o755)
        .open(&partial)
        .expect("a file to unpack to");
    brotli::BrotliDecompress(&mut fs::File::open(packed).expect("the package"), &mut out).expect("brotli");
    drop(out);
    fs::rename(&partial, &program).expect("a program");
    program
}
