//! A PostgreSQL server for one test, which can be stopped, restarted and given certificates.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// Must not appear in any log or message.
pub const PASSWORD: &str = "s3cret-of-the-test";

/// A running server. It ends when this is dropped.
pub struct Postgres {
    folder: TempDir,
    pub port: u16,
}

impl Postgres {
    pub fn start() -> Postgres {
        let folder = tempfile::tempdir().expect("a folder for the server");
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let server = Postgres { folder, port: port.expect("a port").port() };
        server.put("password", PASSWORD);
        let arguments =
            ["-U", "exam", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync", "--pwfile"];
        server.run(
            "initdb",
            &[&arguments[..], &[&server.path("password"), "-D", &server.path("data")]].concat(),
        );
        server.up(&[]);
        server
    }

    /// A standby that streams from this server.
    pub fn replica(&self) -> Postgres {
        let folder = tempfile::tempdir().expect("a folder for the server");
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let replica = Postgres { folder, port: port.expect("a port").port() };
        // The folder must be the server's user's.
        replica.put("password", "");
        let from = format!("host=127.0.0.1 port={} user=exam password={PASSWORD}", self.port);
        replica.run(
            "pg_basebackup",
            &["-R", "--no-sync", "-c", "fast", "-D", &replica.path("data"), "-d", &from],
        );
        replica.up(&[]);
        replica
    }

    /// Starts it after [`Postgres::down`], with settings such as `ssl=on`.
    pub fn up(&self, settings: &[&str]) {
        let mut options = format!(
            "-c fsync=off -c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories={}",
            self.port,
            self.folder.path().display()
        );
        for setting in settings {
            options.push_str(" -c ");
            options.push_str(setting);
        }
        self.control(&["start", "-o", &options, "-l", &self.path("log")]);
    }

    /// Stops it in immediate mode.
    pub fn down(&self) {
        self.control(&["stop", "-m", "immediate"]);
    }

    /// Restarts it in immediate mode, as after a crash.
    pub fn restart(&self) {
        self.control(&["restart", "-m", "immediate"]);
    }

    /// Its URL at a host and port. The port may be that of a proxy.
    pub fn url(&self, host: &str, port: u16, query: &str) -> String {
        format!("postgres://exam:{PASSWORD}@{host}:{port}/postgres?{query}")
    }

    /// Writes a file that only the server may read. Returns its path.
    pub fn put(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file for the server");
        assert!(Command::new("chmod").args(["600", &path]).status().expect("chmod").success());
        if is_root() {
            let folder = self.folder.path();
            assert!(
                Command::new("chown").args(["-R", "postgres"]).arg(folder).status().expect("chown").success()
            );
        }
        path
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn control(&self, arguments: &[&str]) {
        self.run("pg_ctl", &[&["-w", "-s", "-D", &self.path("data")], arguments].concat());
    }

    fn run(&self, tool: &str, arguments: &[&str]) {
        // The server keeps inherited descriptors, and a reader of our output would wait for its end.
        let output = File::create(self.path("output")).expect("a file");
        let mut command = command(tool);
        command.stdout(output.try_clone().expect("a file")).stderr(output);
        let status = command.args(arguments).status();
        let status = status.unwrap_or_else(|error| panic!("{tool}: {error}; see tests/run"));
        assert!(status.success(), "{tool} {arguments:?}: {}\n{}", self.read("output"), self.read("log"));
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It may be down already.
        let _ = command("pg_ctl").args(["stop", "-m", "immediate", "-D", &self.path("data")]).output();
    }
}

/// A program of the server. The programs refuse to run as root; Debian's package creates a user for
/// them.
fn command(tool: &str) -> Command {
    let tool = tools().join(tool);
    let mut command = Command::new(&tool);
    if is_root() {
        command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(tool);
    }
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The programs of the newest server, which Debian keeps out of PATH.
fn tools() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.map(|version| version.path().join("bin")).max();
    newest.filter(|folder| folder.join("initdb").exists()).unwrap_or_default()
}
