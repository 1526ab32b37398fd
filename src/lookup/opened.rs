//! When links were opened, and which were found expired: kept here for a moment, so that opening one
//! writes nothing.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use parking_lot::Mutex;

use crate::exams::certificate_link::{self, Opened};
use crate::store::{Error, Store, Timestamp};

/// Links that were opened and not noted yet. A process that is killed forgets a second of them.
#[derive(Default)]
pub struct OpenedLinks(Mutex<Seen>);

#[derive(Clone, Default)]
struct Seen {
    opened: Opened,
    expired: BTreeSet<String>,
}

impl OpenedLinks {
    /// Somebody opened a link.
    pub fn add(&self, link: &str, now: Timestamp) {
        let minute = now.truncate(TimeDelta::minutes(1));
        *self.0.lock().opened.entry((link.to_owned(), minute)).or_default() += 1;
    }

    /// Somebody opened a link whose time is over.
    pub fn add_expired(&self, link: String) {
        self.0.lock().expired.insert(link);
    }

    /// Notes them all in the database; what cannot be noted now stays for the next time.
    pub async fn note(&self, store: &Store) -> Result<(), Error> {
        let seen = std::mem::take(&mut *self.0.lock());
        if seen.opened.is_empty() && seen.expired.is_empty() {
            return Ok(());
        }
        let again = seen.clone();
        let noted = store.write(move |tx| {
            certificate_link::add_views(tx, &seen.opened)?;
            certificate_link::expire(tx, &seen.expired)
        });
        let noted = noted.await;
        if noted.is_err() {
            let mut kept = self.0.lock();
            for (view, times) in again.opened {
                *kept.opened.entry(view).or_default() += times;
            }
            kept.expired.extend(again.expired);
        }
        noted
    }
}
