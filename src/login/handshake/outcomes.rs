//! The results of what phones and the portal do to a handshake.

use crate::store::CandidateId;

/// The result of opening a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanOutcome {
    /// The phone is bound to the handshake from now on.
    Bound,
    /// The phone was bound to it before.
    Again,
    Refused(ScanRefusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanRefusal {
    /// Another phone was first.
    Taken,
    /// The code is no longer on the screen, or never was.
    Stale,
    /// There is no such handshake, or it has ended.
    Gone,
}

/// The result of typing a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberOutcome {
    /// The number was right.
    Approved,
    /// The number was wrong.
    Denied,
    /// The handshake had been decided before, or is not this phone's.
    Undecidable,
}

/// The portal's answer about its own code.
pub enum Verdict {
    /// This candidate signed in at the portal.
    Approved(CandidateId),
    /// The login was declined at the portal.
    Denied,
    /// The code is too old.
    Expired,
    /// The answer signs nobody in.
    Failed,
}
