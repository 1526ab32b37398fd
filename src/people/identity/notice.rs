//! Notices to candidates about sign-ins to their account, shown on every device.

use chrono::Duration;
use diesel::prelude::*;

use crate::either;
use crate::people::candidate::{Candidate, Row as CandidateRow};
use crate::store::schema::account_notices::{self, dsl as n};
use crate::store::schema::candidates;
use crate::store::schema::known_devices::dsl as d;
use crate::store::{CandidateId, Error, Timestamp, Tx, codes};

/// At most so many notices of a candidate are stored; the oldest are deleted.
const MOST: i64 = 20;

/// At most so many devices of a candidate are stored; those unused for the longest time are deleted.
const MOST_DEVICES: i64 = 20;

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum NoticeKind {
        /// Another account of the portal signed in as the candidate.
        AnotherAccount = "another_account",
        /// The portal's name is not the one on record.
        AnotherName = "another_name",
        /// A sign-in on a new device, named in the detail.
        NewDevice = "new_device",
        /// A staff member signed in, and the review desk stayed closed.
        DeskClosed = "desk_closed",
    }
}

impl NoticeKind {
    /// How long new sessions show the notice.
    fn shown_for(self) -> Duration {
        match self {
            NoticeKind::AnotherAccount | NoticeKind::AnotherName => Duration::days(30),
            NoticeKind::NewDevice | NoticeKind::DeskClosed => Duration::days(7),
        }
    }
}

pub struct Notice {
    pub id: String,
    pub kind: NoticeKind,
    /// The device of [`NoticeKind::NewDevice`], otherwise empty.
    pub detail: String,
    pub at: Timestamp,
}

/// Adds a notice and deletes the oldest beyond the limit.
pub(super) fn add(tx: &mut Tx, candidate: &CandidateId, kind: NoticeKind, detail: &str) -> Result<(), Error> {
    let row = (
        n::id.eq(tx.id()),
        n::candidate_id.eq(candidate),
        n::kind.eq(kind.code()),
        n::detail.eq(detail),
        n::at.eq(tx.now),
    );
    diesel::insert_into(n::account_notices).values(row).execute(tx.conn)?;
    let all = n::account_notices.filter(n::candidate_id.eq(candidate)).order((n::at.desc(), n::id.desc()));
    let old: Vec<String> = all.select(n::id).offset(MOST).limit(MOST).load(tx.conn)?;
    diesel::delete(n::account_notices.filter(n::id.eq_any(old))).execute(tx.conn)?;
    Ok(())
}

/// Adds a notice unless one of its kind is still shown.
pub(super) fn add_once(tx: &mut Tx, candidate: &CandidateId, kind: NoticeKind) -> Result<(), Error> {
    let known = of_candidate(tx, candidate)?;
    if known.iter().any(|notice| notice.kind == kind) { Ok(()) } else { add(tx, candidate, kind, "") }
}

type Row = (String, String, String, Timestamp);

/// The columns of a [`Row`].
type Columns = (account_notices::id, n::kind, n::detail, n::at);
const COLUMNS: Columns = (account_notices::id, n::kind, n::detail, n::at);

/// The notices of a candidate that are still shown, the newest first.
pub fn of_candidate(tx: &mut Tx, candidate: &CandidateId) -> Result<Vec<Notice>, Error> {
    let latest = n::account_notices.filter(n::candidate_id.eq(candidate)).order((n::at.desc(), n::id.desc()));
    let latest = latest.select(COLUMNS).limit(MOST);
    let rows: Vec<Row> = either!(tx.conn, conn => latest.load(conn))?;
    Ok(rows.into_iter().filter_map(|row| shown(row, tx.now)).collect())
}

/// A candidate, and their notices that are still shown, the newest first.
pub fn with_candidate(tx: &mut Tx, id: &CandidateId) -> Result<Option<(Candidate, Vec<Notice>)>, Error> {
    let both = candidates::table.left_join(account_notices::table.on(n::candidate_id.eq(candidates::id)));
    let both =
        both.filter(candidates::id.eq(id)).order((n::at.desc(), account_notices::id.desc())).limit(MOST);
    let rows: Vec<(CandidateRow, Option<Row>)> =
        either!(tx.conn, conn => both.select((CandidateRow::as_select(), COLUMNS.nullable())).load(conn))?;
    let mut candidate = None;
    let mut notices = Vec::new();
    for (row, notice) in rows {
        candidate = candidate.or(Some(row));
        notices.extend(notice.and_then(|notice| shown(notice, tx.now)));
    }
    let candidate = candidate.map(|row| Candidate::open(tx.vault, row)).transpose()?;
    Ok(candidate.map(|candidate| (candidate, notices)))
}

fn shown((id, code, detail, at): Row, now: Timestamp) -> Option<Notice> {
    let kind = NoticeKind::from_code(&code)?;
    (now - at < kind.shown_for()).then_some(Notice { id, kind, detail, at })
}

/// Stores the device of a sign-in. A new device adds a notice, unless it is the candidate's first.
pub fn signed_in_on(tx: &mut Tx, candidate: &CandidateId, device: &str) -> Result<(), Error> {
    let known = diesel::update(d::known_devices.find((candidate, device))).set(d::seen_at.eq(tx.now));
    if known.execute(tx.conn)? > 0 {
        return Ok(());
    }
    let of_candidate = d::known_devices.filter(d::candidate_id.eq(candidate));
    let known: Vec<String> = of_candidate.select(d::device).order(d::seen_at.desc()).load(tx.conn)?;
    let row = (d::candidate_id.eq(candidate), d::device.eq(device), d::seen_at.eq(tx.now));
    let insert = diesel::insert_into(d::known_devices).values(row).on_conflict_do_nothing();
    either!(tx.conn, conn => insert.execute(conn))?;
    let most = usize::try_from(MOST_DEVICES - 1).unwrap_or_default();
    if let Some(unused) = known.get(most..).filter(|rest| !rest.is_empty()) {
        diesel::delete(of_candidate.filter(d::device.eq_any(unused))).execute(tx.conn)?;
    }
    if known.is_empty() { Ok(()) } else { add(tx, candidate, NoticeKind::NewDevice, device) }
}

/// Deletes the notices and devices of a candidate.
pub fn forget(tx: &mut Tx, candidate: &CandidateId) -> Result<(), Error> {
    diesel::delete(n::account_notices.filter(n::candidate_id.eq(candidate))).execute(tx.conn)?;
    diesel::delete(d::known_devices.filter(d::candidate_id.eq(candidate))).execute(tx.conn)?;
    Ok(())
}
