//! Importing and exporting the authority's data.

mod certificate_states;
mod concurrency;
mod corrections;
mod english_names;
mod malformed;
mod people;
mod permits;
mod statistics;
mod workbooks;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use kaozheng::store::schema::imports;
use kaozheng::store::{Clock, Conn, Error, Ids, Store, Vault};
use tempfile::TempDir;

use crate::database::{KEY, TestDatabase, migrated_database};

/// A migrated database and a folder of files, on which commands run.
pub struct Installation {
    url: String,
    folder: TempDir,
    /// None for the database of a running site.
    _database: Option<TestDatabase>,
}

/// The result of a command.
pub struct CommandOutput {
    pub success: bool,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Installation {
    /// A database without records.
    pub fn new() -> Installation {
        let database = migrated_database();
        let mut installation = Installation::at(&database.url);
        installation._database = Some(database);
        installation
    }

    /// The database of a running site.
    pub fn at(url: &str) -> Installation {
        let folder = tempfile::tempdir().expect("a folder for files");
        Installation { url: url.to_owned(), folder, _database: None }
    }

    /// A database with the sample's exams.
    pub fn with_exams() -> Installation {
        let installation = Installation::new();
        assert!(installation.run(&["sample", "exams", "--output", "exams.csv"]).success);
        installation.import("exams", "exams.csv");
        installation
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaozheng"));
        let settings = [("DATABASE_URL", &*self.url), ("KAOZHENG_DATA_KEY", KEY)];
        command.env_clear().envs(settings).args(args).current_dir(self.folder.path());
        command
    }

    pub fn run(&self, args: &[&str]) -> CommandOutput {
        let Output { status, stdout, stderr } = self.command(args).output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        CommandOutput { success: status.success(), stdout: text(stdout), stderr: text(stderr) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).expect("a file");
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a text")
    }

    /// Imports a file without refused rows. Returns the reported counts.
    pub fn import(&self, kind: &str, file: &str) -> String {
        let said = self.run(&["import", kind, file]);
        assert!(said.success, "{}{}", said.stdout, said.stderr);
        assert!(!self.path(&format!("{file}.refused.csv")).exists());
        counts(&said.stdout)
    }

    /// Imports a file with refused rows. Returns line, column, value and reason of each.
    pub fn import_refused(&self, kind: &str, file: &str) -> Vec<[String; 4]> {
        let said = self.run(&["import", kind, file]);
        assert!(
            !said.success && said.stdout.contains("Nothing was imported"),
            "{}{}",
            said.stdout,
            said.stderr
        );
        read_report(&self.path(&format!("{file}.refused.csv")))
    }

    /// Imports a file that is refused as a whole. Returns the message.
    pub fn import_unusable(&self, kind: &str, file: &str) -> String {
        let said = self.run(&["import", kind, file]);
        assert!(!said.success && said.stdout.is_empty(), "{}", said.stdout);
        assert!(!self.path(&format!("{file}.refused.csv")).exists());
        said.stderr
    }

    fn conn(&self) -> Conn {
        match self.url.strip_prefix("sqlite:") {
            Some(path) => Conn::Sqlite(SqliteConnection::establish(path).expect("a connection")),
            None => Conn::Postgres(PgConnection::establish(&self.url).expect("a connection")),
        }
    }

    pub fn execute(&self, statements: &str) {
        self.conn().batch_execute(statements).expect("statements");
    }

    /// The text column of a query's rows.
    pub fn rows(&self, query: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Line {
            #[diesel(sql_type = Text)]
            line: String,
        }
        let query = diesel::sql_query(query);
        let lines: Vec<Line> = match &mut self.conn() {
            Conn::Sqlite(conn) => query.load(conn),
            Conn::Postgres(conn) => query.load(conn),
        }
        .expect("rows");
        lines.into_iter().map(|row| row.line).collect()
    }

    /// All rows of the tables that imports write.
    pub fn all_rows(&self) -> Vec<String> {
        let tables: [(&str, &[&str]); 8] = [
            ("exams", &["code", "name", "category"]),
            ("exam_subjects", &["exam_id", "level", "specialty", "subject", "fee", "position"]),
            ("english_names", &["exam_id", "part", "chinese", "english"]),
            ("sittings", &["exam_id", "month", "check_opens_on", "check_closes_on", "held_on"]),
            (
                "registrations",
                &[
                    "holder_hash",
                    "holder_name",
                    "sitting_id",
                    "ticket_number",
                    "level",
                    "specialty",
                    "order_number",
                    "paid_at",
                    "result",
                    "receipt_id",
                ],
            ),
            ("registration_subjects", &["registration_id", "subject", "fee", "result", "refund_id"]),
            (
                "certificates",
                &[
                    "holder_hash",
                    "holder_name",
                    "exam_id",
                    "sitting_month",
                    "level",
                    "specialty",
                    "number",
                    "query_number",
                    "annulled_on",
                    "annulment",
                    "print_number",
                    "approved_on",
                    "issued_on",
                    "issuing_body",
                    "delivery",
                    "person_hash",
                    "document_mask",
                    "gender",
                    "mailing_id",
                ],
            ),
            (
                "violations",
                &[
                    "holder_hash",
                    "sitting_id",
                    "subject",
                    "happened_at",
                    "place",
                    "fact",
                    "clause",
                    "proposed_decision",
                    "served_on",
                    "outcome",
                ],
            ),
        ];
        let integrity = (
            "integrity_records",
            &["holder_hash", "category", "fact", "decision_number", "starts_on", "ends_on"][..],
        );
        let all = |(table, columns): (&str, &[&str])| {
            let line: Vec<_> = columns.iter().map(|c| format!("COALESCE(CAST({c} AS TEXT), '-')")).collect();
            let line = line.join(" || '|' || ");
            self.rows(&format!("SELECT id || ': ' || {line} AS line FROM {table} ORDER BY id"))
        };
        tables.into_iter().chain([integrity]).flat_map(all).collect()
    }

    fn count(&self, table: &str) -> u64 {
        self.rows(&format!("SELECT CAST(COUNT(*) AS TEXT) AS line FROM {table}"))[0].parse().expect("a count")
    }
}

/// The counts in the output, such as `3 new, 0 changed, 0 unchanged, 0 refused`.
fn counts(output: &str) -> String {
    let (_, counts) = output.lines().next().and_then(|line| line.split_once("rows/s), ")).expect("counts");
    counts.to_owned()
}

fn read_report(path: &Path) -> Vec<[String; 4]> {
    let bytes = std::fs::read(path).expect("a report");
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).expect("spreadsheets tell UTF-8 by it");
    let mut reader = csv::Reader::from_reader(text);
    assert_eq!(reader.headers().expect("a header"), &["line", "column", "value", "reason"][..]);
    let row = |row: csv::StringRecord| std::array::from_fn(|at| row[at].to_owned());
    reader.records().map(|record| row(record.expect("a row"))).collect()
}

