//! The servers that are measured.

// Each benchmark uses its own part of this.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use poem::endpoint::make_sync;
use poem::http::header;
use poem::listener::TcpAcceptor;
use poem::{Response, Route, Server};

/// In hex it is `KAOZHENG_DATA_KEY`.
pub const KEY: [u8; 32] = [7; 32];

/// A server of its own process; it is killed when this is dropped.
pub struct Process {
    pub address: String,
    /// From its start until it was ready.
    pub started: Duration,
    pub cores: Cores,
    child: Child,
}

/// Where client and server run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cores {
    /// Wherever there is room.
    Shared,
    /// The client on the first core and the server on the second.
    Apart,
}

impl Cores {
    fn command(self, program: impl AsRef<OsStr>) -> Command {
        if self == Cores::Shared {
            return Command::new(program);
        }
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", "1"]).arg(program);
        command
    }

    /// Sends the client there.
    pub fn keep_client(self) {
        let list = if self == Cores::Shared { "0-1023" } else { "0" };
        let own = std::process::id().to_string();
        let sent = Command::new("taskset").args(["--all-tasks", "--pid", "--cpu-list", list, &own]).output();
        assert!(sent.is_ok_and(|output| output.status.success()), "taskset (util-linux) is needed");
    }
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").to_string()
}

impl Process {
    /// The program itself, as one would run it.
    pub async fn serve(database: &str, files: &Path, cores: Cores) -> Process {
        let address = free_address();
        let mut command = cores.command(env!("CARGO_BIN_EXE_kaozheng"));
        let key: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
        command.arg("serve").stderr(Stdio::null()).env("KAOZHENG_FILES", files).envs([
            ("DATABASE_URL", database),
            ("KAOZHENG_DATA_KEY", &key),
            ("KAOZHENG_LISTEN", &address),
            ("KAOZHENG_PUBLIC_URL", &format!("http://{address}")),
            ("KAOZHENG_AUTHORITY", "示范市考试院"),
            ("KAOZHENG_PORTAL_ISSUER", "http://127.0.0.1:9"),
            ("KAOZHENG_PORTAL_CLIENT_ID", "bench"),
            ("KAOZHENG_PORTAL_CLIENT_SECRET", "bench"),
            ("KAOZHENG_TRUSTED_PROXY", "true"),
        ]);
        Process::start(address, cores, command).await
    }

    /// `page` whatever is asked, by nothing but poem. See [`serve_constant_if_asked`].
    pub async fn constant(page: &[u8], cores: Cores) -> Process {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("constant-page");
        std::fs::write(&file, page).expect("a file");
        let address = free_address();
        let mut command = cores.command(std::env::current_exe().expect("this program"));
        command.env("BENCH_CONSTANT", &address).env("BENCH_PAGE", &file);
        Process::start(address, cores, command).await
    }

    async fn start(address: String, cores: Cores, mut command: Command) -> Process {
        let began = Instant::now();
        let child = command.spawn().expect("a server");
        let mut process = Process { address, started: Duration::ZERO, cores, child };
        while reqwest::get(format!("http://{}/readyz", process.address)).await.is_err() {
            let ended = process.child.try_wait().expect("a process");
            assert!(ended.is_none(), "the server ended: {ended:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        process.started = began.elapsed();
        process
    }

    /// Time on a core since it began.
    pub fn cpu(&self) -> Duration {
        cpu_of(self.child.id(), OWN)
    }

    /// MiB in memory, with mapped pages of files.
    pub fn memory(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// MiB in memory that are nobody else's: neither the program's file nor the database's.
    pub fn own_memory(&self) -> f64 {
        self.status("RssAnon:")
    }

    fn status(&self, name: &str) -> f64 {
        let all = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = all.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a size") / 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Fields of `stat` that count ticks on a core: the process's own, and those of ended children.
pub const OWN: std::ops::Range<usize> = 11..13;
pub const WITH_ENDED_CHILDREN: std::ops::Range<usize> = 11..15;

/// Time on a core (proc(5), stat).
pub fn cpu_of(process: u32, fields: std::ops::Range<usize>) -> Duration {
    // A process may have ended since it was listed.
    let all = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let all = all.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: u64 =
        all.skip(fields.start).take(fields.len()).filter_map(|field| field.parse::<u64>().ok()).sum();
    // A tick is a hundredth of a second on Linux.
    Duration::from_millis(ticks * 10)
}

/// Serves the constant page until it is killed, if this process was started by [`Process::constant`].
pub fn serve_constant_if_asked() {
    let Ok(listen) = std::env::var("BENCH_CONSTANT") else { return };
    let page = std::fs::read(std::env::var("BENCH_PAGE").expect("BENCH_PAGE")).expect("a page");
    tokio::runtime::Runtime::new().expect("a runtime").block_on(serve_constant(&listen, page.leak()));
}

async fn serve_constant(listen: &str, page: &'static [u8]) {
    let answer = move || {
        make_sync(move |_| {
            Response::builder().header(header::CONTENT_TYPE, "text/html; charset=utf-8").body(page)
        })
    };
    let listener = tokio::net::TcpListener::bind(listen).await.expect("a port");
    let server = Server::new_with_acceptor(TcpAcceptor::from_tokio(listener).expect("an acceptor"));
    server.run(Route::new().at("/", answer()).at("/*path", answer())).await.expect("a server");
}
