//! Who waits for a handshake to change, and how they hear of it.
//!
//! A change made in this process wakes its waiters at once. Changes made by other
//! processes are found by one query for all waiters, twice a second, which runs only
//! while somebody waits. What is known of a handshake is kept between the requests of its
//! screen, so that waiting, and each new picture, asks the database nothing more.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, timeout_at};

use super::handshake::Handshake;
use crate::store::schema::login_handshakes::dsl as h;
use crate::store::{Error, Store, Tx};
use crate::web::address::Customer;

/// How often other processes' changes are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How far back before the last one each look goes: a commit may come this much after its
/// clock was read, and clocks of two processes may differ.
const LOOK_BACK: TimeDelta = TimeDelta::seconds(15);

/// A screen asks again every 15 seconds, and comes back to this process when its turn is.
const KEPT: Duration = Duration::from_secs(60);

/// How often those are dropped for whom nobody waits any more.
const SWEEP_EVERY: Duration = Duration::from_secs(15);

/// So many requests of one handshake are held; the newest displace the older ones.
const OF_HANDSHAKE: u64 = 3;

/// One network may take this part of all places, and all unknown networks together that part.
const OF_NETWORK: usize = 8;
const OF_UNKNOWN: usize = 2;

/// Everybody who waits in this process.
pub struct Waiters {
    store: Store,
    shared: Arc<Shared>,
}

struct Shared {
    waited_for: Mutex<WaitedFor>,
    most: usize,
    held: Arc<Semaphore>,
    by_customer: Mutex<HashMap<Customer, usize>>,
    stopping: watch::Sender<bool>,
}

#[derive(Default)]
struct WaitedFor {
    handshakes: HashMap<String, Waited>,
    looking: bool,
}

/// A handshake that somebody waits for, or did until just now.
struct Waited {
    news: watch::Sender<News>,
    /// How it stood, as long as no later change was heard of.
    known: Option<Arc<Handshake>>,
    left: Instant,
}

/// What its held requests hear of a handshake.
#[derive(Clone, Copy)]
struct News {
    /// Its last change that was heard of.
    changed_at: NaiveDateTime,
    /// How many of its requests have been held so far.
    held: u64,
}

/// The place of a held request; free again when dropped.
pub struct Place {
    _permit: OwnedSemaphorePermit,
    customer: Customer,
    shared: Arc<Shared>,
}

impl Waiters {
    /// Nobody waits yet; at most so many requests will be held at once.
    pub fn new(store: Store, most: usize) -> Waiters {
        let (stopping, _) = watch::channel(false);
        let held = Arc::new(Semaphore::new(most));
        let (waited_for, by_customer) = (Mutex::default(), Mutex::default());
        Waiters { store, shared: Arc::new(Shared { waited_for, most, held, by_customer, stopping }) }
    }

    /// Whether no more requests can be held.
    pub fn are_full(&self) -> bool {
        self.shared.held.available_permits() == 0
    }

    /// How many requests are held.
    pub fn held(&self) -> usize {
        self.shared.most - self.shared.held.available_permits()
    }

    /// Notices changes of one handshake from now on, until dropped.
    pub fn watch(&self, handshake: &str) -> Watch {
        let mut waited_for = self.shared.waited_for.lock();
        let waited = waited_for.handshakes.entry(handshake.to_owned()).or_insert_with(Waited::new);
        let news = waited.news.subscribe();
        if !waited_for.looking {
            waited_for.looking = true;
            tokio::spawn(look(self.store.clone(), self.shared.clone()));
        }
        let stopping = self.shared.stopping.subscribe();
        let shared = self.shared.clone();
        Watch { handshake: handshake.to_owned(), news, turn: None, stopping, shared }
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
        let news = News { changed_at: NaiveDateTime::MIN, held: 0 };
        Waited { news: watch::channel(news).0, known: None, left: Instant::now() }
    }

    fn is_wanted(&self) -> bool {
        self.news.receiver_count() > 0 || (self.known.is_some() && self.left.elapsed() < KEPT)
    }
}

