//! Tickets and tokens: random texts that stand for a value until they expire.

use std::collections::HashMap;

use chrono::Duration;
use parking_lot::Mutex;

use crate::store::{Ids, Timestamp};

/// Most secrets at once. The one that expires first makes room for another.
const MAX: usize = 2_000;

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
    pub fn issue(&self, ids: &Ids, now: Timestamp, value: T, lifetime: Duration) -> String {
        let secret = ids.token(24);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-04-01T01:30:00".parse().unwrap()
    }

    #[test]
    fn secret_works_until_it_is_taken_or_expires() {
        let (secrets, ids, minute) = (Secrets::default(), Ids::seeded(1), Duration::minutes(1));
        let issue = || secrets.issue(&ids, now(), "value", minute);
        let (taken, expired) = (issue(), issue());
        assert_eq!(secrets.find(&taken, now()), Some("value"));
        assert_eq!(secrets.take(&taken, now()), Some("value"));
        assert_eq!(secrets.take(&taken, now()), None);
        assert_eq!(secrets.find(&expired, now() + minute), None);
        assert_eq!(secrets.take(&expired, now() + minute), None);
        issue();
        secrets.issue(&ids, now() + minute, "later", minute);
        assert_eq!(secrets.0.lock().len(), 1, "expired ones are dropped");
    }

    #[test]
    fn secrets_have_an_upper_bound() {
        let (secrets, ids) = (Secrets::default(), Ids::seeded(1));
        let first = secrets.issue(&ids, now(), 0, Duration::minutes(1));
        let last = (0..MAX).map(|at| secrets.issue(&ids, now(), at, Duration::minutes(2))).last();
        assert_eq!(secrets.0.lock().len(), MAX);
        assert_eq!(secrets.find(&first, now()), None, "the one that expires first made room");
        assert!(secrets.find(&last.unwrap(), now()).is_some());
    }
}
