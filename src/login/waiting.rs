//! Who waits for a handshake to change, and how they hear of it.
//!
//! A change made in this process wakes its waiters at once. Changes made by other
//! processes are found by one query for all waiters, twice a second, which runs only
//! while somebody waits. What is known of a handshake is kept between the requests of its
//! screen, so that waiting, and each new picture, asks the database nothing more.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tower_sessions::session::Id;

use super::handshake::Handshake;
use crate::store::schema::login_handshakes::dsl as h;
use crate::store::{Error, Store, Tx};

/// How often other processes' changes are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How far back before the last one each look goes: a commit may come this much after its
/// clock was read, and clocks of two processes may differ.
const LOOK_BACK: TimeDelta = TimeDelta::seconds(15);

/// A screen asks again every 15 seconds, and comes back to this process when its turn is.
const KEPT: Duration = Duration::from_secs(60);

/// How often those are dropped for whom nobody waits any more.
const SWEEP_EVERY: Duration = Duration::from_secs(15);

/// Everybody who waits in this process.
pub struct Waiters {
    store: Store,
    shared: Arc<Shared>,
}

struct Shared {
    waited_for: Mutex<WaitedFor>,
    held: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

#[derive(Default)]
struct WaitedFor {
    handshakes: HashMap<String, Waited>,
    looking: bool,
}

/// A handshake that somebody waits for, or did until just now.
struct Waited {
    /// Its last change that was heard of.
    changed: watch::Sender<NaiveDateTime>,
    /// How it stood, as long as no later change was heard of.
    known: Option<Known>,
    left: Instant,
}

/// A handshake, and the session that has been found to be its screen's.
struct Known {
    handshake: Arc<Handshake>,
    screen: Id,
}

impl Waiters {
    /// Nobody waits yet; at most so many requests will be held at once.
    pub fn new(store: Store, most: usize) -> Waiters {
        let (stopping, _) = watch::channel(false);
        let held = Arc::new(Semaphore::new(most));
        Waiters { store, shared: Arc::new(Shared { waited_for: Mutex::default(), held, stopping }) }
    }

    /// Whether no more requests can be held.
    pub fn are_full(&self) -> bool {
        self.shared.held.available_permits() == 0
    }

    /// Notices changes of one handshake from now on, until dropped.
    pub fn watch(&self, handshake: &str) -> Watch {
        let mut waited_for = self.shared.waited_for.lock();
        let waited = waited_for.handshakes.entry(handshake.to_owned()).or_insert_with(Waited::new);
        let changes = waited.changed.subscribe();
        if !waited_for.looking {
            waited_for.looking = true;
            tokio::spawn(look(self.store.clone(), self.shared.clone()));
        }
        let stopping = self.shared.stopping.subscribe();
        Watch { handshake: handshake.to_owned(), changes, stopping, shared: self.shared.clone() }
    }

    /// Wakes whoever waits for this handshake, after its change has been committed.
    pub async fn wake(&self, handshake: &str) {
        let id = handshake.to_owned();
        let changed = self.store.read(move |tx| {
            let row = h::login_handshakes.find(id).select((h::id, h::changed_at));
            Ok::<_, Error>(row.first(tx.conn).optional()?)
        });
        match changed.await {
            Ok(changed) => self.shared.tell(changed),
            // They learn of it by the next look.
            Err(error) => tracing::warn!(%error, "waiters were not woken"),
        }
    }

    /// Ends every wait, now and later: the program is stopping.
    pub fn stop(&self) {
        self.shared.stopping.send_replace(true);
    }
}

impl Waited {
    fn new() -> Waited {
        Waited { changed: watch::channel(NaiveDateTime::MIN).0, known: None, left: Instant::now() }
    }

