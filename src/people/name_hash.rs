//! Keyed hashes of candidates' names in their normal form, by which staff find applications. Part of a name has no hash.
//!
//! An empty `candidates.name_hash` marks a candidate whom an older program has stored. [`fill_in`] computes it, and can
//! be interrupted and run again.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text};

use super::name;
use crate::either;
use crate::store::schema::candidates::dsl as c;
use crate::store::schema::former_names::dsl as f;
use crate::store::{CandidateId, Conn, Error, Tx, Vault};

/// Candidates of one transaction.
const BATCH: i64 = 1_000;

/// SQL of the candidates that are still to do. The literal lets both databases use their index.
const TO_DO: &str = "name_hash = ''";

pub fn name_hash(vault: &Vault, name: &str) -> String {
    vault.blind("name", &name::key(name))
}

/// Notes a name that the candidate had before, so that it still finds them.
pub fn add_former(tx: &mut Tx, candidate: &CandidateId, name: &str) -> Result<(), Error> {
    let row = (f::name_hash.eq(name_hash(tx.vault, name)), f::candidate_id.eq(candidate));
    let insert = diesel::insert_into(f::former_names).values(row).on_conflict_do_nothing();
    either!(tx.conn, conn => insert.execute(conn))?;
    Ok(())
}

/// Notes that a candidate's name changes.
pub(super) fn change(tx: &mut Tx, candidate: &CandidateId, from: &str, to: &str) -> Result<(), Error> {
    if name::same(from, to) {
        return Ok(());
    }
    add_former(tx, candidate, from)?;
    let hash = name_hash(tx.vault, to);
    diesel::delete(f::former_names.find((&hash, candidate))).execute(tx.conn)?;
    diesel::update(c::candidates.find(candidate)).set(c::name_hash.eq(hash)).execute(tx.conn)?;
    Ok(())
}

/// Whether a candidate has no hash yet.
pub fn is_left(tx: &mut Tx) -> Result<bool, Error> {
    let to_do = c::candidates.filter(sql::<Bool>(TO_DO)).order(c::id).select(c::id);
    Ok(to_do.first::<CandidateId>(tx.conn).optional()?.is_some())
}

/// Computes the hashes of the next candidates without one. Returns the candidates with their names; none when all are
/// done.
pub fn fill_in(tx: &mut Tx) -> Result<Vec<(CandidateId, String)>, Error> {
    let to_do = c::candidates.filter(sql::<Bool>(TO_DO)).order(c::id).limit(BATCH);
    let rows: Vec<(CandidateId, String, String)> =
        to_do.select((c::id, c::name, c::portal_name)).load(tx.conn)?;
    let hashes: Vec<String> = rows.iter().map(|(_, name, _)| name_hash(tx.vault, name)).collect();
    store(tx, &rows, &hashes)?;
    // The portal may still have the name from before a correction.
    for (id, name, portal_name) in rows.iter().filter(|(_, _, portal_name)| !portal_name.is_empty()) {
        if !name::same(name, portal_name) {
            add_former(tx, id, portal_name)?;
        }
    }
    Ok(rows.into_iter().map(|(id, name, _)| (id, name)).collect())
}

/// One statement on PostgreSQL, since each costs a round trip to the server.
fn store(tx: &mut Tx, rows: &[(CandidateId, String, String)], hashes: &[String]) -> Result<(), Error> {
    let Conn::Postgres(conn) = tx.conn else {
        for ((id, ..), hash) in rows.iter().zip(hashes) {
            diesel::update(c::candidates.find(id)).set(c::name_hash.eq(hash)).execute(tx.conn)?;
        }
        return Ok(());
    };
    let ids: Vec<String> = rows.iter().map(|(id, ..)| id.to_string()).collect();
    diesel::sql_query(
        "UPDATE candidates SET name_hash = new.hash FROM unnest($1, $2) AS new (id, hash) \
         WHERE candidates.id = new.id",
    )
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<Text>, _>(hashes)
    .execute(conn)?;
    Ok(())
}
