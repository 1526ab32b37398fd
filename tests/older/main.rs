//! An update from the last release, which `tests/last-release` names: its program serves on while the present one
//! migrates the database and starts beside it. `tests/run older` builds that program and names it in KAOZHENG_OLDER.

#[path = "../support/applicant.rs"]
mod applicant;
#[path = "../support/database.rs"]
mod database;
#[path = "../support/filing.rs"]
mod filing;
#[path = "../support/process.rs"]
mod process;
#[path = "../support/server.rs"]
mod server;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use kaozheng::store::Clock;
use kaozheng::store::clock::china_date;
use tempfile::TempDir;

use database::{TestDatabase, database_of};
use filing::{Filing, receipt, refund, violation};
use process::{Process, free_base, host_of, kaozheng};
use server::{Answer, PHONE, Visitor};

const CANDIDATE: &str = "张小三";
const REVIEWER: &str = "周明远";
const FINANCE: &str = "钱文清";

/// A demo with its data: in a folder, or with `server` in a database of PostgreSQL and a folder.
struct Demo {
    server: Option<TestDatabase>,
    folder: TempDir,
}

impl Demo {
    fn on_sqlite() -> Demo {
        Demo { server: None, folder: tempfile::tempdir().expect("a folder") }
    }

    fn on_postgresql() -> Demo {
        Demo { server: Some(database_of("postgres")), ..Demo::on_sqlite() }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn url(&self) -> String {
        match &self.server {
            Some(database) => database.url.clone(),
            None => format!("sqlite:{}", self.data().join("kaozheng.db").display()),
        }
    }

    fn command(&self, mut program: Command) -> Command {
        program.arg("--data").arg(self.data());
        if let Some(database) = &self.server {
            program.args(["--database-url", &database.url]);
        }
        program
    }

    /// Starts a process that logs to the file `log`.
    async fn start(&self, program: Command, log: &str) -> Process {
        let base = free_base();
        let mut command = self.command(program);
        command.args(["--listen", host_of(&base)]);
        command.stderr(fs::File::create(self.folder.path().join(log)).expect("a log"));
        Process::start(base, command).await
    }

    /// `kaozheng migrate` of the present program. Returns whether it had migrations to run.
    fn migrate(&self) -> bool {
        let key = fs::read_to_string(self.data().join("demo.key")).expect("a key");
        let mut command = kaozheng("migrate");
        command.env("DATABASE_URL", self.url()).env("KAOZHENG_DATA_KEY", key);
        let Output { status, stdout, stderr } = command.output().expect("an end");
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        let said = String::from_utf8_lossy(&stdout);
        print!("{said}");
        said.contains("migrations were run")
    }

    /// Starts the older program, which must refuse. Returns what it says.
    fn refused(&self) -> String {
        let base = free_base();
        let mut command = self.command(older());
        let output =
            command.args(["--listen", host_of(&base)]).stdout(Stdio::null()).output().expect("an end");
        assert!(!output.status.success(), "an older program starts on a newer database");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn assert_no_errors(&self, log: &str) {
        let lines = fs::read_to_string(self.folder.path().join(log)).expect("a log");
        let wrong = |line: &&str| line.contains("ERROR") || line.contains("panicked");
        let errors: Vec<&str> = lines.lines().filter(wrong).collect();
        assert!(errors.is_empty(), "{log}: {errors:#?}");
    }
}

/// The demo of the last release.
fn older() -> Command {
    let program = std::env::var_os("KAOZHENG_OLDER").expect("KAOZHENG_OLDER is not set; see tests/run older");
    let same = fs::read(&program).expect("the older program")
        == fs::read(env!("CARGO_BIN_EXE_kaozheng")).expect("the present program");
    assert!(!same, "KAOZHENG_OLDER is the present program");
    let mut command = Command::new(program);
    command.arg("demo");
    command
}

fn present() -> Command {
    kaozheng("demo")
}

async fn signed_in(process: &Process, name: &str) -> Visitor {
    let visitor = Visitor::new(&process.base, PHONE);
    visitor.sign_in("/login/portal", name).await;
    visitor
}

/// The same browser at another process, as behind a proxy.
fn at_process(process: &Process, visitor: &Visitor) -> Visitor {
    let there = Visitor::new(&process.base, PHONE);
    for cookie in visitor.cookie().split("; ") {
        there.plant(cookie);
    }
    there
}

/// Opens every page that a candidate and their visitors see first.
async fn candidate_walks(candidate: &Visitor) {
    for (path, shown) in [
        ("/", "您好，张*三"),
        ("/me", "张*三"),
        ("/progress", "报考资格在线核查"),
        ("/certificates", "二级建造师"),
        ("/services/violation", "申诉"),
        ("/lookup", "二级建造师"),
    ] {
        see(&candidate.open(path).await, shown);
    }
}

async fn staff_walks(process: &Process) {
    for (person, path, shown) in [
        (REVIEWER, "/staff", "审核台"),
        (REVIEWER, "/staff/queue", "领取下一件"),
        (FINANCE, "/staff/queue", "待办"),
        ("何静", "/staff/audit", "查看记录"),
    ] {
        see(&signed_in(process, person).await.open(path).await, shown);
    }
}

fn see(page: &Answer, shown: &str) {
    assert!(page.status == 200 && page.told().contains(shown), "{shown} at {}: {}", page.url, page.body);
}

/// One refund from the form to the payment. `first` and `second` may be of different versions.
async fn refund_is_paid(first: &Process, second: &Process, refund: &Filing) {
    let number = signed_in(first, CANDIDATE).await.file_for_number(refund).await;
    see(&signed_in(second, CANDIDATE).await.open(&format!("/services/refund/{number}")).await, "¥61.00");
    let reviewer = signed_in(second, REVIEWER).await;
    see(&reviewer.decide_application(&number, "approve:0", &[]).await, "已办理：通过");
    let today = china_date(Clock::system().now()).to_string();
    let noted = [("paid_on", today.as_str()), ("transaction", "TX20260401001")];
    let finance = signed_in(first, FINANCE).await;
    see(&finance.carry_out_task(&number, "fulfil", &noted, &[]).await, "已退款");
    see(&signed_in(second, CANDIDATE).await.open(&format!("/services/refund/{number}")).await, "已退款");
}

/// The older program on a migrated database.
struct Outdated {
    process: Process,
    /// A browser that signed in before the migrations.
    candidate: Visitor,
    /// The number of an application that was submitted after them.
    receipt: String,
    /// Whether the database is newer than the program.
    is_behind: bool,
}

/// Starts the older program, migrates under it and takes applications through it.
async fn older_process_serves_on(demo: &Demo) -> Outdated {
    let process = demo.start(older(), "older").await;
    let candidate = signed_in(&process, CANDIDATE).await;
    candidate_walks(&candidate).await;
    let is_behind = demo.migrate();

    candidate_walks(&candidate).await;
    staff_walks(&process).await;
    candidate.agree_to_notice("/services/receipt/notice").await;
    let receipt = candidate.file_for_number(&receipt()).await;
    refund_is_paid(&process, &process, &refund()).await;
    assert_eq!(reqwest::get(format!("{}/readyz", process.base)).await.expect("an answer").status(), 200);
    Outdated { process, candidate, receipt, is_behind }
}

/// Stops the older program, which does not start again on a newer database.
fn stop_for_good(demo: &Demo, process: Process, is_behind: bool) {
    assert!(process.stop());
    if is_behind {
        let refusal = demo.refused();
        assert!(refusal.contains("newer than this program"), "{refusal}");
    }
    demo.assert_no_errors("older");
}

#[tokio::test]
async fn older_process_on_postgresql_serves_on_beside_the_present_one() {
    let demo = Demo::on_postgresql();
    let Outdated { process: old, candidate, receipt, is_behind } = older_process_serves_on(&demo).await;
    let new = demo.start(present(), "present").await;
    let there = at_process(&new, &candidate);
    candidate_walks(&there).await;
    see(&there.open(&format!("/services/receipt/{receipt}")).await, &receipt);
    candidate_walks(&candidate).await;
    let other_subject = refund().with(&[("subjects", "registration-03-1")]);
    refund_is_paid(&old, &new, &other_subject).await;

    let appeal = there.file_for_number(&violation()).await;
    see(&candidate.open(&format!("/services/violation/{appeal}")).await, &appeal);
    let reviewer = signed_in(&old, REVIEWER).await;
    let note = [("note", "经复核监控录像，决定如上。")];
    see(&reviewer.decide_application(&appeal, "reject", &note).await, "已办理");
    see(&there.open(&format!("/services/violation/{appeal}")).await, "经复核监控录像");
    staff_walks(&new).await;
    staff_walks(&old).await;

    stop_for_good(&demo, old, is_behind);
    candidate_walks(&there).await;
    assert!(new.stop());
    demo.assert_no_errors("present");
}

/// SQLite has one process that serves, so the present one follows.
#[tokio::test]
async fn older_process_on_sqlite_serves_on_until_the_present_one_follows() {
    let demo = Demo::on_sqlite();
    let Outdated { process: old, candidate, receipt, is_behind } = older_process_serves_on(&demo).await;
    stop_for_good(&demo, old, is_behind);
    let new = demo.start(present(), "present").await;
    let there = at_process(&new, &candidate);
    candidate_walks(&there).await;
    see(&there.open(&format!("/services/receipt/{receipt}")).await, &receipt);
    staff_walks(&new).await;
    there.file_for_number(&violation()).await;
    assert!(new.stop());
    demo.assert_no_errors("present");
}
