//! Correcting what the records say of a person.

use diesel::prelude::*;

use super::certificate::lookup_hash;
use crate::people::document::Gender;
use crate::people::mask;
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
        let coming = s::table.filter(s::held_on.ge(tx.today())).select(s::id);
        let own = r::table.filter(r::holder_hash.eq(holder.hash)).filter(r::sitting_id.eq_any(coming));
        diesel::update(own).set(r::holder_name.eq(holder.name)).execute(tx.conn)?;
    }
    if scope.issued {
        let shown = (
            c::holder_name.eq(holder.name),
            c::document_mask.eq(mask::number(holder.document_number)),
            c::lookup_hash.eq(lookup_hash(tx.vault, holder.name, holder.document_number)),
        );
        let own = c::table.filter(c::holder_hash.eq(holder.hash));
        diesel::update(own).set(shown).execute(tx.conn)?;
        if let Some(gender) = holder.gender {
            diesel::update(own).set(c::gender.eq(gender.code())).execute(tx.conn)?;
        }
    }
    Ok(())
}
