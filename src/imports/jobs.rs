//! Imports at the desk: their rows, and which step may follow which.
//!
//! One import runs at a time. The process that runs it gives a sign of life every second; without one for a minute the
//! import counts as interrupted. It can be started again: rows that are loaded are skipped.

use chrono::{Duration, TimeDelta};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde::{Deserialize, Serialize};

use super::job::Summary;
use super::{ImportKind, KINDS};
use crate::either;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::schema::{import_jobs as j, staff};
use crate::store::{Error, Timestamp, Tx, codes};

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum JobStatus {
        /// The dry run.
        Checking = "checking", "正在检查";
        /// Waits for a confirmation.
        Checked = "checked", "检查完毕";
        Loading = "loading", "正在导入";
        Loaded = "loaded", "已导入";
        /// The file cannot be used.
        Failed = "failed", "不能导入";
        Interrupted = "interrupted", "已中断";
        Cancelled = "cancelled", "已取消";
    }
}

/// Without a sign of life for so long, an import is interrupted.
const SILENCE: TimeDelta = TimeDelta::minutes(1);

/// The file of an import that nobody finishes, and the report of its refused rows, are kept for so long.
pub const KEPT: Duration = Duration::days(1);

/// Column name under which a report is sealed.
const SEALED_AS: &str = "import_jobs.report";

/// The counts of a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub read: u64,
    pub refused: u64,
    pub left_out: u64,
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub resumed: u64,
    /// Rows of people whose permit was renewed.
    pub joined: u64,
    /// Whether rows were compared or loaded. They are not if a row was refused.
    pub loaded: bool,
    /// Name of the sheet that was read; empty for a CSV.
    pub sheet: String,
    /// Names of the other sheets.
    pub others: Vec<String>,
}

impl From<Summary> for Counts {
    fn from(summary: Summary) -> Counts {
        let (sheet, others) = summary.sheet.map(|sheet| (sheet.name, sheet.others)).unwrap_or_default();
        Counts {
            read: summary.read,
            refused: summary.refused,
            left_out: summary.left_out,
            added: summary.added,
            changed: summary.changed,
            unchanged: summary.unchanged,
            resumed: summary.resumed,
            joined: summary.joined.count,
            loaded: summary.loaded,
            sheet,
            others,
        }
    }
}

#[derive(Clone)]
pub struct Job {
    pub id: String,
    pub kind: &'static ImportKind,
    /// The name that the administrator's computer gave.
    pub file_name: String,
    /// A refused row stops its batch only.
    pub batch: bool,
    /// Who uploaded it.
    pub staff: String,
    /// Interrupted if its process has been silent.
    pub status: JobStatus,
    pub created_at: Timestamp,
    pub rows_done: i64,
    /// Share of the file that the running pass has read.
    pub percent: i32,
    /// `None` before the first pass ends.
    pub counts: Option<Counts>,
    /// Why the file cannot be used, in Chinese; otherwise empty.
    pub failure: String,
    /// Key of the stored file; empty once it is deleted.
    pub storage_key: String,
    pub has_report: bool,
}

impl Job {
    pub fn is_running(&self) -> bool {
        matches!(self.status, JobStatus::Checking | JobStatus::Loading)
    }

    /// Whether its rows can be loaded now: it was checked, and without `batch` no row is refused.
    pub fn can_load(&self) -> bool {
        let waits = matches!(self.status, JobStatus::Checked | JobStatus::Interrupted);
        let is_accepted = self.counts.as_ref().is_some_and(|counts| counts.loaded);
        waits && is_accepted && !self.storage_key.is_empty()
    }
}

