//! Named values about the installation.

use diesel::prelude::*;

use super::schema::meta::dsl as m;
use super::{Error, Tx};
use crate::either;

pub fn get(tx: &mut Tx, name: &str) -> Result<Option<String>, Error> {
    Ok(m::meta.find(name).select(m::value).first(tx.conn).optional()?)
}

pub fn set(tx: &mut Tx, name: &str, value: &str) -> Result<(), Error> {
    let row = (m::key.eq(name), m::value.eq(value));
    either!(tx.conn, conn => diesel::insert_into(m::meta)
        .values(row)
        .on_conflict(m::key)
        .do_update()
        .set(m::value.eq(value))
        .execute(conn))?;
    Ok(())
}