/// Sees the changes of one handshake.
pub struct Watch {
    /// Id of the handshake.
    pub handshake: String,
    news: watch::Receiver<News>,
    /// Which of the handshake's held requests this is, from 1, once it is held.
    turn: Option<u64>,
    stopping: watch::Receiver<bool>,
    shared: Arc<Shared>,
}

impl Watch {
    /// The handshake as it stands at `now`, if it is known, and is the one of the screen with the
    /// secret of the hash `screen`.
    pub fn known(&self, screen: &str, now: NaiveDateTime) -> Option<Arc<Handshake>> {
        let mut waited_for = self.shared.waited_for.lock();
        let known = waited_for.handshakes.get_mut(&self.handshake)?.known.as_mut()?;
        let status = known.status_at(now);
        if status != known.status {
            // Kept, so that it stays expired when the clock goes back.
            Arc::make_mut(known).status = status;
        }
        known.is_of(screen).then(|| known.clone())
    }

    /// Remembers a handshake that has been read.
    pub fn keep(&self, handshake: &Arc<Handshake>) {
        let mut waited_for = self.shared.waited_for.lock();
        let Some(waited) = waited_for.handshakes.get_mut(&self.handshake) else { return };
        if waited.news.borrow().changed_at <= handshake.changed_at {
            waited.known = Some(handshake.clone());
        }
    }

    /// A place for a request of `customer`, unless too many are held, of all or of this customer.
    pub fn hold(&mut self, customer: Customer) -> Option<Place> {
        let place = self.shared.clone().place(customer)?;
        let waited_for = self.shared.waited_for.lock();
        let waited = waited_for.handshakes.get(&self.handshake)?;
        waited.news.send_modify(|news| news.held += 1);
        self.turn = Some(waited.news.borrow().held);
        Some(place)
    }

    /// Whether newer requests of the same handshake have taken this one's place.
    pub fn is_displaced(&self) -> bool {
        is_displaced(self.turn, &self.news.borrow())
    }

    /// Returns when there is a change later than `known`, at `until`, when the request is displaced, or
    /// when the program stops.
    pub async fn later_than(&mut self, known: NaiveDateTime, until: Instant) {
        let (news, turn, stopping) = (&mut self.news, self.turn, &mut self.stopping);
        let woken = async {
            tokio::select! {
                _ = news.wait_for(|news| news.changed_at > known || is_displaced(turn, news)) => {}
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
        if waited.known.is_none() && waited.news.receiver_count() == 1 {
            waited_for.handshakes.remove(&self.handshake);
        }
    }
}

fn is_displaced(turn: Option<u64>, news: &News) -> bool {
    turn.is_some_and(|turn| turn + OF_HANDSHAKE <= news.held)
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_customer = self.shared.by_customer.lock();
        let Entry::Occupied(mut held) = by_customer.entry(self.customer) else { return };
        *held.get_mut() -= 1;
        if *held.get() == 0 {
            held.remove();
        }
    }
}

impl Shared {
    fn place(self: Arc<Self>, customer: Customer) -> Option<Place> {
        let permit = self.held.clone().try_acquire_owned().ok()?;
        let part = if customer == Customer::Unknown { OF_UNKNOWN } else { OF_NETWORK };
        let mut by_customer = self.by_customer.lock();
        let held = by_customer.entry(customer).or_default();
        if *held >= (self.most / part).max(1) {
            return None;
        }
        *held += 1;
        drop(by_customer);
        Some(Place { _permit: permit, customer, shared: self })
    }

    fn tell(&self, changed: impl IntoIterator<Item = (String, NaiveDateTime)>) {
        let mut waited_for = self.waited_for.lock();
        for (id, at) in changed {
            let Some(waited) = waited_for.handshakes.get_mut(&id) else { continue };
            if waited.known.as_ref().is_some_and(|known| known.changed_at < at) {
                waited.known = None;
            }
            waited.news.send_if_modified(|news| {
                let last = news.changed_at;
                news.changed_at = at.max(last);
                last < at
            });
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
