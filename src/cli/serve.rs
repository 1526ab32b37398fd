//! `kaozheng serve`, and the functions that it shares with `kaozheng demo`.

use std::future::pending;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use super::{Stop, holidays, housekeeping, list, log, stored_hashes};
use crate::business::ALL;
use crate::files::storage::Storage;
use crate::paper;
use crate::settings::{self, RawPortal, RawServe, Variables};
use crate::site::{self, Parts, metrics};
use crate::sms::Gateway;
use crate::store::{Clock, Ids, Store, file};
use crate::telemetry::traces::Traces;

/// How long requests in flight may continue after a stop signal.
const GRACE: Duration = Duration::from_secs(30);

/// Serve the site; stops gracefully on SIGTERM and Ctrl-C
///
/// Needs a migrated database (kaozheng migrate), a data key, and a registered client at the
/// government portal. Lists every missing or invalid setting at once. Example:
///
///   DATABASE_URL=postgres://kaozheng:…@db/kaozheng \
///   KAOZHENG_DATA_KEY=$(cat /etc/kaozheng/key) \
///   KAOZHENG_PUBLIC_URL=https://exam.example.gov.cn  …  kaozheng serve
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Serve {
    #[command(flatten)]
    raw: RawServe,
}

impl Serve {
    pub(super) async fn run(self, variables: &Variables) -> Result<(), Stop> {
        let portal = RawPortal { variables: variables.values(), ..self.raw.portal };
        let raw = RawServe { portal, ..self.raw };
        let checked = variables.and(settings::check_serve(&raw));
        let (settings, vault) = checked.map_err(|problems| list(&problems))?;
        log::begin(log::Lines::Json);
        for name in &variables.unknown {
            tracing::warn!(name, "a variable is not a setting and is ignored");
        }
        for portal in [Some(&settings.portal), settings.staff_portal.as_ref()].into_iter().flatten() {
            if !portal.demands_level() {
                tracing::warn!(
                    portal = portal.name(),
                    "the portal's profile demands no level (`verified`): no account counts as verified, and any \
                     number that is new here opens the authority's records to whoever states it"
                );
            }
        }
        if settings.misses_proxy() {
            tracing::warn!(
                "the public address is https and KAOZHENG_TRUSTED_PROXY is not set: behind a proxy, clients' \
                 networks are not known, and login pages say so"
            );
        }
        if settings.clamd.is_none() {
            tracing::warn!("KAOZHENG_CLAMD is not set: uploads are not scanned for viruses");
        }
        let files = Storage::open(&settings.files, vault.clone())
            .map_err(|error| format!("KAOZHENG_FILES cannot be used: {error}"))?
            .with_memory(settings.image_memory_mb)
            .with_scanner(settings.clamd.clone());
        let _lock = file::lock_for_serving(&settings.database_url)?;
        let store =
            Store::open(&settings.database_url, vault, Clock::system(), Ids::random()).await?.attach(&ALL);
        let store = match &settings.replica {
            Some(replica) => store.with_replica(&replica.url, replica.bound)?,
            None => store,
        };
        store.check_schema().await?;
        store.check_key().await?;
        let (generation, algorithms) = (store.vault.generation(), store.vault.suite().label());
        tracing::info!(generation, algorithms, "the data key seals personal data");
        check_writable(&store, &files).await?;
        keep_private(&settings.database_url, &files);
        renew_hashes(&store).await?;
        let listener = TcpListener::bind(settings.listen).await?;
        let traces = settings.monitoring.otlp_endpoint.as_ref().map(Traces::begin).transpose()?;
        let served = listen(listener, Parts::new(settings, store, files)?).await;
        if let Some(traces) = traces {
            traces.end().await;
        }
        served
    }
}

/// Fails if the database or the place of uploads is not writable.
pub(super) async fn check_writable(store: &Store, files: &Storage) -> Result<(), Stop> {
    let look = "look at the space on its disk, and at the owner and permissions of it and its folder";
    if let Err(error) = files.objects().check_writable().await {
        let place = files.objects().location();
        let look = if place.folder().is_some() {
            look
        } else {
            "look at the bucket, its keys and its AWS_ variables"
        };
        return Err(format!("the uploads in {place} cannot be written: {error}; {look}").into());
    }
    if let Err(error) = store.check_writable().await {
        return Err(format!("the database cannot be written: {error}; {look}").into());
    }
    Ok(())
}

/// Finishes what `kaozheng migrate` has left before anybody can look up a certificate, which would not be found.
pub(super) async fn renew_hashes(store: &Store) -> Result<(), Stop> {
    let tell = |done| tracing::info!(done, "computing hashes of names; the site listens when all are done");
    stored_hashes::renew(store, tell).await?;
    Ok(())
}

/// Removes the permissions of group and others from database and uploads, which an older program or a copy may
/// have left. There may be many uploads, so this continues in a thread; the thread changes their folder first.
pub(super) fn keep_private(database_url: &str, files: &Storage) {
    log_changed("database", file::restrict_permissions(database_url));
    let files = files.clone();
    std::thread::spawn(move || log_changed("uploads", files.restrict_permissions()));
}

fn log_changed(what: &str, tightened: std::io::Result<usize>) {
    match tightened {
        Ok(0) => {}
        Ok(files) => tracing::warn!(what, files, "files were open to others; now to their owner alone"),
        Err(error) => tracing::error!(%error, what, "the permissions of files cannot be changed"),
    }
}

/// Binds the address of `/metrics`, if it has one.
async fn listen_for_metrics(parts: &Parts) -> Result<Option<TcpListener>, Stop> {
    let Some(address) = parts.settings.monitoring.metrics_listen else { return Ok(None) };
    let taken = |error| format!("KAOZHENG_METRICS_LISTEN: cannot listen on {address}: {error}");
    Ok(Some(TcpListener::bind(address).await.map_err(taken)?))
}

/// Serves until SIGTERM or Ctrl-C; requests in flight finish.
pub(super) async fn listen(listener: TcpListener, parts: Parts) -> Result<(), Stop> {
    holidays::warn_of_unknown(&parts.store).await?;
    housekeeping::refresh_contact(&parts).await?;
    // The first PDF need not wait until its font is unpacked.
    tokio::task::spawn_blocking(paper::load_common_font);
    let login = parts.login.clone();
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("stopping: requests in flight finish first");
        login.waiters.stop();
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(housekeeping::sweep_periodically(parts.clone()));
    tasks.spawn(housekeeping::exchange(parts.clone()));
    tasks.spawn(housekeeping::follow_contact(parts.clone()));
    tasks.spawn(housekeeping::look_up_lists(parts.clone()));
    tasks.spawn(housekeeping::backups::run(parts.clone()));
    if let Some(gateway) = parts.settings.sms.clone().map(Gateway::new).transpose()? {
        tasks.spawn(housekeeping::send_messages(parts.clone(), gateway));
    }
    if let Some(listener) = listen_for_metrics(&parts).await? {
        let parts = parts.clone();
        tasks.spawn(async move { metrics::serve(listener, &parts, pending()).await });
    }
    site::serve(listener, &parts, stop, GRACE).await;
    // A message that is being sent is tried again when its lease ends.
    tasks.abort_all();
    let told = parts.lookup.exchange(&parts.store).await;
    // Afterwards a copy of the database file alone is complete.
    if let Err(error) = file::checkpoint(&parts.settings.database_url) {
        tracing::error!(%error, "the database's -wal file has to be kept with it");
    }
    Ok(told?)
}
