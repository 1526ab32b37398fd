//! The program as a process of its own, started and stopped as an operator would.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running `kaozheng demo`; it is killed when this is dropped.
pub struct Demo {
    child: Child,
    /// Such as `http://127.0.0.1:40123`.
    pub base: String,
}

impl Demo {
    /// Starts on a folder and waits until it is ready; answers how long that took too. What it
    /// logs goes to `log`.
    pub async fn start(folder: &Path, log: &Path) -> (Demo, Duration) {
        let port = free_port();
        let base = format!("http://127.0.0.1:{port}");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log).expect("a log");
        let began = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_kaozheng"))
            .args(["demo", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let demo = Demo { child, base };
        demo.ready().await;
        (demo, began.elapsed())
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

    /// `kill -9`: no chance to finish anything.
    pub fn kill(mut self) {
        self.child.kill().expect("a process to kill");
        self.child.wait().expect("a process that ended");
    }

    /// `kill -TERM`, and how it ended.
    pub fn stop(mut self) -> bool {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
        self.child.wait().expect("a process that ended").success()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}
