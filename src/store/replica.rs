//! A replica of PostgreSQL, from which public pages read.
//!
//! A replica shows an earlier state of the primary. How much earlier is known without a clock that could be wrong: about
//! every second this process writes a beat to the primary, which is a number that grows, and remembers when it
//! began to. A replica that has the beat has all that was committed before that moment. If the moment is longer ago
//! than the bound, or the replica does not answer, the primary is asked.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use parking_lot::Mutex;
use tokio::time::timeout;

use super::database::Database;
use super::pool::{Opener, Pool, in_snapshot};
use super::schema::replica_beats::dsl as b;
use super::{Conn, Error, Measures, Tx, Vault, limits};
use crate::either;

/// How long the replica is left alone after it did not answer, or was too far behind.
const REST: Duration = Duration::from_secs(2);

/// Beats of processes that have ended are kept so long.
const KEPT: chrono::TimeDelta = chrono::TimeDelta::days(1);

pub(super) struct Replica {
    pool: Pool,
    bound: Duration,
    /// The row of this process.
    process: String,
    beats: Mutex<Beats>,
    rests_until: Mutex<Option<Instant>>,
}

/// The beats of this process that are not older than the bound, each with the time before it was written.
#[derive(Default)]
struct Beats {
    last: i64,
    begun: VecDeque<(i64, Instant)>,
}

impl Beats {
    fn begin(&mut self, now: Instant, bound: Duration) -> i64 {
        self.begun.retain(|(_, begun)| now.duration_since(*begun) <= bound);
        self.last += 1;
        self.begun.push_back((self.last, now));
        self.last
    }

    /// Whether a state with this beat is within the bound.
    fn is_recent(&self, beat: i64, now: Instant, bound: Duration) -> bool {
        let begun = self.begun.iter().find(|(known, _)| *known == beat);
        begun.is_some_and(|(_, begun)| now.duration_since(*begun) <= bound)
    }
}

impl Replica {
    pub(super) fn new(
        url: &str,
        bound: Duration,
        (process, vault): (String, Arc<Vault>),
        measures: Measures,
    ) -> Result<Replica, Error> {
        let measures = ("replica", measures);
        let opener = Opener { database: Database::parse(url)?, prepare: Conn::prepare_reader, vault };
        let pool = Pool::new(opener, limits::REPLICA, measures)?;
        Ok(Replica { pool, bound, process, beats: Mutex::default(), rests_until: Mutex::default() })
    }

    /// What the replica answers. `None` if the primary has to be asked.
    pub(super) async fn read<T, E, F>(&self, query: F) -> Option<T>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        if self.rests_until.lock().is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let process = self.process.clone();
        let job = move |conn: &mut Conn| {
            in_snapshot(conn, |conn| {
                let beat: Option<i64> = b::replica_beats
                    .find(process)
                    .select(b::beat)
                    .first(conn)
                    .optional()
                    .map_err(Error::from)?;
                Ok::<_, E>((beat, query(conn)?))
            })
        };
        let (beat, value) = match timeout(limits::REPLICA * 2, self.pool.read_once(job)).await {
            Ok(Ok(read)) => read,
            Ok(Err(_)) | Err(_) => {
                self.rest("the replica does not answer; the primary answers public pages");
                return None;
            }
        };
        let is_recent =
            beat.is_some_and(|beat| self.beats.lock().is_recent(beat, Instant::now(), self.bound));
        if !is_recent {
            self.rest("the replica is too far behind; the primary answers public pages");
        }
        is_recent.then_some(value)
    }

    fn rest(&self, why: &'static str) {
        let mut until = self.rests_until.lock();
        // Once for each rest, although many requests may find out at once.
        if until.is_none_or(|until| until < Instant::now()) {
            tracing::warn!("{why}");
        }
        *until = Some(Instant::now() + REST);
    }

    /// What writes the next beat.
    pub(super) fn beat(&self) -> impl FnOnce(&mut Tx) -> Result<(), Error> + Clone + Send + 'static {
        let beat = self.beats.lock().begin(Instant::now(), self.bound);
        let process = self.process.clone();
        move |tx: &mut Tx| {
            let written = (b::beat.eq(beat), b::written_at.eq(tx.now));
            either!(&mut *tx.conn, conn => diesel::insert_into(b::replica_beats)
                .values((b::process.eq(process), written))
                .on_conflict(b::process)
                .do_update()
                .set(written)
                .execute(conn))?;
            diesel::delete(b::replica_beats.filter(b::written_at.lt(tx.now - KEPT))).execute(tx.conn)?;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Duration = Duration::from_secs(3);

    #[test]
    fn beat_is_recent_until_the_bound() {
        let (mut beats, start) = (Beats::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(!beats.is_recent(1, start, BOUND), "nothing is written yet");
        let (first, second) = (beats.begin(start, BOUND), beats.begin(after(1), BOUND));
        assert!(beats.is_recent(first, after(3), BOUND) && !beats.is_recent(first, after(4), BOUND));
        assert!(beats.is_recent(second, after(4), BOUND));
        let third = beats.begin(after(4), BOUND);
        assert_eq!(beats.begun.len(), 2, "older beats are forgotten");
        assert!(!beats.is_recent(first, after(4), BOUND) && beats.is_recent(third, after(4), BOUND));
        assert!(!beats.is_recent(third + 1, after(4), BOUND), "no beat of this process");
    }
}
