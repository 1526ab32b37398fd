//! What has to be cleared away while the program serves.

use std::time::Duration;

use crate::casework::sweep;
use crate::exams::certificate_link;
use crate::login;
use crate::lookup::limits;
use crate::site::Parts;
use crate::web::Failure;

/// Several processes may sweep at once: each row is removed by whoever comes first.
const EVERY: Duration = Duration::from_secs(600);

/// How soon one process hears of another's counts, and a holder of an opened link.
const EXCHANGE_EVERY: Duration = Duration::from_secs(1);

/// Exchanges what the lookup counts, for as long as the program serves.
pub(super) async fn exchange(parts: Parts) {
    let mut interval = tokio::time::interval(EXCHANGE_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = parts.lookup.exchange(&parts.store).await {
            tracing::error!(%error, "counts of lookups could not be exchanged; it is tried again");
        }
    }
}

/// Sweeps now and again, for as long as the program serves.
pub(super) async fn keep(parts: Parts) {
    let mut interval = tokio::time::interval(EVERY);
    loop {
        interval.tick().await;
        if let Err(error) = sweep_once(&parts).await {
            tracing::error!(%error, "housekeeping failed; it is tried again later");
        }
    }
}

async fn sweep_once(parts: &Parts) -> Result<(), Failure> {
    parts.sessions().sweep().await?;
    parts.store.write(login::sweep).await?;
    parts.store.write(limits::sweep).await?;
    parts.store.write(certificate_link::sweep).await?;
    sweep::run(&parts.store, &parts.files).await?;
    parts.login.new_handshakes.sweep();
    parts.login.scans.sweep();
    parts.login.at_portal.sweep();
    Ok(())
}
