//! What candidates are told about sign-ins to their account, on every device.

use chrono::Duration;
use diesel::prelude::*;

use crate::store::schema::account_notices::{self, dsl as n};
use crate::store::schema::known_devices::dsl as d;
use crate::store::{CandidateId, Error, Timestamp, Tx, codes};

/// Notices that are kept of one candidate; the oldest are dropped.
const MOST: i64 = 20;

/// Devices that are remembered of one candidate; the longest unused are forgotten.
const MOST_DEVICES: i64 = 20;

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// Another account of the portal signed in as this candidate.
    AnotherAccount,
    /// The portal's name is not the one on record.
    AnotherName,
    /// A sign-in on a device that was not seen before; the detail names it.
    NewDevice,
    /// Somebody on the roster signed in without the review desk.
    DeskClosed,
}

codes!(NoticeKind {
    AnotherAccount = "another_account",
    AnotherName = "another_name",
    NewDevice = "new_device",
    DeskClosed = "desk_closed",
});

impl NoticeKind {
    /// How long new sessions are told.
    fn shown_for(self) -> Duration {
        match self {
            NoticeKind::AnotherAccount | NoticeKind::AnotherName => Duration::days(30),
            NoticeKind::NewDevice | NoticeKind::DeskClosed => Duration::days(7),
        }
    }
}

/// One notice.
pub struct Notice {
    /// Key of the row.
    pub id: String,
    /// What it is about.
    pub kind: NoticeKind,
    /// The device of [`NoticeKind::NewDevice`]; else empty.
    pub detail: String,
    /// When it happened, UTC.
    pub at: Timestamp,
}

/// Tells a candidate something.
pub fn tell(tx: &mut Tx, candidate: &CandidateId, kind: NoticeKind, detail: &str) -> Result<(), Error> {
    let row = (
        n::id.eq(tx.id()),
        n::candidate_id.eq(candidate),
        n::kind.eq(kind.code()),
        n::detail.eq(detail),
        n::at.eq(tx.now),
    );
    diesel::insert_into(n::account_notices).values(row).execute(tx.conn)?;
    let kept = n::account_notices.filter(n::candidate_id.eq(candidate)).order((n::at.desc(), n::id.desc()));
    let old: Vec<String> = kept.select(n::id).offset(MOST).limit(MOST).load(tx.conn)?;
    diesel::delete(n::account_notices.filter(n::id.eq_any(old))).execute(tx.conn)?;
    Ok(())
}

/// [`tell`], unless the same was told while it still shows.
pub(super) fn tell_once(tx: &mut Tx, candidate: &CandidateId, kind: NoticeKind) -> Result<(), Error> {
    let known = of_candidate(tx, candidate)?;
    if known.iter().any(|notice| notice.kind == kind) { Ok(()) } else { tell(tx, candidate, kind, "") }
}

/// A candidate's notices that a session may still have to be told, the newest first.
pub fn of_candidate(tx: &mut Tx, candidate: &CandidateId) -> Result<Vec<Notice>, Error> {
    let rows: Vec<(String, String, String, Timestamp)> = n::account_notices
        .filter(n::candidate_id.eq(candidate))
        .order((n::at.desc(), n::id.desc()))
        .select((account_notices::id, n::kind, n::detail, n::at))
        .limit(MOST)
        .load(tx.conn)?;
    let read = |(id, code, detail, at): (String, String, String, Timestamp)| {
        let kind = NoticeKind::from_code(&code)?;
        (tx.now - at < kind.shown_for()).then_some(Notice { id, kind, detail, at })
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Remembers the device of a sign-in, and tells the candidate about one that is new. The first
/// device of all is not news.
pub fn signed_in_on(tx: &mut Tx, candidate: &CandidateId, device: &str) -> Result<(), Error> {
    let seen = diesel::update(d::known_devices.find((candidate, device))).set(d::seen_at.eq(tx.now));
    if seen.execute(tx.conn)? > 0 {
        return Ok(());
    }
    let of_candidate = d::known_devices.filter(d::candidate_id.eq(candidate));
    let known: Vec<String> = of_candidate.select(d::device).order(d::seen_at.desc()).load(tx.conn)?;
    let row = (d::candidate_id.eq(candidate), d::device.eq(device), d::seen_at.eq(tx.now));
    let insert = diesel::insert_into(d::known_devices).values(row).on_conflict_do_nothing();
    crate::either!(tx.conn, conn => insert.execute(conn))?;
    let kept = usize::try_from(MOST_DEVICES - 1).unwrap_or_default();
    if let Some(forgotten) = known.get(kept..).filter(|rest| !rest.is_empty()) {
        diesel::delete(of_candidate.filter(d::device.eq_any(forgotten))).execute(tx.conn)?;
    }
    if known.is_empty() { Ok(()) } else { tell(tx, candidate, NoticeKind::NewDevice, device) }
}
