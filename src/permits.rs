//! Permits that bound how many tasks do the same thing at once, counted for each key.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Returned to its semaphore when dropped.
pub type Permit = OwnedSemaphorePermit;

/// A number of permits for each key, such as a network.
#[derive(Debug)]
pub struct KeyedPermits<K> {
    per_key: usize,
    /// Only keys in use: each permit, and each task that waits for one, holds a reference.
    semaphores: Mutex<HashMap<K, Arc<Semaphore>>>,
}

impl<K: Eq + Hash> KeyedPermits<K> {
    pub fn new(per_key: usize) -> KeyedPermits<K> {
        KeyedPermits { per_key, semaphores: Mutex::default() }
    }

    /// A permit, if one is free now.
    pub fn try_acquire(&self, key: K) -> Option<Permit> {
        self.semaphore(key).try_acquire_owned().ok()
    }

    /// Waits for a permit.
    pub async fn acquire(&self, key: K) -> Option<Permit> {
        let semaphore = self.semaphore(key);
        semaphore.acquire_owned().await.ok()
    }

    fn semaphore(&self, key: K) -> Arc<Semaphore> {
        let mut semaphores = self.semaphores.lock();
        // Drops unused keys before the map would grow.
        if semaphores.len() == semaphores.capacity() {
            semaphores.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
        }
        semaphores.entry(key).or_insert_with(|| Arc::new(Semaphore::new(self.per_key))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_key_has_its_own_permits() {
        let permits = KeyedPermits::new(2);
        let (first, _second) = (permits.try_acquire("a"), permits.try_acquire("a"));
        assert!(permits.try_acquire("a").is_none() && permits.try_acquire("b").is_some());
        let (next, ()) = tokio::join!(permits.acquire("a"), async { drop(first) });
        assert!(next.is_some());
    }

    #[test]
    fn unused_keys_are_dropped() {
        let permits = KeyedPermits::new(1);
        let used = permits.try_acquire(0);
        for key in 1..100_000 {
            permits.try_acquire(key);
        }
        assert!(permits.semaphores.lock().capacity() < 10);
        assert!(used.is_some() && permits.try_acquire(0).is_none());
    }
}
