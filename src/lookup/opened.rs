//! Counts in memory how often links were opened and which have expired, so that opening a link does not
//! write to the database.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use parking_lot::Mutex;

use crate::exams::certificate_link::{self, Opened};
use crate::store::{Error, Store, Timestamp};

/// Counts that have not been saved yet. A process that is killed loses about a second of them.
#[derive(Default)]
pub struct OpenedLinks(Mutex<Seen>);

#[derive(Clone, Default)]
struct Seen {
    opened: Opened,
    expired: BTreeSet<String>,
}

impl OpenedLinks {
    pub fn add(&self, link: &str, now: Timestamp) {
        let minute = now.truncate(TimeDelta::minutes(1));
        *self.0.lock().opened.entry((link.to_owned(), minute)).or_default() += 1;
    }

    pub fn add_expired(&self, link: String) {
        self.0.lock().expired.insert(link);
    }

    /// Saves the counts in the database. After a failure they stay for the next call.
    pub async fn save(&self, store: &Store) -> Result<(), Error> {
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
