//! How often one may look up.
//!
//! By network, so that nobody collects certificates; by document number, so that nobody guesses
//! the rest of what is known about one person, from however many networks.
//!
//! Counting happens in memory, because writing down each lookup would cost far more than the
//! lookup. Once a second the processes tell each other, through the database, who asks often.
//! What they tell is a keyed hash of who and when: no address and no document number.

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

/// So many in so many seconds, counted from whole multiples of them.
pub struct Rule {
    what: &'static str,
    most: u16,
    seconds: i64,
}

/// An office verifies a list of people from one address; this stops machines.
pub const NETWORK: Rule = Rule { what: "network", most: 120, seconds: 60 };

/// Everybody whose network is not known shares this.
const UNKNOWN: Rule = Rule { what: "unknown network", most: 2400, seconds: 60 };

/// Nobody verifies one person more often, and guessing a number takes far more.
pub const DOCUMENT: Rule = Rule { what: "document", most: 20, seconds: 600 };

/// The other processes are to know who has had a third of what a rule allows. To tell of everybody would be
/// a write each second, and SQLite's readers map the file anew after every change.
const TELL_FROM: u16 = 3;

/// Most that are counted at once, some 3 MB. When more come, those who asked least are forgotten
/// (Manku and Motwani's lossy counting), so a flood can neither fill the memory nor make each lookup
/// look through all of it.
const MOST_COUNTED: usize = 100_000;
const FORGET_BELOW: u16 = 3;

/// What a process wrote is looked for so much longer, because clocks differ.
const CLOCKS_DIFFER: Duration = Duration::seconds(10);

/// Who and when: the beginning of a keyed hash. That two of the 100,000 are one happens once in a
/// billion times, and each byte more is one more to be fetched for every lookup.
type Id = u64;

/// The counts of this process and what it heard of the others.
pub struct Limits {
    key: Hmac<Sha256>,
    counts: Mutex<HashMap<Id, Count>>,
    heard_at: Mutex<Option<Timestamp>>,
}

#[derive(Clone, Copy)]
struct Count {
    /// By all processes, as far as we know.
    all: u16,
    /// By us, and not yet told.
    untold: u16,
    /// Often enough to be told.
    often: bool,
    /// Seconds since 1970.
    ends: i64,
}

impl Limits {
    /// All processes with one vault count alike.
    pub fn new(vault: &Vault) -> Limits {
        let key = vault.subkey("lookup limits");
        let key = Hmac::new_from_slice(&key).expect("HMAC takes a key of any length");
        Limits { key, counts: Mutex::default(), heard_at: Mutex::default() }
    }

    /// Counts one lookup of `who`.
    ///
    /// # Errors
    /// [`Failure::TooMany`] with the seconds until the next may come.
    pub fn check(&self, rule: &Rule, who: &str, now: Timestamp) -> Result<(), Failure> {
        let now = now.and_utc().timestamp();
        let window = now.div_euclid(rule.seconds);
        let ends = (window + 1) * rule.seconds;
        let id = self.id(rule, who, window);
        let mut counts = self.counts.lock();
        if counts.len() >= MOST_COUNTED {
            make_room(&mut counts, now);
        }
        let count = counts.entry(id).or_insert(Count { all: 0, untold: 0, often: false, ends });
        if count.all >= rule.most {
            return Err(Failure::TooMany((ends - now).unsigned_abs()));
        }
        count.all += 1;
        count.untold += 1;
        count.often = count.all >= rule.most / TELL_FROM;
        Ok(())
    }

    /// Counts one lookup from `network`.
    ///
    /// # Errors
    /// [`Failure::TooMany`] with the seconds until the next may come.
    pub fn check_network(&self, network: &Network, now: Timestamp) -> Result<(), Failure> {
        match network {
            Network::Known(network) => self.check(&NETWORK, network, now),
            Network::Unknown => self.check(&UNKNOWN, "", now),
        }
    }

    /// Tells the other processes who asks often, and hears it from them.
    pub async fn exchange(&self, store: &Store) -> Result<(), Error> {
        let now = store.clock.now();
        self.counts.lock().retain(|_, count| count.ends > now.and_utc().timestamp());
        self.tell(store).await?;
        self.hear(store, now).await
    }

    async fn tell(&self, store: &Store) -> Result<(), Error> {
        let news = self.news();
        if news.is_empty() {
            return Ok(());
        }
        let told = news.clone();
        store.write(move |tx| write_down(tx, &news)).await?;
        let mut counts = self.counts.lock();
        for (id, told) in told {
            counts.entry(id).and_modify(|count| count.untold = count.untold.saturating_sub(told.untold));
        }
        Ok(())
    }

    /// Sorted, so that two processes lock the rows in one order.
    fn news(&self) -> Vec<(Id, Count)> {
        let counts = self.counts.lock();
        let often = counts.iter().filter(|(_, count)| count.often && count.untold > 0);
        let mut news: Vec<(Id, Count)> = often.map(|(id, count)| (*id, *count)).collect();
        news.sort_by_key(|(id, _)| *id);
        news
    }

