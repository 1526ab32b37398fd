//! Messages that are to be sent as SMS: which process tries which one, and when.
//!
//! A process leases a message before it tries it. The lease ends by itself, so a message of a process that died is tried by
//! another one, with the same id: the gateway gets it at least once. A message that cannot be sent becomes a dead letter,
//! which administrators see and may send again.

use chrono::{TimeDelta, Timelike};
use diesel::prelude::*;

use super::reminders;
use super::template::named;
use super::topic::{Facts, Topic};
use crate::people::audit::audit;
use crate::people::candidate::Candidate;
use crate::people::staff::StaffMember;
use crate::store::clock::CHINA;
use crate::store::schema::{messages as m, sms_opt_outs as o, sms_outbox as q};
use crate::store::{CandidateId, Error, Timestamp, Tx};

/// The states of a message in the outbox. A dead one is not tried any more.
const WAITING: &str = "waiting";
const DEAD: &str = "dead";

/// Column name under which facts are sealed.
const FACTS: &str = "sms_outbox.facts";

/// How long a process leases a message. The lease is longer than a try may take.
const LEASE: TimeDelta = TimeDelta::minutes(2);

/// After so many tries, which take about 16 hours without the nights between, a message is a dead letter.
const MOST_TRIES: i32 = 16;

/// The wait after the first try. It doubles with each further one, up to [`LONGEST_WAIT`].
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(30);
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(2);

/// A message that has waited for longer is not sent late.
const STALE: TimeDelta = TimeDelta::days(3);

/// Nobody gets an SMS between these hours in China.
const EVENING: u32 = 21;
const MORNING: u32 = 8;

