//! Reminders: before a day by which a candidate should act, and before a draft is deleted.
//!
//! Notices of violations, which imports bring, are told here too.
//!
//! A reminder is about a reason, such as a return that is not corrected. Its key names the reason as it is now, so that
//! each is sent once, and none whose reason is gone.

use std::collections::HashSet;

use chrono::{Days, Duration, NaiveDate};
use diesel::prelude::*;

use super::topic::{Facts, Slot, Topic};
use super::{News, tell};
use crate::casework::business::{Business, Registry};
use crate::casework::calendar::Calendar;
use crate::casework::deadline::last_day_to_plead;
use crate::casework::lifecycle::Status;
use crate::casework::rules::{self, Rule};
use crate::exams::month_label;
use crate::store::clock::china_date;
use crate::store::schema::{
    applications as a, candidates as c, exams, messages as m, sittings, violations as v,
};
use crate::store::{CandidateId, Error, Store, Timestamp, Tx};

/// Reminders of one transaction, so that the site can write meanwhile.
const BATCH: usize = 100;

/// A notice of a violation that is older gives no more days, whatever the office's rules are.
const LONGEST_PLEA: Duration = Duration::days(180);

/// A notice of a violation is told for so long after it was served.
const NEW: Duration = Duration::days(7);

/// Something of which a candidate is to be reminded.
#[derive(Clone)]
struct Reminder {
    candidate: CandidateId,
    news: News,
}

/// Reminds candidates of what ends soon. Returns how many messages it wrote. The caller asks only while the clock is
/// trusted.
pub async fn run(store: &Store) -> Result<usize, Error> {
    let mut told = 0;
    for find in [returned, rejected, violations, drafts] {
        for batch in store.read(find).await?.chunks(BATCH) {
            let batch = batch.to_vec();
            told += store.write(move |tx: &mut Tx| tell_all(tx, &batch)).await?;
        }
    }
    Ok(told)
}

fn tell_all(tx: &mut Tx, reminders: &[Reminder]) -> Result<usize, Error> {
    let mut told = 0;
    for Reminder { candidate, news } in reminders {
        // The reason may be gone since it was found.
        if still_holds(tx, candidate, (news.topic, &news.subject), news.once.as_deref())? {
            told += usize::from(tell(tx, candidate, news)?);
        }
    }
    Ok(told)
}

/// Whether the reason of a message is not gone. What is no reminder has none.
pub(super) fn still_holds(
    tx: &mut Tx,
    candidate: &CandidateId,
    (topic, subject): (Topic, &str),
    once: Option<&str>,
) -> Result<bool, Error> {
    let Some(once) = once else { return Ok(true) };
    let in_state = |row: Option<State>, status: Status| row.filter(|row| row.0 == status.code());
    let number = match topic {
        Topic::RemindMend => {
            in_state(state_of(tx, subject)?, Status::Returned).map(|(_, version, _)| version)
        }
        Topic::RemindAppeal if is_appealed(tx, candidate, subject)? => None,
        Topic::RemindAppeal => {
            in_state(state_of(tx, subject)?, Status::Rejected).map(|(_, version, _)| version)
        }
        Topic::RemindDraft => in_state(state_of(tx, subject)?, Status::Draft).map(|(.., saves)| saves),
        _ => is_open_violation(tx, candidate, subject)?.then_some(0),
    };
    Ok(number.is_some_and(|number| key(topic, subject, number) == once))
}

/// Names the reason of a reminder: what it is about, and a number that changes when another period begins.
fn key(topic: Topic, subject: &str, number: i32) -> String {
    format!("{} {subject} {number}", topic.code())
}

/// Status, version and number of saves of an application.
type State = (String, i32, i32);

fn state_of(tx: &mut Tx, id: &str) -> Result<Option<State>, Error> {
    Ok(a::table.find(id).select((a::status, a::version, a::saves)).first(tx.conn).optional()?)
}