#[test]
fn importing_the_same_file_twice_changes_nothing() {
    let installation = Installation::with_exams();
    assert_eq!(installation.import("exams", "exams.csv"), "0 new, 0 changed, 59 unchanged, 0 refused");
    assert!(installation.run(&["sample", "certificates", "--count", "12345", "--output", "c.csv"]).success);
    let dry = installation.run(&["import", "certificates", "c.csv", "--dry-run"]);
    assert_eq!(counts(&dry.stdout), "12345 new, 0 changed, 0 unchanged, 0 refused");
    assert!(dry.success && dry.stdout.contains("dry run") && installation.count("certificates") == 0);
    assert_eq!(installation.import("certificates", "c.csv"), "12345 new, 0 changed, 0 unchanged, 0 refused");
    let before = installation.all_rows();
    assert_eq!(installation.import("certificates", "c.csv"), "0 new, 0 changed, 12345 unchanged, 0 refused");
    assert_eq!(installation.all_rows(), before);
}

#[test]
fn importing_an_export_changes_nothing() {
    let installation = Installation::with_exams();
    people::import_records(&installation);
    assert!(installation.run(&["sample", "certificates", "--count", "6000", "--output", "c.csv"]).success);
    installation.import("certificates", "c.csv");
    let before = installation.all_rows();
    for kind in ["exams", "registrations", "certificates", "violations", "integrity"] {
        let file = format!("{kind}.exported.csv");
        assert!(installation.run(&["export", kind, "--output", &file]).success);
        let text = installation.text(&file);
        assert!(!text.contains(people::NUMBER) && text.lines().count() > 1, "{kind}");
        let output = installation.import(kind, &file);
        assert!(output.starts_with("0 new, 0 changed, "), "{kind}: {output}");
        assert!(!installation.run(&["export", kind, "--output", &file]).success, "no file is overwritten");
    }
    assert_eq!(installation.all_rows(), before);
}

/// Hashes made with another data key match nobody here.
#[test]
fn export_of_another_installation_is_refused() {
    let installation = Installation::with_exams();
    people::import_records(&installation);
    let exported = installation.run(&["export", "integrity"]).stdout;
    let (mark, _) = exported.lines().nth(1).expect("a row").rsplit_once('.').expect("a marked hash");
    let mark = mark.rsplit_once(',').expect("the last column").1;
    installation.file("theirs.csv", exported.replace(mark, "AAAAAAAA"));
    let refused = installation.import_refused("integrity", "theirs.csv");
    assert_eq!(refused[0][1], "持有人标识");
    assert!(refused[0][3].contains("不是本系统导出的标识"), "{refused:?}");
}

