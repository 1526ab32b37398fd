//! Keeps in memory how often links were opened, which have expired and who asked about a certificate, so that opening
//! a page does not write to the database.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use parking_lot::Mutex;

use crate::exams::certificate_link::{self, Opened};
use crate::exams::inquiry::{self, Inquiries, Way};
use crate::store::{Error, Store, Timestamp};

/// What has not been saved yet. A process that is killed loses about a second of it.
#[derive(Default)]
pub struct OpenedLinks(Mutex<Seen>);

#[derive(Clone, Default)]
struct Seen {
    opened: Opened,
    expired: BTreeSet<String>,
    inquiries: Inquiries,
}

impl Seen {
    fn is_empty(&self) -> bool {
        self.opened.is_empty() && self.expired.is_empty() && self.inquiries.is_empty()
    }
}

impl OpenedLinks {
    pub fn add(&self, link: &str, certificate: &str, now: Timestamp) {
        let minute = now.truncate(TimeDelta::minutes(1));
        let mut seen = self.0.lock();
        *seen.opened.entry((link.to_owned(), minute)).or_default() += 1;
        seen.inquiries.add(certificate, Way::Link, link, now);
    }

    /// Notes an inquiry for the holder. `asker` is as in [`Inquiry`](inquiry::Inquiry).
    pub fn add_inquiry(&self, certificate: &str, way: Way, asker: &str, now: Timestamp) {
        self.0.lock().inquiries.add(certificate, way, asker, now);
    }

    pub fn add_expired(&self, link: String) {
        self.0.lock().expired.insert(link);
    }

    /// Saves the counts in the database. After a failure they stay for the next call.
    pub async fn save(&self, store: &Store) -> Result<(), Error> {
        let seen = std::mem::take(&mut *self.0.lock());
        if seen.is_empty() {
            return Ok(());
        }
        let again = seen.clone();
        let noted = store.write(move |tx| {
            certificate_link::add_views(tx, &seen.opened)?;
            certificate_link::expire(tx, &seen.expired)?;
            inquiry::record(tx, &seen.inquiries)
        });
        let noted = noted.await;
        if noted.is_err() {
            let mut kept = self.0.lock();
            for (view, times) in again.opened {
                *kept.opened.entry(view).or_default() += times;
            }
            kept.expired.extend(again.expired);
            kept.inquiries.extend(again.inquiries);
        }
        noted
    }
}
