//! The end of the retention of personal data: files of closed applications, messages, inquiries about certificates, and
//! old entries of the audit. The log has how many were removed; for files and entries, the audit has it too.
//! [`sweep`](super::sweep) deletes the stored files.

use std::collections::BTreeSet;

use chrono::{Duration, Months, NaiveDate};
use diesel::prelude::*;

use super::batch::RowState;
use super::business::{Business, Registry};
use super::lifecycle::Status;
use super::messages;
use super::rules::{self, Rule};
use crate::either;
use crate::exams::inquiry;
use crate::people::audit::{audit_command, cut};
use crate::store::schema::{applications as a, attachments as f, batch_rows, candidates, files_to_delete};
use crate::store::{Error, Store, Timestamp, Tx, meta};

/// Time between two runs of the job. A run reads the row of every file of a closed application.
const EVERY: Duration = Duration::days(1);

/// Key of the time of the last look in `meta`.
const LOOKED_AT: &str = "retention_looked_at";

/// Applications of one transaction.
const AT_ONCE: i64 = 200;

/// An application in one of these states needs the files of the one that it is about.
const RUNNING: [Status; 4] = [Status::Draft, Status::Submitted, Status::InReview, Status::Returned];

/// Removes what is old, once a day.
pub(super) async fn run(store: &Store) -> Result<(), Error> {
    if !store.write(is_due).await? {
        return Ok(());
    }
    for business in Registry::of_store(store).iter() {
        remove_old(store, business).await?;
    }
    remove_messages(store).await?;
    remove_inquiries(store).await?;
    cut_audit(store).await
}

/// Removes old messages to candidates.
async fn remove_messages(store: &Store) -> Result<(), Error> {
    let mut removed = 0;
    loop {
        let step = |tx: &mut Tx| {
            let age = Duration::days(rules::value(tx, Rule::MessageDays, None)?.into());
            messages::delete_old(tx, tx.now - age, AT_ONCE)
        };
        match store.write(step).await? {
            0 => break,
            some => removed += some,
        }
    }
    if removed > 0 {
        tracing::info!(removed, "messages whose retention has ended were removed");
    }
    Ok(())
}

/// Removes old inquiries about certificates.
async fn remove_inquiries(store: &Store) -> Result<(), Error> {
    let first = store.read(|tx| first_kept_day(tx, Rule::InquiryYears)).await?;
    let mut removed = 0;
    loop {
        match store.write(move |tx: &mut Tx| inquiry::remove_oldest_day(tx, first)).await? {
            0 => break,
            some => removed += some,
        }
    }
    if removed > 0 {
        tracing::info!(removed, "inquiries whose retention has ended were removed");
    }
    Ok(())
}

fn is_due(tx: &mut Tx) -> Result<bool, Error> {
    let last = meta::get(tx, LOOKED_AT)?.and_then(|text| text.parse::<Timestamp>().ok());
    // The clock may have been set back.
    let due = last.is_none_or(|last| tx.now - last >= EVERY || tx.now < last);
    if due {
        meta::set(tx, LOOKED_AT, &format!("{:?}", tx.now))?;
    }
    Ok(due)
}

