//! The header of the desk's pages, and what the pages of work show besides.

use diesel::prelude::*;

use super::count::Count;
use super::{queue, rooms};
use crate::casework::business::Registry;
use crate::either;
use crate::people::identity::case;
use crate::people::staff::StaffMember;
use crate::store::schema::staff;
use crate::store::{Error, Tx};
use crate::ui::Desk;

/// The largest number that is counted to. Counting to the end would read every application that waits.
const MOST: i64 = 999;

pub struct Header {
    pub desk: Desk,
    /// Whether single keys press buttons.
    pub keys: bool,
    /// Open identity cases.
    pub identities: Count,
}

impl Header {
    /// Reads everything in one statement.
    pub fn load(tx: &mut Tx, reader: &StaffMember) -> Result<Header, Error> {
        let registry = Registry::of(tx);
        let (keys, waiting, identities) = either!(tx.conn, conn => staff::table
            .find(&reader.id)
            .select((
                staff::single_keys,
                queue::waiting(registry, &reader.duty(), MOST + 1),
                case::count_open(),
            ))
            .first(conn))?;
        let who = format!("{} · {}", reader.name, reader.role.label());
        let desk = Desk { who, links: rooms::links(reader.role, Count::up_to(MOST, waiting)) };
        Ok(Header { desk, keys, identities: Count::up_to(MOST, identities) })
    }
}
