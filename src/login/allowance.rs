//! The rights that a handshake gives its screen, or why it gives none. A screen gets the review desk only if
//! the session that approved it has the review desk.

use diesel::prelude::*;

use super::handshake::Status;
use super::refusal::Refusal;
use crate::store::schema::login_handshakes::dsl as h;
use crate::store::{Error, Tx};

/// Gives the screen of an approved handshake the review desk of the staff member `staff`.
pub fn allow(tx: &mut Tx, handshake: &str, staff: Option<&str>) -> Result<(), Error> {
    let approved = h::login_handshakes.find(handshake).filter(h::status.eq(Status::Approved.code()));
    diesel::update(approved).set(h::staff_id.eq(staff)).execute(tx.conn)?;
    Ok(())
}

pub fn staff_of(tx: &mut Tx, handshake: &str) -> Result<Option<String>, Error> {
    Ok(h::login_handshakes.find(handshake).select(h::staff_id).first(tx.conn)?)
}

/// Stores why the portal's code signs nobody in.
pub fn refuse(tx: &mut Tx, handshake: &str, refusal: Refusal) -> Result<(), Error> {
    let text = serde_json::to_string(&refusal).map_err(|_| Error::Corrupt("login_handshakes.refusal"))?;
    diesel::update(h::login_handshakes.find(handshake)).set(h::refusal.eq(text)).execute(tx.conn)?;
    Ok(())
}

/// Why a handshake failed, if a reason was stored.
pub fn refusal_of(tx: &mut Tx, handshake: &str) -> Result<Option<Refusal>, Error> {
    let text: Option<String> = h::login_handshakes.find(handshake).select(h::refusal).first(tx.conn)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}
