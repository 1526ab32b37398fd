//! Rate limits of the lookup.
//!
//! The limit by network stops the collection of certificates. The limit by document number stops guessing
//! the other details of one person from many networks.
//!
//! Lookups are counted in memory, because a database write costs far more than a lookup. The processes of one
//! PostgreSQL database share the higher counts through it once a second. A count's key is a keyed hash, so the table has
//! neither addresses nor document numbers.

use std::collections::HashMap;

use chrono::{DateTime, Duration};
use diesel::prelude::*;
use hmac::{Hmac, KeyInit, Mac};
use parking_lot::Mutex;
use sha2::Sha256;

use crate::either;
use crate::store::schema::lookup_counts::dsl as l;
use crate::store::{Error, Store, Timestamp, Tx, Vault};
use crate::web::Failure;
use crate::web::address::Network;

/// Fixed window: at most `most` lookups per `seconds`.
pub struct Limit {
    what: &'static str,
    most: u16,
    seconds: i64,
}

/// An office that verifies a list of people stays below this.
pub const NETWORK: Limit = Limit { what: "network", most: 120, seconds: 60 };

/// Shared by all clients whose network is not known.
const UNKNOWN: Limit = Limit { what: "unknown network", most: 2400, seconds: 60 };

/// Rows of lists without a key: two a second, as for single lookups, over ten minutes, so that a list fits.
pub const LISTED: Limit = Limit { what: "listed", most: 1200, seconds: 600 };

/// Rows of lists of all clients whose network is not known.
const UNKNOWN_LISTED: Limit = Limit { what: "unknown listed", most: 24_000, seconds: 600 };

/// More than anybody needs to verify one person, and far fewer than it takes to guess a number.
pub const DOCUMENT: Limit = Limit { what: "document", most: 20, seconds: 600 };

/// A counter is shared with other processes once it reaches a third of its limit. Sharing every counter
/// would write a row for most lookups.
const SHARED_FROM_PART: u16 = 3;

/// Most counters, some 3 MB. Beyond them the lowest counters are dropped (Manku and Motwani's lossy
/// counting), so a flood of requests does not fill the memory.
const MAX_COUNTERS: usize = 100_000;
const DROP_BELOW: u16 = 3;

/// How far each read of shared counters goes back before the previous one, because clocks differ.
const CLOCK_SKEW: Duration = Duration::seconds(10);

/// The first 64 bits of a keyed hash of limit, window and client. Two of 100,000 counters collide with a
/// probability of one in a billion.
type Id = u64;

/// The counters of this process, with what it has read of the others.
pub struct LookupLimits {
    key: Hmac<Sha256>,
    counters: Mutex<HashMap<Id, Counter>>,
    read_at: Mutex<Option<Timestamp>>,
}

#[derive(Clone, Copy)]
struct Counter {
    /// Lookups in all processes, as far as known.
    all: u16,
    /// Lookups in this process that have not been shared yet.
    unshared: u16,
    /// Whether the counter is high enough to be shared.
    is_shared: bool,
    /// End of the window, in seconds since 1970.
    ends: i64,
}

impl Counter {
    fn new(ends: i64) -> Counter {
        Counter { all: 0, unshared: 0, is_shared: false, ends }
    }
}

impl LookupLimits {
    /// Derives the key from the vault, so that all processes use the same keys for a client.
    pub fn new(vault: &Vault) -> LookupLimits {
        let [key, ..] = vault.subkeys("lookup limits")[..] else { unreachable!("a vault has a key") };
        let key = Hmac::new_from_slice(&key).expect("HMAC takes a key of any length");
        LookupLimits { key, counters: Mutex::default(), read_at: Mutex::default() }
    }

    /// Counts one lookup of `client`: a network or a document number.
    ///
    /// # Errors
    /// [`Failure::TooMany`] with the seconds until the next may come.
    pub fn check(&self, limit: &Limit, client: &str, now: Timestamp) -> Result<(), Failure> {
        self.check_many(limit, client, 1, now)
    }

    /// Counts several lookups at once, or none of them.
    fn check_many(&self, limit: &Limit, client: &str, times: u16, now: Timestamp) -> Result<(), Failure> {
        let now = now.and_utc().timestamp();
        let window = now.div_euclid(limit.seconds);
        let ends = (window + 1) * limit.seconds;
        let id = self.id(limit, client, window);
        let mut counters = self.counters.lock();
        if counters.len() >= MAX_COUNTERS {
            drop_lowest(&mut counters, now);
        }
        let counter = counters.entry(id).or_insert(Counter::new(ends));
        if counter.all.saturating_add(times) > limit.most {
            return Err(Failure::TooMany((ends - now).unsigned_abs()));
        }
        counter.all += times;
        counter.unshared += times;
        counter.is_shared = counter.all >= limit.most / SHARED_FROM_PART;
        Ok(())
    }

