//! The header of the desk's pages, and what the pages of work show besides.

use diesel::prelude::*;

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

/// A number up to [`MOST`]; every larger one is the same.
#[derive(Clone, Copy)]
pub struct Count(i64);

impl Count {
    pub fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 > MOST { write!(f, "{MOST}+") } else { self.0.fmt(f) }
    }
}

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
        let desk = Desk { who, links: rooms::links(reader.role, Count(waiting)) };
        Ok(Header { desk, keys, identities: Count(identities) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_ends_at_999() {
        assert_eq!([0, 999, 1000].map(|number| Count(number).to_string()), ["0", "999", "999+"]);
    }
}
