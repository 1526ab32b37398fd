//! The handshake: one row from the first picture to the signed-in screen.
//!
//! Every change is one conditional UPDATE that names the state it leaves, so of two devices that act at
//! once only one succeeds. A handshake whose time is over is [`Status::Expired`] even if its row does not
//! say so yet, and does not change any more.

mod outcomes;
mod states;

use chrono::Duration;
use diesel::prelude::*;

use crate::store::schema::login_handshakes::{self, dsl as h};
use crate::store::{CandidateId, Error, Timestamp, Tx};
use crate::web::address::Network;
pub use outcomes::{NumberOutcome, ScanOutcome, ScanRefusal, Verdict};
pub use states::Status;
use states::{Action, Actor, OPEN};

use Action::{Approve, Cancel, Deny, Expire, Fail, Redeem, Suspect};
use Status::{Cancelled, Expired, Waiting};

/// From the first picture until the number has been typed.
pub const LIFETIME: Duration = Duration::minutes(3);

/// The longest lifetime of a portal's code, whatever the portal says.
const MAX_PORTAL_LIFETIME: Duration = Duration::minutes(10);

/// From the approval until the screen must have fetched its session.
const REDEEM_WITHIN: Duration = Duration::minutes(1);

/// This many stale, forged or repeated codes cancel a handshake (RFC 10027 §6.1.4).
const MAX_STALE: i32 = 5;

/// How long an ended handshake stays in the database, for the investigation of incidents.
const RETENTION: Duration = Duration::days(1);

/// SQLite binds at most 32,766 values in one statement.
const IDS_PER_STATEMENT: usize = 1000;

/// A handshake as it stands at one moment.
#[derive(Clone)]
pub struct Handshake {
    pub id: String,
    pub status: Status,
    /// The status in its row, which may be still open although the time is over.
    stored: Status,
    /// Hash of the screen's secret.
    screen_hash: String,
    /// Hash of the secret of the phone that scanned the code first.
    phone_hash: Option<String>,
    /// The two digits on the screen.
    pub number: u32,
    /// Browser and system of the screen, such as `Windows 电脑 · Chrome`.
    pub device: String,
    pub network: Network,
    /// The candidate who approved it.
    pub candidate: Option<CandidateId>,
    /// Local path where the screen goes after signing in.
    pub next: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// Rises with every change, even if the clock does not.
    pub changed_at: Timestamp,
    /// The portal's code, if that is on the screen instead of ours.
    pub portal_code: Option<PortalCode>,
}

/// A code that the portal made (RFC 8628 §3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalCode {
    pub user_code: String,
    /// The text of the QR code: where the phone goes.
    pub address: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = login_handshakes)]
struct Row {
    id: String,
    status: String,
    browser: String,
    phone: Option<String>,
    number: i32,
    device: String,
    address: String,
    candidate_id: Option<CandidateId>,
    next_path: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    changed_at: Timestamp,
    user_code: Option<String>,
    portal_address: Option<String>,
}

/// The columns that change with the status. `None` leaves a column as it is.
#[derive(AsChangeset, Default)]
#[diesel(table_name = login_handshakes)]
struct Changes<'a> {
    phone: Option<&'a str>,
    candidate_id: Option<&'a CandidateId>,
    expires_at: Option<Timestamp>,
}

#[derive(Clone)]
pub struct Screen {
    pub secret_hash: String,
    /// Browser and system, such as `Windows 电脑 · Chrome`.
    pub device: String,
    pub network: Network,
    /// Checked local path where it goes after signing in.
    pub next: String,
}

/// Begins a handshake for a screen, with our own code.
pub fn begin(tx: &mut Tx, screen: Screen) -> Result<Handshake, Error> {
    begin_with(tx, screen, None, LIFETIME)
}

/// Begins a handshake with the portal's code, which lives as long as the portal says, at most ten
/// minutes.
pub fn begin_at_portal(
    tx: &mut Tx,
    screen: Screen,
    code: PortalCode,
    lives: Duration,
) -> Result<Handshake, Error> {
    begin_with(tx, screen, Some(code), lives.min(MAX_PORTAL_LIFETIME))
}

fn begin_with(
    tx: &mut Tx,
    screen: Screen,
    code: Option<PortalCode>,
    lives: Duration,
) -> Result<Handshake, Error> {
    let (id, number) = (tx.id(), tx.ids.number(10..=99));
    let row = (
        h::id.eq(&id),
        h::status.eq(Waiting.code()),
        h::browser.eq(screen.secret_hash),
        h::number.eq(number as i32),
        h::device.eq(screen.device),
        h::address.eq(screen.network.to_string()),
        h::stale_scans.eq(0),
        h::next_path.eq(screen.next),
        h::created_at.eq(tx.now),
        h::expires_at.eq(tx.now + lives),
        h::changed_at.eq(tx.now),
        h::user_code.eq(code.as_ref().map(|code| &code.user_code)),
        h::portal_address.eq(code.as_ref().map(|code| &code.address)),
    );
    diesel::insert_into(h::login_handshakes).values(row).execute(tx.conn)?;
    find(tx, &id)?.ok_or(Error::Corrupt("login_handshakes"))
}

