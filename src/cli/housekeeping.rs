//! Periodic deletion of expired data while the program serves.

pub mod backups;
mod clock;

use std::time::Duration;

use diesel::connection::SimpleConnection;

use super::stored_hashes;
use crate::casework::messages::{outbox, reminders};
use crate::casework::{appeal, assignment, lapse, own_data, sweep, texts};
use crate::exams::certificate_link;
use crate::imports::background;
use crate::login::{self, attempt};
use crate::lookup::limits;
use crate::lookup::list::job;
use crate::site::Parts;
use crate::sms::{self, Gateway};
use crate::store::{Conn, Error, Tx};
use crate::telemetry::{METRICS, Metrics};
use crate::web::Failure;

/// Several processes may sweep at once.
const EVERY: Duration = Duration::from_secs(600);

/// Delay of shared lookup counts and of a link's list of views.
const EXCHANGE_EVERY: Duration = Duration::from_secs(1);

/// Exchanges lookup counts with other processes, until aborted.
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

/// Time between two looks for lists that are due.
const LISTS_EVERY: Duration = Duration::from_secs(3);

/// Looks up lists that have waited, until aborted.
pub(super) async fn look_up_lists(parts: Parts) {
    let mut interval = tokio::time::interval(LISTS_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        parts.lookup.look_up_lists(&parts.store).await;
    }
}

/// Time within which a contact that another process published is shown.
const CONTACT_EVERY: Duration = Duration::from_secs(30);

/// Follows the contact that administrators publish, until aborted.
pub(super) async fn follow_contact(parts: Parts) {
    let mut interval = tokio::time::interval(CONTACT_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = refresh_contact(&parts).await {
            tracing::error!(%error, "the office's contact cannot be read; pages show the earlier one");
        }
    }
}

/// Shows the contact that an administrator published last, if there is one.
pub(super) async fn refresh_contact(parts: &Parts) -> Result<(), Error> {
    if let Some(contact) = parts.store.read(texts::published_contact).await? {
        parts.contact.set(contact);
    }
    Ok(())
}

/// Time between two looks for messages that are due.
const MESSAGES_EVERY: Duration = Duration::from_secs(3);

/// Sends messages that are due to the SMS gateway, until aborted.
pub(super) async fn send_messages(parts: Parts, gateway: Gateway) {
    let mut interval = tokio::time::interval(MESSAGES_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        match sms::deliver_due(&parts.store, &gateway).await {
            Ok(tried) if tried.failed > 0 => {
                tracing::warn!(
                    sent = tried.sent,
                    failed = tried.failed,
                    "the SMS gateway did not take messages"
                );
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "messages could not be sent by SMS; it is tried again"),
        }
    }
}

/// Sweeps periodically, until aborted.
pub(super) async fn sweep_periodically(parts: Parts) {
    let mut interval = tokio::time::interval(EVERY);
    loop {
        interval.tick().await;
        let swept = sweep_once(&parts).await;
        let outcome = if swept.is_ok() { "succeeded" } else { "failed" };
        Metrics::count(&METRICS.housekeeping, "outcome", outcome);
        if swept.is_ok() {
            METRICS.housekeeping_succeeded.set(parts.store.clock.now().and_utc().timestamp());
        }
        if let Err(error) = swept {
            tracing::error!(%error, "housekeeping failed; it is tried again later");
        }
    }
}

/// Deletes expired data and closes what was not corrected in time. Data on the disk is deleted, and applications are
/// closed, only while the clock is confirmed.
pub async fn sweep_once(parts: &Parts) -> Result<(), Failure> {
    // The first sweep, at start, also releases cases that an older program left assigned.
    let freed = assignment::unassign_all_unreviewable(&parts.store).await?;
    if freed > 0 {
        tracing::info!(freed, "cases whose reviewers do not decide them any more are back in the queue");
    }
    // During an update an older program may still add certificates and candidates, and reject applications.
    stored_hashes::fill_in_all(&parts.store, |_| {}).await?;
    stored_hashes::fill_in_names(&parts.store).await?;
    appeal::add_missing_last_days(&parts.store).await?;
    // Sign-in attempts last minutes, so they need no confirmed clock.
    parts.store.write(attempt::sweep).await?;
    // Lists are not kept longer than a day, whatever the clock did. Who needs one sends it again.
    parts.store.write(job::sweep).await?;
    parts.login.new_handshakes.sweep();
    parts.login.scans.sweep();
    parts.login.at_portal.sweep();
    parts.store.write(refresh_statistics).await?;
    if !clock::is_confirmed(&parts.store).await? {
        return Ok(());
    }
    parts.sessions().sweep().await?;
    background::sweep(&parts.store, &parts.files).await?;
    own_data::sweep(&parts.store, &parts.files).await?;
    parts.store.write(login::sweep).await?;
    parts.store.write(limits::sweep).await?;
    parts.store.write(certificate_link::sweep).await?;
    let closed = lapse::run(&parts.store).await?;
    if closed > 0 {
        tracing::info!(closed, "applications that were not corrected in time are closed");
    }
    let reminded = reminders::run(&parts.store).await?;
    if reminded > 0 {
        tracing::info!(reminded, "candidates were reminded of what ends soon");
    }
    if parts.settings.sms.is_none() {
        parts.store.write(outbox::forget_unsendable).await?;
    }
    Ok(sweep::run(&parts.store, &parts.files).await?)
}

/// Lets SQLite look again at tables that have grown much, by at most a thousand rows of each index. It chooses
/// indexes by what it finds. PostgreSQL does so by itself.
fn refresh_statistics(tx: &mut Tx) -> Result<(), Error> {
    if let Conn::Sqlite(conn) = &mut *tx.conn {
        conn.batch_execute("PRAGMA analysis_limit = 1000; PRAGMA optimize = 0x10002")?;
    }
    tx.conn.announce_statistics()?;
    Ok(())
}
