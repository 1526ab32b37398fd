//! What came of the requests of one step.

use std::time::Duration;

use hdrhistogram::Histogram;
use hyper::StatusCode;
use parking_lot::Mutex;

use super::browser::{Answer, Fault};
use super::profile::Kind;

/// Longer answers count as this long.
const LONGEST: Duration = Duration::from_secs(60);

/// Shared by the visitors of a step.
pub(super) struct Tally(Mutex<Counts>);

#[derive(Clone)]
pub(super) struct Counts {
    kinds: [KindCounts; Kind::ALL.len()],
    /// Why the first one failed.
    pub(super) first_failure: Option<String>,
}

#[derive(Clone)]
pub(super) struct KindCounts {
    /// Microseconds of each success.
    took: Histogram<u32>,
    /// Of the successes.
    pub(super) bytes: u64,
    /// By a limit of the site (429) or because it is full (503).
    pub(super) refused: u64,
    pub(super) failed: u64,
}

impl Tally {
    pub(super) fn new() -> Tally {
        let longest = LONGEST.as_micros() as u64;
        let took = Histogram::new_with_bounds(1, longest, 2).expect("valid bounds");
        let kind = KindCounts { took, bytes: 0, refused: 0, failed: 0 };
        Tally(Mutex::new(Counts { kinds: Kind::ALL.map(|_| kind.clone()), first_failure: None }))
    }

    /// Counts a success.
    pub(super) fn done(&self, kind: Kind, took: Duration, bytes: u64) {
        let mut counts = self.0.lock();
        let counted = &mut counts.kinds[kind as usize];
        counted.took.saturating_record(took.as_micros() as u64);
        counted.bytes += bytes;
    }

    /// Counts an answer. Hands it on if it is a page or a file.
    pub(super) fn answered(&self, kind: Kind, answered: Result<Answer, Fault>) -> Option<Answer> {
        match answered.and_then(Answer::page) {
            Ok(answer) => {
                self.done(kind, answer.took, answer.bytes());
                Some(answer)
            }
            Err(fault) => {
                self.failed(kind, &fault);
                None
            }
        }
    }

    /// Counts a refusal or a failure.
    pub(super) fn failed(&self, kind: Kind, fault: &Fault) {
        let mut counts = self.0.lock();
        let counted = &mut counts.kinds[kind as usize];
        match fault {
            Fault::Status {
                status: StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, ..
            } => {
                counted.refused += 1;
            }
            _ => {
                counted.failed += 1;
                counts.first_failure.get_or_insert_with(|| fault.to_string());
            }
        }
    }

    pub(super) fn counts(&self) -> Counts {
        self.0.lock().clone()
    }
}

impl Counts {
    pub(super) fn of(&self, kind: Kind) -> &KindCounts {
        &self.kinds[kind as usize]
    }

    /// Successes of all kinds.
    pub(super) fn done(&self) -> u64 {
        self.kinds.iter().map(KindCounts::done).sum()
    }

    pub(super) fn refused(&self) -> u64 {
        self.kinds.iter().map(|kind| kind.refused).sum()
    }

    pub(super) fn failed(&self) -> u64 {
        self.kinds.iter().map(|kind| kind.failed).sum()
    }
}

impl KindCounts {
    /// Successes.
    pub(super) fn done(&self) -> u64 {
        self.took.len()
    }

    /// The time within which such a percentage of the successes came, in milliseconds; `None` without any.
    pub(super) fn millis(&self, percent: f64) -> Option<f64> {
        let found = (!self.took.is_empty()).then(|| self.took.value_at_quantile(percent / 100.0));
        found.map(|micros| micros as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: StatusCode) -> Fault {
        Fault::Status { path: "/lookup/01".into(), status }
    }

    #[test]
    fn refusals_and_failures_are_counted_apart() {
        let tally = Tally::new();
        tally.done(Kind::Lookup, Duration::from_millis(3), 2900);
        tally.failed(Kind::Lookup, &status(StatusCode::TOO_MANY_REQUESTS));
        tally.failed(Kind::SignIn, &status(StatusCode::SERVICE_UNAVAILABLE));
        tally.failed(Kind::Page, &status(StatusCode::INTERNAL_SERVER_ERROR));
        tally.failed(Kind::Page, &Fault::Late);
        let counts = tally.counts();
        assert_eq!((counts.done(), counts.refused(), counts.failed()), (1, 2, 2));
        assert_eq!((counts.of(Kind::Lookup).bytes, counts.of(Kind::Page).failed), (2900, 2));
        assert_eq!(counts.first_failure.as_deref(), Some("/lookup/01 answered 500 Internal Server Error"));
    }

    #[test]
    fn percentiles_are_in_milliseconds() {
        let tally = Tally::new();
        for millis in 1..=100 {
            tally.done(Kind::Lookup, Duration::from_millis(millis), 0);
        }
        let counts = tally.counts();
        let near = |percent, wanted: f64| {
            (counts.of(Kind::Lookup).millis(percent).unwrap() / wanted - 1.0).abs() < 0.02
        };
        assert!(near(50.0, 50.0) && near(99.0, 99.0));
        assert_eq!(counts.of(Kind::Page).millis(50.0), None);
    }
}
