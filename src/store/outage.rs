//! What is known about a database server that went away.
//!
//! A restart kills every connection at once, and for a second or two no new one can be had. A
//! request that has changed nothing waits for that long. In a longer outage each request is told
//! at once, and one of them at a time tries whether the server is back.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// A server that has been away for less than this is expected back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two attempts to reach a server that is away.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// Shared by everything in the process that connects to one server.
#[derive(Default)]
pub(super) struct Outage(Mutex<State>);

#[derive(Default)]
struct State {
    /// Connections made before this are taken for dead.
    lost: Option<Instant>,
    down: Option<Down>,
}

/// The server cannot be reached.
struct Down {
    since: Instant,
    /// The end of the last attempt; none while one is being made.
    tried: Option<Instant>,
    why: String,
}

impl Outage {
    /// Asks to connect.
    ///
    /// # Errors
    /// Why the last attempt failed, if it was a moment ago or if somebody else is trying.
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

    /// An attempt succeeded.
    pub(super) fn reached(&self) {
        if let Some(down) = self.0.lock().down.take() {
            tracing::info!(
                seconds = down.since.elapsed().as_secs(),
                "the database server can be reached again"
            );
        }
    }

    /// An attempt failed.
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

    /// A connection made at `made` was found dead. What killed it killed its contemporaries.
    pub(super) fn lost(&self, made: Instant) {
        let mut state = self.0.lock();
        if state.lost.is_none_or(|lost| made > lost) {
            tracing::warn!("a connection to the database server was lost");
            state.lost = Some(Instant::now());
        }
    }

    /// Whether a connection made at `made` is taken for dead.
    pub(super) fn is_stale(&self, made: Instant) -> bool {
        self.0.lock().lost.is_some_and(|lost| made <= lost)
    }

    /// Whether the server is away, but not for long yet.
    pub(super) fn is_short(&self) -> bool {
        self.0.lock().down.as_ref().is_some_and(|down| down.since.elapsed() < PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_at_a_time_tries_a_server_that_is_away() {
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
    fn a_long_outage_is_not_waited_for() {
        let outage = Outage::default();
        assert!(!outage.is_short());
        outage.unreachable("connection refused");
        assert!(outage.is_short());
        outage.0.lock().down.as_mut().unwrap().since = Instant::now().checked_sub(PATIENCE).unwrap();
        assert!(!outage.is_short());
    }

    #[test]
    fn a_dead_connection_condemns_those_made_before_it_died() {
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
