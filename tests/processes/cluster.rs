//! Three `kaozheng serve` processes with their proxy, database and portal.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tempfile::TempDir;

use crate::database::{TestDatabase, database};
use crate::portal_server::Portal;
use crate::process::{Process, free_base, host_of, kaozheng};

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Everything that runs. It ends when this is dropped.
pub struct Cluster {
    /// The proxy's address, which is the public one.
    pub base: String,
    pub portal: Portal,
    processes: HashMap<&'static str, Process>,
    folder: TempDir,
    _proxy: Process,
    _database: TestDatabase,
}

impl Cluster {
    pub async fn start() -> Cluster {
        assert_eq!(std::env::var("KAOZHENG_TEST_DATABASE").as_deref(), Ok("postgres"), "see tests/run");
        let (base, portal) = (free_base(), Portal::announce().await);
        portal.open(&base);
        let (database, folder) = (database(), tempfile::tempdir().expect("a folder"));
        let migrated = with_store(kaozheng("migrate"), &database).status().expect("kaozheng migrate");
        assert!(migrated.success());
        let started = NAMES.map(|name| {
            let own = free_base();
            let mut command = with_store(kaozheng("serve"), &database);
            command
                .args(["--listen", host_of(&own), "--public-url", &base, "--trusted-proxy"])
                .args(["--authority", "示范市考试院", "--files"])
                .arg(folder.path().join("files"))
                .envs(portal_settings(&portal))
                .stderr(File::create(folder.path().join(name)).expect("a log"));
            Process::start(own, command)
        });
        let processes: HashMap<_, _> = NAMES.into_iter().zip(join_all(started).await).collect();
        let proxy = proxy(&base, &processes, &folder).await;
        Cluster { base, portal, processes, folder, _proxy: proxy, _database: database }
    }

    /// The address of one process, bypassing the proxy.
    pub fn base_of(&self, name: &str) -> &str {
        &self.processes[name].base
    }

    /// Waits until exactly one process has an open request, and kills that process.
    pub async fn kill_process_with_open_request(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let holding = self.with_open_request();
            if let [name] = holding[..] {
                return self.kill(name);
            }
            assert!(Instant::now() < deadline, "{holding:?} hold a request");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sends SIGKILL.
    pub fn kill(&mut self, name: &str) {
        self.processes.remove(name).expect("a process").kill();
    }

    /// Processes with an open request, according to the proxy's statistics.
    fn with_open_request(&self) -> Vec<&'static str> {
        let mut line = UnixStream::connect(self.folder.path().join("proxy")).expect("the proxy");
        line.write_all(b"show stat\n").expect("a question");
        let mut table = String::new();
        line.read_to_string(&mut table).expect("an answer");
        let current = |name: &&str| {
            let row = table.lines().find(|row| row.starts_with(&format!("site,{name},")));
            row.and_then(|row| row.split(',').nth(4)).is_some_and(|count| count != "0")
        };
        NAMES.into_iter().filter(current).collect()
    }
}

fn with_store(mut command: Command, database: &TestDatabase) -> Command {
    command.env("DATABASE_URL", &database.url).env("KAOZHENG_DATA_KEY", "07".repeat(32));
    command
}

fn portal_settings(portal: &Portal) -> [(&'static str, String); 9] {
    let settings = portal.settings();
    [
        ("KAOZHENG_LOGIN_WAYS", "portal scan device".into()),
        ("KAOZHENG_PORTAL_ISSUER", portal.issuer.clone()),
        ("KAOZHENG_PORTAL_CLIENT_ID", settings.client_id),
        ("KAOZHENG_PORTAL_CLIENT_SECRET", settings.client_secret.unwrap_or_default()),
        ("KAOZHENG_PORTAL_CLAIM_NAME", settings.claims.name),
        ("KAOZHENG_PORTAL_CLAIM_ID_TYPE", settings.claims.id_type),
        ("KAOZHENG_PORTAL_CLAIM_ID_NUMBER", settings.claims.id_number),
        ("KAOZHENG_PORTAL_CLAIM_PHONE", settings.claims.phone),
        ("KAOZHENG_PORTAL_ID_TYPES", "111=resident 414=passport".into()),
    ]
}

/// Starts haproxy: round-robin per request. It skips a process that refuses connections, but not a slow
/// one.
async fn proxy(base: &str, processes: &HashMap<&str, Process>, folder: &TempDir) -> Process {
    let servers: Vec<String> = NAMES
        .iter()
        .map(|name| format!("    server {name} {} check inter 100ms fall 1", host_of(&processes[name].base)))
        .collect();
    let path = folder.path().join("proxy.cfg");
    let socket = folder.path().join("proxy");
    let config = format!(
        "global\n    stats socket {}\n\
         defaults\n    mode http\n    option forwardfor\n    option redispatch 1\n    timeout connect 1s\n    timeout check 5s\n    timeout client 60s\n    timeout server 60s\n\
         frontend public\n    bind {}\n    default_backend site\n\
         backend site\n    balance roundrobin\n    option httpchk GET /readyz\n{}\n",
        socket.display(),
        host_of(base),
        servers.join("\n"),
    );
    std::fs::write(&path, config).expect("a configuration");
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-f").arg(path).stderr(Stdio::null());
    Process::start(base.to_owned(), command).await
}
