//! Decides whether the clock is trusted to delete old data.
//!
//! A clock that is set weeks ahead makes everything old at once. The database stores the time of the last check.
//! If the next check is much later, either the clock has jumped or the program was stopped. In both cases nothing
//! is deleted until checks have followed each other for a day.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::store::{Error, Store, Timestamp, meta};

/// A greater gap between two checks is a jump. It allows for a program that is stopped every night.
const JUMP: Duration = Duration::hours(18);

/// How long there must have been no jump.
const CONFIRMED: Duration = Duration::days(1);

/// Name of the value in the table `meta`.
const NAME: &str = "clock";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ClockHistory {
    /// Time of the last check.
    seen: Timestamp,
    /// There was no jump since.
    steady_since: Timestamp,
}

impl ClockHistory {
    fn next(last: Option<ClockHistory>, now: Timestamp) -> ClockHistory {
        let steady = last.filter(|last| (now - last.seen).abs() <= JUMP && last.steady_since <= now);
        ClockHistory { seen: now, steady_since: steady.map_or(now, |last| last.steady_since) }
    }

    fn is_confirmed(self) -> bool {
        self.seen - self.steady_since >= CONFIRMED
    }
}

/// Checks the clock, and returns whether it is trusted.
pub(super) async fn is_confirmed(store: &Store) -> Result<bool, Error> {
    let (last, history) = store
        .write::<_, Error, _>(|tx| {
            let last: Option<ClockHistory> =
                meta::get(tx, NAME)?.and_then(|text| serde_json::from_str(&text).ok());
            let history = ClockHistory::next(last, tx.now);
            let text = serde_json::to_string(&history).map_err(|_| Error::Corrupt("meta.clock"))?;
            meta::set(tx, NAME, &text)?;
            Ok((last, history))
        })
        .await?;
    if let Some(last) = last.filter(|last| history.steady_since != last.steady_since) {
        tracing::warn!(
            was = %last.seen,
            now = %history.seen,
            "the clock has leapt, or the program was stopped; nothing old is removed for a day"
        );
    }
    Ok(history.is_confirmed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(hours: &[i64]) -> ClockHistory {
        let mut now: Timestamp = "2026-11-28T12:00:00".parse().unwrap();
        let mut history = ClockHistory::next(None, now);
        for hours in hours {
            now = now + Duration::hours(*hours);
            history = ClockHistory::next(Some(history), now);
        }
        history
    }

    #[test]
    fn jump_in_either_direction_starts_another_day() {
        let table: &[(&[i64], bool)] = &[
            (&[], false),
            (&[12], false),
            (&[12, 12], true),
            (&[12, 12, 24 * 21], false),
            (&[12, 12, 24 * 21, 12], false),
            (&[12, 12, 24 * 21, 12, 12], true),
            (&[12, 12, 24 * 21, -24 * 21], false),
            (&[12, 12, 24 * 21, -24 * 21, 12, 12], true),
            (&[12, 12, -24 * 21, 12], false),
            (&[14, 10, 14], true),
        ];
        for (hours, confirmed) in table {
            assert_eq!(after(hours).is_confirmed(), *confirmed, "{hours:?}");
        }
    }
}