fn is_appealed(tx: &mut Tx, candidate: &CandidateId, id: &str) -> Result<bool, Error> {
    let made = a::table
        .filter(a::candidate_id.eq(candidate))
        .filter(a::parent_id.eq(id))
        .filter(a::status.ne_all([Status::Draft.code(), Status::Withdrawn.code()]))
        .count();
    Ok(made.get_result::<i64>(tx.conn)? > 0)
}

/// Whether a violation has no result, and no pending plea of the candidate.
fn is_open_violation(tx: &mut Tx, candidate: &CandidateId, id: &str) -> Result<bool, Error> {
    let open: i64 = v::table.filter(v::id.eq(id)).filter(v::outcome.eq("")).count().get_result(tx.conn)?;
    let pleas: Vec<&str> =
        Registry::of(tx).iter().filter(|business| business.pleads).map(|business| business.slug).collect();
    let pending = [Status::Submitted, Status::InReview, Status::Returned].map(Status::code);
    let made = a::table
        .filter(a::candidate_id.eq(candidate))
        .filter(a::subject.eq(id))
        .filter(a::kind.eq_any(pleas))
        .filter(a::status.eq_any(pending))
        .count();
    Ok(open > 0 && made.get_result::<i64>(tx.conn)? == 0)
}

/// The last day that is reminded of today by a rule. `None`: the office does not remind.
fn horizon(tx: &mut Tx, rule: Rule) -> Result<Option<NaiveDate>, Error> {
    let days = rules::value(tx, rule, None)?.unsigned_abs();
    Ok((days > 0).then(|| tx.today() + Days::new(days.into())))
}

/// Key, candidate, business, number, title, version, time of the last step, and the last day.
type Dated = (String, CandidateId, String, Option<String>, String, i32, Timestamp, Option<NaiveDate>);

fn returned(tx: &mut Tx) -> Result<Vec<Reminder>, Error> {
    let Some(horizon) = horizon(tx, Rule::RemindMend)? else { return Ok(Vec::new()) };
    let rows: Vec<Dated> = a::table
        .filter(a::status.eq(Status::Returned.code()))
        .filter(a::due_on.between(tx.today(), horizon))
        .order(a::id)
        .select((a::id, a::candidate_id, a::kind, a::number, a::title, a::version, a::updated_at, a::due_on))
        .load(tx.conn)?;
    dated(tx, Topic::RemindMend, rows)
}

fn rejected(tx: &mut Tx) -> Result<Vec<Reminder>, Error> {
    let Some(horizon) = horizon(tx, Rule::RemindAppeal)? else { return Ok(Vec::new()) };
    let rows: Vec<Dated> = a::table
        .filter(a::status.eq(Status::Rejected.code()))
        .filter(a::appeal_until.between(tx.today(), horizon))
        .order(a::id)
        .select((
            a::id,
            a::candidate_id,
            a::kind,
            a::number,
            a::title,
            a::version,
            a::updated_at,
            a::appeal_until,
        ))
        .load(tx.conn)?;
    dated(tx, Topic::RemindAppeal, rows)
}

/// The reminders that were not sent yet. Nobody is reminded on the day on which the period began.
fn dated(tx: &mut Tx, topic: Topic, rows: Vec<Dated>) -> Result<Vec<Reminder>, Error> {
    let registry = Registry::of(tx);
    let mut reminders = Vec::new();
    for (id, candidate, kind, number, title, version, since, last_day) in rows {
        let business = registry.find(&kind).ok_or(Error::Corrupt("applications.kind"))?;
        let Some(last_day) = last_day.filter(|_| china_date(since) < tx.today()) else { continue };
        let facts = vec![
            (Slot::Business, business.label.to_owned()),
            (Slot::Number, number.unwrap_or_default()),
            (Slot::Title, title),
            (Slot::LastDay, last_day.to_string()),
        ];
        reminders.push(reminder(candidate, (topic, Some(business)), id, version, facts));
    }
    unsent(tx, reminders)
}

