//! Scheduled backups: one process makes each, and removes those that are older than the office keeps them.

use std::time::Duration;

use chrono::TimeDelta;
use object_store::path::Path;

use super::clock;
use crate::cli::Stop;
use crate::cli::backup::{self, BackupPlace, MANIFEST, Manifest};
use crate::settings::BackupSchedule;
use crate::site::Parts;
use crate::store::{Error, Store, Timestamp, backups};

/// Time between two looks for whether one is due, and between two signs of life.
const EVERY: Duration = Duration::from_secs(60);

/// A backup without a manifest that began longer ago was interrupted.
const INTERRUPTED: TimeDelta = TimeDelta::days(2);

/// Makes the backups that are due, until aborted.
pub(in crate::cli) async fn run(parts: Parts) {
    let Some(schedule) = parts.settings.backups.clone() else { return };
    let mut interval = tokio::time::interval(EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = back_up_if_due(&parts, &schedule).await {
            tracing::error!(%error, "the scheduled backup failed; it is tried again in an hour");
        }
    }
}

/// Returns whether one was made.
pub async fn back_up_if_due(parts: &Parts, schedule: &BackupSchedule) -> Result<bool, Stop> {
    let (store, hour) = (&parts.store, schedule.hour);
    let begun = store.write::<_, Error, _>(move |tx| backups::begin(tx, hour)).await?;
    let Some(name) = begun else { return Ok(false) };
    let url = &parts.settings.database_url;
    let place = schedule.location.join(&name);
    let made = beating(store, &name, backup::take(store, url, &parts.files, &place)).await;
    let counts = made.as_ref().ok().map(Manifest::counts);
    let ended = name.clone();
    store.write::<_, Error, _>(move |tx| backups::end(tx, &ended, counts)).await?;
    let manifest = made?;
    tracing::info!(%place, files = manifest.pieces.len(), missing = manifest.missing.len(), "a backup was made");
    // A clock that is ahead would make every backup old.
    if clock::is_confirmed(store).await?
        && let Err(error) = remove_old(schedule, store.clock.now()).await
    {
        tracing::error!(%error, "old backups could not be removed; it is tried again after the next one");
    }
    Ok(true)
}

/// Notes signs of life while a backup is made.
async fn beating<T>(store: &Store, name: &str, work: impl Future<Output = T>) -> T {
    let mut interval = tokio::time::interval(EVERY);
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = interval.tick() => {
                let name = name.to_owned();
                if let Err(error) = store.write::<_, Error, _>(move |tx| backups::beat(tx, &name)).await {
                    tracing::warn!(%error, "a sign of life of the backup was not noted");
                }
            }
        }
    }
}

async fn remove_old(schedule: &BackupSchedule, now: Timestamp) -> Result<(), Stop> {
    let place = BackupPlace::open(&schedule.location)?;
    let mut found = Vec::new();
    for name in place.names().await? {
        if let Some(begun) = backups::begun(&name) {
            let is_whole = place.has(&format!("{name}/{MANIFEST}")).await?;
            found.push(FoundBackup { name, begun, is_whole });
        }
    }
    for name in outdated(found, now, schedule.days) {
        remove(&place, &name).await?;
        tracing::info!(name, "an old backup was removed");
    }
    Ok(())
}

/// A backup at the place of the schedule.
struct FoundBackup {
    name: String,
    begun: Timestamp,
    is_whole: bool,
}

/// The names of those to remove. The newest whole one always stays.
fn outdated(found: Vec<FoundBackup>, now: Timestamp, days: u32) -> Vec<String> {
    let newest = found.iter().filter(|backup| backup.is_whole).map(|backup| backup.begun).max();
    let kept = TimeDelta::days(days.into());
    let is_old = |backup: &FoundBackup| {
        let most = if backup.is_whole { kept } else { INTERRUPTED };
        Some(backup.begun) != newest && now - backup.begun > most
    };
    found.into_iter().filter(is_old).map(|backup| backup.name).collect()
}

/// Removes the manifest first, so that an interrupted removal leaves no backup that looks whole.
async fn remove(place: &BackupPlace, name: &str) -> Result<(), Stop> {
    place.delete(&Path::from(format!("{name}/{MANIFEST}"))).await?;
    for file in place.below(name).await? {
        place.delete(&file.location).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_whole_backup_is_never_removed() {
        let now: Timestamp = "2026-11-29T18:00:00".parse().unwrap();
        let removed = |ages: &[(i64, bool)], days| {
            let found = ages.iter().map(|(age, is_whole)| {
                let begun = now - TimeDelta::days(*age);
                FoundBackup { name: age.to_string(), begun, is_whole: *is_whole }
            });
            outdated(found.collect(), now, days)
        };
        assert_eq!(removed(&[(0, true), (1, true), (14, true), (15, true), (90, true)], 14), ["15", "90"]);
        assert_eq!(removed(&[(15, true), (90, true)], 14), ["90"]);
        assert_eq!(removed(&[(0, false), (2, false), (3, false), (20, true)], 14), ["3"]);
    }
}