    /// See [`LookupLimits::check`].
    pub fn check_network(&self, network: &Network, now: Timestamp) -> Result<(), Failure> {
        match network {
            Network::Known(network) => self.check(&NETWORK, network, now),
            Network::Unknown => self.check(&UNKNOWN, "", now),
        }
    }

    /// Counts the rows of a list.
    pub fn check_rows(&self, network: &Network, rows: u16, now: Timestamp) -> Result<(), Failure> {
        match network {
            Network::Known(network) => self.check_many(&LISTED, network, rows, now),
            Network::Unknown => self.check_many(&UNKNOWN_LISTED, "", rows, now),
        }
    }

    /// Forgets counters whose window is over. Shares the others with the other processes, if there can be any.
    pub async fn exchange(&self, store: &Store) -> Result<(), Error> {
        let now = store.clock.now();
        self.counters.lock().retain(|_, counter| counter.ends > now.and_utc().timestamp());
        if !store.is_shared() {
            return Ok(());
        }
        self.share(store).await?;
        self.read_shared(store, now).await
    }

    async fn share(&self, store: &Store) -> Result<(), Error> {
        let to_share = self.to_share();
        if to_share.is_empty() {
            return Ok(());
        }
        let shared = to_share.clone();
        store.write(move |tx| write_shared(tx, &to_share)).await?;
        let mut counters = self.counters.lock();
        for (id, shared) in shared {
            counters
                .entry(id)
                .and_modify(|counter| counter.unshared = counter.unshared.saturating_sub(shared.unshared));
        }
        Ok(())
    }

    /// The counters to share, sorted, so that two processes lock the rows in the same order.
    fn to_share(&self) -> Vec<(Id, Counter)> {
        let counters = self.counters.lock();
        let high = counters.iter().filter(|(_, counter)| counter.is_shared && counter.unshared > 0);
        let mut to_share: Vec<(Id, Counter)> = high.map(|(id, counter)| (*id, *counter)).collect();
        to_share.sort_by_key(|(id, _)| *id);
        to_share
    }

    async fn read_shared(&self, store: &Store, now: Timestamp) -> Result<(), Error> {
        let read_at = *self.read_at.lock();
        let since = read_at.map_or(Timestamp::from(DateTime::UNIX_EPOCH), |at| at - CLOCK_SKEW);
        let rows = store.read(move |tx| shared_since(tx, since)).await?;
        *self.read_at.lock() = Some(now);
        let mut counters = self.counters.lock();
        for (id, shared, ends) in rows {
            let Ok(id) = Id::from_str_radix(&id, 16) else { continue };
            let ends = ends.and_utc().timestamp();
            let counter = counters.entry(id).or_insert(Counter::new(ends));
            // The others have to know this process's lookups too, even if they are few.
            counter.is_shared = true;
            let shared = u16::try_from(shared).unwrap_or(u16::MAX);
            counter.all = counter.all.max(shared.saturating_add(counter.unshared));
        }
        Ok(())
    }

    fn id(&self, limit: &Limit, client: &str, window: i64) -> Id {
        let mut mac = self.key.clone();
        for part in [limit.what.as_bytes(), &window.to_be_bytes(), client.as_bytes()] {
            mac.update(part);
        }
        let bytes = mac.finalize().into_bytes();
        bytes.iter().take(size_of::<Id>()).fold(0, |id, byte| id << 8 | Id::from(*byte))
    }
}

/// Drops counters until half of the maximum is left, so that the next lookups need not do it again.
fn drop_lowest(counters: &mut HashMap<Id, Counter>, now: i64) {
    let mut below = DROP_BELOW;
    while counters.len() > MAX_COUNTERS / 2 {
        counters.retain(|_, counter| counter.ends > now && counter.all >= below);
        below = below.saturating_mul(2);
    }
}

fn write_shared(tx: &mut Tx, counters: &[(Id, Counter)]) -> Result<(), Error> {
    for (id, counter) in counters {
        let more = i32::from(counter.unshared);
        let ends_at = DateTime::from_timestamp(counter.ends, 0).unwrap_or_default().naive_utc();
        let row = (
            l::id.eq(format!("{id:016x}")),
            l::count.eq(more),
            l::told_at.eq(tx.now),
            l::ends_at.eq(ends_at),
        );
        let insert = diesel::insert_into(l::lookup_counts).values(row);
        either!(tx.conn, conn => insert
            .on_conflict(l::id)
            .do_update()
            .set((l::count.eq(l::count + more), l::told_at.eq(tx.now)))
            .execute(conn))?;
    }
    Ok(())
}

