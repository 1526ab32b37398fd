//! When the site is backed up, and the backups that were made.

use chrono::TimeDelta;
use diesel::prelude::*;

use super::schema::backups::dsl as b;
use super::{Error, Timestamp, Tx, clock, codes};
use crate::either;

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum BackupStatus {
        Running = "running",
        Done = "done",
        Failed = "failed",
    }
}

/// A backup without a sign of life for so long has ended with its process.
const SILENCE: TimeDelta = TimeDelta::minutes(10);

/// Time between a backup that failed and the next attempt.
const RETRY: TimeDelta = TimeDelta::hours(1);

/// Operators are warned when the last backup began longer ago.
const OVERDUE: TimeDelta = TimeDelta::hours(30);

/// Rows are kept for so long, longer than any backup.
const REMEMBERED: TimeDelta = TimeDelta::days(400);

/// The unique value of the column `running`.
const YES: &str = "yes";

/// Format of a name.
const NAME: &str = "%Y%m%dT%H%M%SZ";

#[derive(Clone, Debug)]
pub struct BackupRun {
    pub name: String,
    pub status: BackupStatus,
    pub begun_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub files: i64,
    pub bytes: i64,
}

/// The name of a backup that begins now.
pub fn name(now: Timestamp) -> String {
    now.format(NAME).to_string()
}

/// When the backup of this name began.
pub fn begun(name: &str) -> Option<Timestamp> {
    chrono::NaiveDateTime::parse_from_str(name, NAME).ok().map(Timestamp::from_utc)
}

/// The newest first.
pub fn list(tx: &mut Tx, most: i64) -> Result<Vec<BackupRun>, Error> {
    type Row = (String, String, Timestamp, Option<Timestamp>, i64, i64);
    let columns = (b::name, b::status, b::begun_at, b::ended_at, b::files, b::bytes);
    let rows: Vec<Row> = b::backups.order(b::begun_at.desc()).limit(most).select(columns).load(tx.conn)?;
    let run = |(name, status, begun_at, ended_at, files, bytes): Row| {
        let status = BackupStatus::from_code(&status).ok_or(Error::Corrupt("backups.status"))?;
        Ok(BackupRun { name, status, begun_at, ended_at, files, bytes })
    };
    rows.into_iter().map(run).collect()
}

/// When the last backup that is whole began.
pub fn last_done(tx: &mut Tx) -> Result<Option<Timestamp>, Error> {
    let done = b::backups.filter(b::status.eq(BackupStatus::Done.code()));
    Ok(done.select(diesel::dsl::max(b::begun_at)).first(tx.conn)?)
}

pub fn is_overdue(last_done: Option<Timestamp>, now: Timestamp) -> bool {
    last_done.is_none_or(|last| now - last > OVERDUE)
}

/// Begins a backup if one is due at `hour` of the day in China and none runs. Returns its name.
pub fn begin(tx: &mut Tx, hour: u32) -> Result<Option<String>, Error> {
    let now = tx.now;
    fail_silent(tx)?;
    let failed = b::backups.filter(b::status.eq(BackupStatus::Failed.code()));
    let last_failed = failed.select(diesel::dsl::max(b::begun_at)).first(tx.conn)?;
    if !is_due(now, hour, last_done(tx)?, last_failed) {
        return Ok(None);
    }
    let name = name(now);
    let row = (
        b::name.eq(&name),
        b::status.eq(BackupStatus::Running.code()),
        b::running.eq(YES),
        b::begun_at.eq(now),
        b::beat_at.eq(now),
    );
    // Of two processes, one inserts.
    let begun = either!(&mut *tx.conn, conn => diesel::insert_into(b::backups)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    diesel::delete(b::backups.filter(b::begun_at.lt(now - REMEMBERED))).execute(tx.conn)?;
    Ok((begun == 1).then_some(name))
}

fn is_due(now: Timestamp, hour: u32, last_done: Option<Timestamp>, last_failed: Option<Timestamp>) -> bool {
    let today = clock::china_hour(now, hour);
    let since = if today <= now { today } else { today - TimeDelta::days(1) };
    // A time in the future is that of a clock that was set back.
    let is_done = last_done.is_some_and(|last| since <= last && last <= now);
    let has_just_failed = last_failed.is_some_and(|last| last <= now && now - last < RETRY);
    !is_done && !has_just_failed
}

fn fail_silent(tx: &mut Tx) -> Result<(), Error> {
    // The clock may have been set back.
    let is_silent = b::beat_at.lt(tx.now - SILENCE).or(b::beat_at.gt(tx.now + SILENCE));
    let silent = b::backups.filter(b::running.eq(YES)).filter(is_silent);
    let failed = (b::status.eq(BackupStatus::Failed.code()), b::running.eq(None::<String>));
    diesel::update(silent).set(failed).execute(tx.conn)?;
    Ok(())
}

/// Notes a sign of life.
pub fn beat(tx: &mut Tx, name: &str) -> Result<(), Error> {
    diesel::update(b::backups.find(name)).set(b::beat_at.eq(tx.now)).execute(tx.conn)?;
    Ok(())
}

/// Notes the end of a backup: its number of files and of bytes, or that it failed.
pub fn end(tx: &mut Tx, name: &str, done: Option<(i64, i64)>) -> Result<(), Error> {
    let (files, bytes) = done.unwrap_or_default();
    let status = if done.is_some() { BackupStatus::Done } else { BackupStatus::Failed };
    let ended = (
        b::status.eq(status.code()),
        b::running.eq(None::<String>),
        b::ended_at.eq(Some(tx.now)),
        b::files.eq(files),
        b::bytes.eq(bytes),
    );
    diesel::update(b::backups.find(name)).set(ended).execute(tx.conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn backup_is_due_once_after_its_hour_in_china() {
        let due = |now: &str, done: Option<&str>, failed: Option<&str>| {
            is_due(at(now), 2, done.map(at), failed.map(at))
        };
        // 02:00 in China is 18:00 UTC.
        assert!(due("2026-11-29T10:00:00", None, None), "the first one at once");
        assert!(!due("2026-11-29T17:59:00", Some("2026-11-28T18:00:00"), None));
        assert!(due("2026-11-29T18:00:00", Some("2026-11-28T18:00:00"), None));
        assert!(!due("2026-11-29T23:00:00", Some("2026-11-29T18:00:00"), None));
        assert!(!due("2026-11-29T18:30:00", Some("2026-11-28T18:00:00"), Some("2026-11-29T18:00:00")));
        assert!(due("2026-11-29T19:00:00", Some("2026-11-28T18:00:00"), Some("2026-11-29T18:00:00")));
        assert!(due("2026-11-29T18:00:00", Some("2027-11-28T18:00:00"), None), "the clock was ahead");
    }

    #[test]
    fn names_are_times() {
        let now = at("2026-11-29T18:00:05");
        assert_eq!(name(now), "20261129T180005Z");
        assert_eq!(begun(&name(now)), Some(now));
        assert_eq!(begun("files"), None);
    }
}
