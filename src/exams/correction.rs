//! Corrections of personal data on imported records.
//!
//! The replaced values are stored in `former_values`, so that an import of an older file does not undo the
//! correction.

use diesel::prelude::*;

use super::certificate::person_hash;
use crate::either;
use crate::people::document::Gender;
use crate::people::holder_hash::HolderHash;
use crate::people::mask;
use crate::store::schema::former_values::dsl as f;
use crate::store::schema::{
    certificates as c, integrity_records as i, registrations as r, sittings as s, violations as v,
};
use crate::store::{Error, Tx};

/// Which records are corrected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Registrations for future sittings.
    pub coming: bool,
    /// Issued certificates.
    pub issued: bool,
}

/// The corrected data of a holder.
pub struct Holder<'a> {
    pub document: &'a HolderHash,
    pub name: &'a str,
    pub document_number: &'a str,
    /// 性别, where it is known.
    pub gender: Option<Gender>,
}

/// Moves all records of a person to the hash of another document. The hashes are as records have them.
pub fn move_records(tx: &mut Tx, from: &str, to: &str) -> Result<(), Error> {
    diesel::update(r::table.filter(r::holder_hash.eq(from))).set(r::holder_hash.eq(to)).execute(tx.conn)?;
    diesel::update(c::table.filter(c::holder_hash.eq(from))).set(c::holder_hash.eq(to)).execute(tx.conn)?;
    diesel::update(v::table.filter(v::holder_hash.eq(from))).set(v::holder_hash.eq(to)).execute(tx.conn)?;
    diesel::update(i::table.filter(i::holder_hash.eq(from))).set(i::holder_hash.eq(to)).execute(tx.conn)?;
    Ok(())
}

pub fn correct_records(tx: &mut Tx, holder: &Holder, scope: Scope) -> Result<(), Error> {
    if scope.coming {
        correct_registrations(tx, holder)?;
    }
    if scope.issued {
        correct_certificates(tx, holder)?;
    }
    Ok(())
}

fn correct_registrations(tx: &mut Tx, holder: &Holder) -> Result<(), Error> {
    let coming = s::table.filter(s::held_on.ge(tx.today())).select(s::id);
    let document = holder.document.stored(tx.vault);
    let own = r::table.filter(r::holder_hash.eq(document)).filter(r::sitting_id.eq_any(coming));
    let before: Vec<(String, String)> = own.select((r::id, r::holder_name)).load(tx.conn)?;
    for (id, name) in before {
        store_replaced(tx, &id, &[("holder_name", &name, holder.name)])?;
        diesel::update(r::table.find(id)).set(r::holder_name.eq(holder.name)).execute(tx.conn)?;
    }
    Ok(())
}

fn correct_certificates(tx: &mut Tx, holder: &Holder) -> Result<(), Error> {
    let mask = mask::number(holder.document_number);
    let hash = person_hash(tx.vault, holder.name, holder.document);
    let shown = (c::id, c::holder_name, c::document_mask, c::person_hash, c::gender);
    let own = c::table.filter(c::holder_hash.eq(holder.document.stored(tx.vault))).select(shown);
    let before: Vec<(String, String, String, String, String)> = own.load(tx.conn)?;
    for (id, old_name, old_mask, old_hash, old_gender) in before {
        let gender = holder.gender.map_or(&*old_gender, |gender| gender.code());
        let changes = [
            ("holder_name", &*old_name, holder.name),
            ("document_mask", &*old_mask, &*mask),
            ("person_hash", &*old_hash, &*hash),
            ("gender", &*old_gender, gender),
        ];
        store_replaced(tx, &id, &changes)?;
        let [name, mask, hash, gender] = changes.map(|(.., new)| new);
        let shown = (
            c::holder_name.eq(name),
            c::document_mask.eq(mask),
            c::person_hash.eq(hash),
            c::gender.eq(gender),
        );
        diesel::update(c::table.find(id)).set(shown).execute(tx.conn)?;
    }
    Ok(())
}

/// Stores the replaced value of each changed column. A value that is valid again is no longer a replaced one.
fn store_replaced(tx: &mut Tx, record: &str, changes: &[(&str, &str, &str)]) -> Result<(), Error> {
    for (field, old, new) in changes.iter().filter(|(_, old, new)| old != new) {
        let row = (f::record_id.eq(record), f::field.eq(*field), f::value.eq(*old));
        let insert = diesel::insert_into(f::former_values).values(row).on_conflict_do_nothing();
        either!(tx.conn, conn => insert.execute(conn))?;
        diesel::delete(f::former_values.find((record, *field, *new))).execute(tx.conn)?;
    }
    Ok(())
}