fn shared_since(tx: &mut Tx, since: Timestamp) -> Result<Vec<(String, i32, Timestamp)>, Error> {
    let live = l::told_at.ge(since).and(l::ends_at.gt(tx.now));
    Ok(l::lookup_counts.filter(live).select((l::id, l::count, l::ends_at)).load(tx.conn)?)
}

/// Removes shared counters whose window is over. Returns how many.
pub fn sweep(tx: &mut Tx) -> Result<usize, Error> {
    Ok(diesel::delete(l::lookup_counts.filter(l::ends_at.le(tx.now))).execute(tx.conn)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> LookupLimits {
        LookupLimits::new(&Vault::from_key(&[7; 32]))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn allowed(limits: &LookupLimits, who: &str, now: Timestamp) -> usize {
        (0..500).take_while(|_| limits.check(&DOCUMENT, who, now).is_ok()).count()
    }

    #[test]
    fn a_limit_holds_until_its_window_ends() {
        let (limits, now) = (limits(), at("2026-04-01T01:33:20"));
        assert_eq!(allowed(&limits, "a", now), 20);
        let refused = limits.check(&DOCUMENT, "a", now).unwrap_err();
        assert!(matches!(refused, Failure::TooMany(400)), "{refused:?}");
        assert_eq!(allowed(&limits, "b", now), 20, "another is counted alone");
        assert_eq!(allowed(&limits, "a", at("2026-04-01T01:39:59")), 0);
        assert_eq!(allowed(&limits, "a", at("2026-04-01T01:40:00")), 20);
    }

    #[test]
    fn unknown_networks_share_a_larger_limit() {
        let (limits, now) = (limits(), at("2026-04-01T01:33:20"));
        let allowed =
            |network: &Network| (0..3000).take_while(|_| limits.check_network(network, now).is_ok()).count();
        assert_eq!(allowed(&Network::Unknown), 2400);
        assert_eq!(allowed(&Network::Known("10.0.0.1".into())), 120);
    }

    #[test]
    fn rows_of_a_list_are_counted_together_or_not_at_all() {
        let (limits, now) = (limits(), at("2026-04-01T01:33:20"));
        let office = Network::Known("10.0.0.1".into());
        let mut check = |rows| limits.check_rows(&office, rows, now).is_ok();
        assert_eq!([500, 500, 500, 200, 1].map(&mut check), [true, true, false, true, false]);
        assert!(limits.check_network(&office, now).is_ok(), "single lookups are counted apart");
    }

    #[test]
    fn one_client_under_two_limits_is_counted_twice() {
        let (limits, now) = (limits(), at("2026-04-01T01:33:20"));
        assert_eq!(allowed(&limits, "a", now), 20);
        assert!(limits.check(&NETWORK, "a", now).is_ok());
    }

    #[test]
    fn a_counter_is_shared_from_a_third_of_its_limit_on() {
        let (limits, now) = (limits(), at("2026-04-01T01:33:20"));
        for _ in 0..DOCUMENT.most / 3 - 1 {
            limits.check(&DOCUMENT, "a", now).unwrap();
        }
        assert!(limits.to_share().is_empty());
        limits.check(&DOCUMENT, "a", now).unwrap();
        let unshared: Vec<u16> = limits.to_share().iter().map(|(_, counter)| counter.unshared).collect();
        assert_eq!(unshared, [DOCUMENT.most / 3]);
    }

    #[test]
    fn a_flood_drops_only_the_lowest_counters() {
        let (limits, now) = (limits(), at("2026-04-01T01:33:20"));
        assert_eq!(allowed(&limits, "often", now), 20);
        for number in 0..MAX_COUNTERS + 10 {
            limits.check(&DOCUMENT, &number.to_string(), now).unwrap();
        }
        assert!(limits.counters.lock().len() < 100);
        assert_eq!(allowed(&limits, "often", now), 0);
    }

    #[test]
    fn a_flood_of_repeated_lookups_is_dropped_too() {
        let (limits, now) = (limits(), at("2026-04-01T01:33:20"));
        assert_eq!(allowed(&limits, "often", now), 20);
        for number in 0..MAX_COUNTERS + 10 {
            for _ in 0..DROP_BELOW {
                limits.check(&DOCUMENT, &number.to_string(), now).unwrap();
            }
        }
        assert!(limits.counters.lock().len() < MAX_COUNTERS / 2);
        assert_eq!(allowed(&limits, "often", now), 0);
    }
}
