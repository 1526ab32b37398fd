//! What staff have searched for. The address of the results has the key of a row, so that no name is in an address, a
//! history or a log, and so that results can be reloaded and returned to.

use chrono::TimeDelta;
use diesel::prelude::*;

use crate::people::staff::StaffMember;
use crate::store::schema::searches::dsl as s;
use crate::store::{Error, Tx};

/// Column name under which the words are sealed.
const SEALED_AS: &str = "searches.words";

/// Results can be returned to for so long.
const KEPT: TimeDelta = TimeDelta::hours(12);

/// Searches of one person that are kept.
const MOST: i64 = 50;

/// Stores what a staff member searches for, and deletes what is old, also of others. Returns the key.
pub fn add(tx: &mut Tx, reader: &StaffMember, words: &str) -> Result<String, Error> {
    diesel::delete(s::searches.filter(s::at.lt(tx.now - KEPT))).execute(tx.conn)?;
    let own = s::searches.filter(s::staff_id.eq(&reader.id)).order(s::at.desc());
    let superfluous: Vec<String> = own.select(s::id).offset(MOST - 1).limit(MOST).load(tx.conn)?;
    diesel::delete(s::searches.filter(s::id.eq_any(superfluous))).execute(tx.conn)?;
    let id = tx.id();
    let row = (
        s::id.eq(&id),
        s::staff_id.eq(&reader.id),
        s::at.eq(tx.now),
        s::words.eq(tx.vault.seal(SEALED_AS, words)),
    );
    diesel::insert_into(s::searches).values(row).execute(tx.conn)?;
    Ok(id)
}

/// The words of a search of this staff member. `None` if it is too old or somebody else's.
pub fn words(tx: &mut Tx, reader: &StaffMember, id: &str) -> Result<Option<String>, Error> {
    let own = s::searches.find(id).filter(s::staff_id.eq(&reader.id)).filter(s::at.ge(tx.now - KEPT));
    let sealed: Option<String> = own.select(s::words).first(tx.conn).optional()?;
    Ok(sealed.map(|sealed| tx.vault.open(SEALED_AS, &sealed)).transpose()?)
}