    fn is_wanted(&self) -> bool {
        self.changed.receiver_count() > 0 || (self.known.is_some() && self.left.elapsed() < KEPT)
    }
}

/// Sees the changes of one handshake.
pub struct Watch {
    /// Id of the handshake.
    pub handshake: String,
    changes: watch::Receiver<NaiveDateTime>,
    stopping: watch::Receiver<bool>,
    shared: Arc<Shared>,
}

impl Watch {
    /// The handshake as it stands at `now`, if it is known to be the one of this session's screen.
    pub fn known(&self, screen: Option<Id>, now: NaiveDateTime) -> Option<Arc<Handshake>> {
        let mut handshake = {
            let waited_for = self.shared.waited_for.lock();
            let known = waited_for.handshakes.get(&self.handshake)?.known.as_ref()?;
            (Some(known.screen) == screen).then(|| known.handshake.clone())?
        };
        let status = handshake.status_at(now);
        if status != handshake.status {
            Arc::make_mut(&mut handshake).status = status;
        }
        Some(handshake)
    }

    /// Remembers a handshake that has been read, for the session that was found to be its screen's.
    pub fn keep(&self, screen: Option<Id>, handshake: &Arc<Handshake>) {
        let mut waited_for = self.shared.waited_for.lock();
        let (Some(waited), Some(screen)) = (waited_for.handshakes.get_mut(&self.handshake), screen) else {
            return;
        };
        if *waited.changed.borrow() <= handshake.changed_at {
            waited.known = Some(Known { handshake: handshake.clone(), screen });
        }
    }

    /// Leave to hold a request for as long as the answer lives, unless too many are held.
    pub fn hold(&self) -> Option<OwnedSemaphorePermit> {
        self.shared.held.clone().try_acquire_owned().ok()
    }

    /// Returns when there is a change later than `known`, at `until`, or when the program stops.
    pub async fn later_than(&mut self, known: NaiveDateTime, until: Instant) {
        let (changes, stopping) = (&mut self.changes, &mut self.stopping);
        let woken = async {
            tokio::select! {
                _ = changes.wait_for(|last| *last > known) => {}
                _ = stopping.wait_for(|stopping| *stopping) => {}
            }
        };
        // Time running out is one of the ways to wake.
        let _ = timeout_at(until, woken).await;
    }

    /// Whether the program is stopping.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut waited_for = self.shared.waited_for.lock();
        let Some(waited) = waited_for.handshakes.get_mut(&self.handshake) else { return };
        waited.left = Instant::now();
        // What is known is kept for the next request; this watch itself still counts.
        if waited.known.is_none() && waited.changed.receiver_count() == 1 {
            waited_for.handshakes.remove(&self.handshake);
        }
    }
}

impl Shared {
    fn tell(&self, changed: impl IntoIterator<Item = (String, NaiveDateTime)>) {
        let mut waited_for = self.waited_for.lock();
        for (id, at) in changed {
            let Some(waited) = waited_for.handshakes.get_mut(&id) else { continue };
            if waited.known.as_ref().is_some_and(|known| known.handshake.changed_at < at) {
                waited.known = None;
            }
            waited.changed.send_if_modified(|last| std::mem::replace(last, at.max(*last)) < at);
        }
    }

    /// Drops those for whom nobody waits any more.
    fn sweep(&self) {
        self.waited_for.lock().handshakes.retain(|_, waited| waited.is_wanted());
    }

    /// Whether to go on looking; if not, the next waiter begins anew.
    fn still_looking(&self) -> bool {
        let mut waited_for = self.waited_for.lock();
        waited_for.looking = !waited_for.handshakes.is_empty();
        waited_for.looking
    }
}

async fn look(store: Store, shared: Arc<Shared>) {
    let (mut looked, mut swept) = (store.clock.now(), Instant::now());
    loop {
        sleep(LOOK_EVERY).await;
        if swept.elapsed() >= SWEEP_EVERY {
            swept = Instant::now();
            shared.sweep();
        }
        if !shared.still_looking() {
            return;
        }
        let (now, since) = (store.clock.now(), looked - LOOK_BACK);
        match store.read(move |tx| changes_since(tx, since)).await {
            Ok(changed) => {
                shared.tell(changed);
                looked = now;
            }
            Err(error) => tracing::warn!(%error, "no look at the handshakes"),
        }
    }
}

/// A handshake that has only begun is no news to its screen.
fn changes_since(tx: &mut Tx, since: NaiveDateTime) -> Result<Vec<(String, NaiveDateTime)>, Error> {
    let recent = h::login_handshakes.filter(h::changed_at.gt(since).and(h::changed_at.gt(h::created_at)));
    Ok(recent.select((h::id, h::changed_at)).load(tx.conn)?)
}
