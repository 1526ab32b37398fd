//! The servers that are measured.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::ops::Sub;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use poem::endpoint::make_sync;
use poem::http::header;
use poem::listener::TcpAcceptor;
use poem::{Response, Route, Server};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use crate::certificates::KEY;
use crate::client::{Line, request};

/// A server of its own process; it is killed when this is dropped.
pub struct Process {
    pub address: String,
    /// From its start until it was ready.
    pub started: Duration,
    /// How long its first lookup took.
    pub first: Duration,
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

/// What a process has spent.
pub struct Usage {
    pub cpu: Duration,
}

impl Sub for Usage {
    type Output = Usage;

    fn sub(self, before: Usage) -> Usage {
        Usage { cpu: self.cpu - before.cpu }
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

    /// The same page whatever is asked, by nothing but poem.
    pub async fn constant(page: &Path, cores: Cores) -> Process {
        let address = free_address();
        let mut command = cores.command(std::env::current_exe().expect("this program"));
        command.env("LOOKUP_CONSTANT", &address).env("LOOKUP_PAGE", page);
        Process::start(address, cores, command).await
    }

    async fn start(address: String, cores: Cores, mut command: Command) -> Process {
        let began = Instant::now();
        let child = command.spawn().expect("a server");
        while reqwest::get(format!("http://{address}/readyz")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let mut process = Process { address, started: began.elapsed(), first: Duration::ZERO, cores, child };
        let asked = Instant::now();
        process.lookup().await;
        process.first = asked.elapsed();
        process
    }

    async fn lookup(&self) -> Vec<u8> {
        let mut line = Line::open(&self.address).await;
        line.ask(&request(&mut SmallRng::seed_from_u64(7), 10_000)).await.to_vec()
    }

    /// The body of a result, in a file.
    pub async fn page(&self) -> PathBuf {
        let body = self.lookup().await;
        println!("  {} bytes", body.len());
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("lookup/page");
        std::fs::write(&file, body).expect("a file");
        file
    }

    /// Time on a core since it began.
    pub fn usage(&self) -> Usage {
        Usage { cpu: cpu_of(self.child.id(), OWN) }
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
const OWN: std::ops::Range<usize> = 11..13;
const WITH_ENDED_CHILDREN: std::ops::Range<usize> = 11..15;

fn cpu_of(process: u32, fields: std::ops::Range<usize>) -> Duration {
    // A backend may have ended since it was listed.
    let all = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let all = all.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: u64 =
        all.skip(fields.start).take(fields.len()).filter_map(|field| field.parse::<u64>().ok()).sum();
    // A tick is a hundredth of a second on Linux.
    Duration::from_millis(ticks * 10)
}

/// Time on a core (proc(5), stat) of all processes of the server behind `url`, which runs on this machine.
pub fn of_postgres(url: &str) -> Duration {
    let mut conn = PgConnection::establish(url).expect("a database");
    let own: i32 = diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("pg_backend_pid()"))
        .get_result(&mut conn)
        .expect("a process");
    let parent = |process: u32| -> Option<u32> {
        let all = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        all.rsplit(") ").next()?.split(' ').nth(1)?.parse().ok()
    };
    let server = parent(own.unsigned_abs()).expect("the server of a backend");
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let living = numbers.filter(|number| parent(*number) == Some(server));
    cpu_of(server, WITH_ENDED_CHILDREN) + living.map(|number| cpu_of(number, OWN)).sum::<Duration>()
}

/// The page of `LOOKUP_PAGE` until it is killed.
pub async fn serve_constant(listen: &str) {
    let page = std::fs::read(std::env::var("LOOKUP_PAGE").expect("LOOKUP_PAGE")).expect("a page");
    let page: &'static [u8] = page.leak();
    let answer = make_sync(move |_| {
        Response::builder().header(header::CONTENT_TYPE, "text/html; charset=utf-8").body(page)
    });
    let listener = tokio::net::TcpListener::bind(listen).await.expect("a port");
    let server = Server::new_with_acceptor(TcpAcceptor::from_tokio(listener).expect("an acceptor"));
    server.run(Route::new().at("/*path", answer)).await.expect("a server");
}
