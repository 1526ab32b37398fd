//! The results of what phones and the portal do to a handshake.

use crate::store::CandidateId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanOutcome {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberOutcome {
    Approved,
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