fn reminder(
    candidate: CandidateId,
    (topic, business): (Topic, Option<&'static Business>),
    subject: String,
    number: i32,
    facts: Facts,
) -> Reminder {
    let once = Some(key(topic, &subject, number));
    Reminder { candidate, news: News { topic, business, subject, facts, once } }
}

/// Those that nobody was reminded of.
fn unsent(tx: &mut Tx, mut reminders: Vec<Reminder>) -> Result<Vec<Reminder>, Error> {
    let mut sent = HashSet::new();
    for part in reminders.chunks(BATCH) {
        let keys: Vec<&String> = part.iter().filter_map(|reminder| reminder.news.once.as_ref()).collect();
        let told = m::table.filter(m::once.eq_any(keys)).select(m::once.assume_not_null());
        sent.extend(told.load::<String>(tx.conn)?);
    }
    reminders.retain(|reminder| !reminder.news.once.as_ref().is_some_and(|key| sent.contains(key)));
    Ok(reminders)
}

fn violations(tx: &mut Tx) -> Result<Vec<Reminder>, Error> {
    let horizon = horizon(tx, Rule::RemindPlead)?;
    let (today, calendar) = (tx.today(), Calendar::load(tx)?);
    type Row = (String, CandidateId, String, String, NaiveDate, i32);
    let rows: Vec<Row> = v::table
        .inner_join(sittings::table.inner_join(exams::table))
        .inner_join(c::table.on(c::document_hash.eq(v::holder_hash)))
        .filter(v::outcome.eq(""))
        .filter(v::served_on.ge(today - LONGEST_PLEA))
        .order((v::id, c::id))
        .select((v::id, c::id, exams::name, sittings::month, v::served_on, v::plead_days))
        .load(tx.conn)?;
    let mut reminders = Vec::new();
    for (id, candidate, exam, month, served_on, days) in rows {
        let last_day = last_day_to_plead(&calendar, served_on, days.unsigned_abs());
        if today > last_day {
            continue;
        }
        let title = format!("{exam} · {}", month_label(&month));
        let facts = vec![(Slot::Title, title), (Slot::LastDay, last_day.to_string())];
        if today - served_on <= NEW {
            let news = (Topic::ViolationNoticed, None);
            reminders.push(reminder(candidate.clone(), news, id.clone(), 0, facts.clone()));
        }
        if served_on < today && horizon.is_some_and(|horizon| last_day <= horizon) {
            reminders.push(reminder(candidate, (Topic::RemindPlead, None), id, 0, facts));
        }
    }
    unsent(tx, reminders)
}

fn drafts(tx: &mut Tx) -> Result<Vec<Reminder>, Error> {
    let days = rules::value(tx, Rule::RemindDraft, None)?;
    if days == 0 {
        return Ok(Vec::new());
    }
    let age = Duration::days(rules::value(tx, Rule::DraftDays, None)?.into());
    type Row = (String, CandidateId, String, i32, Timestamp);
    let rows: Vec<Row> = a::table
        .filter(a::status.eq(Status::Draft.code()))
        .filter(a::updated_at.le(tx.now - (age - Duration::days(days.into()))))
        .order(a::id)
        .select((a::id, a::candidate_id, a::kind, a::saves, a::updated_at))
        .load(tx.conn)?;
    let registry = Registry::of(tx);
    let mut reminders = Vec::new();
    for (id, candidate, kind, saves, updated_at) in rows {
        let business = registry.find(&kind).ok_or(Error::Corrupt("applications.kind"))?;
        let facts = vec![
            (Slot::Business, business.label.to_owned()),
            (Slot::LastDay, china_date(updated_at + age).to_string()),
        ];
        reminders.push(reminder(candidate, (Topic::RemindDraft, Some(business)), id, saves, facts));
    }
    unsent(tx, reminders)
}
