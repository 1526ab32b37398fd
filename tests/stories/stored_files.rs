//! `kaozheng verify-store` and `kaozheng files move`.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::TimeDelta;
use diesel::prelude::*;
use kaozheng::files::storage;
use kaozheng::store::schema::candidates;
use kaozheng::store::{Error, Ids, Tx};

use crate::backups::{Site, beside, site_with_an_application};
use crate::process::kaozheng;
use crate::s3::{Fault, S3Server, files_below};

#[tokio::test(flavor = "multi_thread")]
async fn verify_store_finds_what_is_lost_damaged_or_left_over() {
    let (server, site, _) = site_with_an_application().await;
    site.assert_whole();
    let uploads = server.folder().join("uploads");
    let files = files_below(&uploads);
    let orphan = |age_in_days: i64, id: u64| {
        let then = server.parts.store.clock.now() - TimeDelta::days(age_in_days);
        let key = storage::key(&Ids::seeded(id).next(then), then);
        let path = server.folder().join(key);
        std::fs::create_dir_all(path.parent().expect("a day")).expect("a folder");
        std::fs::copy(&files[0], &path).expect("a copy");
        let long_ago = SystemTime::from(then.and_utc());
        std::fs::File::open(&path).expect("a file").set_modified(long_ago).expect("a time");
    };
    orphan(0, 1);
    site.assert_whole();

    orphan(3, 2);
    std::fs::remove_file(&files[0]).expect("a file");
    std::fs::write(&files[1], b"damaged").expect("a file");
    let swap = |tx: &mut Tx| {
        let sealed: String = candidates::table.select(candidates::phone).first(tx.conn)?;
        diesel::update(candidates::table).set(candidates::document_number.eq(sealed)).execute(tx.conn)?;
        Ok::<_, Error>(())
    };
    server.parts.store.write(swap).await.expect("values in a wrong column");
    let (printed, whole) = site.verify();
    assert!(!whole);
    for found in [
        "files that are missing: 1",
        "files that do not open: 1",
        "files without a row: 1",
        "candidates.document_number",
        "sealed values that do not open",
    ] {
        assert!(printed.contains(found), "{found} is not in\n{printed}");
    }
    assert!(!printed.contains("张小三") && !printed.contains("毕业证"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_move_to_a_bucket_and_back() {
    let s3 = S3Server::start().await;
    let (server, site, _) = site_with_an_application().await;
    let back = tempfile::tempdir().expect("a folder");
    let move_files = |from: &Path, to: &Path| {
        let mut command = kaozheng("files");
        command.arg("move").arg("--from").arg(from).arg("--to").arg(to).envs(s3.variables());
        beside(move || {
            let output = command.output().expect("an end");
            let printed = [output.stdout, output.stderr].concat();
            (String::from_utf8_lossy(&printed).into_owned(), output.status.success())
        })
    };
    let (folder, bucket) = (server.folder().to_owned(), PathBuf::from(S3Server::url("moved")));
    let count = files_below(&folder.join("uploads")).len();

    s3.set(Fault::ReadOnly);
    let (printed, done) = move_files(&folder, &bucket).await;
    assert!(
        !done && printed.contains(&format!("0 files were moved, 0 were there already, {count} failed")),
        "{printed}"
    );
    s3.set(Fault::None);
    // As after an interruption: one is there, and half of another.
    let relative =
        |at: usize| files_below(&folder.join("uploads"))[at].strip_prefix(&folder).expect("below").to_owned();
    for (at, half) in [(0, false), (1, true)] {
        let (from, to) = (folder.join(relative(at)), s3.folder("moved").join(relative(at)));
        std::fs::create_dir_all(to.parent().expect("a day")).expect("a folder");
        let bytes = std::fs::read(from).expect("a file");
        std::fs::write(to, if half { &bytes[..bytes.len() / 2] } else { &bytes[..] }).expect("an object");
    }
    let (printed, done) = move_files(&folder, &bucket).await;
    let rest = count - 1;
    assert!(
        done && printed.contains(&format!("{rest} files were moved, 1 were there already, 0 failed")),
        "{printed}"
    );

    let (printed, done) = move_files(&bucket, back.path()).await;
    assert!(done && printed.contains(&format!("{count} files were moved")), "{printed}");
    let moved = Site { files: back.path().to_owned(), ..site };
    moved.assert_whole();
}
