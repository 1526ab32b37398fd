//! The handshakes that login screens wait for, and how the screens learn of changes.
//!
//! A change made in this process reaches its screens at once. Twice a second one query
//! finds the changes of other processes, while this process remembers a handshake. The latest known
//! state of a handshake stays in memory between two requests of its screen, so waiting and drawing the
//! next picture read nothing from the database.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, timeout_at};

use super::handshake::{self, Handshake};
use crate::permits::{KeyedPermits, Permit};
use crate::store::{Store, Timestamp, Tx};
use crate::web::Failure;
use crate::web::address::ClientNetwork;

/// How often changes by other processes are looked for.
const POLL_EVERY: Duration = Duration::from_millis(500);

/// Each poll rereads this much time before the previous poll: a row becomes visible only after its commit,
/// and clocks differ.
const POLL_OVERLAP: TimeDelta = TimeDelta::seconds(15);

/// How long a state stays in memory after the last request for it. A screen asks every 15 seconds, and
/// may ask another process in between.
const RETENTION: Duration = Duration::from_secs(60);

const SWEEP_EVERY: Duration = Duration::from_secs(15);

/// Parked requests of one handshake. A newer request displaces the oldest one.
const MAX_PER_HANDSHAKE: u64 = 3;

/// One network may hold 1/8 of the places. All clients of unknown network together may hold 1/2.
const NETWORK_SHARE: usize = 8;
const UNKNOWN_SHARE: usize = 2;

/// The handshakes that are waited for in this process, and the parked requests.
pub struct Waiters {
    store: Store,
    shared: Arc<Shared>,
}

struct Shared {
    watched: Mutex<Watched>,
    max_parked: usize,
    permits: Arc<Semaphore>,
    of_network: KeyedPermits<ClientNetwork>,
    of_unknown: KeyedPermits<ClientNetwork>,
    stopping: watch::Sender<bool>,
}

#[derive(Default)]
struct Watched {
    handshakes: HashMap<String, WatchedHandshake>,
    is_polling: bool,
}

struct WatchedHandshake {
    state: watch::Sender<WatchState>,
    last_request: Instant,
}

#[derive(Clone, Default)]
struct WatchState {
    /// The newest state of the handshake that this process knows.
    latest: Option<Arc<Handshake>>,
    /// How many of its requests have been parked so far.
    parked: u64,
}

/// Lets a request be parked until this is dropped.
pub struct ParkingPermit {
    _of_all: Permit,
    _of_network: Permit,
}

impl Waiters {
    pub fn new(store: Store, max_parked: usize) -> Waiters {
        let share = |part: usize| KeyedPermits::new((max_parked / part).max(1));
        let shared = Shared {
            watched: Mutex::default(),
            max_parked,
            permits: Arc::new(Semaphore::new(max_parked)),
            of_network: share(NETWORK_SHARE),
            of_unknown: share(UNKNOWN_SHARE),
            stopping: watch::Sender::new(false),
        };
        Waiters { store, shared: Arc::new(shared) }
    }

    pub fn is_full(&self) -> bool {
        self.shared.permits.available_permits() == 0
    }

    pub fn parked(&self) -> usize {
        self.shared.max_parked - self.shared.permits.available_permits()
    }

    /// Follows one handshake until the watch is dropped.
    pub fn watch(&self, handshake: &str) -> Watch {
        let mut watched = self.shared.watched.lock();
        let entry = watched.handshakes.entry(handshake.to_owned()).or_insert_with(WatchedHandshake::new);
        let (state, changes) = (entry.state.clone(), entry.state.subscribe());
        if !watched.is_polling {
            watched.is_polling = true;
            tokio::spawn(poll(self.store.clone(), self.shared.clone()));
        }
        let (handshake, shared) = (handshake.to_owned(), self.shared.clone());
        Watch { handshake, state, changes, turn: None, shared }
    }

    /// Wakes the parked requests of a handshake with its new state. Call it after the change has been
    /// committed.
    pub async fn wake(&self, handshake: &str) {
        let id = handshake.to_owned();
        match self.store.read(move |tx| handshake::load(tx, &[id])).await {
            Ok(changed) => self.shared.publish(changed),
            // The next poll finds the change.
            Err(error) => tracing::warn!(%error, "waiters were not woken"),
        }
    }

    /// Ends all waits; later ones return at once. Called when the program stops.
    pub fn stop(&self) {
        self.shared.stopping.send_replace(true);
    }
}

impl WatchedHandshake {
    fn new() -> WatchedHandshake {
        WatchedHandshake { state: watch::Sender::default(), last_request: Instant::now() }
    }

    fn is_wanted(&self) -> bool {
        self.state.receiver_count() > 0
            || (self.state.borrow().latest.is_some() && self.last_request.elapsed() < RETENTION)
    }
}

pub struct Watch {
    handshake: String,
    state: watch::Sender<WatchState>,
    changes: watch::Receiver<WatchState>,
    /// Position among the handshake's parked requests, from 1; `None` until parked.
    turn: Option<u64>,
    shared: Arc<Shared>,
}

impl Watch {
    /// The handshake as it stands now, for the screen whose secret has the hash `screen`. Reads the
    /// database only if this process does not know the handshake.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if there is no such handshake, or it is another screen's.
    pub async fn handshake(&self, store: &Store, screen: &str) -> Result<Arc<Handshake>, Failure> {
        let handshake = match self.latest(store.clock.now()) {
            Some(latest) => latest,
            None => {
                let id = self.handshake.clone();
                let read = store.read(move |tx| handshake::load(tx, &[id])).await?;
                let read = Arc::new(read.into_iter().next().ok_or(Failure::NotFound)?);
                self.state.send_if_modified(|state| state.update(&read));
                read
            }
        };
        if handshake.is_of(screen) { Ok(handshake) } else { Err(Failure::NotFound) }
    }

