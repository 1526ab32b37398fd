//! The measured server.

use std::future::pending;
use std::net::TcpListener;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::{InstrumentationEvent, set_default_instrumentation};
use kaozheng::demo::sandbox;
use kaozheng::files::storage::Storage;
use kaozheng::settings::Settings;
use kaozheng::site::{self, Parts};
use kaozheng::store::{Clock, Ids, Store, Vault};
use poem::Server;
use poem::endpoint::make_sync;
use url::Url;

pub const KEY: [u8; 32] = [7; 32];

static STATEMENTS: AtomicU64 = AtomicU64::new(0);

fn count(event: InstrumentationEvent<'_>) {
    if let InstrumentationEvent::StartQuery { .. } = event {
        STATEMENTS.fetch_add(1, Ordering::Relaxed);
    }
}

/// Serves until it is killed, with the demo's portal. `WAITERS_PUBLIC` is the public address.
pub async fn serve(listen: &str) {
    // Formats log lines, as `kaozheng serve` does.
    tracing_subscriber::fmt().with_writer(std::io::sink).init();
    set_default_instrumentation(|| Some(Box::new(count))).expect("instrumentation");
    let url = |text: String| Url::parse(&text).expect("an address");
    let public = url(std::env::var("WAITERS_PUBLIC").expect("WAITERS_PUBLIC"));
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings {
        database_url: std::env::var("DATABASE_URL").expect("DATABASE_URL"),
        listen: listen.parse().expect("an address"),
        files: folder.path().to_owned().into(),
        backups: None,
        authority: "示范市考试院".into(),
        office: kaozheng::settings::Office::default(),
        portal: sandbox::settings(&public, &public),
        staff_portal: None,
        public_url: public,
        sms: None,
        trusted_proxy: true,
        sessions: kaozheng::settings::SessionRules::STANDARD,
        replica: None,
        max_waiters: 20_000,
        image_memory_mb: 256,
        clamd: None,
        monitoring: kaozheng::settings::Monitoring::default(),
        demo: true,
    };
    let vault = Vault::from_key(&KEY);
    let files = Storage::open(&settings.files, vault.clone()).expect("a storage");
    let store = Store::open(&settings.database_url, vault, Clock::system(), Ids::random());
    let store = store.await.expect("a store");
    store.migrate().await.expect("migrations");
    let parts = Parts::new(settings, store, files).expect("the program's parts");
    let counter = std::env::var("WAITERS_COUNTER").expect("WAITERS_COUNTER");
    let counted = make_sync(|_| STATEMENTS.load(Ordering::Relaxed).to_string());
    tokio::spawn(Server::new(poem::listener::TcpListener::bind(counter)).run(counted));
    let listener = tokio::net::TcpListener::bind(listen).await.expect("a port");
    site::serve(listener, &parts, pending(), Duration::ZERO).await;
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

pub struct Process {
    pub base: String,
    counter: String,
    child: Child,
}

impl Process {
    /// Starts a server; `beside` is another process of the same site.
    pub async fn start(database: &str, beside: Option<&Process>) -> Process {
        let [address, counter] = [(); 2].map(|()| free_address());
        let base = format!("http://{address}");
        let child = Command::new(std::env::current_exe().expect("this program"))
            .env("WAITERS_SERVER", address)
            .env("WAITERS_PUBLIC", beside.map_or(&base, |process| &process.base))
            .env("WAITERS_COUNTER", &counter)
            .env("DATABASE_URL", database)
            .spawn()
            .expect("a server");
        let process = Process { base, counter, child };
        while reqwest::get(format!("{}/readyz", process.base)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        process
    }

    /// Resident memory in bytes (proc(5), statm).
    pub fn memory(&self) -> u64 {
        let sizes = self.proc("statm");
        sizes.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("a size") * 4096
    }

    /// CPU time since the start (proc(5), stat).
    pub fn cpu(&self) -> Duration {
        let all = self.proc("stat");
        let fields: Vec<&str> = all.rsplit(") ").next().expect("fields").split(' ').collect();
        let ticks = |at: usize| fields[at].parse::<u64>().expect("ticks");
        // A tick is a hundredth of a second on Linux.
        Duration::from_millis((ticks(11) + ticks(12)) * 10)
    }

    /// Database statements since the start.
    pub async fn statements(&self) -> u64 {
        let answer = reqwest::get(format!("http://{}/", self.counter)).await.expect("an answer");
        answer.text().await.expect("text").parse().expect("a number")
    }

    fn proc(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).expect("a process")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
