//! The schedule of backups.

use clap::Args;

use super::Location;
use super::check::Check;

/// Unchecked settings of scheduled backups.
#[derive(Args, Clone, Debug, Default)]
pub struct RawBackups {
    /// Make a backup of database and uploads each day, below this folder or `s3://BUCKET/PREFIX`
    #[arg(long, env = "KAOZHENG_BACKUP")]
    pub backup: Option<String>,
    /// The hour of the day in China at which it begins
    #[arg(long, env = "KAOZHENG_BACKUP_HOUR", default_value = "2")]
    pub backup_hour: Option<String>,
    /// Backups are removed after so many days
    #[arg(long, env = "KAOZHENG_BACKUP_DAYS", default_value = "14")]
    pub backup_days: Option<String>,
}

#[derive(Clone, Debug)]
pub struct BackupSchedule {
    /// Each backup is in a folder below it.
    pub location: Location,
    /// Of the day in China.
    pub hour: u32,
    /// How long backups are kept.
    pub days: u32,
}

/// `None` without a place.
pub(super) fn check(check: &mut Check, raw: &RawBackups) -> Option<BackupSchedule> {
    raw.backup.as_deref().filter(|place| !place.trim().is_empty())?;
    let hour = check.number("KAOZHENG_BACKUP_HOUR", &raw.backup_hour, "an hour, 0 to 23", 0..=23);
    let days = check.number("KAOZHENG_BACKUP_DAYS", &raw.backup_days, "a number of days", 1..=3650);
    Some(BackupSchedule { location: check.location("KAOZHENG_BACKUP", &raw.backup)?, hour, days })
}
