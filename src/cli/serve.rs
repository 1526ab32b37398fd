//! `kaozheng serve`, and the functions that it shares with `kaozheng demo`.

use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Stop, holidays, housekeeping, list, log, stored_hashes};
use crate::business::ALL;
use crate::files::storage::Storage;
use crate::settings::{self, RawServe};
use crate::site::{self, Parts};
use crate::sms::Gateway;
use crate::store::{Clock, Ids, Store, file};

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
    pub(super) async fn run(self) -> Result<(), Stop> {
        let raw = RawServe { portal: self.raw.portal.with_environment(), ..self.raw };
        let (settings, vault) = settings::check_serve(&raw).map_err(|problems| list(&problems))?;
        log::begin(log::Lines::Json);
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
        let files = Storage::local(&settings.files, vault.clone())
            .map_err(|error| format!("KAOZHENG_FILES cannot be used: {error}"))?
            .with_memory(settings.image_memory_mb);
        let _lock = file::lock_for_serving(&settings.database_url)?;
        let store =
            Store::open(&settings.database_url, vault, Clock::system(), Ids::random()).await?.attach(&ALL);
        store.check_schema().await?;
        store.check_key().await?;
        check_writable(&store, &files).await?;
        keep_private(&settings.database_url, &files);
        renew_hashes(&store).await?;
        let listener = TcpListener::bind(settings.listen).await?;
        listen(listener, Parts::new(settings, store, files)?).await
    }
}

/// Fails if the database or the upload folder is not writable.
pub(super) async fn check_writable(store: &Store, files: &Storage) -> Result<(), Stop> {
    let look = "look at the space on its disk, and at the owner and permissions of it and its folder";
    if let Err(error) = files.check_writable() {
        return Err(format!("the folder of uploads cannot be written: {error}; {look}").into());
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

/// Serves until SIGTERM or Ctrl-C; requests in flight finish.
pub(super) async fn listen(listener: TcpListener, parts: Parts) -> Result<(), Stop> {
    holidays::warn_of_unknown(&parts.store).await?;
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
    let sweeper = tokio::spawn(housekeeping::sweep_periodically(parts.clone()));
    let exchange = tokio::spawn(housekeeping::exchange(parts.clone()));
    let lists = tokio::spawn(housekeeping::look_up_lists(parts.clone()));
    let gateway = parts.settings.sms.clone().map(Gateway::new).transpose()?;
    let sms = gateway.map(|gateway| tokio::spawn(housekeeping::send_messages(parts.clone(), gateway)));
    site::serve(listener, &parts, stop, GRACE).await;
    sweeper.abort();
    exchange.abort();
    lists.abort();
    // A message that is being sent is tried again when its lease ends.
    if let Some(sms) = sms {
        sms.abort();
    }
    let told = parts.lookup.exchange(&parts.store).await;
    // Afterwards a copy of the database file alone is complete.
    if let Err(error) = file::checkpoint(&parts.settings.database_url) {
        tracing::error!(%error, "the database's -wal file has to be kept with it");
    }
    Ok(told?)
}
