//! The states of a handshake, and the table of transitions: from, action, actor, to.

use crate::store::codes;

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Status {
        /// The code is on the screen.
        Waiting = "waiting",
        /// A phone has scanned the code; its user has to type the number.
        Scanned = "scanned",
        /// A signed-in candidate has approved the login.
        Approved = "approved",
        /// The screen is signed in.
        Redeemed = "redeemed",
        /// 不是我 was tapped, or a wrong number was typed.
        Denied = "denied",
        /// Its time is over, by our clock or the portal's.
        Expired = "expired",
        /// The screen asked for another code, or too many wrong codes came.
        Cancelled = "cancelled",
        /// The portal's answer was of no use.
        Failed = "failed",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Bind the phone that opened the code.
    Scan,
    /// Type the number that the screen shows, or sign in at the portal.
    Approve,
    Redeem,
    /// Say 不是我, or type a wrong number.
    Deny,
    Cancel,
    /// Too many wrong codes came.
    Suspect,
    /// The portal says that its code is too old.
    Expire,
    /// The portal's answer is of no use.
    Fail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    Screen,
    Phone,
    Site,
    /// The portal, if the code is its own (RFC 8628).
    Portal,
}

use Action::{Approve, Cancel, Deny, Expire, Fail, Redeem, Scan, Suspect};
use Status::{Approved, Cancelled, Denied, Expired, Failed, Redeemed, Scanned, Waiting};

/// The states that end when their time is over.
pub(super) const OPEN: [Status; 3] = [Waiting, Scanned, Approved];

const TRANSITIONS: &[(Status, Action, Actor, Status)] = &[
    (Waiting, Scan, Actor::Phone, Scanned),
    (Scanned, Approve, Actor::Phone, Approved),
    (Approved, Redeem, Actor::Screen, Redeemed),
    (Scanned, Deny, Actor::Phone, Denied),
    (Approved, Deny, Actor::Phone, Denied),
    (Waiting, Cancel, Actor::Screen, Cancelled),
    (Scanned, Cancel, Actor::Screen, Cancelled),
    (Waiting, Suspect, Actor::Site, Cancelled),
    (Scanned, Suspect, Actor::Site, Cancelled),
    (Waiting, Approve, Actor::Portal, Approved),
    (Waiting, Deny, Actor::Portal, Denied),
    (Waiting, Expire, Actor::Portal, Expired),
    (Waiting, Fail, Actor::Portal, Failed),
];

impl Status {
    /// The state after `action` by `actor`; `None` if the table does not allow it.
    pub(super) fn after(self, action: Action, actor: Actor) -> Option<Status> {
        TRANSITIONS
            .iter()
            .find(|(from, does, by, _)| (*from, *does, *by) == (self, action, actor))
            .map(|row| row.3)
    }

    pub(super) fn may_expire(self) -> bool {
        OPEN.contains(&self)
    }
}
