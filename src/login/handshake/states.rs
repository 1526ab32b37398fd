//! The states of a handshake, and the one table of who may change which into which.

use crate::store::codes;

/// Where a handshake stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The code is on the screen.
    Waiting,
    /// A phone has scanned it, and a number is to be typed there.
    Scanned,
    /// The right number was typed.
    Matched,
    /// A signed-in person answers for it.
    Approved,
    /// The screen is signed in.
    Redeemed,
    /// The phone said no, or a wrong number was typed.
    Denied,
    /// Its time is over: by our clock, or the portal says so.
    Expired,
    /// The screen gave up, or too many codes were wrong.
    Cancelled,
    /// The portal did not do its part.
    Failed,
}

codes!(Status {
    Waiting = "waiting",
    Scanned = "scanned",
    Matched = "matched",
    Approved = "approved",
    Redeemed = "redeemed",
    Denied = "denied",
    Expired = "expired",
    Cancelled = "cancelled",
    Failed = "failed",
});

/// What can be done to a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Bind the phone that opened the code.
    Scan,
    /// Type the number that the screen shows.
    Match,
    /// Answer for the login with a candidate.
    Approve,
    /// Sign the screen in.
    Redeem,
    /// Say 不是我, or type a wrong number.
    Deny,
    /// Ask for another code.
    Cancel,
    /// Too many wrong codes.
    Suspect,
    /// The portal's own code is too old.
    Expire,
    /// The portal's answer is of no use.
    Fail,
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The screen that shows the code.
    Browser,
    /// The phone that scanned it.
    Phone,
    /// The program itself.
    Site,
    /// The portal, where the code is its own (RFC 8628).
    Portal,
}

use Action::{Approve, Cancel, Deny, Expire, Fail, Match, Redeem, Scan, Suspect};
use Status::{Approved, Cancelled, Denied, Expired, Failed, Matched, Redeemed, Scanned, Waiting};

/// What time ends.
pub(super) const OPEN: [Status; 4] = [Waiting, Scanned, Matched, Approved];

/// Everything that can happen: from, action, who, to.
const TRANSITIONS: &[(Status, Action, Who, Status)] = &[
    (Waiting, Scan, Who::Phone, Scanned),
    (Scanned, Match, Who::Phone, Matched),
    (Matched, Approve, Who::Phone, Approved),
    (Approved, Redeem, Who::Browser, Redeemed),
    (Scanned, Deny, Who::Phone, Denied),
    (Matched, Deny, Who::Phone, Denied),
    (Approved, Deny, Who::Phone, Denied),
    (Waiting, Cancel, Who::Browser, Cancelled),
    (Scanned, Cancel, Who::Browser, Cancelled),
    (Matched, Cancel, Who::Browser, Cancelled),
    (Waiting, Suspect, Who::Site, Cancelled),
    (Scanned, Suspect, Who::Site, Cancelled),
    (Matched, Suspect, Who::Site, Cancelled),
    (Waiting, Approve, Who::Portal, Approved),
    (Waiting, Deny, Who::Portal, Denied),
    (Waiting, Expire, Who::Portal, Expired),
    (Waiting, Fail, Who::Portal, Failed),
];

impl Status {
    /// Where an action by `who` leads from here, if it is allowed.
    pub(super) fn after(self, action: Action, who: Who) -> Option<Status> {
        TRANSITIONS
            .iter()
            .find(|(from, does, by, _)| (*from, *does, *by) == (self, action, who))
            .map(|row| row.3)
    }

    pub(super) fn may_expire(self) -> bool {
        OPEN.contains(&self)
    }
}
