//! The handshake: one row from the first picture to the signed-in screen.
//!
//! Every change is one conditional UPDATE that names the state it leaves, so of two
//! devices that act at once only one wins. A handshake whose time is over is
//! [`Status::Expired`] whatever its row says, and nothing changes it any more.

mod states;

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

use crate::store::schema::login_handshakes::{self, dsl as h};
use crate::store::{Error, Tx};
use crate::web::address::Network;
pub use states::Status;
use states::{Action, OPEN, Who};

use Action::{Approve, Cancel, Deny, Expire, Fail, Redeem, Suspect};
use Status::{Cancelled, Expired, Waiting};

/// From the first picture until a number has been typed.
pub const LIFETIME: Duration = Duration::minutes(3);

/// Longest life of a code that the portal made.
const MAX_PORTAL_LIFETIME: Duration = Duration::minutes(10);

/// From the approval until the screen must have fetched its session.
const REDEEM_WITHIN: Duration = Duration::minutes(1);

/// So many stale, forged or repeated codes cancel a handshake (RFC 10027 §6.1.4).
const MAX_STALE: i32 = 5;

/// How long an ended handshake is kept for whoever looks into an incident.
const KEPT: Duration = Duration::days(1);

/// A handshake as it stands.
#[derive(Clone)]
pub struct Handshake {
    /// Key of the row.
    pub id: String,
    /// Where it stands now.
    pub status: Status,
    /// Where its row says that it stands; time ends a handshake before its row does.
    stored: Status,
    /// Hash of the secret of the screen that shows the code.
    browser: String,
    /// Hash of the secret of the phone that scanned it first.
    phone: Option<String>,
    /// The number on the screen.
    pub number: u32,
    /// Browser and system of the screen, in words.
    pub device: String,
    /// Network of the screen.
    pub network: Network,
    /// Who answers for it, once approved.
    pub candidate: Option<String>,
    /// Local path where the screen wants to go.
    pub next: String,
    /// When the first picture was shown, UTC.
    pub created_at: NaiveDateTime,
    /// When its time is over, UTC.
    pub expires_at: NaiveDateTime,
    /// Last change, UTC; rises with every change.
    pub changed_at: NaiveDateTime,
    /// The portal's code, which is shown instead of ours.
    pub portal_code: Option<PortalCode>,
}

/// A code that the portal made (RFC 8628 §3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalCode {
    /// What people compare, or type.
    pub user_code: String,
    /// Where the phone goes; inside the QR code.
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
    candidate_id: Option<String>,
    next_path: String,
    created_at: NaiveDateTime,
    expires_at: NaiveDateTime,
    changed_at: NaiveDateTime,
    user_code: Option<String>,
    portal_address: Option<String>,
}

/// What is stored beside the new status; nothing where it stays.
#[derive(AsChangeset, Default)]
#[diesel(table_name = login_handshakes)]
struct Extra<'a> {
    phone: Option<&'a str>,
    candidate_id: Option<&'a str>,
    expires_at: Option<NaiveDateTime>,
}

/// What opening a code came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// This phone is the handshake's phone from now on.
    Ours,
    /// This phone was the handshake's phone before.
    Again,
    /// Another phone was first.
    Taken,
    /// The code has left the screen, or never was on it.
    Stale,
    /// No such handshake, or it has ended.
    Gone,
}

/// The screen that asks for a handshake.
#[derive(Clone)]
pub struct Screen {
    /// Hash of its secret.
    pub browser: String,
    /// Browser and system in words.
    pub device: String,
    /// Its network.
    pub network: Network,
    /// Checked local path where it wants to go.
    pub next: String,
}

/// Begins a handshake for a screen, with our own code.
pub fn begin(tx: &mut Tx, screen: Screen) -> Result<Handshake, Error> {
    begin_with(tx, screen, None, LIFETIME)
}

/// Begins a handshake with the portal's code, which lives as long as the portal says, within
/// reason.
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
        h::browser.eq(screen.browser),
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

/// The handshake of the screen that holds the secret of the hash `browser`.
pub fn of_browser(tx: &mut Tx, id: &str, browser: &str) -> Result<Option<Handshake>, Error> {
    Ok(find(tx, id)?.filter(|handshake| handshake.browser == browser))
}

