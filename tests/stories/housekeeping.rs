//! Housekeeping while the program serves: what is deleted and what is kept.

use std::path::{Path, PathBuf};
use std::time::{Duration as StdDuration, SystemTime};

use chrono::Duration;
use diesel::prelude::*;
use kaozheng::cli::housekeeping::sweep_once;
use kaozheng::files::storage::{self, StorageError};
use kaozheng::store::schema::{attachments, files_to_delete, sessions};
use kaozheng::store::{Clock, Conn, Error, Tx, meta};

use crate::applicant::{LIST, file, form, scan};
use crate::disk::SmallDisk;
use crate::server::{Server, Visitor};

/// Files have the machine's time, so the clock starts there.
async fn server() -> Server {
    let server = Server::start_with(Clock::manual(Clock::system().now()), |_| {}).await;
    server.load_demo().await;
    server
}

/// Advances the clock in half days and runs housekeeping each time.
async fn pass_days(server: &Server, days: i64) {
    for _ in 0..days * 2 {
        server.advance(Duration::hours(12).num_seconds());
        sweep_once(&server.parts).await.expect("housekeeping");
    }
}

/// A stored file without a row, as a crash leaves it.
async fn stored_without_a_row(server: &Server) -> String {
    let (store, files) = (&server.parts.store, &server.parts.files);
    let now = store.clock.now();
    let key = storage::key(&store.ids.next(now), now);
    files.put(&key, b"sent by somebody".to_vec()).await.expect("a file");
    key
}

async fn applied(server: &Server) -> (Visitor, String) {
    let visitor = server.signed_in("张小三").await;
    let sitting = visitor.sitting_of("一级建造师").await;
    let number = visitor.apply_for_number(&sitting).await;
    (visitor, number)
}

/// Files below a folder of the storage.
fn files_in(server: &Server, folder: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&server.folder().join(folder), &mut found);
    found
}

/// Uploads a file as another candidate, which keeps the newest row as recent as the newest file.
async fn another_upload(server: &Server) {
    let visitor = server.signed_in("陳大文").await;
    let sitting = visitor.sitting_of("一级建造师").await;
    let sent = file(form(&sitting, "upload", &[]), "id_front", "正面.jpg", scan());
    visitor.upload_and_see(&format!("{LIST}/new"), sent).await.assert_shows("正面.jpg");
}