    async fn hear(&self, store: &Store, now: Timestamp) -> Result<(), Error> {
        let heard_at = *self.heard_at.lock();
        let since = heard_at.map_or(Timestamp::from(DateTime::UNIX_EPOCH), |at| at - CLOCKS_DIFFER);
        let rows = store.read(move |tx| told_since(tx, since)).await?;
        *self.heard_at.lock() = Some(now);
        let mut counts = self.counts.lock();
        for (id, told, ends) in rows {
            let Ok(id) = Id::from_str_radix(&id, 16) else { continue };
            let ends = ends.and_utc().timestamp();
            let count = counts.entry(id).or_insert(Count { all: 0, untold: 0, often: true, ends });
            count.often = true; // elsewhere: the few that came here are missing there
            count.all = count.all.max(u16::try_from(told).unwrap_or(u16::MAX).saturating_add(count.untold));
        }
        Ok(())
    }

    fn id(&self, rule: &Rule, who: &str, window: i64) -> Id {
        let mut mac = self.key.clone();
        for part in [rule.what.as_bytes(), &window.to_be_bytes(), who.as_bytes()] {
            mac.update(part);
        }
        let bytes = mac.finalize().into_bytes();
        bytes.iter().take(size_of::<Id>()).fold(0, |id, byte| id << 8 | Id::from(*byte))
    }
}

/// To half, so that not each of those who come next pays for it anew.
fn make_room(counts: &mut HashMap<Id, Count>, now: i64) {
    let mut below = FORGET_BELOW;
    while counts.len() > MOST_COUNTED / 2 {
        counts.retain(|_, count| count.ends > now && count.all >= below);
        below = below.saturating_mul(2);
    }
}

fn write_down(tx: &mut Tx, news: &[(Id, Count)]) -> Result<(), Error> {
    for (id, count) in news {
        let more = i32::from(count.untold);
        let ends_at = DateTime::from_timestamp(count.ends, 0).unwrap_or_default().naive_utc();
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

fn told_since(tx: &mut Tx, since: Timestamp) -> Result<Vec<(String, i32, Timestamp)>, Error> {
    let live = l::told_at.ge(since).and(l::ends_at.gt(tx.now));
    Ok(l::lookup_counts.filter(live).select((l::id, l::count, l::ends_at)).load(tx.conn)?)
}

/// Removes what no longer counts; returns how much.
pub fn sweep(tx: &mut Tx) -> Result<usize, Error> {
    Ok(diesel::delete(l::lookup_counts.filter(l::ends_at.le(tx.now))).execute(tx.conn)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits::new(&Vault::from_key(&[7; 32]))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn allowed(limits: &Limits, who: &str, now: Timestamp) -> usize {
        (0..500).take_while(|_| limits.check(&DOCUMENT, who, now).is_ok()).count()
    }

    #[test]
    fn the_limit_holds_until_its_time_is_over() {
        let (limits, now) = (limits(), at("2026-04-01T01:33:20"));
        assert_eq!(allowed(&limits, "a", now), 20);
        let refused = limits.check(&DOCUMENT, "a", now).unwrap_err();
        assert!(matches!(refused, Failure::TooMany(400)), "{refused:?}");
        assert_eq!(allowed(&limits, "b", now), 20, "another is counted alone");
        assert_eq!(allowed(&limits, "a", at("2026-04-01T01:39:59")), 0);
        assert_eq!(allowed(&limits, "a", at("2026-04-01T01:40:00")), 20);
    }

    #[test]
    fn unknown_networks_share_a_larger_budget() {
        let (limits, now) = (limits(), at("2026-04-01T01:33:20"));
        let allowed =
            |network: &Network| (0..3000).take_while(|_| limits.check_network(network, now).is_ok()).count();
        assert_eq!(allowed(&Network::Unknown), 2400);
        assert_eq!(allowed(&Network::Known("10.0.0.1".into())), 120);
    }

    #[test]
    fn one_name_under_two_rules_is_counted_twice() {
        let (limits, now) = (limits(), at("2026-04-01T01:33:20"));
        assert_eq!(allowed(&limits, "a", now), 20);
        assert!(limits.check(&NETWORK, "a", now).is_ok());
    }

    #[test]
    fn the_others_hear_of_it_from_a_third_on() {
        let (limits, now) = (limits(), at("2026-04-01T01:33:20"));
        for _ in 0..DOCUMENT.most / 3 - 1 {
            limits.check(&DOCUMENT, "a", now).unwrap();
        }
        assert!(limits.news().is_empty());
        limits.check(&DOCUMENT, "a", now).unwrap();
        let untold: Vec<u16> = limits.news().iter().map(|(_, count)| count.untold).collect();
        assert_eq!(untold, [DOCUMENT.most / 3]);
    }

    #[test]
    fn a_flood_makes_us_forget_only_who_asked_least() {
        let (limits, now) = (limits(), at("2026-04-01T01:33:20"));
        assert_eq!(allowed(&limits, "often", now), 20);
        for number in 0..MOST_COUNTED + 10 {
            limits.check(&DOCUMENT, &number.to_string(), now).unwrap();
        }
        assert!(limits.counts.lock().len() < 100);
        assert_eq!(allowed(&limits, "often", now), 0);
    }

    #[test]
    fn a_flood_of_those_who_ask_again_and_again_is_forgotten_too() {
        let (limits, now) = (limits(), at("2026-04-01T01:33:20"));
        assert_eq!(allowed(&limits, "often", now), 20);
        for number in 0..MOST_COUNTED + 10 {
            for _ in 0..FORGET_BELOW {
                limits.check(&DOCUMENT, &number.to_string(), now).unwrap();
            }
        }
        assert!(limits.counts.lock().len() < MOST_COUNTED / 2);
        assert_eq!(allowed(&limits, "often", now), 0);
    }
}
