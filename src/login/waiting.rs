//! Long polls: a request is held until its handshake changes.
//!
//! A change made in this process wakes its waiters at once. Changes made by other
//! processes are found by one query for all waiters, twice a second, which runs only
//! while somebody waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use crate::store::schema::login_handshakes::dsl as h;
use crate::store::{Error, Store, Tx};

/// How often other processes' changes are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How far back each look goes: clocks of two processes may differ by a little less.
const LOOK_BACK: TimeDelta = TimeDelta::seconds(5);

/// Everybody who waits in this process.
pub struct Waiters {
    store: Store,
    shared: Arc<Shared>,
}

struct Shared {
    waited_for: Mutex<WaitedFor>,
    stopping: watch::Sender<bool>,
}

#[derive(Default)]
struct WaitedFor {
    /// The last known change of each handshake somebody waits for.
    last: HashMap<String, watch::Sender<NaiveDateTime>>,
    looking: bool,
}

impl Waiters {
    /// Nobody waits yet.
    pub fn new(store: Store) -> Waiters {
        let (stopping, _) = watch::channel(false);
        Waiters { store, shared: Arc::new(Shared { waited_for: Mutex::default(), stopping }) }
    }

    /// Notices changes of one handshake from now on, until dropped.
    pub fn watch(&self, handshake: &str) -> Watch {
        let mut waited_for = self.shared.lock();
        let sender = waited_for.last.entry(handshake.to_owned());
        let changes = sender.or_insert_with(|| watch::channel(NaiveDateTime::MIN).0).subscribe();
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

/// Sees the changes of one handshake.
pub struct Watch {
    handshake: String,
    changes: watch::Receiver<NaiveDateTime>,
    stopping: watch::Receiver<bool>,
    shared: Arc<Shared>,
}

impl Watch {
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
        let mut waited_for = self.shared.lock();
        let last_one = |sender: &watch::Sender<_>| sender.receiver_count() == 1;
        if waited_for.last.get(&self.handshake).is_some_and(last_one) {
            waited_for.last.remove(&self.handshake);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, WaitedFor> {
        self.waited_for.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, changed: impl IntoIterator<Item = (String, NaiveDateTime)>) {
        let waited_for = self.lock();
        for (id, at) in changed {
            if let Some(sender) = waited_for.last.get(&id) {
                sender.send_if_modified(|last| std::mem::replace(last, at.max(*last)) < at);
            }
        }
    }

    /// Whether to go on looking; if not, the next waiter begins anew.
    fn still_looking(&self) -> bool {
        let mut waited_for = self.lock();
        waited_for.looking = !waited_for.last.is_empty();
        waited_for.looking
    }
}

async fn look(store: Store, shared: Arc<Shared>) {
    loop {
        sleep(LOOK_EVERY).await;
        if !shared.still_looking() {
            return;
        }
        match store.read(recent_changes).await {
            Ok(changed) => shared.tell(changed),
            Err(error) => tracing::warn!(%error, "no look at the handshakes"),
        }
    }
}

fn recent_changes(tx: &mut Tx) -> Result<Vec<(String, NaiveDateTime)>, Error> {
    let recent = h::login_handshakes.filter(h::changed_at.gt(tx.now - LOOK_BACK));
    Ok(recent.select((h::id, h::changed_at)).load(tx.conn)?)
}