/// The handshake of the phone that holds the secret of the hash `phone`.
pub fn of_phone(tx: &mut Tx, id: &str, phone: &str) -> Result<Option<Handshake>, Error> {
    Ok(find(tx, id)?.filter(|handshake| handshake.phone.as_deref() == Some(phone)))
}

/// Hashes of the secrets of a phone that opens a code.
#[derive(Clone)]
pub struct Phone {
    /// The one that it holds, if any: from an earlier scan, or planted.
    pub held: Option<String>,
    /// The one that it gets if it is the first.
    pub fresh: String,
}

/// What a phone gets that opens a code. `is_genuine` judges the code against its handshake.
pub fn scan(
    tx: &mut Tx,
    id: &str,
    phone: &Phone,
    is_genuine: impl FnOnce(&Handshake) -> bool,
) -> Result<Opened, Error> {
    let Some(handshake) = find(tx, id)? else { return Ok(Opened::Gone) };
    if phone.held.is_some() && handshake.phone == phone.held {
        return Ok(Opened::Again);
    }
    let genuine = is_genuine(&handshake);
    let extra = Extra { phone: Some(&phone.fresh), ..Extra::default() };
    if genuine && change(tx, &handshake, Action::Scan, Who::Phone, extra)? {
        return Ok(Opened::Ours);
    }
    note_stale(tx, &handshake)?;
    Ok(match handshake.status {
        Expired | Cancelled => Opened::Gone,
        _ if genuine => Opened::Taken,
        _ => Opened::Stale,
    })
}

/// Counts a code that should not have come; too many end the handshake.
fn note_stale(tx: &mut Tx, handshake: &Handshake) -> Result<(), Error> {
    let row = h::login_handshakes.find(&handshake.id);
    diesel::update(row).set(h::stale_scans.eq(h::stale_scans + 1)).execute(tx.conn)?;
    let count: i32 = row.select(h::stale_scans).first(tx.conn)?;
    tracing::warn!(handshake = handshake.id, count, "a stale, forged or repeated login code");
    if count >= MAX_STALE {
        change(tx, handshake, Suspect, Who::Site, Extra::default())?;
    }
    Ok(())
}

/// What typing a number came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// It was the right one.
    Approved,
    /// It was a wrong one.
    Denied,
    /// There was nothing left to decide.
    Nothing,
}

/// A number was typed on the phone: the right one approves for `candidate`, a wrong one denies.
pub fn type_number(tx: &mut Tx, id: &str, phone: &str, candidate: &str, number: u32) -> Result<Typed, Error> {
    let Some(scanned) = of_phone(tx, id, phone)? else { return Ok(Typed::Nothing) };
    if number != scanned.number {
        let denied = change(tx, &scanned, Deny, Who::Phone, Extra::default())?;
        return Ok(if denied { Typed::Denied } else { Typed::Nothing });
    }
    let expires_at = Some(tx.now + REDEEM_WITHIN);
    let extra = Extra { candidate_id: Some(candidate), expires_at, ..Extra::default() };
    let approved = change(tx, &scanned, Approve, Who::Phone, extra)?;
    Ok(if approved { Typed::Approved } else { Typed::Nothing })
}

/// The phone says 不是我. Returns whether that changed anything.
pub fn deny(tx: &mut Tx, id: &str, phone: &str) -> Result<bool, Error> {
    let Some(handshake) = of_phone(tx, id, phone)? else { return Ok(false) };
    change(tx, &handshake, Deny, Who::Phone, Extra::default())
}

/// What the portal said about its own code.
pub enum Verdict {
    /// This candidate has signed in there.
    Approved(String),
    /// Somebody said no.
    Denied,
    /// The code is too old.
    Expired,
    /// Nothing that can be used.
    Failed,
}

/// Ends the wait for the portal. Returns whether that changed anything.
pub fn settle(tx: &mut Tx, id: &str, verdict: &Verdict) -> Result<bool, Error> {
    let Some(handshake) = find(tx, id)?.filter(|handshake| handshake.portal_code.is_some()) else {
        return Ok(false);
    };
    let expires_at = Some(tx.now + REDEEM_WITHIN);
    let (action, extra) = match verdict {
        Verdict::Approved(candidate) => {
            (Approve, Extra { candidate_id: Some(candidate), expires_at, ..Extra::default() })
        }
        Verdict::Denied => (Deny, Extra::default()),
        Verdict::Expired => (Expire, Extra::default()),
        Verdict::Failed => (Fail, Extra::default()),
    };
    change(tx, &handshake, action, Who::Portal, extra)
}