    fn latest(&self, now: Timestamp) -> Option<Arc<Handshake>> {
        let mut latest = None;
        self.state.send_if_modified(|state| {
            if let Some(known) = &mut state.latest
                && known.status_at(now) != known.status
            {
                // Stored, so that the handshake stays expired when the clock goes back.
                let known = Arc::make_mut(known);
                known.status = known.status_at(now);
            }
            latest = state.latest.clone();
            false
        });
        latest
    }

    /// `None` if no place is free or the network has used its share.
    pub fn park(&mut self, network: ClientNetwork) -> Option<ParkingPermit> {
        let permit = self.shared.permit(network)?;
        self.state.send_modify(|state| state.parked += 1);
        self.turn = Some(self.state.borrow().parked);
        Some(permit)
    }

    /// Whether newer requests of the same handshake have displaced this one.
    pub fn is_displaced(&self) -> bool {
        self.state.borrow().displaces(self.turn)
    }

    /// Resolves when the handshake has changed after `seen`, at `deadline`, when the request is
    /// displaced, or when the program stops.
    pub async fn changed_after(&mut self, seen: Timestamp, deadline: Instant) {
        let (turn, mut stopping) = (self.turn, self.shared.stopping.subscribe());
        let woken = async {
            tokio::select! {
                _ = self.changes.wait_for(|state| state.is_newer_than(seen) || state.displaces(turn)) => {}
                _ = stopping.wait_for(|stopping| *stopping) => {}
            }
        };
        // An elapsed deadline is one of the ways to wake.
        let _ = timeout_at(deadline, woken).await;
    }

    /// Whether the program stops.
    pub fn is_stopping(&self) -> bool {
        *self.shared.stopping.borrow()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watched = self.shared.watched.lock();
        let Some(entry) = watched.handshakes.get_mut(&self.handshake) else { return };
        entry.last_request = Instant::now();
        // This watch still counts as a receiver.
        if entry.state.receiver_count() == 1 && entry.state.borrow().latest.is_none() {
            watched.handshakes.remove(&self.handshake);
        }
    }
}

impl WatchState {
    fn is_newer_than(&self, seen: Timestamp) -> bool {
        self.latest.as_ref().is_some_and(|latest| latest.changed_at > seen)
    }

    /// Whether the parked request of this turn has to make room for newer ones.
    fn displaces(&self, turn: Option<u64>) -> bool {
        turn.is_some_and(|turn| turn + MAX_PER_HANDSHAKE <= self.parked)
    }

    /// Takes over a newer state. Returns whether it was newer.
    fn update(&mut self, handshake: &Arc<Handshake>) -> bool {
        let is_newer = self.latest.as_ref().is_none_or(|latest| latest.changed_at < handshake.changed_at);
        if is_newer {
            self.latest = Some(handshake.clone());
        }
        is_newer
    }
}

impl Shared {
    fn permit(&self, network: ClientNetwork) -> Option<ParkingPermit> {
        let of_all = self.permits.clone().try_acquire_owned().ok()?;
        let share = if network == ClientNetwork::Unknown { &self.of_unknown } else { &self.of_network };
        Some(ParkingPermit { _of_all: of_all, _of_network: share.try_acquire(network)? })
    }

    fn publish(&self, changed: Vec<Handshake>) {
        let watched = self.watched.lock();
        for handshake in changed {
            let Some(entry) = watched.handshakes.get(&handshake.id) else { continue };
            let handshake = Arc::new(handshake);
            entry.state.send_if_modified(|state| state.update(&handshake));
        }
    }

    /// The watched handshakes whose change this process has not seen.
    fn outdated(&self, changed: Vec<(String, Timestamp)>) -> Vec<String> {
        let watched = self.watched.lock();
        let is_outdated = |(id, at): &(String, Timestamp)| {
            let latest = watched.handshakes.get(id).map(|entry| entry.state.borrow().latest.clone());
            latest.is_some_and(|latest| latest.is_none_or(|latest| latest.changed_at < *at))
        };
        changed.into_iter().filter(is_outdated).map(|(id, _)| id).collect()
    }

    fn sweep(&self) {
        self.watched.lock().handshakes.retain(|_, entry| entry.is_wanted());
    }

    /// Records and returns whether polling goes on. If not, the next watch starts it again.
    fn goes_on_polling(&self) -> bool {
        let mut watched = self.watched.lock();
        watched.is_polling = !watched.handshakes.is_empty();
        watched.is_polling
    }
}

/// Publishes the changes of other processes while any handshake is watched.
async fn poll(store: Store, shared: Arc<Shared>) {
    let (mut polled, mut swept) = (store.clock.now(), Instant::now());
    loop {
        sleep(POLL_EVERY).await;
        if swept.elapsed() >= SWEEP_EVERY {
            swept = Instant::now();
            shared.sweep();
        }
        if !shared.goes_on_polling() {
            return;
        }
        let (now, since, known) = (store.clock.now(), polled - POLL_OVERLAP, shared.clone());
        let read = move |tx: &mut Tx| {
            let outdated = known.outdated(handshake::changes_since(tx, since)?);
            handshake::load(tx, &outdated)
        };
        match store.read(read).await {
            Ok(changed) => {
                shared.publish(changed);
                polled = now;
            }
            Err(error) => tracing::warn!(%error, "the handshakes were not polled"),
        }
    }
}
