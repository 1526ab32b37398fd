//! `kaozheng demo` on a PostgreSQL server.

use crate::postgres::Postgres;
use crate::process::{Process, kaozheng};
use crate::server::{PHONE, Visitor};

#[tokio::test]
async fn demo_on_postgresql_is_filled_once_and_continued() {
    let server = Postgres::start();
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let url = server.url("127.0.0.1", server.port, "sslmode=disable");
    let database = ["--database-url", url.as_str()];
    let (demo, _) = Process::demo_with(&data, &log, &database).await;
    let visitor = Visitor::new(&demo.base, PHONE);
    visitor.sign_in("/login/portal", "张小三").await;
    for (path, shown) in [
        ("/", "您好，张*三"),
        ("/progress", "报考资格在线核查"),
        ("/certificates", "二级建造师"),
        ("/services/violation", "申诉"),
        ("/lookup", "二级建造师"),
    ] {
        let page = visitor.open(path).await;
        assert!(page.status == 200 && page.body.contains(shown), "{path}: {} {}", page.status, page.body);
    }
    let before = visitor.open("/progress").await.body.matches("<article").count();
    let reviewer = Visitor::new(&demo.base, PHONE);
    reviewer.sign_in("/login/portal", "周明远").await;
    assert!(reviewer.open("/staff/queue").await.body.contains("领取下一件"));
    assert!(!data.join("kaozheng.db").exists(), "there is no SQLite file");
    assert!(demo.stop());

    let (again, _) = Process::demo_with(&data, &log, &database).await;
    let visitor = Visitor::new(&again.base, PHONE);
    visitor.sign_in("/login/portal", "张小三").await;
    let page = visitor.open("/progress").await;
    assert_eq!(page.body.matches("<article").count(), before, "nothing is loaded twice");
    let log = std::fs::read_to_string(&log).expect("a log");
    assert!(!log.contains(crate::postgres::PASSWORD) && !log.contains("ERROR"), "{log}");
}

#[test]
fn help_of_the_demo_names_both_databases() {
    let help = kaozheng("demo").arg("--help").output().expect("an end");
    let help = String::from_utf8_lossy(&help.stdout);
    for words in ["--database-url", "postgres://", "SQLite"] {
        assert!(help.contains(words), "{words}: {help}");
    }
}
