//! `GET /readyz`: readiness, with one check for each thing that serving needs.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use poem::http::{StatusCode, header};
use poem::web::Data;
use poem::{Response, handler};
use serde::Serialize;
use tokio::sync::Mutex;

use crate::files::folder;
use crate::files::storage::Storage;
use crate::settings::Settings;
use crate::store::{Error, Store, Timestamp, backups, file};

/// A report is reused for this long, because the checks write and the address needs no sign-in.
const MAX_AGE: Duration = Duration::from_secs(5);

/// A database that takes longer than this counts as down.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Minimum free bytes on each disk. Some dozens of the largest uploads still fit.
const MIN_FREE_BYTES: u64 = 512 * 1024 * 1024;

/// Runs the checks of `/readyz`. Cheap to clone.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    store: Store,
    files: Storage,
    disks: Vec<PathBuf>,
    /// Whether backups are scheduled.
    has_backups: bool,
    last: Mutex<Option<(Instant, Report)>>,
}

#[derive(Clone, Serialize)]
struct Report {
    ready: bool,
    checks: Vec<Check>,
}

#[derive(Clone, Serialize)]
struct Check {
    /// Whether the site serves only if it passes.
    #[serde(skip)]
    needed: bool,
    name: &'static str,
    ok: bool,
    says: String,
}

impl Check {
    fn new(name: &'static str, ok: bool, says: String) -> Check {
        Check { needed: true, name, ok, says }
    }

    /// The log has the error. The report is public and has only `failed`.
    fn of<E: Display>(name: &'static str, outcome: Result<String, E>, failed: &str) -> Check {
        match outcome {
            Ok(says) => Check::new(name, true, says),
            Err(error) => {
                tracing::error!(%error, check = name, "not ready");
                Check::new(name, false, failed.to_owned())
            }
        }
    }
}

impl Health {
    pub fn new(store: Store, files: Storage, settings: &Settings) -> Health {
        let database =
            file::path(&settings.database_url).map(|path| path.parent().unwrap_or(Path::new("")).join("."));
        let disks = database.into_iter().chain([files.disk()]).collect();
        let has_backups = settings.backups.is_some();
        Health(Arc::new(Inner { store, files, disks, has_backups, last: Mutex::new(None) }))
    }

    /// The name of each check, and whether it passes.
    pub async fn outcomes(&self) -> Vec<(&'static str, bool)> {
        self.report().await.checks.iter().map(|check| (check.name, check.ok)).collect()
    }

    /// A report that is not older than [`MAX_AGE`]. Concurrent requests wait for the same one.
    async fn report(&self) -> Report {
        let mut last = self.0.last.lock().await;
        match &*last {
            Some((made, report)) if made.elapsed() < MAX_AGE => report.clone(),
            _ => {
                let report = self.0.check().await;
                *last = Some((Instant::now(), report.clone()));
                report
            }
        }
    }
}

impl Inner {
    async fn check(&self) -> Report {
        let mut checks =
            vec![self.database().await, self.writer().await, self.files().await, self.disks().await];
        if self.has_backups {
            checks.push(self.backup().await);
        }
        Report { ready: checks.iter().all(|check| check.ok || !check.needed), checks }
    }

    async fn database(&self) -> Check {
        const NAME: &str = "database";
        match tokio::time::timeout(TIMEOUT, self.store.is_ready()).await {
            Ok(Ok(true)) => Check::new(NAME, true, "answers and is up to date".into()),
            Ok(Ok(false)) => Check::new(NAME, false, "migrations are pending: run `kaozheng migrate`".into()),
            Ok(Err(error)) => Check::of(NAME, Err(error), "the database does not answer"),
            Err(late) => Check::of(NAME, Err(late), "the database does not answer"),
        }
    }

    async fn writer(&self) -> Check {
        const FAILED: &str = "nothing can be saved: the disk is full or the database is read-only";
        match tokio::time::timeout(TIMEOUT, self.store.check_writable()).await {
            Ok(written) => Check::of("writer", written.map(|()| "a row was written".into()), FAILED),
            Err(late) => Check::of("writer", Err(late), "the database takes too long to write"),
        }
    }

    async fn files(&self) -> Check {
        match tokio::time::timeout(TIMEOUT, self.files.objects().check_writable()).await {
            Ok(written) => {
                let written = written.map(|()| "a file was written".into());
                Check::of("files", written, "the place of uploads cannot be written")
            }
            Err(late) => Check::of("files", Err(late), "the place of uploads takes too long to write"),
        }
    }

    /// Tells when the last scheduled backup was made. The site serves without one.
    async fn backup(&self) -> Check {
        let last = tokio::time::timeout(TIMEOUT, self.store.read(backups::last_done)).await;
        let last: Result<Option<Timestamp>, _> =
            last.unwrap_or_else(|late| Err(Error::Unavailable(late.to_string())));
        let check = match last {
            Ok(last) => {
                let says = match last {
                    Some(last) => format!("the last one began at {}", last.and_utc().to_rfc3339()),
                    None => "there is none yet".to_owned(),
                };
                Check::new("backup", !backups::is_overdue(last, self.store.clock.now()), says)
            }
            Err(error) => Check::of("backup", Err(error), "the last backup is not known"),
        };
        Check { needed: false, ..check }
    }

    async fn disks(&self) -> Check {
        let disks = self.disks.clone();
        let checked = tokio::task::spawn_blocking(move || check_disks(&disks)).await;
        checked.unwrap_or_else(|error| Check::of("disk", Err(error), "the check itself failed"))
    }
}

fn check_disks(disks: &[PathBuf]) -> Check {
    let free: std::io::Result<Vec<u64>> = disks.iter().map(|disk| folder::free_bytes(disk)).collect();
    match free.map(|free| free.into_iter().min().unwrap_or_default()) {
        Ok(free) => {
            let says = format!("{} MB free; at least {} wanted", free >> 20, MIN_FREE_BYTES >> 20);
            Check::new("disk", free >= MIN_FREE_BYTES, says)
        }
        Err(error) => Check::of("disk", Err(error), "the free space is not known"),
    }
}

/// `GET /readyz`: 200 if every check passes, else 503. The body is JSON with each check.
#[handler]
pub async fn readyz(Data(health): Data<&Health>) -> Response {
    let report = health.report().await;
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_string(&report).unwrap_or_default();
    Response::builder().status(status).header(header::CONTENT_TYPE, "application/json").body(body)
}
