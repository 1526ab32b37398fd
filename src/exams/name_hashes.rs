//! Computes the [`person_hash`] of certificates that do not have it yet: those that an older program has stored.
//!
//! An empty `person_hash` marks a certificate that is still to do, so that an interrupted run continues by itself and
//! certificates that an older program adds during an update are found later. Until a certificate has its hash, the
//! public lookup does not find it; `kaozheng serve` therefore computes all of them before it listens.

use std::collections::{BTreeSet, HashMap};

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text};

use super::certificate::person_hash;
use crate::either;
use crate::people::candidate::{self, CorrectedDocument};
use crate::people::holder_hash::HolderHash;
use crate::store::schema::certificates::dsl as c;
use crate::store::schema::former_values::dsl as f;
use crate::store::{Conn, Error, Tx};

/// Certificates of one transaction. It takes some tenths of a second, for which the site cannot write.
const BATCH: usize = 1_000;

/// A finished batch.
pub struct Batch {
    /// Certificates in it; none when all are done.
    pub count: usize,
    /// Id of its last certificate, after which the next batch begins.
    pub last: String,
}

#[derive(Queryable)]
struct Row {
    id: String,
    holder_hash: String,
    holder_name: String,
    document_mask: String,
}

/// SQL of the certificates that are still to do. The literal lets both databases use their index.
const TO_DO: &str = "person_hash = ''";

/// Whether a certificate has no hash yet.
pub fn is_left(tx: &mut Tx) -> Result<bool, Error> {
    let to_do = c::certificates.filter(sql::<Bool>(TO_DO)).order(c::id).select(c::id);
    Ok(to_do.first::<String>(tx.conn).optional()?.is_some())
}

/// Computes the hashes of the next certificates after an id.
pub fn fill_in(tx: &mut Tx, after: &str) -> Result<Batch, Error> {
    let to_do = c::certificates.filter(sql::<Bool>(TO_DO)).filter(c::id.gt(after));
    let columns = (c::id, c::holder_hash, c::holder_name, c::document_mask);
    let rows: Vec<Row> = to_do.order(c::id).limit(BATCH as i64).select(columns).load(tx.conn)?;
    let Some(last) = rows.last().map(|row| row.id.clone()) else {
        return Ok(Batch { count: 0, last: String::new() });
    };
    let (documents, names) = (candidate::corrected_documents(tx)?, former_names(tx, &rows)?);
    let mut hashes = Vec::with_capacity(rows.len());
    for row in &rows {
        let (document, names) = (documents.get(&row.holder_hash), names.get(&row.id));
        let printed = document.map_or(&row.holder_hash, |document| row.printed_on(document, names.is_some()));
        let hash = person_hash(tx.vault, &row.holder_name, &first_key(printed)?);
        if let Some(names) = names {
            let all = documents_of(row, document);
            store_former(tx, row, names, &all, &hash)?;
        }
        hashes.push(hash);
    }
    store(tx, &rows, &hashes)?;
    Ok(Batch { count: rows.len(), last })
}

/// One statement on PostgreSQL, since each costs a round trip to the server. A certificate that was corrected since it
/// was read is left for a later run.
fn store(tx: &mut Tx, rows: &[Row], hashes: &[String]) -> Result<(), Error> {
    let Conn::Postgres(conn) = tx.conn else {
        for (row, hash) in rows.iter().zip(hashes) {
            diesel::update(c::certificates.find(&row.id)).set(c::person_hash.eq(hash)).execute(tx.conn)?;
        }
        return Ok(());
    };
    let (ids, names): (Vec<&str>, Vec<&str>) = rows.iter().map(|row| (&*row.id, &*row.holder_name)).unzip();
    diesel::sql_query(
        "UPDATE certificates SET person_hash = new.hash FROM unnest($1, $2, $3) AS new (id, name, hash) \
         WHERE certificates.id = new.id AND certificates.holder_name = new.name \
         AND certificates.person_hash = ''",
    )
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<Text>, _>(names)
    .bind::<Array<Text>, _>(hashes)
    .execute(conn)?;
    Ok(())
}

impl Row {
    /// The hash of the document that the certificate shows, if the holder's document was corrected. The number in
    /// clear is known of the present document only; `is_corrected` says that the certificate was corrected too.
    fn printed_on<'a>(&'a self, document: &'a CorrectedDocument, is_corrected: bool) -> &'a String {
        let former = if is_corrected { document.former.first() } else { document.former.last() };
        match former {
            Some(former) if document.mask != self.document_mask => former,
            _ => &self.holder_hash,
        }
    }
}

/// Keys turn only when every certificate has its hash, so the stored hashes are those of the first key.
fn first_key(hash: &str) -> Result<HolderHash, Error> {
    HolderHash::from_stored(hash).ok_or(Error::Corrupt("certificates.holder_hash"))
}

fn documents_of<'a>(row: &'a Row, document: Option<&'a CorrectedDocument>) -> Vec<&'a str> {
    let former = document.iter().flat_map(|document| &document.former);
    former.chain([&row.holder_hash]).map(String::as_str).collect()
}

/// The names that corrections have replaced on certificates, by certificate. A certificate whose number alone was
/// corrected has none, and is in the map as well.
fn former_names(tx: &mut Tx, rows: &[Row]) -> Result<HashMap<String, Vec<String>>, Error> {
    let ids = rows.iter().map(|row| &row.id);
    let replaced = f::former_values.filter(f::record_id.eq_any(ids)).filter(f::field.ne("person_hash"));
    let replaced: Vec<(String, String, String)> =
        replaced.select((f::record_id, f::field, f::value)).load(tx.conn)?;
    let mut names: HashMap<String, Vec<String>> = HashMap::new();
    for (id, field, value) in replaced {
        let names = names.entry(id).or_default();
        if field == "holder_name" {
            names.push(value);
        }
    }
    Ok(names)
}

/// Stores the hashes that a corrected certificate may have had, so that the import of an older file does not undo
/// the correction.
fn store_former(
    tx: &mut Tx,
    row: &Row,
    names: &[String],
    documents: &[&str],
    present: &str,
) -> Result<(), Error> {
    let names = names.iter().chain([&row.holder_name]);
    let documents = documents.iter().map(|hash| first_key(hash)).collect::<Result<Vec<_>, _>>()?;
    let pairs = names.flat_map(|name| documents.iter().map(move |document| (name, document)));
    let hashes: BTreeSet<String> =
        pairs.map(|(name, document)| person_hash(tx.vault, name, document)).collect();
    for hash in hashes.iter().filter(|hash| *hash != present) {
        let value = (f::record_id.eq(&row.id), f::field.eq("person_hash"), f::value.eq(hash));
        let insert = diesel::insert_into(f::former_values).values(value).on_conflict_do_nothing();
        either!(tx.conn, conn => insert.execute(conn))?;
    }
    Ok(())
}
