//! The requests for a download of one's own data.

use chrono::TimeDelta;
use diesel::prelude::*;

use crate::people::candidate::Candidate;
use crate::store::schema::data_exports::dsl as d;
use crate::store::{CandidateId, Error, Timestamp, Tx, codes};

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Progress {
        Making = "making",
        Ready = "ready",
        /// It failed, or its process has ended.
        Failed = "failed",
    }
}

/// Time for which a finished file can be downloaded.
pub const KEPT: TimeDelta = TimeDelta::days(1);

/// Without a sign of life for so long, the process has ended.
const SILENCE: TimeDelta = TimeDelta::minutes(1);

#[derive(Clone, Debug)]
pub struct Request {
    pub id: String,
    pub progress: Progress,
    /// When it can no longer be downloaded.
    pub ends_at: Timestamp,
    pub pieces: i32,
    /// In bytes.
    pub size: i64,
}

type Row = (String, String, Timestamp, Timestamp, Option<Timestamp>, i32, i64);

#[diesel::dsl::auto_type]
fn columns() -> _ {
    (d::id, d::status, d::requested_at, d::beat_at, d::ready_at, d::pieces, d::size)
}

/// `None` if it is over.
fn request(now: Timestamp, row: Row) -> Option<Request> {
    let (id, status, requested_at, beat_at, ready_at, pieces, size) = row;
    let progress = match Progress::from_code(&status)? {
        Progress::Making if beat_at < now - SILENCE => Progress::Failed,
        other => other,
    };
    let ends_at = ready_at.unwrap_or(requested_at) + KEPT;
    (now < ends_at).then_some(Request { id, progress, ends_at, pieces, size })
}

/// The newest request of a candidate that is not over.
pub fn newest(tx: &mut Tx, candidate: &CandidateId) -> Result<Option<Request>, Error> {
    let own = d::data_exports.filter(d::candidate_id.eq(candidate)).order(d::requested_at.desc());
    let row: Option<Row> = own.select(columns()).first(tx.conn).optional()?;
    Ok(row.and_then(|row| request(tx.now, row)))
}

/// A file of the candidate that can be downloaded.
pub fn ready(tx: &mut Tx, candidate: &CandidateId, id: &str) -> Result<Option<Request>, Error> {
    let own = d::data_exports.filter(d::candidate_id.eq(candidate)).filter(d::id.eq(id));
    let row: Option<Row> = own.select(columns()).first(tx.conn).optional()?;
    Ok(row.and_then(|row| request(tx.now, row)).filter(|request| request.progress == Progress::Ready))
}

/// Adds a request. `None` while another one is being made or can be downloaded.
pub fn begin(tx: &mut Tx, candidate: &Candidate) -> Result<Option<String>, Error> {
    candidate.lock(tx)?;
    if newest(tx, &candidate.id)?.is_some_and(|request| request.progress != Progress::Failed) {
        return Ok(None);
    }
    let id = tx.id();
    let row = (
        d::id.eq(&id),
        d::candidate_id.eq(&candidate.id),
        d::status.eq(Progress::Making.code()),
        d::requested_at.eq(tx.now),
        d::beat_at.eq(tx.now),
        d::pieces.eq(0),
        d::size.eq(0_i64),
    );
    diesel::insert_into(d::data_exports).values(row).execute(tx.conn)?;
    Ok(Some(id))
}

pub(super) fn beat(tx: &mut Tx, id: &str) -> Result<(), Error> {
    diesel::update(d::data_exports.find(id)).set(d::beat_at.eq(tx.now)).execute(tx.conn)?;
    Ok(())
}

pub(super) fn grow(tx: &mut Tx, id: &str, pieces: i32) -> Result<(), Error> {
    diesel::update(d::data_exports.find(id)).set(d::pieces.eq(pieces)).execute(tx.conn)?;
    Ok(())
}

/// Notes that a file is ready, with the number of its pieces and its bytes, or that it failed.
pub(super) fn end(tx: &mut Tx, id: &str, made: Option<(i32, i64)>) -> Result<(), Error> {
    let row = d::data_exports.find(id);
    match made {
        Some((pieces, size)) => {
            let ready = (d::status.eq(Progress::Ready.code()), d::ready_at.eq(Some(tx.now)));
            diesel::update(row).set((ready, d::pieces.eq(pieces), d::size.eq(size))).execute(tx.conn)?
        }
        None => diesel::update(row).set(d::status.eq(Progress::Failed.code())).execute(tx.conn)?,
    };
    Ok(())
}

/// Id and pieces of what can no longer be downloaded.
pub(super) fn over(tx: &mut Tx) -> Result<Vec<(String, i32)>, Error> {
    let old = d::requested_at.lt(tx.now - KEPT);
    let rows: Vec<Row> = d::data_exports.filter(old).select(columns()).load(tx.conn)?;
    let over = rows.into_iter().filter(|row| request(tx.now, row.clone()).is_none());
    Ok(over.map(|(id, .., pieces, _)| (id, pieces)).collect())
}

pub(super) fn forget(tx: &mut Tx, id: &str) -> Result<(), Error> {
    diesel::delete(d::data_exports.find(id)).execute(tx.conn)?;
    Ok(())
}
