//! Copies of applications by SQL, for other candidates. Every column of a copy is that of its template, unless it
//! has to differ, so a new column needs no change here.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use kaozheng::store::{CandidateId, Conn};

/// A copy to make.
pub struct Copy {
    /// It ends the ids of the copy: different for each copy of one template.
    round: usize,
    candidate: CandidateId,
    template: String,
}

impl Copy {
    pub fn new(round: usize, candidate: &CandidateId, template: &str) -> Copy {
        Copy { round, candidate: candidate.clone(), template: template.to_owned() }
    }
}

/// Rows of one statement.
const CHUNK: usize = 1000;

/// Columns whose value in a copy differs from the template's, as SQL: `t` is the template and `c` the copy.
type Differing = [(&'static str, &'static str)];

/// The copies of a template were submitted and changed a second after each other.
fn of_application(conn: &Conn) -> [(&'static str, &'static str); 11] {
    let (submitted, changed, due) = match conn {
        Conn::Sqlite(_) => (
            "datetime(t.submitted_at, '-' || c.round || ' seconds')",
            "datetime(t.updated_at, '-' || c.round || ' seconds')",
            "CASE c.round % 10 WHEN 0 THEN date(t.due_on, '-60 days') ELSE t.due_on END",
        ),
        Conn::Postgres(_) => (
            "t.submitted_at - c.round * INTERVAL '1 second'",
            "t.updated_at - c.round * INTERVAL '1 second'",
            "CASE c.round % 10 WHEN 0 THEN t.due_on - 60 ELSE t.due_on END",
        ),
    };
    [
        ("id", "t.id || '-' || c.round"),
        ("number", "t.number || '-' || c.round"),
        ("candidate_id", "c.candidate_id"),
        // The copy of an appeal is about the copy of the application.
        ("parent_id", "CASE t.parent_id WHEN '' THEN '' ELSE t.parent_id || '-' || c.round END"),
        // Two templates of one business may be about the same.
        ("subject", "t.id || '-' || c.round"),
        ("submitted_at", submitted),
        ("updated_at", changed),
        // One in ten is overdue, one in ten of those in review is on hold, and one in ten waits for a confirmation.
        ("due_on", due),
        // A reviewer has taken those in review.
        (
            "assignee_id",
            "CASE t.status WHEN 'in_review' THEN (SELECT min(id) FROM staff WHERE role = 'reviewer')
                 ELSE t.assignee_id END",
        ),
        ("held_at", "CASE WHEN t.status = 'in_review' AND c.round % 10 = 1 THEN t.updated_at END"),
        (
            "proposed_by",
            "CASE WHEN t.status = 'in_review' AND c.round % 10 = 2
                 THEN (SELECT min(id) FROM staff WHERE role = 'reviewer') END",
        ),
    ]
}

const OF_EVENT: &Differing =
    &[("id", "t.id || '-' || c.round"), ("application_id", "t.application_id || '-' || c.round")];

/// Makes copies, and assigns so many of those in review to a staff member.
pub fn make(url: &str, copies: &[Copy], staff: &str, assigned: usize) {
    let mut conn = Conn::establish(url.trim_start_matches("sqlite:")).expect("a connection");
    if let Conn::Sqlite(_) = conn {
        execute(&mut conn, "PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF");
    }
    execute(&mut conn, "BEGIN");
    list(&mut conn, copies);
    let of_application = of_application(&conn);
    insert(&mut conn, "applications", "t.id", &of_application);
    insert(&mut conn, "application_events", "t.application_id", OF_EVENT);
    let own = format!(
        "UPDATE applications SET assignee_id = '{staff}' WHERE id IN
             (SELECT id FROM applications WHERE status = 'in_review' AND proposed_by IS NULL
              ORDER BY id LIMIT {assigned})"
    );
    execute(&mut conn, &own);
    execute(&mut conn, "COMMIT");
    if let Conn::Postgres(_) = conn {
        execute(&mut conn, "VACUUM ANALYZE");
    }
}

fn execute(conn: &mut Conn, sql: &str) {
    conn.batch_execute(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
}

/// A table of the copies to make.
fn list(conn: &mut Conn, copies: &[Copy]) {
    execute(conn, "CREATE TEMP TABLE copies (round INTEGER, candidate_id TEXT, template TEXT)");
    let row = |Copy { round, candidate, template }: &Copy| format!("({round}, '{candidate}', '{template}')");
    for chunk in copies.chunks(CHUNK) {
        let rows: Vec<String> = chunk.iter().map(row).collect();
        execute(conn, &format!("INSERT INTO copies VALUES {}", rows.join(", ")));
    }
}

/// Inserts the copies of a table. `template` is its column with the id of the copied application.
fn insert(conn: &mut Conn, table: &str, template: &str, differing: &Differing) {
    let columns = columns(conn, table);
    let value = |column: &String| match differing.iter().find(|(name, _)| name == column) {
        Some((_, value)) => (*value).to_owned(),
        None => format!("t.{column}"),
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let (columns, values) = (columns.join(", "), values.join(", "));
    let from = format!("FROM copies c JOIN {table} t ON {template} = c.template");
    execute(conn, &format!("INSERT INTO {table} ({columns}) SELECT {values} {from}"));
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

fn columns(conn: &mut Conn, table: &str) -> Vec<String> {
    let sql = match conn {
        Conn::Sqlite(_) => format!("SELECT name FROM pragma_table_info('{table}')"),
        Conn::Postgres(_) => format!(
            "SELECT column_name::text AS name FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name = '{table}'"
        ),
    };
    let columns: Vec<Column> =
        kaozheng::either!(conn, conn => diesel::sql_query(sql).load(conn)).expect("columns");
    columns.into_iter().map(|column| column.name).collect()
}