/// Adds a message. `template` names its text.
pub(super) fn add(tx: &mut Tx, id: &str, template: &str, facts: &Facts) -> Result<(), Error> {
    let row = (
        q::message_id.eq(id),
        q::state.eq(WAITING),
        q::queued_at.eq(tx.now),
        q::due_at.eq(tx.now),
        q::lease.eq(""),
        q::tries.eq(0),
        q::failure.eq(""),
        q::template.eq(template),
        q::facts.eq(tx.vault.seal(FACTS, &named(facts).to_string())),
    );
    diesel::insert_into(q::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// Whether it is night in China, when no SMS is sent.
fn is_night(at: Timestamp) -> bool {
    !(MORNING..EVENING).contains(&(at + CHINA).hour())
}

/// A message that a process has leased.
#[derive(Clone, Debug)]
pub struct Letter {
    pub id: String,
    pub topic: Topic,
    /// In clear.
    pub phone: String,
    pub text: String,
    pub template: String,
    /// JSON: the values of the text's placeholders.
    pub facts: String,
    pub created_at: Timestamp,
    /// With the present one.
    pub tries: i32,
    lease: String,
}

/// Why a try failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The status of the gateway's answer.
    Status(u16),
    /// There was no answer in time.
    Timeout,
    /// The gateway was not reached, or the connection was cut.
    Connection,
    /// The message waited for too long.
    Stale,
    /// Its data cannot be opened.
    Unreadable,
}

impl Failure {
    fn code(self) -> String {
        match self {
            Failure::Status(status) => status.to_string(),
            Failure::Timeout => "timeout".to_owned(),
            Failure::Connection => "connection".to_owned(),
            Failure::Stale => "stale".to_owned(),
            Failure::Unreadable => "unreadable".to_owned(),
        }
    }

    fn from_code(code: &str) -> Option<Failure> {
        match code {
            "timeout" => Some(Failure::Timeout),
            "connection" => Some(Failure::Connection),
            "stale" => Some(Failure::Stale),
            "unreadable" => Some(Failure::Unreadable),
            status => status.parse().ok().map(Failure::Status),
        }
    }

    /// For administrators.
    pub fn words(self) -> String {
        match self {
            Failure::Status(status @ 300..=399) => {
                format!("网关要求转到别的地址（HTTP {status}），请核对网关地址")
            }
            Failure::Status(429) => "网关说太频繁（HTTP 429）".to_owned(),
            Failure::Status(status @ 400..=499) => format!("网关拒绝了这条短信（HTTP {status}）"),
            Failure::Status(status) => format!("网关出错（HTTP {status}）"),
            Failure::Timeout => "网关没有及时回答".to_owned(),
            Failure::Connection => "连不上网关，或连接中断".to_owned(),
            Failure::Stale => "等待超过 3 天，过时不发".to_owned(),
            Failure::Unreadable => "保存的内容不能解密".to_owned(),
        }
    }

    /// Whether another try can succeed.
    fn is_passing(self) -> bool {
        match self {
            Failure::Status(408 | 425 | 429) => true,
            Failure::Status(status) => !(400..500).contains(&status),
            Failure::Timeout | Failure::Connection => true,
            Failure::Stale | Failure::Unreadable => false,
        }
    }
}

/// Whether a message can be tried now. At night none is.
pub fn is_due(tx: &mut Tx) -> Result<bool, Error> {
    if is_night(tx.now) {
        return Ok(false);
    }
    let due = q::table.filter(q::state.eq(WAITING)).filter(q::due_at.le(tx.now));
    let first: Option<String> = due.select(q::message_id).first(tx.conn).optional()?;
    Ok(first.is_some())
}

type Row = (
    (String, Timestamp, Timestamp, i32, String, String),
    (CandidateId, String, String, Option<String>, String, Timestamp),
    Option<Timestamp>,
);

/// Leases messages that are due, at most `most`. Those that are not to be sent any more leave the outbox.
pub fn lease(tx: &mut Tx, most: i64) -> Result<Vec<Letter>, Error> {
    let due: Vec<Row> = q::table
        .inner_join(m::table)
        .left_join(o::table.on(o::candidate_id.eq(m::candidate_id)))
        .filter(q::state.eq(WAITING))
        .filter(q::due_at.le(tx.now))
        .order((q::due_at, q::message_id))
        .limit(most)
        .select((
            (q::message_id, q::queued_at, q::due_at, q::tries, q::template, q::facts),
            (m::candidate_id, m::topic, m::subject, m::once, m::body, m::created_at),
            o::at.nullable(),
        ))
        .load(tx.conn)?;
    let mut letters = Vec::new();
    for row in due {
        let (id, queued_at, due_at) = (row.0.0.clone(), row.0.1, row.0.2);
        let found = match read(tx, row) {
            Ok(Found::Letter(_)) if tx.now - queued_at > STALE => Found::Dead(Failure::Stale),
            Err(Error::Unreadable) => Found::Dead(Failure::Unreadable),
            read => read?,
        };
        // Of two processes, the other finds another time.
        let seen = q::table.find(&id).filter(q::state.eq(WAITING)).filter(q::due_at.eq(due_at));
        match found {
            Found::Unwanted => drop(diesel::delete(seen).execute(tx.conn)?),
            Found::Unknown => {
                diesel::update(seen).set(q::due_at.eq(tx.now + LEASE)).execute(tx.conn)?;
            }
            Found::Dead(failure) => {
                let dead = (q::state.eq(DEAD), q::failure.eq(failure.code()));
                diesel::update(seen).set(dead).execute(tx.conn)?;
            }
            Found::Letter(letter) => {
                let lease = (q::lease.eq(&letter.lease), q::tries.eq(letter.tries));
                let won = diesel::update(seen).set((q::due_at.eq(tx.now + LEASE), lease)).execute(tx.conn)?;
                letters.extend((won > 0).then_some(*letter));
            }
        }
    }
    Ok(letters)
}

/// What is to be done with a message that is due.
enum Found {
    Letter(Box<Letter>),
    /// Nobody wants it any more.
    Unwanted,
    /// A newer program, which runs beside this one, sends it.
    Unknown,
    Dead(Failure),
}

fn read(tx: &mut Tx, row: Row) -> Result<Found, Error> {
    let ((id, _, _, tries, template, facts), told, opted_out) = row;
    let (candidate, topic, subject, once, body, created_at) = told;
    let Some(topic) = Topic::from_code(&topic) else { return Ok(Found::Unknown) };
    let phone = Candidate::load(tx, &candidate)?.map(|candidate| candidate.phone).unwrap_or_default();
    let is_wanted = !phone.is_empty() && (topic.is_obligatory() || opted_out.is_none());
    if !is_wanted || !reminders::still_holds(tx, &candidate, (topic, &subject), once.as_deref())? {
        return Ok(Found::Unwanted);
    }
    let (text, facts) = (tx.vault.open(super::BODY, &body)?, tx.vault.open(FACTS, &facts)?);
    let (tries, lease) = (tries + 1, tx.id());
    Ok(Found::Letter(Box::new(Letter { id, topic, phone, text, template, facts, created_at, tries, lease })))
}

/// Notes that the gateway has taken a message. A process that has lost its lease notes it too: the gateway has it.
pub fn sent(tx: &mut Tx, letter: &Letter) -> Result<(), Error> {
    diesel::update(m::table.find(&letter.id)).set(m::texted_at.eq(Some(tx.now))).execute(tx.conn)?;
    diesel::delete(q::table.find(&letter.id)).execute(tx.conn)?;
    Ok(())
}

/// Notes that a try failed. `after` is what the gateway asked for. A process that has lost its lease notes nothing.
pub fn failed(tx: &mut Tx, letter: &Letter, failure: Failure, after: Option<TimeDelta>) -> Result<(), Error> {
    let own = q::table.find(&letter.id).filter(q::lease.eq(&letter.lease));
    let noted = (q::failure.eq(failure.code()), q::lease.eq(""));
    if !failure.is_passing() || letter.tries >= MOST_TRIES {
        tracing::warn!(id = letter.id, ?failure, tries = letter.tries, "a message is not sent by SMS");
        diesel::update(own).set((noted, q::state.eq(DEAD))).execute(tx.conn)?;
        return Ok(());
    }
    // Messages that failed together are not tried together again.
    let jitter = tx.ids.number(80..=120);
    let due_at = tx.now + wait(letter.tries, jitter).max(after.unwrap_or_default().min(LONGEST_WAIT));
    diesel::update(own).set((noted, q::due_at.eq(due_at))).execute(tx.conn)?;
    Ok(())
}

/// The wait after a try, which is counted from 1, with so many hundredths of it.
fn wait(tries: i32, hundredths: u32) -> TimeDelta {
    let doublings = u32::try_from(tries - 1).unwrap_or_default().min(16);
    let full = (FIRST_WAIT * 2_i32.pow(doublings)).min(LONGEST_WAIT);
    full * i32::try_from(hundredths).unwrap_or(100) / 100
}

/// Forgets what waited for a gateway while none was set.
pub fn forget_unsendable(tx: &mut Tx) -> Result<usize, Error> {
    let old = q::state.eq(WAITING).and(q::queued_at.lt(tx.now - STALE));
    Ok(diesel::delete(q::table.filter(old)).execute(tx.conn)?)
}

/// A message that could not be sent.
pub struct DeadLetter {
    pub id: String,
    pub topic: Topic,
    /// Slug of its business, or empty.
    pub kind: String,
    /// Key of the application or certificate that it is about, or empty.
    pub subject: String,
    pub candidate: CandidateId,
    pub created_at: Timestamp,
    pub tries: i32,
    pub failure: Option<Failure>,
}

/// How many messages wait, since when the oldest does, and how many are dead letters.
#[derive(Clone)]
pub struct Queue {
    pub waiting: i64,
    pub oldest: Option<Timestamp>,
    pub dead: i64,
}

impl Queue {
    pub fn count(tx: &mut Tx) -> Result<Queue, Error> {
        let waiting = q::table.filter(q::state.eq(WAITING));
        let oldest = waiting.select(diesel::dsl::min(q::queued_at)).first(tx.conn)?;
        let dead = q::table.filter(q::state.eq(DEAD)).count();
        Ok(Queue { waiting: waiting.count().get_result(tx.conn)?, oldest, dead: dead.get_result(tx.conn)? })
    }
}

/// The dead letters, the newest first.
pub fn dead(tx: &mut Tx, most: i64) -> Result<Vec<DeadLetter>, Error> {
    type Row = (String, String, String, String, CandidateId, Timestamp, i32, String);
    let rows: Vec<Row> = q::table
        .inner_join(m::table)
        .filter(q::state.eq(DEAD))
        .order(q::message_id.desc())
        .limit(most)
        .select((
            q::message_id,
            m::topic,
            m::kind,
            m::subject,
            m::candidate_id,
            m::created_at,
            q::tries,
            q::failure,
        ))
        .load(tx.conn)?;
    let letter = |(id, topic, kind, subject, candidate, created_at, tries, failure): Row| {
        let topic = Topic::from_code(&topic).ok_or(Error::Corrupt("messages.topic"))?;
        let failure = Failure::from_code(&failure);
        Ok(DeadLetter { id, topic, kind, subject, candidate, created_at, tries, failure })
    };
    rows.into_iter().map(letter).collect()
}

/// Lets a dead letter, or with `None` every one, be tried again from the beginning. Returns how many.
pub fn send_again(tx: &mut Tx, staff: &StaffMember, id: Option<&str>) -> Result<usize, Error> {
    let again = (
        q::state.eq(WAITING),
        q::queued_at.eq(tx.now),
        q::due_at.eq(tx.now),
        q::tries.eq(0),
        q::lease.eq(""),
    );
    let dead = q::state.eq(DEAD);
    let count = match id {
        Some(id) => {
            diesel::update(q::table.filter(dead.and(q::message_id.eq(id)))).set(again).execute(tx.conn)?
        }
        None => diesel::update(q::table.filter(dead)).set(again).execute(tx.conn)?,
    };
    if count > 0 {
        let target = id.map_or_else(|| format!("all {count}"), str::to_owned);
        audit(tx, &staff.id, "sms_again", &target)?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_two_hours() {
        let minutes = |tries| wait(tries, 100).num_seconds() as f64 / 60.0;
        let waits: Vec<f64> = (1..MOST_TRIES).map(minutes).collect();
        assert_eq!(waits[..9], [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 120.0]);
        assert_eq!(waits.iter().sum::<f64>() / 60.0, 16.125, "hours until a dead letter");
        assert_eq!((wait(1, 80).num_seconds(), wait(1, 120).num_seconds()), (24, 36));
    }

    #[test]
    fn night_is_from_nine_to_eight_in_china() {
        for (at, is_at_night) in [
            ("2026-04-01T00:00:00", false), // 08:00 in China
            ("2026-04-01T12:59:59", false),
            ("2026-04-01T13:00:00", true), // 21:00
            ("2026-04-01T17:00:00", true), // after midnight
            ("2026-03-31T23:59:59", true),
        ] {
            assert_eq!(is_night(at.parse().unwrap()), is_at_night, "{at}");
        }
    }

    #[test]
    fn failures_are_stored_and_some_are_final() {
        for (failure, is_passing) in [
            (Failure::Status(500), true),
            (Failure::Status(301), true),
            (Failure::Status(429), true),
            (Failure::Status(408), true),
            (Failure::Status(425), true),
            (Failure::Status(400), false),
            (Failure::Status(404), false),
            (Failure::Timeout, true),
            (Failure::Connection, true),
            (Failure::Stale, false),
            (Failure::Unreadable, false),
        ] {
            assert_eq!(failure.is_passing(), is_passing, "{failure:?}");
            assert_eq!(Failure::from_code(&failure.code()), Some(failure));
        }
    }
}
