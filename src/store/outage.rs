//! Tracks outages of a database server.
//!
//! A restart of the server closes every connection and refuses new ones for a second or two. A request that
//! has changed nothing waits for that long. In a longer outage requests fail at once, and one request at a time
//! tries to reconnect.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Requests wait for the server during the first seconds of an outage.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two attempts to reconnect.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// Shared by all connections of the process to one server.
#[derive(Default)]
pub(super) struct Outage(Mutex<State>);

#[derive(Default)]
struct State {
    /// Connections opened until then are assumed dead.
    lost: Option<Instant>,
    down: Option<Down>,
}

/// An outage.
struct Down {
    since: Instant,
    /// End of the last attempt. `None` during an attempt.
    tried: Option<Instant>,
    why: String,
}

impl Outage {
    /// Begins an attempt to connect.
    ///
    /// # Errors
    /// The reason of the last failure, if it was within [`PAUSE`] or another attempt is running.
    pub(super) fn attempt(&self) -> Result<(), String> {
        let mut state = self.0.lock();
        let Some(down) = &mut state.down else { return Ok(()) };
        match down.tried {
            Some(tried) if tried.elapsed() >= PAUSE => {
                down.tried = None;
                Ok(())
            }
            _ => Err(down.why.clone()),
        }
    }

    /// Ends an attempt that succeeded.
    pub(super) fn reached(&self) {
        if let Some(down) = self.0.lock().down.take() {
            tracing::info!(
                seconds = down.since.elapsed().as_secs(),
                "the database server can be reached again"
            );
        }
    }

    /// Ends an attempt that failed.
    pub(super) fn unreachable(&self, why: &str) {
        let mut state = self.0.lock();
        let now = Instant::now();
        match &mut state.down {
            Some(down) => {
                down.tried = Some(now);
                why.clone_into(&mut down.why);
            }
            None => {
                tracing::error!(%why, "the database server cannot be reached");
                state.down = Some(Down { since: now, tried: Some(now), why: why.to_owned() });
            }
        }
    }

    /// Notes that a connection opened at `made` is dead. All connections of that time are assumed dead.
    pub(super) fn lost(&self, made: Instant) {
        let mut state = self.0.lock();
        if state.lost.is_none_or(|lost| made > lost) {
            tracing::warn!("a connection to the database server was lost");
            state.lost = Some(Instant::now());
        }
    }

    /// Whether a connection opened at `made` is assumed dead.
    pub(super) fn is_stale(&self, made: Instant) -> bool {
        self.0.lock().lost.is_some_and(|lost| made <= lost)
    }

    /// Whether there is an outage in its first seconds.
    pub(super) fn is_short(&self) -> bool {
        self.0.lock().down.as_ref().is_some_and(|down| down.since.elapsed() < PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_at_a_time_tries_to_reconnect() {
        let outage = Outage::default();
        assert_eq!(outage.attempt(), Ok(()));
        outage.unreachable("connection refused");
        assert_eq!(outage.attempt(), Err("connection refused".to_owned()), "it failed just now");
        outage.0.lock().down.as_mut().unwrap().tried = Instant::now().checked_sub(PAUSE);
        assert_eq!(outage.attempt(), Ok(()));
        assert_eq!(outage.attempt(), Err("connection refused".to_owned()), "somebody is trying");
        outage.reached();
        assert_eq!(outage.attempt(), Ok(()));
    }

    #[test]
    fn requests_do_not_wait_in_a_long_outage() {
        let outage = Outage::default();
        assert!(!outage.is_short());
        outage.unreachable("connection refused");
        assert!(outage.is_short());
        outage.0.lock().down.as_mut().unwrap().since = Instant::now().checked_sub(PATIENCE).unwrap();
        assert!(!outage.is_short());
    }

    #[test]
    fn connections_older_than_a_dead_one_are_stale() {
        let outage = Outage::default();
        let old = Instant::now();
        assert!(!outage.is_stale(old));
        outage.lost(old);
        let new = Instant::now();
        assert!(outage.is_stale(old) && !outage.is_stale(new));
        outage.lost(old);
        assert!(!outage.is_stale(new), "nothing new was learnt");
    }
}
