//! Many applications, made by SQL from one that was submitted.

use diesel::prelude::*;
use kaozheng::business::ALL;
use kaozheng::casework::number::ApplicationNumber;
use kaozheng::store::Conn;
use kaozheng::web::Failure;

use super::authority::Authority;

/// Every tenth application is in one of these states.
const STATES: [&str; 10] = [
    "submitted",
    "submitted",
    "submitted",
    "submitted",
    "in_review",
    "in_review",
    "approved",
    "completed",
    "rejected",
    "returned",
];

/// So many of the applications belong to the candidate of the first.
const OF_ONE: usize = 500;

/// Other candidates, exams, and days on which applications are due.
const CANDIDATES: usize = 200;
const TITLES: usize = 40;
const DAYS: usize = 30;

impl Authority {
    /// Adds the applications `from..to` of every business in every state, as copies of `first`. `assignee` has
    /// taken half of those that are or were in review. Of those in review a fifth are on hold, and a
    /// tenth wait for a confirmation.
    pub async fn add_many(&self, first: &ApplicationNumber, assignee: &str, from: usize, to: usize) {
        let (first, assignee) = (first.to_string(), assignee.to_owned());
        let add = move |tx: &mut kaozheng::store::Tx| {
            let words = Words::of(tx.conn);
            for statement in [words.candidates(), words.applications(from, to), words.events(from, to)] {
                let sql = statement.replace("{first}", &first).replace("{assignee}", &assignee);
                diesel::sql_query(sql).execute(tx.conn)?;
            }
            Ok::<_, Failure>(())
        };
        self.write(add).await.expect("many applications");
    }
}

/// SQL in which the databases differ, about the number `i`.
struct Words {
    six_digits: &'static str,
    due_on: String,
    earlier: &'static str,
    days_ago: &'static str,
}

impl Words {
    fn of(conn: &Conn) -> Words {
        match conn {
            Conn::Sqlite(_) => Words {
                six_digits: "printf('%06d', i)",
                due_on: format!("date('2026-11-20', '+' || (i * 7 % {DAYS}) || ' days')"),
                earlier: "strftime('%Y-%m-%d %H:%M:%S', a.submitted_at, '-' || i || ' seconds')",
                days_ago: "strftime('%Y-%m-%d %H:%M:%S', a.submitted_at, '-' || (i % 40) || ' days')",
            },
            Conn::Postgres(_) => Words {
                six_digits: "lpad(i::text, 6, '0')",
                due_on: format!("DATE '2026-11-20' + (i * 7 % {DAYS})"),
                earlier: "a.submitted_at - i * INTERVAL '1 second'",
                days_ago: "a.submitted_at - (i % 40) * INTERVAL '1 day'",
            },
        }
    }

    fn numbers(from: usize, to: usize) -> String {
        format!("WITH RECURSIVE n (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to} - 1)")
    }

    fn candidates(&self) -> String {
        let numbers = Words::numbers(0, CANDIDATES);
        let columns = "document_type, document_number, name, name_hash, phone, created_at, signed_in_at";
        format!(
            "{numbers} INSERT INTO candidates (id, document_hash, {columns})
             SELECT 'candidate' || i, 'candidate' || i, {columns} FROM candidates, n
             WHERE id = (SELECT candidate_id FROM applications WHERE number = '{{first}}')
             ON CONFLICT DO NOTHING"
        )
    }

    fn applications(&self, from: usize, to: usize) -> String {
        let (numbers, six, due) = (Words::numbers(from, to), self.six_digits, &self.due_on);
        let (earlier, days_ago) = (self.earlier, self.days_ago);
        let kinds = kinds();
        let count = kinds.len();
        let kind = pick("i", &kinds);
        let state = pick(&format!("(i / {count})"), &STATES);
        format!(
            "{numbers} INSERT INTO applications (id, number, kind, candidate_id, parent_id, subject, title, summary,
                 status, version, round, form, assignee_id, created_at, updated_at, submitted_at, due_on, held_at, proposed_by)
             SELECT 'many' || {six}, 'TF20261123' || {six} || 'X', {kind},
                 CASE WHEN i < {OF_ONE} THEN a.candidate_id ELSE 'candidate' || (i % {CANDIDATES}) END,
                 '', 'subject' || i, '考试 ' || (i / {count} / 10 % {TITLES}) || ' · 2026-11', a.summary, {state},
                 2, 1, a.form,
                 CASE WHEN {state} <> 'submitted' AND i % 2 = 0 THEN '{{assignee}}' END,
                 a.created_at, {earlier}, {days_ago},
                 CASE WHEN {state} IN ('submitted', 'in_review', 'returned') THEN {due} END,
                 CASE WHEN {state} = 'in_review' AND i % 5 = 0 THEN a.created_at END,
                 CASE WHEN {state} = 'in_review' AND i % 10 = 2 THEN '{{assignee}}' END
             FROM applications AS a, n WHERE a.number = '{{first}}'"
        )
    }

    fn events(&self, from: usize, to: usize) -> String {
        let (numbers, six) = (Words::numbers(from, to), self.six_digits);
        format!(
            "{numbers} INSERT INTO application_events
                 (id, application_id, position, at, action, from_status, to_status, content)
             SELECT 'many' || {six}, 'many' || {six}, 1, e.at, e.action, e.from_status, e.to_status, e.content
             FROM application_events AS e, n
             WHERE e.action = 'submit'
                 AND e.application_id = (SELECT id FROM applications WHERE number = '{{first}}')"
        )
    }
}

/// SQL for the element of `texts` at the index `at` modulo their number.
fn pick(at: &str, texts: &[&str]) -> String {
    let cases = texts.iter().enumerate().map(|(index, text)| format!("WHEN {index} THEN '{text}'"));
    format!("CASE {at} % {} {} END", texts.len(), cases.collect::<Vec<_>>().join(" "))
}

pub fn kinds() -> Vec<&'static str> {
    ALL.iter().map(|business| business.slug).collect()
}