#[tokio::test(flavor = "multi_thread")]
async fn upload_without_a_row_is_quarantined_and_later_deleted() {
    let server = server().await;
    let orphan = stored_without_a_row(&server).await;
    let (_, number) = applied(&server).await;
    let sent = files_in(&server, "uploads").len() - 1;
    pass_days(&server, 27).await;
    assert_eq!(files_in(&server, "uploads").len(), sent + 1, "four weeks have not passed");

    pass_days(&server, 3).await;
    let moved = files_in(&server, "quarantine");
    assert!(moved.len() == 1 && moved[0].ends_with(&orphan), "{moved:?}");
    assert_eq!(files_in(&server, "uploads").len(), sent, "what has a row stays");
    assert_eq!(server.parts.files.get(&orphan).await.expect("it comes back"), b"sent by somebody");

    pass_days(&server, 27).await;
    assert_eq!(files_in(&server, "quarantine").len(), 1);
    pass_days(&server, 3).await;
    assert!(matches!(server.parts.files.get(&orphan).await, Err(StorageError::Missing)));
    let page = server.signed_in("张小三").await.open(&format!("{LIST}/{number}")).await;
    assert!(page.body.matches("href=\"/files/").count() >= 5);
    assert_eq!(files_in(&server, "uploads").len(), sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn quarantined_object_returns_when_its_row_does() {
    let server = server().await;
    let (_, _) = applied(&server).await;
    let (store, files) = (&server.parts.store, &server.parts.files);
    let day = store.clock.now().date();
    let keys: Vec<String> =
        files.on_day(day).await.expect("a list").into_iter().map(|object| object.key).collect();
    for key in &keys {
        files.quarantine(key, day).await.expect("moved away");
    }
    pass_days(&server, 31).await;
    assert_eq!(files_in(&server, "quarantine").len(), 0);
    assert_eq!(files_in(&server, "uploads").len(), keys.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn database_older_than_the_files_deletes_nothing() {
    let server = server().await;
    pass_days(&server, 2).await;
    let before = count_sweeps(&server).await;
    let (_, _) = applied(&server).await;
    pass_days(&server, 1).await;
    let sent = files_in(&server, "uploads").len();

    // Puts the database of two days ago beside today's files.
    let older = before.clone();
    let restored = server.parts.store.write::<_, Error, _>(move |tx| {
        diesel::delete(attachments::table).execute(tx.conn)?;
        meta::set(tx, "sweeps", &older)
    });
    restored.await.expect("an older database");
    pass_days(&server, 80).await;
    assert_eq!(files_in(&server, "uploads").len(), sent);
    assert!(files_in(&server, "quarantine").is_empty());
    assert_eq!(count_sweeps(&server).await, before, "it does not catch up by itself");

    // An operator confirms that they belong together; the ages of rows and files still disagree.
    std::fs::remove_file(server.folder().join("sweeps")).expect("a note");
    pass_days(&server, 3).await;
    assert_eq!(files_in(&server, "uploads").len(), sent);
}

async fn count_sweeps(server: &Server) -> String {
    let count = server.parts.store.read::<_, Error, _>(|tx| meta::get(tx, "sweeps"));
    count.await.expect("an answer").unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn large_share_is_never_deleted() {
    let server = server().await;
    for _ in 0..21 {
        stored_without_a_row(&server).await;
    }
    applied(&server).await;
    let all = files_in(&server, "uploads").len();
    pass_days(&server, 35).await;
    assert_eq!((files_in(&server, "uploads").len(), files_in(&server, "quarantine").len()), (all, 0));
    std::fs::remove_file(&files_in(&server, "uploads")[0]).expect("a file");
    pass_days(&server, 35).await;
    assert!(all - 1 - files_in(&server, "uploads").len() <= 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_jump_deletes_nothing_at_once() {
    let server = server().await;
    let visitor = server.signed_in("张小三").await;
    let sitting = visitor.sitting_of("一级建造师").await;
    let new = format!("{LIST}/new");
    let sent = file(form(&sitting, "draft", &[]), "id_front", "正面.jpg", scan());
    assert_eq!(visitor.upload(&new, sent).await.location, LIST);
    pass_days(&server, 2).await;
    let visitor = server.signed_in("张小三").await;
    another_upload(&server).await;
    let rows = || async {
        let rows = server.parts.store.read::<_, Error, _>(|tx| {
            let files: i64 = attachments::table.count().get_result(tx.conn)?;
            Ok((files, sessions::table.count().get_result::<i64>(tx.conn)?))
        });
        rows.await.expect("counts")
    };
    let (before, files) = (rows().await, files_in(&server, "uploads").len());

    server.advance(Duration::weeks(6).num_seconds());
    for _ in 0..3 {
        sweep_once(&server.parts).await.expect("housekeeping");
        server.advance(Duration::hours(6).num_seconds());
    }
    assert_eq!((rows().await, files_in(&server, "uploads").len()), (before, files));
    server.advance(-Duration::weeks(6).num_seconds() - Duration::hours(18).num_seconds());
    sweep_once(&server.parts).await.expect("housekeeping");
    assert_eq!(visitor.step("/me").await.status, 200, "the session survives");
    assert!(visitor.open(&new).await.body.contains("正面.jpg"), "the draft is there");

    server.advance(Duration::weeks(6).num_seconds());
    pass_days(&server, 2).await;
    assert_eq!(
        (rows().await, files_in(&server, "uploads").len()),
        ((0, 0), 0),
        "the clock was right after all"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_deletion_is_retried() {
    // Only the uploads are on the disk that becomes read-only.
    let (disk, folder) = (SmallDisk::of(32), tempfile::tempdir().expect("a folder"));
    std::os::unix::fs::symlink(disk.path(), folder.path().join("uploads")).expect("a link");
    let files = folder.path().to_owned();
    let clock = Clock::manual(Clock::system().now());
    let server = Server::start_with(clock, |settings| settings.files = files.into()).await;
    server.load_demo().await;
    another_upload(&server).await;
    assert_eq!(files_in(&server, "uploads").len(), 2, "a picture and its thumbnail");
    let (store, files) = (&server.parts.store, &server.parts.files);
    server.advance(Duration::hours(12).num_seconds());
    let owed = || async {
        let count = files_to_delete::table.count();
        store.read::<_, Error, _>(move |tx| Ok(count.get_result::<i64>(tx.conn)?)).await.expect("a count")
    };
    let drop_row = store.write::<_, Error, _>(|tx| {
        let key: String = attachments::table.select(attachments::storage_key).first(tx.conn)?;
        diesel::delete(attachments::table).execute(tx.conn)?;
        let row = (files_to_delete::storage_key.eq(key), files_to_delete::dropped_at.eq(tx.now));
        diesel::insert_into(files_to_delete::table).values(row).execute(tx.conn)?;
        Ok(())
    });
    drop_row.await.expect("a row less");
    disk.make_read_only();
    kaozheng::casework::sweep::run(store, files).await.expect("a sweep that owes something");
    assert_eq!((owed().await, files_in(&server, "uploads").len()), (1, 2));
    disk.make_writable();
    kaozheng::casework::sweep::run(store, files).await.expect("a sweep");
    assert_eq!((owed().await, files_in(&server, "uploads").len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn leftover_of_an_aborted_upload_is_deleted_after_a_day() {
    let server = server().await;
    applied(&server).await;
    let sent = files_in(&server, "uploads").len();
    let day = files_in(&server, "uploads")[0].parent().expect("a day").to_owned();
    let arriving = server.folder().join("tmp");
    std::fs::create_dir_all(&arriving).expect("a folder");
    let now = SystemTime::from(Clock::system().now().and_utc());
    let later = now + StdDuration::from_secs(2 * 24 * 60 * 60);
    for folder in [&day, &arriving] {
        for (name, time) in [("01JD3GZ9GZKXM0T9YHR4Q2W3E4#1", now), ("01JD3GZ9GZKXM0T9YHR4Q2W3E5#2", later)] {
            let file = std::fs::File::create(folder.join(name)).expect("a file");
            file.set_modified(time).expect("a time");
        }
    }
    pass_days(&server, 2).await;
    assert_eq!(files_in(&server, "uploads").len(), sent + 1, "one was written a moment ago");
    assert_eq!(files_in(&server, "tmp").len(), 1);
    pass_days(&server, 3).await;
    assert_eq!((files_in(&server, "uploads").len(), files_in(&server, "tmp").len()), (sent, 0));
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

#[tokio::test]
async fn statistics_are_refreshed_for_tables_that_have_grown() {
    let server = server().await;
    sweep_once(&server.parts).await.expect("housekeeping");
    let count = |tx: &mut Tx| match tx.conn {
        Conn::Sqlite(conn) => {
            let sql = "SELECT count(*) AS count FROM sqlite_stat1";
            Ok::<_, Error>(diesel::sql_query(sql).get_result::<Counted>(conn)?.count)
        }
        Conn::Postgres(_) => Ok(1), // It does so by itself.
    };
    assert!(server.parts.store.read(count).await.expect("statistics") > 0);
}