/// Why a step of an import is refused.
#[derive(Debug, thiserror::Error)]
pub enum JobRefusal {
    #[error("no such import")]
    NotFound,
    #[error("another import is running")]
    Busy,
    #[error("the state of the import does not allow it")]
    NotNow,
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<diesel::result::Error> for JobRefusal {
    fn from(error: diesel::result::Error) -> Self {
        JobRefusal::Store(error.into())
    }
}

/// A stored file that an import is about to check.
#[derive(Clone)]
pub struct NewJob {
    pub id: String,
    pub kind: &'static ImportKind,
    pub file_name: String,
    pub batch: bool,
    pub storage_key: String,
}

/// Adds an import that is being checked.
pub fn begin(tx: &mut Tx, by: &StaffMember, job: &NewJob) -> Result<(), JobRefusal> {
    end_silent(tx)?;
    let row = (
        j::id.eq(&job.id),
        j::kind.eq(job.kind.name),
        j::file_name.eq(&job.file_name),
        j::batch.eq(job.batch),
        j::staff_id.eq(&by.id),
        j::status.eq(JobStatus::Checking.code()),
        j::running.eq(Some(RUNNING)),
        j::beat_at.eq(tx.now),
        j::created_at.eq(tx.now),
        (j::rows_done.eq(0_i64), j::percent.eq(0)),
        (j::summary.eq(""), j::failure.eq("")),
        j::storage_key.eq(&job.storage_key),
    );
    // The column `running` is unique, so that of two who begin at once one is refused.
    let added = either!(tx.conn, conn => diesel::insert_into(j::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    if added == 0 {
        return Err(JobRefusal::Busy);
    }
    Ok(roster::audit(tx, &by.id, "import_check", &format!("{} {}", job.id, job.kind.name))?)
}

/// The value of the unique column `running`.
const RUNNING: &str = "yes";

/// Begins to load what was checked.
pub fn begin_load(tx: &mut Tx, by: &StaffMember, id: &str) -> Result<Job, JobRefusal> {
    end_silent(tx)?;
    let job = load(tx, id)?.ok_or(JobRefusal::NotFound)?;
    if !job.can_load() {
        return Err(JobRefusal::NotNow);
    }
    let running: i64 = j::table.filter(j::running.is_not_null()).count().get_result(tx.conn)?;
    if running > 0 {
        return Err(JobRefusal::Busy);
    }
    let change = (
        j::status.eq(JobStatus::Loading.code()),
        j::running.eq(Some(RUNNING)),
        j::beat_at.eq(tx.now),
        j::rows_done.eq(0_i64),
        j::percent.eq(0),
    );
    let waiting = j::table.find(id).filter(j::running.is_null());
    // The column `running` is unique, so that of two who begin at once one is refused.
    match diesel::update(waiting).set(change).execute(tx.conn) {
        Ok(1) => {}
        Ok(_) => return Err(JobRefusal::NotNow),
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            return Err(JobRefusal::Busy);
        }
        Err(error) => return Err(error.into()),
    }
    roster::audit(tx, &by.id, "import_load", &format!("{id} {}", job.kind.name))?;
    Ok(job)
}

/// Gives up an import that waits for its confirmation. Its file can be deleted.
pub fn cancel(tx: &mut Tx, by: &StaffMember, id: &str) -> Result<(), JobRefusal> {
    end_silent(tx)?;
    let job = load(tx, id)?.ok_or(JobRefusal::NotFound)?;
    if !matches!(job.status, JobStatus::Checked | JobStatus::Interrupted) {
        return Err(JobRefusal::NotNow);
    }
    diesel::update(j::table.find(id)).set(j::status.eq(JobStatus::Cancelled.code())).execute(tx.conn)?;
    Ok(roster::audit(tx, &by.id, "import_cancel", id)?)
}

/// Notes how far a running import is.
pub(super) fn beat(tx: &mut Tx, id: &str, rows: i64, percent: i32) -> Result<(), Error> {
    let running = j::table.find(id).filter(j::running.is_not_null());
    let change = (j::beat_at.eq(tx.now), j::rows_done.eq(rows), j::percent.eq(percent));
    diesel::update(running).set(change).execute(tx.conn)?;
    Ok(())
}

/// The end of a pass.
#[derive(Clone)]
pub(super) struct Ended {
    pub status: JobStatus,
    pub counts: Option<Counts>,
    pub failure: String,
    /// The CSV of the refused rows.
    pub report: Option<String>,
}

pub(super) fn end(tx: &mut Tx, id: &str, ended: &Ended) -> Result<(), Error> {
    let summary = ended.counts.as_ref().map(serde_json::to_string).transpose();
    let summary = summary.map_err(|_| Error::Corrupt("import_jobs.summary"))?;
    let report = ended.report.as_ref().map(|text| tx.vault.seal(SEALED_AS, text));
    let change = (
        j::status.eq(ended.status.code()),
        j::running.eq(None::<String>),
        j::beat_at.eq(tx.now),
        j::failure.eq(&ended.failure),
        j::report.eq(report),
    );
    diesel::update(j::table.find(id)).set(change).execute(tx.conn)?;
    if let Some(summary) = summary {
        diesel::update(j::table.find(id)).set(j::summary.eq(summary)).execute(tx.conn)?;
    }
    Ok(())
}

/// Lets another import begin after a process has died.
fn end_silent(tx: &mut Tx) -> Result<(), Error> {
    let silent = j::table.filter(j::running.is_not_null()).filter(j::beat_at.lt(tx.now - SILENCE));
    let change = (j::status.eq(JobStatus::Interrupted.code()), j::running.eq(None::<String>));
    diesel::update(silent).set(change).execute(tx.conn)?;
    Ok(())
}

type Row = (
    (String, String, String, bool, String, String),
    (Option<String>, Timestamp, Timestamp, i64, i32),
    (String, String, String, Option<String>),
);

#[diesel::dsl::auto_type]
fn columns() -> _ {
    (
        (j::id, j::kind, j::file_name, j::batch, staff::name, j::status),
        (j::running, j::beat_at, j::created_at, j::rows_done, j::percent),
        (j::summary, j::failure, j::storage_key, j::report),
    )
}

fn job(now: Timestamp, row: Row) -> Result<Job, Error> {
    let (
        (id, kind, file_name, batch, staff, status),
        (running, beat_at, created_at, rows_done, percent),
        (summary, failure, storage_key, report),
    ) = row;
    let is_silent = running.is_some() && beat_at < now - SILENCE;
    let status = JobStatus::from_code(&status).ok_or(Error::Corrupt("import_jobs.status"))?;
    let kind = KINDS.into_iter().find(|known| known.name == kind);
    let counts = (!summary.is_empty()).then(|| serde_json::from_str(&summary)).transpose();
    Ok(Job {
        id,
        kind: kind.ok_or(Error::Corrupt("import_jobs.kind"))?,
        file_name,
        batch,
        staff,
        status: if is_silent { JobStatus::Interrupted } else { status },
        created_at,
        rows_done,
        percent,
        counts: counts.map_err(|_| Error::Corrupt("import_jobs.summary"))?,
        failure,
        storage_key,
        has_report: report.is_some() && beat_at > now - KEPT,
    })
}

/// The newest imports of the desk.
pub fn list(tx: &mut Tx, most: i64) -> Result<Vec<Job>, Error> {
    let rows: Vec<Row> = j::table
        .inner_join(staff::table)
        .order((j::created_at.desc(), j::id.desc()))
        .limit(most)
        .select(columns())
        .load(tx.conn)?;
    rows.into_iter().map(|row| job(tx.now, row)).collect()
}

/// How many imports run.
pub fn running(tx: &mut Tx) -> Result<i64, Error> {
    let runs = j::status.eq_any([JobStatus::Checking.code(), JobStatus::Loading.code()]);
    let alive = j::beat_at.ge(tx.now - SILENCE);
    Ok(j::table.filter(runs).filter(alive).count().get_result(tx.conn)?)
}

pub fn load(tx: &mut Tx, id: &str) -> Result<Option<Job>, Error> {
    let row: Option<Row> =
        j::table.inner_join(staff::table).filter(j::id.eq(id)).select(columns()).first(tx.conn).optional()?;
    row.map(|row| job(tx.now, row)).transpose()
}

/// The refused rows of an import, for a day. The audit notes who reads them.
pub fn report(tx: &mut Tx, by: &StaffMember, id: &str) -> Result<Option<String>, Error> {
    let kept = j::table.find(id).filter(j::beat_at.gt(tx.now - KEPT));
    let sealed: Option<Option<String>> = kept.select(j::report).first(tx.conn).optional()?;
    let Some(sealed) = sealed.flatten() else { return Ok(None) };
    roster::audit(tx, &by.id, "import_refused_rows", id)?;
    Ok(Some(tx.vault.open(SEALED_AS, &sealed)?))
}

/// Forgets reports and imports that nobody has finished, after a day. Returns id and key of the files that nothing
/// uses any more.
pub(super) fn expire(tx: &mut Tx) -> Result<Vec<(String, String)>, Error> {
    end_silent(tx)?;
    let old = j::beat_at.lt(tx.now - KEPT).and(j::running.is_null());
    diesel::update(j::table.filter(old).filter(j::report.is_not_null()))
        .set(j::report.eq(None::<String>))
        .execute(tx.conn)?;
    let waiting = [JobStatus::Checked, JobStatus::Interrupted].map(JobStatus::code);
    diesel::update(j::table.filter(old).filter(j::status.eq_any(waiting)))
        .set(j::status.eq(JobStatus::Cancelled.code()))
        .execute(tx.conn)?;
    let done = [JobStatus::Loaded, JobStatus::Failed, JobStatus::Cancelled].map(JobStatus::code);
    let unused = j::table.filter(j::status.eq_any(done)).filter(j::storage_key.ne(""));
    Ok(unused.select((j::id, j::storage_key)).load(tx.conn)?)
}

/// Notes that the file of an import is deleted.
pub(super) fn forget_file(tx: &mut Tx, id: &str) -> Result<(), Error> {
    diesel::update(j::table.find(id)).set(j::storage_key.eq("")).execute(tx.conn)?;
    Ok(())
}