/// The handshake of the screen whose secret has the hash `screen`.
fn of_screen(tx: &mut Tx, id: &str, screen: &str) -> Result<Option<Handshake>, Error> {
    Ok(find(tx, id)?.filter(|handshake| handshake.is_of(screen)))
}

/// The handshake of the phone whose secret has the hash `phone`.
pub fn of_phone(tx: &mut Tx, id: &str, phone: &str) -> Result<Option<Handshake>, Error> {
    Ok(find(tx, id)?.filter(|handshake| handshake.phone_hash.as_deref() == Some(phone)))
}

/// Hashes of the secrets of a phone that opens a code.
#[derive(Clone)]
pub struct Phone {
    /// The one that it sent, if any: from an earlier scan, or planted by an attacker.
    pub sent: Option<String>,
    /// The one that it gets if it is the first phone.
    pub fresh: String,
}

/// Binds the first phone that opens a code of this handshake. `is_genuine` checks the code.
pub fn scan(
    tx: &mut Tx,
    id: &str,
    phone: &Phone,
    is_genuine: impl FnOnce(&Handshake) -> bool,
) -> Result<ScanOutcome, Error> {
    let Some(handshake) = find(tx, id)? else { return Ok(ScanOutcome::Refused(ScanRefusal::Gone)) };
    if phone.sent.is_some() && handshake.phone_hash == phone.sent {
        return Ok(ScanOutcome::Again);
    }
    let genuine = is_genuine(&handshake);
    let bound = Changes { phone: Some(&phone.fresh), ..Changes::default() };
    if genuine && change(tx, &handshake, Action::Scan, Actor::Phone, bound)? {
        return Ok(ScanOutcome::Bound);
    }
    count_stale(tx, &handshake)?;
    Ok(ScanOutcome::Refused(match handshake.status {
        Expired | Cancelled => ScanRefusal::Gone,
        _ if genuine => ScanRefusal::Taken,
        _ => ScanRefusal::Stale,
    }))
}

/// Counts a stale, forged or repeated code. Too many cancel the handshake.
fn count_stale(tx: &mut Tx, handshake: &Handshake) -> Result<(), Error> {
    let row = h::login_handshakes.find(&handshake.id);
    diesel::update(row).set(h::stale_scans.eq(h::stale_scans + 1)).execute(tx.conn)?;
    let count: i32 = row.select(h::stale_scans).first(tx.conn)?;
    tracing::warn!(handshake = handshake.id, count, "a stale, forged or repeated login code");
    if count >= MAX_STALE {
        change(tx, handshake, Suspect, Actor::Site, Changes::default())?;
    }
    Ok(())
}

/// Types a number on the phone: the right one approves the login for `candidate`, a wrong one denies it.
pub fn type_number(
    tx: &mut Tx,
    id: &str,
    phone: &str,
    candidate: &CandidateId,
    number: u32,
) -> Result<NumberOutcome, Error> {
    let Some(scanned) = of_phone(tx, id, phone)? else { return Ok(NumberOutcome::Undecidable) };
    if number != scanned.number {
        let denied = change(tx, &scanned, Deny, Actor::Phone, Changes::default())?;
        return Ok(if denied { NumberOutcome::Denied } else { NumberOutcome::Undecidable });
    }
    let expires_at = Some(tx.now + REDEEM_WITHIN);
    let answered = Changes { candidate_id: Some(candidate), expires_at, ..Changes::default() };
    let approved = change(tx, &scanned, Approve, Actor::Phone, answered)?;
    Ok(if approved { NumberOutcome::Approved } else { NumberOutcome::Undecidable })
}

/// 不是我 on the phone. Returns whether that changed anything.
pub fn deny(tx: &mut Tx, id: &str, phone: &str) -> Result<bool, Error> {
    let Some(handshake) = of_phone(tx, id, phone)? else { return Ok(false) };
    change(tx, &handshake, Deny, Actor::Phone, Changes::default())
}

/// Applies the portal's answer. Returns whether that changed anything.
pub fn settle(tx: &mut Tx, id: &str, verdict: &Verdict) -> Result<bool, Error> {
    let Some(handshake) = find(tx, id)?.filter(|handshake| handshake.portal_code.is_some()) else {
        return Ok(false);
    };
    let expires_at = Some(tx.now + REDEEM_WITHIN);
    let (action, changes) = match verdict {
        Verdict::Approved(candidate) => {
            (Approve, Changes { candidate_id: Some(candidate), expires_at, ..Changes::default() })
        }
        Verdict::Denied => (Deny, Changes::default()),
        Verdict::Expired => (Expire, Changes::default()),
        Verdict::Failed => (Fail, Changes::default()),
    };
    change(tx, &handshake, action, Actor::Portal, changes)
}

/// The screen asks for another code. Returns whether that changed anything.
pub fn cancel(tx: &mut Tx, id: &str, screen: &str) -> Result<bool, Error> {
    let Some(handshake) = of_screen(tx, id, screen)? else { return Ok(false) };
    change(tx, &handshake, Cancel, Actor::Screen, Changes::default())
}

