//! Whether the clock may be believed when something is to be removed because it is old.
//!
//! A clock that is set weeks ahead makes everything old at once. The time of the last look is kept in
//! the database; when the next look is much later, the clock has leapt or the program was stopped, which
//! look the same. Then nothing is removed until looks have followed each other for a day.

use chrono::{Duration, NaiveDateTime};
use serde::{Deserialize, Serialize};

use crate::store::{Error, Store, meta};

/// Looks further apart than this are a leap. A program that is stopped every night makes none.
const LEAP: Duration = Duration::hours(18);

/// How long looks must have followed each other.
const CONFIRMED: Duration = Duration::days(1);

/// Name of the watch in the database.
const NAME: &str = "clock";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Watch {
    /// The time at the last look.
    seen: NaiveDateTime,
    /// Since then there was no leap.
    steady_since: NaiveDateTime,
}

impl Watch {
    /// The watch after a look at `now`.
    fn next(last: Option<Watch>, now: NaiveDateTime) -> Watch {
        let steady = last.filter(|last| (now - last.seen).abs() <= LEAP && last.steady_since <= now);
        Watch { seen: now, steady_since: steady.map_or(now, |last| last.steady_since) }
    }

    fn is_confirmed(self) -> bool {
        self.seen - self.steady_since >= CONFIRMED
    }
}

/// Looks at the clock, and says whether what is old by it may be removed.
pub(super) async fn is_confirmed(store: &Store) -> Result<bool, Error> {
    let (last, watch) = store
        .write::<_, Error, _>(|tx| {
            let last: Option<Watch> = meta::get(tx, NAME)?.and_then(|text| serde_json::from_str(&text).ok());
            let watch = Watch::next(last, tx.now);
            let text = serde_json::to_string(&watch).map_err(|_| Error::Corrupt("meta.clock"))?;
            meta::set(tx, NAME, &text)?;
            Ok((last, watch))
        })
        .await?;
    if let Some(last) = last.filter(|last| watch.steady_since != last.steady_since) {
        tracing::warn!(
            was = %last.seen,
            now = %watch.seen,
            "the clock has leapt, or the program was stopped; nothing old is removed for a day"
        );
    }
    Ok(watch.is_confirmed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(hours: &[i64]) -> Watch {
        let mut now: NaiveDateTime = "2026-11-28T12:00:00".parse().unwrap();
        let mut watch = Watch::next(None, now);
        for hours in hours {
            now += Duration::hours(*hours);
            watch = Watch::next(Some(watch), now);
        }
        watch
    }

    #[test]
    fn a_leap_of_the_clock_either_way_wants_another_day() {
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
