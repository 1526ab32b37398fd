//! `kaozheng serve`, and what it shares with `demo`: listening until told to stop.

use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Stop, housekeeping, list, log};
use crate::files::storage::Storage;
use crate::settings::{self, RawServe};
use crate::site::{self, Parts};
use crate::store::{Clock, Ids, Store};

/// How long requests in flight may take to finish after a stop signal.
const GRACE: Duration = Duration::from_secs(30);

/// Serve the site; stops gracefully on SIGTERM and Ctrl-C
///
/// Needs a migrated database (kaozheng migrate), a data key, and a registered client at the
/// government portal. Whatever is missing or wrong is listed at once. Example:
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
        let (settings, vault) = settings::check_serve(&self.raw).map_err(|problems| list(&problems))?;
        log::begin(log::Lines::Json);
        if settings.misses_proxy() {
            tracing::warn!(
                "the public address is https and KAOZHENG_TRUSTED_PROXY is not set: behind a proxy, clients' \
                 networks are not known, and login pages say so"
            );
        }
        let files = Storage::local(&settings.files, vault.clone())
            .map_err(|error| format!("KAOZHENG_FILES cannot be used: {error}"))?;
        let store = Store::open(&settings.database_url, vault, Clock::system(), Ids::random()).await?;
        if !store.is_ready().await? {
            return Err("the database is not up to date; run `kaozheng migrate` first".into());
        }
        store.check_key().await?;
        let listener = TcpListener::bind(settings.listen).await?;
        listen(listener, Parts::new(settings, store, files)?).await
    }
}

/// Serves until SIGTERM or Ctrl-C; requests in flight finish.
pub(super) async fn listen(listener: TcpListener, parts: Parts) -> Result<(), Stop> {
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
    let sweeper = tokio::spawn(housekeeping::keep(parts.clone()));
    let exchange = tokio::spawn(housekeeping::exchange(parts.clone()));
    site::serve(listener, &parts, stop, GRACE).await;
    sweeper.abort();
    exchange.abort();
    parts.lookup.exchange(&parts.store).await?;
    Ok(())
}
