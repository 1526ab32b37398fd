//! When links were opened: kept here for a moment, so that opening one writes nothing.

use chrono::{DurationRound, NaiveDateTime, TimeDelta};
use parking_lot::Mutex;

use crate::exams::certificate_link::{self, Opened};
use crate::store::{Error, Store};

/// Links that were opened and not noted yet. A process that is killed forgets a second of them.
#[derive(Default)]
pub struct OpenedLinks(Mutex<Opened>);

impl OpenedLinks {
    /// Somebody opened a link.
    pub fn add(&self, link: &str, now: NaiveDateTime) {
        let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
        *self.0.lock().entry((link.to_owned(), minute)).or_default() += 1;
    }

    /// Notes them all in the database; what cannot be noted now stays for the next time.
    pub async fn note(&self, store: &Store) -> Result<(), Error> {
        let opened = std::mem::take(&mut *self.0.lock());
        if opened.is_empty() {
            return Ok(());
        }
        let again = opened.clone();
        let noted = store.write(move |tx| certificate_link::note_views(tx, &opened)).await;
        if noted.is_err() {
            for (view, times) in again {
                *self.0.lock().entry(view).or_default() += times;
            }
        }
        noted
    }
}
