//! Computes stored hashes of names after an update that has changed the form in which names are compared.

use crate::exams::name_hashes::{fill_in, is_left};
use crate::people::identity::case;
use crate::store::{Error, Store};

/// Computes every hash that is of an older form. Calls `tell` with the number of certificates now and then.
pub(super) async fn renew(store: &Store, tell: impl Fn(usize)) -> Result<usize, Error> {
    store.write(case::renew_keys).await?;
    fill_in_all(store, tell).await
}

/// Computes the hashes of certificates in short transactions, between which the site can write. An interrupted run
/// continues where it stopped. Returns the number of certificates.
pub(super) async fn fill_in_all(store: &Store, tell: impl Fn(usize)) -> Result<usize, Error> {
    if !store.read(is_left).await? {
        return Ok(0);
    }
    let (mut done, mut after) = (0, String::new());
    loop {
        let from = after.clone();
        let batch = store.write(move |tx| fill_in(tx, &from)).await?;
        if batch.count == 0 {
            return Ok(done);
        }
        (done, after) = (done + batch.count, batch.last);
        tell(done);
    }
}
