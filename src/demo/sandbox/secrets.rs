//! Tickets and tokens: random texts that stand for a value until they expire.

use std::collections::HashMap;

use chrono::Duration;
use parking_lot::Mutex;

use crate::store::{Store, Timestamp};

/// Most secrets at once. The one that expires first makes room for another.
const MAX: usize = 10_000;

pub struct Secrets<T>(Mutex<HashMap<String, Issued<T>>>);

struct Issued<T> {
    value: T,
    until: Timestamp,
}

impl<T> Default for Secrets<T> {
    fn default() -> Self {
        Secrets(Mutex::default())
    }
}

impl<T: Clone> Secrets<T> {
    /// Stores a value under a new secret, and drops expired ones.
    pub fn issue(&self, store: &Store, value: T, lifetime: Duration) -> String {
        let (secret, now) = (store.ids.token(24), store.clock.now());
        let mut issued = self.0.lock();
        issued.retain(|_, issued| now < issued.until);
        if issued.len() >= MAX {
            let first =
                issued.iter().min_by_key(|(_, issued)| issued.until).map(|(secret, _)| secret.clone());
            first.and_then(|first| issued.remove(&first));
        }
        issued.insert(secret.clone(), Issued { value, until: now + lifetime });
        secret
    }

    /// The value of a secret, which is then used up.
    pub fn take(&self, secret: &str, now: Timestamp) -> Option<T> {
        let issued = self.0.lock().remove(secret)?;
        (now < issued.until).then_some(issued.value)
    }

    /// The value of a secret that may be used again.
    pub fn find(&self, secret: &str, now: Timestamp) -> Option<T> {
        let issued = self.0.lock();
        issued.get(secret).filter(|issued| now < issued.until).map(|issued| issued.value.clone())
    }
}
