//! What a database function works with.

use std::any::Any;

use super::{Conn, Error, Ids, Timestamp, Vault, clock};

/// Work that is done at the end of a transaction.
type AtEnd = Box<dyn FnOnce(&mut Tx) -> Result<(), Error>>;

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
    at_end: Vec<AtEnd>,
}

impl<'a> Tx<'a> {
    pub fn new(
        conn: &'a mut Conn,
        (vault, ids): (&'a Vault, &'a Ids),
        now: Timestamp,
        attached: &'static (dyn Any + Send + Sync),
    ) -> Tx<'a> {
        Tx { conn, vault, ids, now, attached, at_end: Vec::new() }
    }

    /// Runs `work` in this transaction after everything else of it, if that succeeds. A row that many transactions
    /// change is changed here, so that it is locked for a moment only, and after all other rows.
    pub fn at_end(&mut self, work: impl FnOnce(&mut Tx) -> Result<(), Error> + 'static) {
        self.at_end.push(Box::new(work));
    }

    /// Runs `work` and then what it left for the end.
    pub(super) fn complete<T, E: From<Error>>(
        mut self,
        work: impl FnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let done = work(&mut self)?;
        for last in std::mem::take(&mut self.at_end) {
            last(&mut self)?;
        }
        Ok(done)
    }

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
