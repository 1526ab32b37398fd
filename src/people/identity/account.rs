//! Accounts of the portal and the candidates that they are bound to.

use diesel::prelude::*;

use super::Assurance;
use crate::either;
use crate::people::candidate::{Identity, PHONE};
use crate::store::schema::portal_accounts::dsl as p;
use crate::store::{CandidateId, Conn, Error, Tx, Vault};

/// An account as the portal names it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The portal: its issuer, or the origin of its authorization endpoint.
    pub portal: String,
    /// The `sub` claim, if the portal sends one.
    pub subject: Option<String>,
    pub assurance: Assurance,
}

/// A person who returns from the portal.
#[derive(Clone)]
pub struct Arrival {
    pub identity: Identity,
    pub account: Account,
}

#[derive(Clone, Copy)]
pub(super) struct AccountKey<'a> {
    pub portal: &'a str,
    pub subject_hash: &'a str,
}

pub(super) struct BoundAccount {
    pub candidate: CandidateId,
    /// The last accepted name.
    pub name: String,
    /// The last phone number from the portal, in clear.
    pub phone: String,
}

impl Account {
    /// Keyed hash of `sub`, as it is stored at the moment.
    pub(super) fn subject_hash(&self, vault: &Vault) -> Option<String> {
        self.first_subject_hash(vault).map(|hash| vault.present_hash(&hash))
    }

    /// Keyed hash of `sub` with the first data key.
    pub(super) fn first_subject_hash(&self, vault: &Vault) -> Option<String> {
        self.subject.as_ref().map(|subject| vault.first_hash("portal_account", subject))
    }
}

/// Makes other sign-ins of the same account or document wait until this transaction ends. SQLite
/// needs no lock, since it has one writer. The keys are sorted to prevent deadlocks.
pub(super) fn lock(tx: &mut Tx, subject_hash: Option<&str>, holder: &str) -> Result<(), Error> {
    let Conn::Postgres(conn) = tx.conn else { return Ok(()) };
    let mut keys: Vec<&str> = subject_hash.into_iter().chain([holder]).collect();
    keys.sort_unstable();
    for key in keys {
        let lock = diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))");
        lock.bind::<diesel::sql_types::Text, _>(key).execute(conn)?;
    }
    Ok(())
}

pub(super) fn find(tx: &mut Tx, key: AccountKey) -> Result<Option<BoundAccount>, Error> {
    let row =
        p::portal_accounts.find((key.portal, key.subject_hash)).select((p::candidate_id, p::name, p::phone));
    let row: Option<(CandidateId, String, String)> = row.first(tx.conn).optional()?;
    let open = |(candidate, name, sealed): (CandidateId, String, String)| {
        Ok(BoundAccount { candidate, name, phone: tx.vault.open(PHONE, &sealed)? })
    };
    row.map(open).transpose()
}

pub(super) fn has_any(tx: &mut Tx, candidate: &CandidateId) -> Result<bool, Error> {
    let bound = p::portal_accounts.filter(p::candidate_id.eq(candidate));
    Ok(diesel::select(diesel::dsl::exists(bound)).get_result(tx.conn)?)
}

/// Whether the candidate has an account of this portal.
pub(super) fn has_at(tx: &mut Tx, candidate: &CandidateId, portal: &str) -> Result<bool, Error> {
    let bound = p::portal_accounts.filter(p::candidate_id.eq(candidate).and(p::portal.eq(portal)));
    Ok(diesel::select(diesel::dsl::exists(bound)).get_result(tx.conn)?)
}

/// Binds an account to a candidate, or updates the name and phone of a bound account.
pub(super) fn bind(
    tx: &mut Tx,
    key: AccountKey,
    candidate: &CandidateId,
    name: &str,
    phone: &str,
) -> Result<(), Error> {
    let sealed = tx.vault.seal(PHONE, phone);
    let profile = (p::name.eq(name), p::phone.eq(&sealed), p::signed_in_at.eq(tx.now));
    let key = (p::portal.eq(key.portal), p::subject_hash.eq(key.subject_hash));
    let row = (key, p::candidate_id.eq(candidate), p::bound_at.eq(tx.now), profile);
    let insert = diesel::insert_into(p::portal_accounts)
        .values(row)
        .on_conflict((p::portal, p::subject_hash))
        .do_update()
        .set((p::candidate_id.eq(candidate), profile));
    either!(tx.conn, conn => insert.execute(conn))?;
    Ok(())
}

/// Removes the binding of an account. Its next sign-in counts as its first.
pub(super) fn unbind(tx: &mut Tx, key: AccountKey) -> Result<(), Error> {
    diesel::delete(p::portal_accounts.find((key.portal, key.subject_hash))).execute(tx.conn)?;
    Ok(())
}

/// Removes the phone number of a candidate's accounts. They stay bound, so that no other account signs in as the candidate.
pub fn clear_phone(tx: &mut Tx, candidate: &CandidateId) -> Result<(), Error> {
    let nothing = tx.vault.seal(PHONE, "");
    diesel::update(p::portal_accounts.filter(p::candidate_id.eq(candidate)))
        .set(p::phone.eq(nothing))
        .execute(tx.conn)?;
    Ok(())
}
