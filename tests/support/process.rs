//! Programs in processes of their own, started and stopped as by an operator.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server program. It is killed when this is dropped.
pub struct Process {
    child: Child,
    /// Such as `http://127.0.0.1:40123`.
    pub base: String,
}

impl Process {
    /// Starts a command that listens at `base`, and waits until it is ready.
    pub async fn start(base: String, mut command: Command) -> Process {
        let child = command.stdout(Stdio::null()).spawn();
        let child =
            child.unwrap_or_else(|error| panic!("{command:?} does not start: {error}; see tests/run"));
        let process = Process { child, base };
        process.ready().await;
        process
    }

    /// Starts `kaozheng demo` in a folder and logs to `log`. Returns the time until it was ready too.
    pub async fn demo(folder: &Path, log: &Path) -> (Process, Duration) {
        Process::demo_with(folder, log, &[]).await
    }

    /// [`Process::demo`] with more arguments.
    pub async fn demo_with(folder: &Path, log: &Path, more: &[&str]) -> (Process, Duration) {
        let base = free_base();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log).expect("a log");
        let began = Instant::now();
        let mut command = kaozheng("demo");
        command.args(["--listen", host_of(&base), "--data"]).arg(folder).args(more).stderr(log);
        (Process::start(base, command).await, began.elapsed())
    }

    async fn ready(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let answer = reqwest::get(format!("{}/readyz", self.base)).await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(Instant::now() < deadline, "the program is not ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The peak memory in bytes (`VmHWM`, proc_pid_status(5)).
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib * 1024
    }

    /// Sends SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("a process to kill");
        self.child.wait().expect("a process that ended");
    }

    /// Sends SIGTERM. Returns whether it exited successfully.
    pub fn stop(mut self) -> bool {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
        self.child.wait().expect("a process that ended").success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command of the program.
pub fn kaozheng(name: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaozheng"));
    command.arg(name);
    command
}

/// A base URL with a free port.
pub fn free_base() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

/// Host and port of a base URL.
pub fn host_of(base: &str) -> &str {
    base.trim_start_matches("http://")
}