/// Removes the files of the applications of a business whose retention has ended.
async fn remove_old(store: &Store, business: &'static Business) -> Result<(), Error> {
    let (mut after, mut applications, mut files) = (String::new(), 0, 0);
    loop {
        let from = after.clone();
        let step = move |tx: &mut Tx| {
            let old = old(tx, business, &from)?;
            let last = old.last().cloned();
            let free = without_needed(tx, old)?;
            Ok::<_, Error>((last, free.len(), remove_files(tx, &free)?))
        };
        let (last, some, removed) = store.write(step).await?;
        (applications, files) = (applications + some, files + removed);
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    if files > 0 {
        tracing::info!(
            business = business.slug,
            applications,
            files,
            "files whose retention has ended were removed"
        );
        let target = format!("{} {files}", business.slug);
        store.write(move |tx: &mut Tx| audit_command(tx, "retention", &target)).await?;
    }
    Ok(())
}

/// Applications with files that have been closed for so long that their retention has ended, after a key.
fn old(tx: &mut Tx, business: &Business, after: &str) -> Result<Vec<String>, Error> {
    let withdrawn = tx.now - Duration::days(rules::value(tx, Rule::WithdrawnFiles, Some(business))?.into());
    let years = rules::value(tx, Rule::DecidedFiles, Some(business))?.unsigned_abs();
    let decided = tx.now.checked_sub_months(Months::new(12 * years)).map_or(withdrawn, Timestamp::from_utc);
    let decided_states: Vec<&str> = closed(business).map(Status::code).collect();
    let is_withdrawn = a::status.eq(Status::Withdrawn.code()).and(a::updated_at.lt(withdrawn));
    let is_decided = a::status.eq_any(decided_states).and(a::updated_at.lt(decided));
    let rows = f::table
        .inner_join(a::table)
        .filter(f::removed_at.is_null())
        .filter(a::kind.eq(business.slug))
        .filter(a::id.gt(after))
        .filter(is_withdrawn.or(is_decided))
        .select(a::id)
        .distinct()
        .order(a::id)
        .limit(AT_ONCE);
    Ok(rows.load(tx.conn)?)
}

/// The states after a decision in which nothing is left to do.
fn closed(business: &Business) -> impl Iterator<Item = Status> {
    let states = [Status::Rejected, Status::Approved, Status::Completed].into_iter();
    states.filter(|status| business.awaited_task(*status).is_none())
}

/// Those of these applications about which no application is running, and which are in no open batch.
pub(super) fn without_needed(tx: &mut Tx, ids: Vec<String>) -> Result<Vec<String>, Error> {
    let running = RUNNING.map(Status::code);
    let about = a::table.filter(a::parent_id.eq_any(&ids)).filter(a::status.eq_any(running));
    let mut needed: BTreeSet<String> = about.select(a::parent_id).load(tx.conn)?.into_iter().collect();
    let batched = batch_rows::table
        .filter(batch_rows::application_id.eq_any(&ids))
        .filter(batch_rows::state.eq(RowState::Open.code()));
    needed.extend(batched.select(batch_rows::application_id).load::<String>(tx.conn)?);
    Ok(ids.into_iter().filter(|id| !needed.contains(id)).collect())
}

/// Removes the files of these applications for good. Their rows stay, so that pages can say so. The portrait of a candidate,
/// which certificates show, is no file of an application any more. Returns how many files.
pub(super) fn remove_files(tx: &mut Tx, applications: &[String]) -> Result<usize, Error> {
    let portraits: Vec<Option<String>> = candidates::table
        .filter(
            candidates::portrait_id
                .eq_any(f::table.filter(f::application_id.eq_any(applications)).select(f::id.nullable())),
        )
        .select(candidates::portrait_id)
        .load(tx.conn)?;
    let portraits: Vec<String> = portraits.into_iter().flatten().collect();
    let kept = f::table.filter(f::application_id.eq_any(applications)).filter(f::removed_at.is_null());
    let files: Vec<(String, String)> =
        kept.filter(f::id.ne_all(&portraits)).select((f::id, f::storage_key)).load(tx.conn)?;
    for (id, key) in &files {
        let gone = (f::removed_at.eq(Some(tx.now)), f::unreadable_since.eq(None::<Timestamp>));
        diesel::update(f::table.find(id)).set(gone).execute(tx.conn)?;
        let row = (files_to_delete::storage_key.eq(key), files_to_delete::dropped_at.eq(tx.now));
        either!(tx.conn, conn => diesel::insert_into(files_to_delete::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn))?;
    }
    Ok(files.len())
}

/// Removes the days of the audit whose retention has ended, each in a transaction of its own.
async fn cut_audit(store: &Store) -> Result<(), Error> {
    let end = store.read(|tx| first_kept_day(tx, Rule::AuditYears)).await?;
    let (mut entries, mut last) = (0, None);
    while let Some((day, removed)) = store.write(move |tx: &mut Tx| cut::remove_oldest_day(tx, end)).await? {
        (entries, last) = (entries + removed, Some(day));
    }
    if let Some(last) = last {
        tracing::info!(entries, until = %last, "entries of the audit whose retention has ended were removed");
        let target = format!("..{last} {entries}");
        store.write(move |tx: &mut Tx| audit_command(tx, "audit_cut", &target)).await?;
    }
    Ok(())
}

/// The first day of what is kept by a rule of years.
fn first_kept_day(tx: &mut Tx, rule: Rule) -> Result<NaiveDate, Error> {
    let years = rules::value(tx, rule, None)?.unsigned_abs();
    let today = tx.today();
    Ok(today.checked_sub_months(Months::new(12 * years)).unwrap_or(NaiveDate::MIN))
}
