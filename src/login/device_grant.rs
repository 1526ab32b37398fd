//! Way 3: polls the portal for the codes on our screens (RFC 8628).
//!
//! The process that advances `device_grants.poll_at` polls for that code, so a code has one poller at a
//! time. If that process dies, `poll_at` passes again and another process polls.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use diesel::prelude::*;
use futures_util::future::join_all;

use super::admission::admit;
use super::door::Door;
use super::handshake::{self, Handshake, PortalCode, Screen, Verdict};
use super::portal::device_grant::{DeviceCode, PollOutcome};
use super::refusal::Refusal;
use super::{Login, allowance};
use crate::people::candidate::AdmittedPerson;
use crate::store::schema::device_grants::dsl as g;
use crate::store::schema::login_handshakes::dsl as h;
use crate::store::{Error, Store, Tx};

/// How often the database is asked which codes are due.
const CHECK_EVERY: Duration = Duration::from_millis(500);

/// A poll takes at most this long; until then no other process polls for the same code.
const POLL_TIMEOUT: TimeDelta = TimeDelta::seconds(6);

struct DueCode {
    handshake: String,
    device_code: String,
    interval: Duration,
}

pub fn begin(tx: &mut Tx, screen: Screen, code: DeviceCode) -> Result<Handshake, Error> {
    let shown = PortalCode { user_code: code.user_code, address: code.address };
    let lifetime = TimeDelta::from_std(code.lifetime).unwrap_or(TimeDelta::MAX);
    let handshake = handshake::begin_at_portal(tx, screen, shown, lifetime)?;
    let row = (
        g::handshake_id.eq(&handshake.id),
        g::device_code.eq(tx.vault.seal("device_grants.device_code", &code.device_code)),
        g::poll_seconds.eq(seconds(code.interval)),
        g::poll_at.eq(tx.now + TimeDelta::seconds(seconds(code.interval).into())),
    );
    diesel::insert_into(g::device_grants).values(row).execute(tx.conn)?;
    Ok(handshake)
}

fn seconds(interval: Duration) -> i32 {
    i32::try_from(interval.as_secs()).unwrap_or(i32::MAX).clamp(1, 60)
}

/// Makes this process poll for open codes. Call it whenever a screen waits for one.
pub fn wake_poller(login: &Arc<Login>, store: &Store) {
    if login.poller.is_first_start() {
        tokio::spawn(run(login.clone(), store.clone()));
    }
    login.poller.wake();
}

async fn run(login: Arc<Login>, store: Store) {
    loop {
        match round(&login, &store).await {
            Ok(0) => login.poller.woken().await,
            Ok(_) => tokio::time::sleep(CHECK_EVERY).await,
            Err(error) => {
                tracing::warn!(%error, "no look at the device grants");
                tokio::time::sleep(CHECK_EVERY).await;
            }
        }
    }
}

/// Polls for all codes that are due. Returns how many codes are open.
async fn round(login: &Arc<Login>, store: &Store) -> Result<i64, Error> {
    let (open, due) = store.read(open_and_due).await?;
    join_all(due.into_iter().map(|id| poll(login, store, id))).await;
    Ok(open)
}

/// How many codes are open, and which of them are due.
fn open_and_due(tx: &mut Tx) -> Result<(i64, Vec<String>), Error> {
    let live = h::expires_at.gt(tx.now).and(h::status.eq(handshake::Status::Waiting.code()));
    let open = g::device_grants.inner_join(h::login_handshakes).filter(live);
    let count = open.count().get_result(tx.conn)?;
    let due = open.filter(g::poll_at.le(tx.now)).select(g::handshake_id).load(tx.conn)?;
    Ok((count, due))
}

async fn poll(login: &Login, store: &Store, id: String) {
    let claimed = id.clone();
    let saved = match store.write(move |tx| claim(tx, &claimed)).await {
        Ok(Some(due)) => {
            let outcome =
                login.portal(Door::Candidates).poll(&due.device_code, due.interval, store.clock.now()).await;
            store.write(move |tx| save(tx, &due.handshake, outcome)).await
        }
        Ok(None) => return,
        Err(error) => Err(error),
    };
    match saved {
        Ok(true) => login.waiters.wake(&id).await,
        Ok(false) => {}
        Err(error) => tracing::warn!(%error, handshake = id, "a poll was lost"),
    }
}

/// Claims the next poll for a code. `None` if another process has claimed it.
fn claim(tx: &mut Tx, id: &str) -> Result<Option<DueCode>, Error> {
    let row = g::device_grants.find(id).select((g::device_code, g::poll_seconds));
    let Some((sealed, interval)) = row.first::<(String, i32)>(tx.conn).optional()? else { return Ok(None) };
    let until = tx.now + POLL_TIMEOUT + TimeDelta::seconds(interval.into());
    let due = g::device_grants.find(id).filter(g::poll_at.le(tx.now));
    let won = diesel::update(due).set(g::poll_at.eq(until)).execute(tx.conn)?;
    if won == 0 {
        return Ok(None);
    }
    Ok(Some(DueCode {
        handshake: id.to_owned(),
        device_code: tx.vault.open("device_grants.device_code", &sealed)?,
        interval: Duration::from_secs(interval.unsigned_abs().into()),
    }))
}

/// Saves the outcome of a poll. Returns whether the handshake changed.
fn save(tx: &mut Tx, id: &str, outcome: PollOutcome) -> Result<bool, Error> {
    let row = g::device_grants.find(id);
    let verdict = match outcome {
        PollOutcome::Pending(interval) => {
            let interval = seconds(interval);
            let next = tx.now + TimeDelta::seconds(interval.into());
            diesel::update(row).set((g::poll_seconds.eq(interval), g::poll_at.eq(next))).execute(tx.conn)?;
            return Ok(false);
        }
        PollOutcome::Done(arrival) => match admit(tx, &arrival)? {
            Ok(known) => return approve(tx, id, &known),
            Err(refusal) => fail(tx, id, refusal)?,
        },
        PollOutcome::Denied => Verdict::Denied,
        PollOutcome::Expired => Verdict::Expired,
        PollOutcome::Failed(refusal) => fail(tx, id, refusal)?,
    };
    diesel::delete(row).execute(tx.conn)?;
    handshake::settle(tx, id, &verdict)
}

fn approve(tx: &mut Tx, id: &str, known: &AdmittedPerson) -> Result<bool, Error> {
    diesel::delete(g::device_grants.find(id)).execute(tx.conn)?;
    let changed = handshake::settle(tx, id, &Verdict::Approved(known.candidate.clone()))?;
    allowance::allow(tx, id, known.staff.as_deref())?;
    Ok(changed)
}

fn fail(tx: &mut Tx, id: &str, refusal: Refusal) -> Result<Verdict, Error> {
    allowance::refuse(tx, id, refusal)?;
    Ok(Verdict::Failed)
}
