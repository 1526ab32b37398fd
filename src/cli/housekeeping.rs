//! What has to be cleared away while the program serves.

mod clock;

use std::time::Duration;

use crate::casework::{assignment, sweep};
use crate::exams::certificate_link;
use crate::login::{self, attempt};
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

/// Removes what is over. What is kept on the disk waits until the clock is confirmed.
pub async fn sweep_once(parts: &Parts) -> Result<(), Failure> {
    // The first time is at start: it also frees what an older program left stuck.
    let freed = parts.store.write(assignment::free_stuck).await?;
    if freed > 0 {
        tracing::info!(freed, "cases whose reviewers do not decide them any more are back in the queue");
    }
    // An attempt at the portal lives for minutes, and no clock makes an old one worth keeping.
    parts.store.write(attempt::sweep).await?;
    parts.login.new_handshakes.sweep();
    parts.login.scans.sweep();
    parts.login.at_portal.sweep();
    if !clock::is_confirmed(&parts.store).await? {
        return Ok(());
    }
    parts.sessions().sweep().await?;
    parts.store.write(login::sweep).await?;
    parts.store.write(limits::sweep).await?;
    parts.store.write(certificate_link::sweep).await?;
    Ok(sweep::run(&parts.store, &parts.files).await?)
}
