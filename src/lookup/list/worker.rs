//! Looks lists up in the background.

use tokio::sync::Mutex;

use super::job::{self, Claimed};
use super::lookup::{Asker, STEP, look_up};
use crate::exams::inquiry::Inquiries;
use crate::store::{Error, Store, Tx};

/// Lets one list at a time be looked up by this process, so that lists do not take the place of other requests.
#[derive(Default)]
pub struct Worker(Mutex<()>);

impl Worker {
    /// Looks up every list that is due.
    pub async fn run(&self, store: &Store) -> Result<(), Error> {
        let _turn = self.0.lock().await;
        // Reading first, because nothing is due most of the time and a write takes a flush of the disk.
        while store.read(job::is_due).await? {
            match store.write(job::claim).await? {
                Some(list) => finish(store, list).await?,
                None => break,
            }
        }
        Ok(())
    }
}

async fn finish(store: &Store, mut list: Claimed) -> Result<(), Error> {
    let (asker, mut inquiries) = (Asker::of(list.organisation.as_deref()), Inquiries::default());
    let mut done = 0;
    for rows in list.rows.chunks_mut(STEP) {
        look_up(store, rows, &asker, &mut inquiries).await?;
        done += i32::try_from(rows.len()).unwrap_or_default();
        let id = list.id.clone();
        store.write(move |tx: &mut Tx| job::beat(tx, &id, done)).await?;
    }
    store.write(move |tx: &mut Tx| job::end(tx, &list, &inquiries)).await
}
