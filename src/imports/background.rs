//! Runs the imports of the desk beside the requests, with the engine of the command line.
//!
//! The uploaded file holds personal data. It is kept encrypted, and read from an unnamed temporary file that disappears
//! with the process.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::MissedTickBehavior;

use super::job::{ImportOptions, Progress, Summary};
use super::jobs::{self, Counts, Ended, Job, JobStatus, NewJob};
use super::unnamed::UnnamedFile;
use super::{Error, run};
use crate::files::storage::{IMPORTS, Storage, StorageError};
use crate::store::{self, Store, Tx};

/// Time between two signs of life.
const BEAT: Duration = Duration::from_secs(1);

/// Most bytes of a report that are kept. The rest of the refused rows is counted, and not listed.
const LONGEST_REPORT: u64 = 1 << 20;

/// Keeps an uploaded file until its import ends. Returns its key.
pub async fn keep(files: &Storage, id: &str, bytes: Vec<u8>) -> Result<String, StorageError> {
    let key = format!("{IMPORTS}/{id}");
    files.put(&key, bytes).await?;
    Ok(key)
}

/// Checks a file, without waiting for it. The rows of [`jobs`] say how far it is.
pub fn check(store: Store, files: Storage, job: NewJob) {
    let work = Work { id: job.id, kind: job.kind, batch: job.batch, key: job.storage_key, dry_run: true };
    tokio::spawn(work.run(store, files));
}

/// Loads a file that was checked, without waiting for it.
pub fn load(store: Store, files: Storage, job: Job) {
    let work = Work { id: job.id, kind: job.kind, batch: job.batch, key: job.storage_key, dry_run: false };
    tokio::spawn(work.run(store, files));
}

/// Deletes what no import needs any more.
pub async fn sweep(store: &Store, files: &Storage) -> Result<(), store::Error> {
    for (id, key) in store.write(jobs::expire).await? {
        delete(store, files, &id, &key).await;
    }
    Ok(())
}

/// Deletes the file of an import that has ended. The sweep tries again if it fails.
pub async fn delete(store: &Store, files: &Storage, id: &str, key: &str) {
    if let Err(error) = files.delete(key).await {
        tracing::error!(%error, id, "the file of an import cannot be deleted; it is tried again");
        return;
    }
    let forgotten = id.to_owned();
    if let Err(error) = store.write(move |tx: &mut Tx| jobs::forget_file(tx, &forgotten)).await {
        tracing::error!(%error, id, "the deletion of the file of an import was not noted; it is tried again");
    }
}

/// One pass of an import.
struct Work {
    id: String,
    kind: &'static super::ImportKind,
    batch: bool,
    key: String,
    dry_run: bool,
}

impl Work {
    async fn run(self, store: Store, files: Storage) {
        let ended = self.pass(&store, &files).await;
        if ended.status == JobStatus::Failed {
            tracing::warn!(
                id = self.id,
                kind = self.kind.name,
                "an import at the desk did not end: {}",
                ended.failure
            );
        }
        let (id, is_over) = (self.id.clone(), ended.status != JobStatus::Checked);
        let noted = store.write(move |tx: &mut Tx| jobs::end(tx, &id, &ended)).await;
        match noted {
            Ok(()) if is_over => delete(&store, &files, &self.id, &self.key).await,
            Ok(()) => {}
            Err(error) => tracing::error!(%error, id = self.id, "the end of an import was not noted"),
        }
    }

    async fn pass(&self, store: &Store, files: &Storage) -> Ended {
        let failed =
            |failure: String| Ended { status: JobStatus::Failed, counts: None, failure, report: None };
        let bytes = match files.get(&self.key).await {
            Ok(bytes) => bytes,
            Err(error) if error.is_loss() => return failed("上传的文件已不在，请重新上传".to_owned()),
            Err(error) => {
                tracing::error!(%error, id = self.id, "the file of an import cannot be read");
                return failed("现在读不到上传的文件，请稍后重新上传".to_owned());
            }
        };
        let progress = Arc::new(Mutex::new((0, 0)));
        let (told, bulk_of, folder) = (progress.clone(), store.clone(), files.arriving());
        let (kind, batch, dry_run) = (self.kind, self.batch, self.dry_run);
        let mut work = tokio::task::spawn_blocking(move || {
            let file = UnnamedFile::with(&folder, &bytes)?;
            drop(bytes);
            let options = |report: &std::path::Path| {
                let file = file.path();
                import(&bulk_of, &ImportOptions { kind, file: &file, report, batch, dry_run }, &told)
            };
            with_report(&folder, options)
        });
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let done = loop {
            tokio::select! {
                done = &mut work => break done,
                _ = beat.tick() => {
                    let so_far = *progress.lock();
                    self.beat(store, so_far).await;
                }
            }
        };
        match done {
            Ok(Ok((summary, report))) => self.ended(summary, report),
            Ok(Err(error)) => failed(error.chinese()),
            Err(_) => failed("导入没有完成，请重新上传".to_owned()),
        }
    }

    async fn beat(&self, store: &Store, (rows, percent): (i64, i32)) {
        let id = self.id.clone();
        if let Err(error) = store.write(move |tx: &mut Tx| jobs::beat(tx, &id, rows, percent)).await {
            tracing::warn!(%error, id = self.id, "the progress of an import was not noted");
        }
    }

    fn ended(&self, summary: Summary, report: Option<String>) -> Ended {
        let status = if self.dry_run { JobStatus::Checked } else { JobStatus::Loaded };
        Ended { status, counts: Some(Counts::from(summary)), failure: String::new(), report }
    }
}

fn import(store: &Store, options: &ImportOptions, told: &Mutex<(i64, i32)>) -> Result<Summary, Error> {
    let mut bulk = store.bulk()?;
    run::import(&mut bulk, options, &mut |Progress { rows, read, .. }| {
        *told.lock() = (i64::try_from(rows).unwrap_or(i64::MAX), (read * 100.0) as i32);
    })
}

/// Runs an import with a place for its report. Returns the report, if a row was refused.
fn with_report(
    folder: &std::path::Path,
    run: impl FnOnce(&std::path::Path) -> Result<Summary, Error>,
) -> Result<(Summary, Option<String>), Error> {
    let place = tempfile::tempdir_in(folder).map_err(Error::io("a temporary folder"))?;
    let path = place.path().join("refused.csv");
    let summary = run(&path)?;
    if !path.exists() {
        return Ok((summary, None));
    }
    let mut report = Vec::new();
    let file = File::open(&path).map_err(Error::io(path.display()))?;
    file.take(LONGEST_REPORT).read_to_end(&mut report).map_err(Error::io(path.display()))?;
    let mut text = String::from_utf8_lossy(&report).into_owned();
    if report.len() as u64 == LONGEST_REPORT {
        // The last line may be cut off.
        text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
    }
    Ok((summary, Some(text)))
}
