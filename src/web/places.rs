//! How many may do the same thing at the same time, for each key.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A place that was taken; it is free again when this is dropped.
pub type Place = OwnedSemaphorePermit;

/// A number of places for each key, such as a network.
#[derive(Debug)]
pub struct Places<K> {
    each: usize,
    /// Only of keys in use: each place, and who waits for one, holds a reference.
    keys: Mutex<HashMap<K, Arc<Semaphore>>>,
}

impl<K: Eq + Hash> Places<K> {
    /// So many places for each key.
    pub fn new(each: usize) -> Places<K> {
        Places { each, keys: Mutex::default() }
    }

    /// A place that is free now.
    pub fn try_take(&self, key: K) -> Option<Place> {
        self.of(key).try_acquire_owned().ok()
    }

    /// A place, as soon as there is one.
    pub async fn take(&self, key: K) -> Option<Place> {
        let places = self.of(key);
        places.acquire_owned().await.ok()
    }

    fn of(&self, key: K) -> Arc<Semaphore> {
        let mut keys = self.keys.lock();
        // Before the map would grow.
        if keys.len() == keys.capacity() {
            keys.retain(|_, places| Arc::strong_count(places) > 1);
        }
        keys.entry(key).or_insert_with(|| Arc::new(Semaphore::new(self.each))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_key_has_its_own_places() {
        let places = Places::new(2);
        let (first, _second) = (places.try_take("a"), places.try_take("a"));
        assert!(places.try_take("a").is_none() && places.try_take("b").is_some());
        let (taken, ()) = tokio::join!(places.take("a"), async { drop(first) });
        assert!(taken.is_some());
    }

    #[test]
    fn keys_out_of_use_are_forgotten() {
        let places = Places::new(1);
        let kept = places.try_take(0);
        for key in 1..100_000 {
            places.try_take(key);
        }
        assert!(places.keys.lock().capacity() < 10);
        assert!(kept.is_some() && places.try_take(0).is_none());
    }
}
