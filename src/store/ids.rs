//! Ids of rows, secret tokens and random numbers, from one random generator.

use super::Timestamp;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use rand::distr::uniform::SampleRange;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use ulid::{Generator, Ulid};

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Clones share one generator.
#[derive(Clone)]
pub struct Ids(Arc<Mutex<Source>>);

struct Source {
    rng: StdRng, // a cryptographic generator (ChaCha)
    ulids: Generator,
}

impl Ids {
    /// Seeded by the operating system.
    #[expect(clippy::disallowed_methods, reason = "every other random number in the program comes from here")]
    pub fn random() -> Ids {
        Ids::from(rand::make_rng())
    }

    /// Deterministic: for tests and sample data only.
    pub fn seeded(seed: u64) -> Ids {
        Ids::from(StdRng::seed_from_u64(seed))
    }

    fn from(rng: StdRng) -> Ids {
        Ids(Arc::new(Mutex::new(Source { rng, ulids: Generator::new() })))
    }

    /// A ULID of 26 characters, greater than every earlier one of this generator, so that rows sort by it in
    /// their order of creation. It is not a secret: the next one can be guessed.
    pub fn next(&self, now: Timestamp) -> String {
        self.with(|Source { rng, ulids }| {
            let id = match ulids.generate_from_datetime_with_source(now.and_utc().into(), rng) {
                Ok(id) => id,
                Err(full) => full.commit_overflow_random_with_source(rng),
            };
            id.to_string()
        })
    }

    /// Random bytes as base64url without padding. They are secret.
    pub fn token(&self, bytes: usize) -> String {
        let mut secret = vec![0; bytes];
        self.with(|source| source.rng.fill_bytes(&mut secret));
        URL_SAFE_NO_PAD.encode(secret)
    }

    /// A number to read out on the phone, such as `7KQ2-9XMD-41PN`: 60 random bits in Crockford's base32, whose
    /// letters are hard to confuse.
    pub fn reference(&self) -> String {
        let bits = self.with(|source| source.rng.next_u64());
        let mut text = String::with_capacity(14);
        for at in 0..12 {
            if at == 4 || at == 8 {
                text.push('-');
            }
            text.push(char::from(CROCKFORD[(bits >> (5 * at)) as usize & 31]));
        }
        text
    }

    /// Uniformly distributed. The range must not be empty.
    pub fn number(&self, range: impl SampleRange<u32>) -> u32 {
        self.with(|source| source.rng.random_range(range))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Source) -> T) -> T {
        work(&mut self.0.lock())
    }
}

/// The time in a ULID. `None` if the text is not a ULID.
pub fn made_at(id: &str) -> Option<Timestamp> {
    let millis = Ulid::from_string(id).ok()?.timestamp_ms();
    Some(chrono::DateTime::from_timestamp_millis(i64::try_from(millis).ok()?)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-04-01T01:30:00.123".parse().unwrap()
    }

    #[test]
    fn ids_increase_if_the_clock_stops_or_goes_back() {
        let ids = Ids::seeded(1);
        let before = now() - chrono::TimeDelta::hours(1);
        let made: Vec<_> = [now(), now(), before, now()].into_iter().map(|at| ids.next(at)).collect();
        assert!(made.is_sorted_by(|a, b| a < b), "{made:?}");
        assert!(made.iter().all(|id| id.len() == 26));
        assert_eq!(made_at(&made[0]), Some(now()));
        assert_eq!(made_at("../../etc/passwd"), None);
    }

    #[test]
    fn seeded_ids_repeat_and_random_ids_do_not() {
        assert_eq!(Ids::seeded(9).token(16), Ids::seeded(9).token(16));
        assert_ne!(Ids::random().token(16), Ids::random().token(16));
        assert_ne!(Ids::random().next(now()), Ids::random().next(now()));
        let ids = Ids::random();
        assert_ne!(ids.clone().token(16), ids.token(16));
    }

    #[test]
    fn tokens_and_numbers_have_the_requested_size() {
        let ids = Ids::seeded(3);
        assert_eq!(ids.token(32).len(), 43);
        let reference = ids.reference();
        assert!(reference.len() == 14 && reference.split('-').all(|group| group.len() == 4), "{reference}");
        assert!((0..200).all(|_| (10..=99).contains(&ids.number(10..=99))));
    }
}
