//! What a database function works with.

use std::any::Any;

use super::{Conn, Ids, Timestamp, Vault, clock};

/// The connection of a database function, with the time, ids and keys for it. Tests choose all three.
pub struct Tx<'a> {
    /// Inside a transaction when writing.
    pub conn: &'a mut Conn,
    pub vault: &'a Vault,
    pub ids: &'a Ids,
    /// The same for everything in this transaction.
    pub now: Timestamp,
    /// What [`Store::attach`](super::Store::attach) attached; read by [`Tx::attached`].
    pub attached: &'static (dyn Any + Send + Sync),
}

impl Tx<'_> {
    /// What [`Store::attach`](super::Store::attach) attached.
    pub fn attached<T: Any>(&self) -> &'static T {
        downcast(self.attached)
    }

    pub fn id(&self) -> String {
        self.ids.next(self.now)
    }

    pub fn today(&self) -> chrono::NaiveDate {
        clock::china_date(self.now)
    }
}

/// # Panics
/// When something of another type was attached, which only a defect does.
pub(super) fn downcast<T: Any>(attached: &'static (dyn Any + Send + Sync)) -> &'static T {
    attached.downcast_ref().expect("the store carries what its functions ask for")
}