#[test]
fn sample_is_the_same_for_the_same_seed() {
    let installation = Installation::new();
    let sample = |seed| installation.run(&["sample", "certificates", "--count", "50", "--seed", seed]).stdout;
    assert_eq!(sample("7"), sample("7"));
    assert_ne!(sample("7"), sample("8"));
    assert_eq!(sample("7").lines().count(), 51);
}

/// A file of four batches with refused rows in the first and the third.
fn file_with_refused_rows(installation: &Installation) {
    assert!(
        installation.run(&["sample", "certificates", "--count", "31000", "--output", "good.csv"]).success
    );
    let good = installation.text("good.csv");
    let mut lines: Vec<String> = good.lines().map(str::to_owned).collect();
    for at in [2, 3, 25_000] {
        lines[at] = lines[at].replace("示范市考试院", "");
    }
    installation.file("flawed.csv", lines.join("\n"));
}

#[test]
fn refused_row_stops_the_file_or_its_batch() {
    let installation = Installation::with_exams();
    file_with_refused_rows(&installation);
    let refused = installation.import_refused("certificates", "flawed.csv");
    let lines: Vec<_> = refused.iter().map(|row| &*row[0]).collect();
    assert_eq!(lines, ["3", "4", "25001"]);
    assert_eq!(refused[0][1..], ["发证机关", "", "必须填写"]);
    assert_eq!(installation.count("certificates"), 0);

    let said = installation.run(&["import", "certificates", "flawed.csv", "--batch"]);
    assert!(!said.success && said.stdout.contains("20000 rows were left out: 2 batches"), "{}", said.stdout);
    assert_eq!(counts(&said.stdout), "11000 new, 0 changed, 0 unchanged, 3 refused");
    assert_eq!(installation.count("certificates"), 11_000);

    assert_eq!(
        installation.import("certificates", "good.csv"),
        "20000 new, 0 changed, 11000 unchanged, 0 refused"
    );
    installation.file("flawed.csv", installation.text("good.csv"));
    installation.import("certificates", "flawed.csv");
    assert!(!installation.path("flawed.csv.refused.csv").exists(), "a report of an earlier run is gone");
}

/// Rows committed so far, according to the import's journal.
async fn committed_rows(store: &Store) -> Option<i64> {
    let noted = store.read::<_, Error, _>(|tx| {
        let open =
            imports::table.filter(imports::finished_at.is_null().and(imports::kind.eq("certificates")));
        Ok(open.select(imports::rows_done).first(tx.conn).optional()?)
    });
    noted.await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_import_resumes() {
    let installation = Installation::with_exams();
    assert!(installation.run(&["sample", "certificates", "--count", "60000", "--output", "c.csv"]).success);
    let vault = Vault::from_key(&[7; 32]);
    let store = Store::open(&installation.url, vault, Clock::system(), Ids::random()).await.expect("a store");
    let mut command = installation.command(&["import", "certificates", "c.csv"]);
    let mut import = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("an import");
    while committed_rows(&store).await.is_none_or(|done| done < 20_000) {
        assert!(import.try_wait().expect("a process").is_none(), "it ended before it could be killed");
        tokio::task::yield_now().await;
    }
    import.kill().expect("a process to kill");
    import.wait().expect("a process that ended");

    let done = committed_rows(&store).await.expect("it was not finished") as u64;
    assert!((20_000..60_000).contains(&done), "{done}");
    assert_eq!(installation.count("certificates"), done, "a batch and its note are one");
    let said = installation.run(&["import", "certificates", "c.csv"]);
    assert!(said.success, "{}", said.stderr);
    assert!(said.stdout.contains(&format!("The first {done} rows were there")), "{}", said.stdout);
    assert_eq!(counts(&said.stdout), "60000 new, 0 changed, 0 unchanged, 0 refused");
    assert_eq!(installation.count("certificates"), 60_000);
    let again = installation.import("certificates", "c.csv");
    assert_eq!(again, "0 new, 0 changed, 60000 unchanged, 0 refused", "a finished one begins anew");
}

#[test]
fn import_leaves_statistics_of_its_tables() {
    let installation = Installation::with_exams();
    let tables = match installation.url.starts_with("sqlite:") {
        true => "SELECT DISTINCT tbl AS line FROM sqlite_stat1 WHERE tbl = 'exam_subjects'",
        false => "SELECT DISTINCT tablename::text AS line FROM pg_stats WHERE tablename = 'exam_subjects'",
    };
    assert_eq!(installation.rows(tables), ["exam_subjects"]);
}
