//! 逾期未补正: closes returned applications that were not corrected by their due day.
//!
//! The candidate has read the due day, which no import of a calendar makes earlier. The caller asks only while the
//! clock is trusted.

use chrono::{Duration, NaiveDate};
use diesel::prelude::*;

use super::application::{By, Change};
use super::business::Application;
use super::deadline::Due;
use super::history::Content;
use super::lifecycle::{Action, Status};
use super::refusal::Refusal;
use super::rules::Rule;
use super::transition::step;
use crate::store::clock::china_date;
use crate::store::schema::applications::dsl as a;
use crate::store::{Error, Store, Timestamp, Tx};

/// [`Application::result`] of one that was closed.
pub const RESULT: &str = "逾期未补正";

/// A request that arrived on the last day may still be sending its files.
const GRACE: Duration = Duration::hours(1);

/// Applications of one transaction, so that the site can write meanwhile.
const BATCH: usize = 100;

/// Closes what is overdue. Returns how many.
pub async fn run(store: &Store) -> Result<usize, Refusal> {
    for batch in store.read::<_, Error, _>(from_older_program).await?.chunks(BATCH) {
        let batch = batch.to_vec();
        store.write::<_, Refusal, _>(move |tx| batch.iter().try_for_each(|id| renew(tx, id))).await?;
    }
    let mut closed = 0;
    for batch in store.read::<_, Error, _>(overdue).await?.chunks(BATCH) {
        let batch = batch.to_vec();
        closed += store.write(move |tx| close_all(tx, &batch)).await?;
    }
    Ok(closed)
}

/// Returned applications whose candidates were told that a later correction is accepted.
fn from_older_program(tx: &mut Tx) -> Result<Vec<String>, Error> {
    let returned = a::applications.filter(a::status.eq(Status::Returned.code()));
    Ok(returned.filter(a::due_days.is_null()).order(a::id).select(a::id).load(tx.conn)?)
}

/// Gives such an application another period, which begins today.
fn renew(tx: &mut Tx, id: &str) -> Result<(), Refusal> {
    let application = Application::by_id(tx, id)?;
    let due = Due::by_rule(tx, Rule::MendDays, application.business)?;
    let on = application.due_on.map_or(due.on, |told| told.max(due.on));
    let unchanged = a::applications.find(id).filter(a::version.eq(application.version));
    let renewed = (a::due_on.eq(Some(on)), a::due_days.eq(Some(due.days)));
    diesel::update(unchanged).set(renewed).execute(tx.conn)?;
    Ok(())
}

fn overdue(tx: &mut Tx) -> Result<Vec<String>, Error> {
    let returned = a::applications.filter(a::status.eq(Status::Returned.code()));
    Ok(returned.filter(a::due_on.lt(first_in_time(tx.now))).order(a::id).select(a::id).load(tx.conn)?)
}

/// The first due day that is not over.
fn first_in_time(now: Timestamp) -> NaiveDate {
    china_date(now - GRACE)
}

fn close_all(tx: &mut Tx, ids: &[String]) -> Result<usize, Refusal> {
    let mut closed = 0;
    for id in ids {
        match close(tx, id) {
            Err(Refusal::Overtaken { .. }) => {} // it was submitted or withdrawn in the meantime
            done => closed += usize::from(done?),
        }
    }
    Ok(closed)
}

fn close(tx: &mut Tx, id: &str) -> Result<bool, Refusal> {
    let application = Application::by_id(tx, id)?;
    let Some(due_on) = application.due_on.filter(|due_on| *due_on < first_in_time(tx.now)) else {
        return Ok(false);
    };
    let change = Change {
        result: Some(RESULT.to_owned()),
        working: Some(None),
        decided_at: Some(Some(tx.now)),
        ..Change::default().not_due()
    };
    let note = format!("补正期限 {due_on} 已过，需要时可以重新申请");
    let content = Content { note, ..Content::default() };
    step(tx, &application, Action::Lapse, By::Office, change, content)?;
    Ok(true)
}
