//! The command line.

use std::path::Path;
use std::process::{Command, Output};

use diesel::prelude::*;
use kaozheng::demo::data::load_demo;
use kaozheng::store::schema::{candidates, exams, registrations, sittings};
use kaozheng::store::{Clock, Error, Ids, Store, Vault};

use crate::database::{KEY, TestDatabase, database};

pub fn kaozheng(args: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaozheng"));
    command.env_clear().envs(settings.iter().copied()).args(args).output().expect("the program starts")
}

pub fn on(database: &TestDatabase, args: &[&str]) -> Output {
    kaozheng(args, &[("DATABASE_URL", &database.url), ("KAOZHENG_DATA_KEY", KEY)])
}

/// Migrates a database with `kaozheng migrate`.
pub fn migrate(url: &str) {
    let output = kaozheng(&["migrate"], &[("DATABASE_URL", url), ("KAOZHENG_DATA_KEY", KEY)]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// All required settings of `serve`, with a database and a folder of uploads.
pub fn serve_settings(url: &str, files: &Path) -> Vec<(&'static str, String)> {
    let portal = |path: &str| format!("https://portal.example/{path}");
    vec![
        ("DATABASE_URL", url.to_owned()),
        ("KAOZHENG_DATA_KEY", KEY.to_owned()),
        ("KAOZHENG_LISTEN", "127.0.0.1:0".to_owned()),
        ("KAOZHENG_PUBLIC_URL", "https://exam.example".to_owned()),
        ("KAOZHENG_FILES", files.display().to_string()),
        ("KAOZHENG_AUTHORITY", "示范市考试院".to_owned()),
        ("KAOZHENG_PORTAL_AUTHORIZE_URL", portal("authorize")),
        ("KAOZHENG_PORTAL_TOKEN_URL", portal("token")),
        ("KAOZHENG_PORTAL_USERINFO_URL", portal("userinfo")),
        ("KAOZHENG_PORTAL_CLIENT_ID", "exam".to_owned()),
        ("KAOZHENG_PORTAL_CLIENT_SECRET", "secret".to_owned()),
    ]
}

/// A command that must end by itself. It is killed after a timeout.
pub fn command_with_timeout(name: &str) -> Command {
    let mut command = Command::new("timeout");
    command.args(["60", env!("CARGO_BIN_EXE_kaozheng"), name]);
    command
}

/// Runs `serve`, which must refuse to start. Returns its output.
pub fn refused_start(settings: &[(&'static str, String)]) -> String {
    let output = command_with_timeout("serve").envs(settings.iter().cloned()).output().expect("an end");
    assert!(!output.status.success());
    text(&output.stderr)
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn serve_lists_every_missing_setting() {
    let output = kaozheng(&["serve"], &[]);
    assert!(!output.status.success());
    let message = text(&output.stderr);
    for name in [
        "DATABASE_URL",
        "KAOZHENG_DATA_KEY",
        "KAOZHENG_PUBLIC_URL",
        "KAOZHENG_FILES",
        "KAOZHENG_AUTHORITY",
        "KAOZHENG_PORTAL_AUTHORIZE_URL",
        "KAOZHENG_PORTAL_TOKEN_URL",
        "KAOZHENG_PORTAL_USERINFO_URL",
        "KAOZHENG_PORTAL_CLIENT_ID",
    ] {
        assert!(message.contains(&format!("{name} is missing")), "{name} is not in\n{message}");
    }
}

#[test]
fn help_describes_each_command() {
    let table = [
        (&["--help"][..], "kaozheng demo"),
        (&["demo", "--help"], "sandbox portal"),
        (&["serve", "--help"], "KAOZHENG_PUBLIC_URL"),
        (&["migrate", "--help"], "pending migrations"),
        (&["staff", "--help"], "remove"),
        (&["staff", "add", "--help"], "--document-number"),
    ];
    for (args, message) in table {
        let output = kaozheng(args, &[]);
        assert!(output.status.success() && text(&output.stdout).contains(message), "{args:?}");
    }
}

#[test]
fn staff_commands_manage_the_roster() {
    let database = database();
    let refused = on(&database, &["staff", "list"]);
    assert!(!refused.status.success(), "not before the migrations");
    assert!(on(&database, &["migrate"]).status.success());
    let number = ["--document-number", "440300198808150023"];
    let add = on(&database, &[&["staff", "add", "--name", "周明远"], &number[..]].concat());
    assert!(add.status.success(), "{}", text(&add.stderr));
    let listed = text(&on(&database, &["staff", "list"]).stdout);
    assert!(listed.contains("周明远") && listed.contains("审核员"), "{listed}");
    assert!(!listed.contains(number[1]), "the number is masked: {listed}");
    let wrong =
        on(&database, &["staff", "add", "--name", "周明远", "--document-number", "440300198808150024"]);
    assert!(text(&wrong.stderr).contains("身份证号有误"), "{}", text(&wrong.stderr));
    assert!(on(&database, &[&["staff", "remove"], &number[..]].concat()).status.success());
    assert!(!on(&database, &[&["staff", "remove"], &number[..]].concat()).status.success());
    assert!(text(&on(&database, &["staff", "list"]).stdout).contains("Nobody"));
}

#[tokio::test]
async fn commands_are_recorded_in_the_audit() {
    use kaozheng::store::schema::audit_entries::dsl as a;
    let database = database();
    assert!(on(&database, &["migrate"]).status.success());
    let number = ["--document-number", "440300198808150023"];
    assert!(on(&database, &[&["staff", "add", "--name", "周明远"], &number[..]].concat()).status.success());
    let change = ["staff", "add", "--name", "周明远", "--role", "finance"];
    assert!(on(&database, &[&change, &number[..]].concat()).status.success());
    assert!(on(&database, &[&["staff", "remove"], &number[..]].concat()).status.success());
    let exported = on(&database, &["export", "certificates"]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    let vault = Vault::from_key(&[7; 32]);
    let store = Store::open(&database.url, vault, Clock::system(), Ids::random()).await.expect("a store");
    let rows = a::audit_entries.order(a::id).select((a::action, a::target, a::staff_id));
    let noted =
        store.read::<Vec<(String, String, Option<String>)>, Error, _>(move |tx| Ok(rows.load(tx.conn)?));
    let noted = noted.await.expect("the audit");
    let actions: Vec<_> = noted.iter().map(|(action, ..)| &**action).collect();
    assert_eq!(actions, ["roster_add:reviewer", "roster_add:finance", "roster_remove", "export"]);
    assert!(noted.iter().all(|(.., staff)| staff.is_none()), "the command line has no staff member");
    assert_eq!(noted[3].1, "certificates");
}

#[tokio::test]
async fn demo_is_loaded_once_and_completely() {
    let database = database();
    let vault = Vault::from_key(&[7; 32]);
    let store = Store::open(&database.url, vault, Clock::system(), Ids::random())
        .await
        .expect("a store")
        .attach(&kaozheng::business::ALL);
    store.migrate().await.expect("migrations");
    assert!(load_demo(&store).await.expect("the demo's data"));
    assert!(!load_demo(&store).await.expect("nothing to do"));
    let counts = store.read::<_, Error, _>(|tx| {
        let per_exam: Vec<i64> = sittings::table
            .group_by(sittings::exam_id)
            .select(diesel::dsl::count(sittings::id))
            .load(tx.conn)?;
        let kinds: i64 = candidates::table
            .select(diesel::dsl::count(candidates::document_type).aggregate_distinct())
            .first(tx.conn)?;
        let today = tx.today();
        let open: i64 = sittings::table
            .filter(sittings::check_opens_on.le(today).and(sittings::check_closes_on.ge(today)))
            .count()
            .get_result(tx.conn)?;
        let unpaid: i64 =
            registrations::table.filter(registrations::paid_at.gt(tx.now)).count().get_result(tx.conn)?;
        Ok((exams::table.count().get_result::<i64>(tx.conn)?, per_exam, kinds, open, unpaid))
    });
    let (exams, per_exam, kinds, open, unpaid) = counts.await.expect("counts");
    assert!(open >= 8, "{open} sittings can be applied for");
    assert_eq!(unpaid, 0, "no payment lies in the future");
    assert!(exams >= 10 && per_exam.len() as i64 == exams && per_exam.iter().all(|count| *count >= 3));
    assert_eq!(kinds, 7);
}