/// The screen wants another code. Returns whether that changed anything.
pub fn cancel(tx: &mut Tx, id: &str, browser: &str) -> Result<bool, Error> {
    let Some(handshake) = of_browser(tx, id, browser)? else { return Ok(false) };
    change(tx, &handshake, Cancel, Who::Browser, Extra::default())
}

/// Takes an approved handshake for the screen; only once. Returns whose it is.
pub fn redeem(tx: &mut Tx, id: &str, browser: &str) -> Result<Option<String>, Error> {
    let Some(handshake) = of_browser(tx, id, browser)? else { return Ok(None) };
    let won = change(tx, &handshake, Redeem, Who::Browser, Extra::default())?;
    Ok(handshake.candidate.filter(|_| won))
}

/// Stores that the time of a handshake is over: it stays so when the clock goes back.
pub fn expire(tx: &mut Tx, id: &str) -> Result<(), Error> {
    let over = h::expires_at.le(tx.now).and(h::status.eq_any(OPEN.map(Status::code)));
    let row = h::login_handshakes.filter(h::id.eq(id)).filter(over);
    let values = (h::status.eq(Expired.code()), h::changed_at.eq(tx.now));
    diesel::update(row).set(values).execute(tx.conn)?;
    Ok(())
}

/// Stores which handshakes are expired, and removes those that ended more than a day ago; returns how
/// many.
pub fn sweep(tx: &mut Tx) -> Result<usize, Error> {
    let over = h::expires_at.le(tx.now).and(h::status.eq_any(OPEN.map(Status::code)));
    diesel::update(h::login_handshakes.filter(over)).set(h::status.eq(Expired.code())).execute(tx.conn)?;
    let old = h::login_handshakes.filter(h::expires_at.lt(tx.now - KEPT));
    Ok(diesel::delete(old).execute(tx.conn)?)
}

fn find(tx: &mut Tx, id: &str) -> Result<Option<Handshake>, Error> {
    let row = h::login_handshakes.find(id).select(Row::as_select()).first(tx.conn).optional()?;
    row.map(|row: Row| Handshake::at(tx.now, row)).transpose()
}

/// The one place where a handshake changes: if the table allows it and nobody was faster.
fn change(tx: &mut Tx, handshake: &Handshake, action: Action, who: Who, extra: Extra) -> Result<bool, Error> {
    if handshake.is_over_unnoticed() {
        expire(tx, &handshake.id)?;
    }
    let Some(to) = handshake.status.after(action, who) else { return Ok(false) };
    // Waiters look for a later change, and clocks of two processes differ a little.
    let at = tx.now.max(handshake.changed_at + Duration::milliseconds(1));
    let row = h::login_handshakes.find(&handshake.id).filter(h::status.eq(handshake.status.code()));
    let values = (h::status.eq(to.code()), h::changed_at.eq(at), extra);
    Ok(diesel::update(row).set(values).execute(tx.conn)? == 1)
}

impl Handshake {
    fn at(now: NaiveDateTime, row: Row) -> Result<Handshake, Error> {
        let stored = Status::from_code(&row.status).ok_or(Error::Corrupt("login_handshakes.status"))?;
        let mut handshake = Handshake {
            id: row.id,
            status: stored,
            stored,
            browser: row.browser,
            phone: row.phone,
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
    pub(super) fn is_over_unnoticed(&self) -> bool {
        self.status == Expired && self.stored != Expired
    }

    /// Whether it belongs to the screen that holds the secret of the hash `browser`.
    pub(super) fn is_of(&self, browser: &str) -> bool {
        self.browser == browser
    }

    /// Where it stands at another moment, if nobody has changed it.
    pub(super) fn status_at(&self, now: NaiveDateTime) -> Status {
        if self.status.may_expire() && now >= self.expires_at { Expired } else { self.status }
    }
}

#[cfg(test)]
mod tests;
