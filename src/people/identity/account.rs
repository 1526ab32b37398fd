//! Accounts of the portal, and the candidates they are bound to.

use diesel::prelude::*;

use super::Assurance;
use crate::either;
use crate::people::candidate::PHONE;
use crate::store::schema::portal_accounts::dsl as p;
use crate::store::{CandidateId, Conn, Error, Tx, Vault};

/// An account as the portal names it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The portal: its issuer, or the origin of its authorization endpoint.
    pub portal: String,
    /// The portal's `sub`; a portal may not tell.
    pub subject: Option<String>,
    /// How far the portal vouches for its person.
    pub assurance: Assurance,
}

/// An account that is bound.
pub(super) struct Bound {
    pub candidate: CandidateId,
    /// The last accepted name.
    pub name: String,
    /// The last phone number that the portal told, in clear.
    pub phone: String,
}

impl Account {
    /// Keyed hash of the account's `sub`.
    pub(super) fn subject_hash(&self, vault: &Vault) -> Option<String> {
        self.subject.as_ref().map(|subject| vault.blind("portal_account", subject))
    }
}

/// Until this transaction ends, other sign-ins of the same account or number wait. SQLite has one
/// writer. Sorted, so that two transactions never wait for each other.
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

/// The account, if it has signed in before.
pub(super) fn find(tx: &mut Tx, portal: &str, subject_hash: &str) -> Result<Option<Bound>, Error> {
    let row = p::portal_accounts.find((portal, subject_hash)).select((p::candidate_id, p::name, p::phone));
    let row: Option<(CandidateId, String, String)> = row.first(tx.conn).optional()?;
    let open = |(candidate, name, sealed): (CandidateId, String, String)| {
        Ok(Bound { candidate, name, phone: tx.vault.open(PHONE, &sealed)? })
    };
    row.map(open).transpose()
}

/// Whether any account is bound to a candidate.
pub(super) fn has_any(tx: &mut Tx, candidate: &CandidateId) -> Result<bool, Error> {
    let bound = p::portal_accounts.filter(p::candidate_id.eq(candidate));
    Ok(diesel::select(diesel::dsl::exists(bound)).get_result(tx.conn)?)
}

/// Binds an account to a candidate, or notes what a bound one tells now.
pub(super) fn bind(
    tx: &mut Tx,
    (portal, subject_hash): (&str, &str),
    candidate: &CandidateId,
    name: &str,
    phone: &str,
) -> Result<(), Error> {
    let sealed = tx.vault.seal(PHONE, phone);
    let told = (p::name.eq(name), p::phone.eq(&sealed), p::signed_in_at.eq(tx.now));
    let key = (p::portal.eq(portal), p::subject_hash.eq(subject_hash));
    let row = (key, p::candidate_id.eq(candidate), p::bound_at.eq(tx.now), told);
    let insert = diesel::insert_into(p::portal_accounts)
        .values(row)
        .on_conflict((p::portal, p::subject_hash))
        .do_update()
        .set((p::candidate_id.eq(candidate), told));
    either!(tx.conn, conn => insert.execute(conn))?;
    Ok(())
}

/// Forgets to whom an account was bound: its next sign-in is its first.
pub(super) fn release(tx: &mut Tx, portal: &str, subject_hash: &str) -> Result<(), Error> {
    diesel::delete(p::portal_accounts.find((portal, subject_hash))).execute(tx.conn)?;
    Ok(())
}