/// Redeems an approved handshake for its screen, once. Returns the candidate.
pub fn redeem(tx: &mut Tx, id: &str, screen: &str) -> Result<Option<CandidateId>, Error> {
    let Some(handshake) = of_screen(tx, id, screen)? else { return Ok(None) };
    let won = change(tx, &handshake, Redeem, Actor::Screen, Changes::default())?;
    Ok(handshake.candidate.filter(|_| won))
}

pub fn expire(tx: &mut Tx, id: &str) -> Result<(), Error> {
    let over = h::expires_at.le(tx.now).and(h::status.eq_any(OPEN.map(Status::code)));
    let row = h::login_handshakes.filter(h::id.eq(id)).filter(over);
    let values = (h::status.eq(Expired.code()), h::changed_at.eq(tx.now));
    diesel::update(row).set(values).execute(tx.conn)?;
    Ok(())
}

/// Stores which handshakes have expired, and removes those that ended more than a day ago. Returns how
/// many were removed.
pub fn sweep(tx: &mut Tx) -> Result<usize, Error> {
    let over = h::expires_at.le(tx.now).and(h::status.eq_any(OPEN.map(Status::code)));
    diesel::update(h::login_handshakes.filter(over)).set(h::status.eq(Expired.code())).execute(tx.conn)?;
    let old = h::login_handshakes.filter(h::expires_at.lt(tx.now - RETENTION));
    Ok(diesel::delete(old).execute(tx.conn)?)
}

pub fn load(tx: &mut Tx, ids: &[String]) -> Result<Vec<Handshake>, Error> {
    let mut handshakes = Vec::new();
    for ids in ids.chunks(IDS_PER_STATEMENT) {
        let rows = h::login_handshakes.filter(h::id.eq_any(ids)).select(Row::as_select()).load(tx.conn)?;
        for row in rows {
            handshakes.push(Handshake::at(tx.now, row)?);
        }
    }
    Ok(handshakes)
}

/// The handshakes that changed after `since`, except those that have only begun, with the time of
/// the last change.
pub fn changes_since(tx: &mut Tx, since: Timestamp) -> Result<Vec<(String, Timestamp)>, Error> {
    let changed = h::changed_at.gt(since).and(h::changed_at.gt(h::created_at));
    Ok(h::login_handshakes.filter(changed).select((h::id, h::changed_at)).load(tx.conn)?)
}

fn find(tx: &mut Tx, id: &str) -> Result<Option<Handshake>, Error> {
    let row = h::login_handshakes.find(id).select(Row::as_select()).first(tx.conn).optional()?;
    row.map(|row: Row| Handshake::at(tx.now, row)).transpose()
}

/// Changes a handshake if the table of transitions allows it and its row still has the same status.
/// Returns whether it did.
fn change(
    tx: &mut Tx,
    handshake: &Handshake,
    action: Action,
    actor: Actor,
    changes: Changes,
) -> Result<bool, Error> {
    if handshake.is_expiry_unstored() {
        expire(tx, &handshake.id)?;
    }
    let Some(to) = handshake.status.after(action, actor) else { return Ok(false) };
    // Waiting screens look for a later change, and the clocks of two processes differ a little.
    let at = tx.now.max(handshake.changed_at + Duration::milliseconds(1));
    let row = h::login_handshakes.find(&handshake.id).filter(h::status.eq(handshake.status.code()));
    let values = (h::status.eq(to.code()), h::changed_at.eq(at), changes);
    Ok(diesel::update(row).set(values).execute(tx.conn)? == 1)
}

impl Handshake {
    fn at(now: Timestamp, row: Row) -> Result<Handshake, Error> {
        let stored = Status::from_code(&row.status).ok_or(Error::Corrupt("login_handshakes.status"))?;
        let mut handshake = Handshake {
            id: row.id,
            status: stored,
            stored,
            screen_hash: row.browser,
            phone_hash: row.phone,
            number: row.number.unsigned_abs(),
            device: row.device,
            network: Network::from_text(row.address),
            candidate: row.candidate_id,
            next: row.next_path,
            created_at: row.created_at,
            expires_at: row.expires_at,
            changed_at: row.changed_at,
            portal_code: row
                .user_code
                .zip(row.portal_address)
                .map(|(user_code, address)| PortalCode { user_code, address }),
        };
        handshake.status = handshake.status_at(now);
        Ok(handshake)
    }

    /// Whether its time is over and its row does not say so yet.
    pub(super) fn is_expiry_unstored(&self) -> bool {
        self.status == Expired && self.stored != Expired
    }

    pub(super) fn is_of(&self, screen: &str) -> bool {
        self.screen_hash == screen
    }

    /// Its status at another moment, if nothing changes it.
    pub(super) fn status_at(&self, now: Timestamp) -> Status {
        if self.status.may_expire() && now >= self.expires_at { Expired } else { self.status }
    }
}

#[cfg(test)]
mod tests;
