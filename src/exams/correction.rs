//! Correcting what the records say of a person.
//!
//! What a correction replaces is kept beside the record, so that a file of the authority which does not know
//! of the correction yet does not undo it.

use diesel::prelude::*;

use super::certificate::lookup_hash;
use crate::either;
use crate::people::document::Gender;
use crate::people::mask;
use crate::store::schema::former_values::dsl as f;
use crate::store::schema::{
    certificates as c, integrity_records as i, registrations as r, sittings as s, violations as v,
};
use crate::store::{Error, Tx};

/// Which records are corrected besides the person's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Registrations for sittings that are still to come.
    pub coming: bool,
    /// Certificates that were issued.
    pub issued: bool,
}

/// What a record says of its holder.
pub struct Holder<'a> {
    /// The hash by which their records are found.
    pub hash: &'a str,
    /// Full name.
    pub name: &'a str,
    /// Number of the document.
    pub document_number: &'a str,
    /// 性别, where it is known.
    pub gender: Option<Gender>,
}

/// Everything on record about somebody is found by another document from now on.
pub fn move_records(tx: &mut Tx, from: &str, to: &str) -> Result<(), Error> {
    diesel::update(r::table.filter(r::holder_hash.eq(from))).set(r::holder_hash.eq(to)).execute(tx.conn)?;
    diesel::update(c::table.filter(c::holder_hash.eq(from))).set(c::holder_hash.eq(to)).execute(tx.conn)?;
    diesel::update(v::table.filter(v::holder_hash.eq(from))).set(v::holder_hash.eq(to)).execute(tx.conn)?;
    diesel::update(i::table.filter(i::holder_hash.eq(from))).set(i::holder_hash.eq(to)).execute(tx.conn)?;
    Ok(())
}

/// The records in scope say what is right from now on.
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
    let own = r::table.filter(r::holder_hash.eq(holder.hash)).filter(r::sitting_id.eq_any(coming));
    let before: Vec<(String, String)> = own.select((r::id, r::holder_name)).load(tx.conn)?;
    for (id, name) in before {
        keep_former(tx, &id, &[("holder_name", &name, holder.name)])?;
        diesel::update(r::table.find(id)).set(r::holder_name.eq(holder.name)).execute(tx.conn)?;
    }
    Ok(())
}

fn correct_certificates(tx: &mut Tx, holder: &Holder) -> Result<(), Error> {
    let mask = mask::number(holder.document_number);
    let hash = lookup_hash(tx.vault, holder.name, holder.document_number);
    let shown = (c::id, c::holder_name, c::document_mask, c::lookup_hash, c::gender);
    let own = c::table.filter(c::holder_hash.eq(holder.hash)).select(shown);
    let before: Vec<(String, String, String, String, String)> = own.load(tx.conn)?;
    for (id, old_name, old_mask, old_hash, old_gender) in before {
        let gender = holder.gender.map_or(&*old_gender, |gender| gender.code());
        let changes = [
            ("holder_name", &*old_name, holder.name),
            ("document_mask", &*old_mask, &*mask),
            ("lookup_hash", &*old_hash, &*hash),
            ("gender", &*old_gender, gender),
        ];
        keep_former(tx, &id, &changes)?;
        let [name, mask, hash, gender] = changes.map(|(.., new)| new);
        let shown = (
            c::holder_name.eq(name),
            c::document_mask.eq(mask),
            c::lookup_hash.eq(hash),
            c::gender.eq(gender),
        );
        diesel::update(c::table.find(id)).set(shown).execute(tx.conn)?;
    }
    Ok(())
}

/// Keeps what each column of a record was before; what it is again is former no more.
fn keep_former(tx: &mut Tx, record: &str, changes: &[(&str, &str, &str)]) -> Result<(), Error> {
    for (field, old, new) in changes.iter().filter(|(_, old, new)| old != new) {
        let row = (f::record_id.eq(record), f::field.eq(*field), f::value.eq(*old));
        let insert = diesel::insert_into(f::former_values).values(row).on_conflict_do_nothing();
        either!(tx.conn, conn => insert.execute(conn))?;
        diesel::delete(f::former_values.find((record, *field, *new))).execute(tx.conn)?;
    }
    Ok(())
}
