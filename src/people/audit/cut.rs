//! The end of the retention of old entries. They are removed by whole days, from the beginning of the chain, and the hash
//! of the last one stays: the next entry continues it, so the rest of the chain can still be checked. The cut has a keyed
//! seal, because whoever can change the database could otherwise remove entries in the same way.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::chain::{Head, Place};
use crate::either;
use crate::store::schema::audit_cuts::dsl as c;
use crate::store::schema::audit_entries::dsl as a;
use crate::store::{Error, Tx, Vault};

/// The id of the only row of `audit_cuts`.
const ROW: i32 = 1;

/// The last entry that was removed.
#[derive(Clone, Debug)]
pub struct Cut {
    pub place: Place,
    pub hash: String,
    /// How many entries were removed in all.
    pub entries: i64,
    pub(super) seal: String,
}

impl Cut {
    pub fn read(tx: &mut Tx) -> Result<Option<Cut>, Error> {
        let row = c::audit_cuts.find(ROW).select((c::day, c::seq, c::hash, c::entries, c::seal));
        let row: Option<(NaiveDate, i64, String, i64, String)> = row.first(tx.conn).optional()?;
        let cut = |(day, seq, hash, entries, seal)| Cut { place: Place { day, seq }, hash, entries, seal };
        Ok(row.map(cut))
    }

    /// Whether this program made it.
    pub fn is_genuine(&self, vault: &Vault) -> bool {
        vault.is_authentic(&self.seal, SEAL, &sealed(self.place, &self.hash, self.entries))
    }
}

const SEAL: &str = "audit_cuts.seal";

fn sealed(place: Place, hash: &str, entries: i64) -> String {
    format!("{} {} {entries} {hash}", place.day, place.seq)
}

/// Makes the seal of the cut anew with the newest data key, if it is genuine.
pub fn renew(tx: &mut Tx) -> Result<(), Error> {
    Head::lock(tx)?;
    let Some(cut) = Cut::read(tx)?.filter(|cut| cut.is_genuine(tx.vault)) else { return Ok(()) };
    let seal = tx.vault.authenticate(SEAL, &sealed(cut.place, &cut.hash, cut.entries));
    diesel::update(c::audit_cuts.find(ROW)).set(c::seal.eq(seal)).execute(tx.conn)?;
    Ok(())
}

/// Removes the oldest day of the chain if it is before `end`. Returns the day, and how many entries it had.
pub fn remove_oldest_day(tx: &mut Tx, end: NaiveDate) -> Result<Option<(NaiveDate, usize)>, Error> {
    // One process after the other: each continues from the cut of the one before.
    Head::lock(tx)?;
    let oldest = a::audit_entries.filter(a::seq.is_not_null()).select(diesel::dsl::min(a::day));
    let oldest: Option<NaiveDate> = oldest.first(tx.conn)?;
    let Some(day) = oldest.filter(|day| *day < end) else { return Ok(None) };
    let of_day = a::audit_entries.filter(a::day.eq(day)).filter(a::seq.is_not_null());
    let last = of_day.order(a::seq.desc()).select((a::seq.assume_not_null(), a::hash));
    let (seq, hash): (i64, String) = last.first(tx.conn)?;
    let removed = diesel::delete(of_day).execute(tx.conn)?;
    let before = Cut::read(tx)?.map_or(0, |cut| cut.entries);
    let entries = before + i64::try_from(removed).unwrap_or_default();
    let seal = tx.vault.authenticate(SEAL, &sealed(Place { day, seq }, &hash, entries));
    let cut = (c::day.eq(day), c::seq.eq(seq), c::hash.eq(hash), c::entries.eq(entries), c::seal.eq(seal));
    either!(tx.conn, conn => diesel::insert_into(c::audit_cuts)
        .values((c::id.eq(ROW), cut.clone()))
        .on_conflict(c::id)
        .do_update()
        .set(cut)
        .execute(conn))?;
    Ok(Some((day, removed)))
}
