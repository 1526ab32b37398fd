//! Times of the program and of the database.

use std::ops::{Add, Sub};

use chrono::{DateTime, DurationRound, NaiveDateTime, TimeDelta, Utc};
use derive_more::{Deref, Display, FromStr};
use diesel_derive_newtype::DieselNewType;
use serde::{Deserialize, Serialize};

/// A time in UTC.
///
/// It stands for `DateTime<Utc>`, which diesel maps to a different SQL type for each database. A
/// `TIMESTAMP` column is the same type for both, and has no offset.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Deref,
    Display,
    FromStr,
    DieselNewType,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(NaiveDateTime);

impl Timestamp {
    /// Before every other time.
    pub const MIN: Timestamp = Timestamp(NaiveDateTime::MIN);

    pub const fn from_utc(utc: NaiveDateTime) -> Timestamp {
        Timestamp(utc)
    }

    /// The last multiple of `unit` that is not later.
    pub fn truncate(self, unit: TimeDelta) -> Timestamp {
        self.0.duration_trunc(unit).map_or(self, Timestamp)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Timestamp {
        Timestamp(time.naive_utc())
    }
}

impl Add<TimeDelta> for Timestamp {
    type Output = Timestamp;

    fn add(self, by: TimeDelta) -> Timestamp {
        Timestamp(self.0 + by)
    }
}

impl Sub<TimeDelta> for Timestamp {
    type Output = Timestamp;

    fn sub(self, by: TimeDelta) -> Timestamp {
        Timestamp(self.0 - by)
    }
}

impl Sub for Timestamp {
    type Output = TimeDelta;

    fn sub(self, earlier: Timestamp) -> TimeDelta {
        self.0 - earlier.0
    }
}
