//! Computes stored hashes after an update that has changed the form in which names or documents are compared.

use std::collections::{BTreeSet, HashMap};

use crate::business::correction;
use crate::exams::name_hashes::{fill_in, is_left};
use crate::exams::permit_hashes::{self, SOURCES, Source, is_possible};
use crate::people::identity::{case, event};
use crate::people::permit_hashes::Twins;
use crate::people::{name, name_hash};
use crate::store::{CandidateId, Error, Store, Tx, meta};

/// How many rows have new hashes.
#[derive(Default)]
pub(super) struct Renewed {
    /// Certificates with a hash of their holder's name.
    pub certificates: usize,
    /// Numbers of permits whose people and records were looked at.
    pub permits: usize,
    /// Ids of the candidates and roster rows that keep their hash, since another one has the same permit.
    pub twins: BTreeSet<String>,
}

/// Computes every hash that is of an older form. Calls `tell` with the number of certificates now and then.
pub(super) async fn renew(store: &Store, tell: impl Fn(usize)) -> Result<Renewed, Error> {
    store.write(case::renew_keys).await?;
    fill_in_names(store).await?;
    let mut renewed = Renewed { certificates: fill_in_all(store, tell).await?, ..Renewed::default() };
    if store.read(is_possible).await? {
        for source in SOURCES {
            renew_permits(store, source, &mut renewed).await?;
        }
    }
    let twins = renewed.twins.len();
    if twins > 0 {
        tracing::warn!(twins, "candidates or staff have the permit of another one; see security_events");
    }
    Ok(renewed)
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

/// Computes the hashes of candidates' names in short transactions. An interrupted run continues where it stopped.
pub(super) async fn fill_in_names(store: &Store) -> Result<(), Error> {
    if !store.read(name_hash::is_left).await? {
        return Ok(());
    }
    while store.write(fill_in_some_names).await? > 0 {}
    Ok(())
}

/// Present names, and those that corrections have replaced. Returns the number of candidates.
fn fill_in_some_names(tx: &mut Tx) -> Result<usize, Error> {
    let present: HashMap<CandidateId, String> = name_hash::fill_in(tx)?.into_iter().collect();
    let candidates: Vec<&CandidateId> = present.keys().collect();
    for (candidate, former) in correction::former_names(tx, &candidates)? {
        if present.get(&candidate).is_some_and(|name| !name::same(name, &former)) {
            name_hash::add_former(tx, &candidate, &former)?;
        }
    }
    Ok(present.len())
}

/// In [`meta`], instead of the id of the last row, when a source is done. It is no id.
const DONE: &str = "done";

/// Renews the permits of a source, once, in short transactions. An interrupted run continues where it stopped.
async fn renew_permits(store: &Store, source: Source, renewed: &mut Renewed) -> Result<(), Error> {
    let key = format!("permit_hashes.{}", source.name);
    let name = key.clone();
    let mut after = store.read(move |tx| meta::get(tx, &name)).await?.unwrap_or_default();
    while after != DONE {
        let from = after.clone();
        let batch = store.read(move |tx| (source.find)(tx, &from)).await?;
        renewed.permits += batch.numbers.len();
        after = batch.last.unwrap_or_else(|| DONE.to_owned());
        let (name, last, numbers) = (key.clone(), after.clone(), batch.numbers);
        let twins = store.write(move |tx| renew_batch(tx, &numbers, &name, &last)).await?;
        renewed.twins.extend(twins);
    }
    Ok(())
}

/// Returns the ids of the people who keep their hash.
fn renew_batch(tx: &mut Tx, numbers: &[String], name: &str, last: &str) -> Result<BTreeSet<String>, Error> {
    let mut all = BTreeSet::new();
    for number in numbers {
        let Twins { candidates, staff } = permit_hashes::renew(tx, number)?;
        for candidate in &candidates {
            event::record_once(tx, "permit_shared", candidate)?;
        }
        all.extend(candidates.iter().map(ToString::to_string).chain(staff));
    }
    meta::set(tx, name, last)?;
    Ok(all)
}
