//! What the pages of the desk read, however many applications there are.

use diesel::prelude::*;
use kaozheng::casework::{assignment, roster};
use kaozheng::people::staff::Role;

use super::authority::{Authority, document};
use super::finding::search;
use super::many::kinds;
use super::pages::{StaffBrowser, next_page, text};
use crate::database::database;
use crate::explain::{Reading, Step, explain};
use crate::statements::Statements;

/// So many rows of a table or entries of an index may a statement of a list read: a page of each business, and
/// for a search each title.
const MOST_ROWS: u64 = 800;

/// And so many a statement that counts to 1000.
const MOST_COUNTED: u64 = 1500;

/// And so many one that counts the options of the filters: eight parts to 500, businesses and times to 100.
const MOST_OF_OPTIONS: u64 = 6_000;

/// Enough that each part of the queue has more than [`MOST_ROWS`].
const MANY: usize = 10_000;

const PARTS: [&str; 8] =
    ["submitted", "in_review", "mine", "to_confirm", "held", "todo", "returned", "decided"];

/// Besides the part: words that match one title, all and none; an exam and one of its sittings; a taker.
const NARROWED: [&str; 7] =
    ["", "&q=考试+7", "&q=考试", "&q=没有", "&exam=考试+7", "&exam=考试+7+·+2026-11", "&taker=STAFF"];

/// What is overdue and what is old, alone and with a filter that has another index.
const TIMES: [&str; 5] = [
    "&time=overdue",
    "&time=30",
    "&time=30&exam=考试+7+·+2026-11",
    "&time=7&taker=STAFF",
    "&time=overdue&taker=STAFF&exam=考试+7+·+2026-11",
];

struct Desk {
    authority: Authority,
    statements: Statements,
    first: String,
    /// A reviewer, an administrator and a dispatcher.
    staff: Vec<StaffBrowser>,
    /// Key of the reviewer, who has taken applications.
    taker: String,
}

impl Desk {
    async fn open(many: usize) -> Desk {
        let database = database();
        let statements = Statements::record(&database.url);
        let authority = Authority::open_on(database).await;
        let first = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
        let (mut staff, mut taker) = (Vec::new(), String::new());
        for (at, role) in [Role::Reviewer, Role::Administrator, Role::Dispatcher].into_iter().enumerate() {
            let member = authority.staff_member(role.label(), &format!("S000000{at}"), role).await;
            if at == 0 {
                authority.add_many(&first, &member.id, 0, many).await;
                taker.clone_from(&member.id);
            }
            staff.push(authority.browser_of(&member).await);
        }
        Desk { authority, statements, first: first.to_string(), staff, taker }
    }

    async fn analyze(&self) {
        let analyze = |tx: &mut kaozheng::store::Tx| Ok(diesel::sql_query("ANALYZE").execute(tx.conn)?);
        self.authority.write(analyze).await.expect("statistics");
    }

    /// The queries by which a page finds what it shows, without those that find out who asks or write the audit.
    async fn queries(&self, staff: &StaffBrowser, path: &str) -> Vec<String> {
        self.statements.take();
        staff.get(path).await.assert_status_is_ok();
        self.queries_since()
    }

    fn queries_since(&self) -> Vec<String> {
        let is_of_page = |sql: &String| {
            (sql.starts_with("SELECT") || sql.starts_with("WITH"))
                && !["sessions", "document_mask", "audit_head"].iter().any(|who| sql.contains(who))
                && !sql.contains("FOR NO KEY UPDATE")
        };
        self.statements.take().into_iter().filter(is_of_page).collect()
    }

    /// The statements since the last call that hold up other writers.
    fn in_write_transactions(&self) -> Vec<String> {
        let (mut written, mut writes) = (Vec::new(), false);
        // Reads begin with `BEGIN` on SQLite, and with `BEGIN … READ ONLY` on PostgreSQL.
        let begin = if self.statements.are_of_sqlite() { "SAVEPOINT job" } else { "BEGIN" };
        for sql in self.statements.take() {
            match &*sql {
                sql if sql == begin => writes = true,
                "RELEASE job" | "COMMIT" => writes = false,
                _ if writes => written.push(sql),
                _ => {}
            }
        }
        written
    }

    async fn assert_bounded(&self, page: &str, statement: String) {
        let most = match &statement {
            sql if sql.contains("AS counted") => MOST_OF_OPTIONS,
            sql if sql.contains("LIMIT 1000") => MOST_COUNTED,
            _ => MOST_ROWS,
        };
        match explain(&self.authority.store, statement.clone()).await {
            Reading::Steps(steps) => assert_indexed(page, &steps, &statement),
            Reading::Rows(rows) => {
                let is_bounded = rows.values().all(|read| *read <= most);
                assert!(is_bounded, "{page} reads {rows:?} by\n{statement}");
            }
        }
    }
}

/// Checks that SQLite searches by an index everywhere, and that it searches in the order of the queue: what it
/// sorts was limited before. Apart from the queue, it looks up single applications, those of a candidate and those that one
/// person has taken.
fn assert_indexed(page: &str, steps: &[Step], statement: &str) {
    for (condition, index) in
        [("proposed_by IS NOT NULL", "applications_proposed"), ("held_at IS NOT NULL", "applications_held")]
    {
        // What one person has taken is few, and a number is of one application.
        let is_few = ["assignee_id = ", " number = "].iter().any(|filter| statement.contains(filter));
        let is_wanted = statement.contains(condition) && !is_few;
        let is_used = steps.iter().any(|step| step.detail.contains(index));
        assert!(is_used || !is_wanted, "{page}: {index} is not used: {steps:#?}");
    }
    // `a` and `c` are applications and candidates in the statement of a search.
    const TABLES: [&str; 7] =
        ["applications", "application_events", "candidates", "audit_entries", "attachments", "a", "c"];
    for step in steps {
        let in_stream = step.parent(steps) == Some("CO-ROUTINE stream");
        let is_step_of_walk = step
            .parent(steps)
            .is_some_and(|within| within == "SETUP" || within.starts_with("CORRELATED SCALAR"))
            && step.detail.contains("title");
        let is_counted = step.parent(steps) == Some("CO-ROUTINE counted");
        let words: Vec<&str> = step.detail.split(' ').collect();
        let is_bounded = match words[..] {
            ["SCAN", table, ..] => !TABLES.contains(&table),
            ["USE", "TEMP", "B-TREE", ..] => !in_stream,
            ["SEARCH", "applications", ..] if is_step_of_walk => true,
            ["SEARCH", "applications", ..] if is_counted => step.detail.contains("kind=?") || is_single(step),
            ["SEARCH", "applications", ..] if statement.contains(" AND number = ") => is_single(step),
            ["SEARCH", "applications", ..] if in_stream => step.detail.contains("kind=?") || is_single(step),
            ["SEARCH", "applications", ..] => {
                let of_person = ["candidate_id=?", "(assignee_id=? AND status=?)"];
                is_single(step) || of_person.iter().any(|key| step.detail.contains(key))
            }
            _ => true,
        };
        let plan: Vec<&str> = steps.iter().map(|step| &*step.detail).collect();
        assert!(is_bounded, "{page}: {} in {plan:#?} of\n{statement}", step.detail);
    }
}

fn is_single(step: &Step) -> bool {
    ["(id=?)", "(number=?)"].iter().any(|key| step.detail.ends_with(key))
}

/// Every part with every filter and with a search for `number`.
fn lists(number: &str, taker: &str) -> Vec<String> {
    let filters = NARROWED.into_iter().chain(TIMES);
    let mut narrowed: Vec<String> = filters.map(|filter| filter.replace("STAFF", taker)).collect();
    narrowed.push(format!("&q={number}"));
    narrowed.extend(kinds().into_iter().map(|kind| format!("&kind={kind}")));
    let of_part = |part| narrowed.iter().map(move |more| format!("/staff/queue?status={part}{more}"));
    PARTS.into_iter().flat_map(of_part).collect()
}

#[tokio::test]
async fn lists_of_the_desk_read_the_beginning_of_an_index() {
    let desk = Desk::open(MANY).await;
    // SQLite has no statistics before the first housekeeping. PostgreSQL makes them by itself.
    let is_sqlite = desk.statements.are_of_sqlite();
    for analyzed in if is_sqlite { &[false, true][..] } else { &[true] } {
        if *analyzed {
            desk.analyze().await;
        }
        // An administrator has every business, and a dispatcher one.
        for (staff, page) in desk.staff[1..3]
            .iter()
            .flat_map(|staff| lists(&desk.first, &desk.taker).into_iter().map(move |page| (staff, page)))
        {
            for statement in desk.queries(staff, &page).await {
                desk.assert_bounded(&page, statement).await;
            }
        }
    }
}

#[tokio::test]
async fn every_following_page_reads_no_more_than_the_first() {
    let desk = Desk::open(MANY).await;
    desk.analyze().await;
    for part in PARTS {
        let mut page = format!("/staff/queue?status={part}");
        for _ in 0..3 {
            let shown = text(desk.staff[1].get(&page).await).await;
            let Some(next) = next_page(&shown) else { break };
            page = next;
            for statement in desk.queries(&desk.staff[1], &page).await {
                desk.assert_bounded(&page, statement).await;
            }
        }
    }
}

#[tokio::test]
async fn search_reads_what_it_shows() {
    let desk = Desk::open(MANY).await;
    desk.analyze().await;
    for words in [&*desk.first, "张小三", "E0000001", "没有这个人"] {
        for staff in &desk.staff[1..3] {
            let mut next = Some(search(staff, words).await);
            for _ in 0..2 {
                let Some(page) = next else { break };
                for statement in desk.queries(staff, &page).await {
                    desk.assert_bounded(&format!("{words} at {page}"), statement).await;
                }
                next = next_page(&text(staff.get(&page).await).await);
            }
        }
    }
}

#[tokio::test]
async fn case_and_next_application_are_found_by_index() {
    let desk = Desk::open(MANY).await;
    desk.analyze().await;
    let case = format!("/staff/applications/{}", desk.first);
    for statement in desk.queries(&desk.staff[1], &case).await {
        desk.assert_bounded(&case, statement).await;
    }
    desk.authority.set_most_taken(i32::MAX).await;
    desk.statements.take();
    // The reviewer has taken as many as the office lets one person take.
    let taken = desk.staff[1].post("/staff/queue/next", &[]).await;
    taken.assert_status(poem::http::StatusCode::SEE_OTHER);
    let queries = desk.queries_since();
    assert!(queries.iter().any(|sql| sql.contains("UNION ALL")), "{queries:?}");
    for statement in queries {
        desk.assert_bounded("领取下一件", statement).await;
    }
}

const FIGURES: &str = "/staff/figures?from=2026-11-01&to=2026-11-30";

#[tokio::test]
async fn page_is_a_fixed_number_of_statements() {
    let few = Desk::open(30).await;
    let many = Desk::open(1_000).await;
    for (path, most) in
        [("/staff/queue", 9), ("/staff/queue?q=考试", 8), ("/staff/queue?status=decided", 9), (FIGURES, 6)]
    {
        for desk in [&few, &many] {
            let queries = desk.queries(&desk.staff[1], path).await;
            assert!(queries.len() <= most, "{path} runs {} statements: {queries:#?}", queries.len());
        }
    }
    let of_case = async |desk: &Desk| {
        desk.queries(&desk.staff[1], &format!("/staff/applications/{}", desk.first)).await.len()
    };
    let (of_few, of_many) = (of_case(&few).await, of_case(&many).await);
    assert!(of_few == of_many && of_many <= 30, "{of_few} and {of_many} statements");
}

#[tokio::test]
async fn only_the_audit_is_written_for_a_page() {
    let desk = Desk::open(100).await;
    let case = format!("/staff/applications/{}", desk.first);
    for (page, entries) in [("/staff/queue", 1), (&*case, 2)] {
        desk.statements.take();
        desk.staff[0].get(page).await.assert_status_is_ok();
        let written = desk.in_write_transactions();
        let is_entry = |sql: &&String| sql.starts_with("INSERT INTO") && sql.contains("audit_entries");
        let is_written = |sql: &&String| !sql.starts_with("SELECT") && !sql.contains("audit_head");
        let changes: Vec<&String> = written.iter().filter(is_written).collect();
        assert!(changes.len() == entries && changes.iter().all(is_entry), "{page}: {written:#?}");
        desk.staff[0].get(page).await.assert_status_is_ok();
        assert_eq!(desk.in_write_transactions(), [""; 0], "{page} again within a minute");
    }
}

#[tokio::test]
async fn sweep_of_assignments_holds_up_writers_only_to_put_back() {
    let desk = Desk::open(300).await;
    let store = &desk.authority.store;
    let sweep = async || assignment::unassign_all_unreviewable(store).await.expect("a sweep");
    desk.statements.take();
    assert!(sweep().await > 0, "some are in review by nobody");
    assert!(!desk.in_write_transactions().is_empty());
    assert_eq!((sweep().await, desk.in_write_transactions()), (0, Vec::new()));
}

#[tokio::test]
async fn leaving_the_roster_reads_only_what_the_person_has_taken() {
    let desk = Desk::open(1_000).await;
    desk.analyze().await;
    desk.authority.staff_member("何管理", "S0000009", Role::Administrator).await;
    desk.statements.take();
    let remove = |tx: &mut kaozheng::store::Tx| Ok(roster::remove(tx, &document("S0000001"))?);
    assert_eq!(desk.authority.write(remove).await.expect("a removal"), Some(0));
    let mut queries = desk.in_write_transactions();
    queries.retain(|sql| sql.starts_with("SELECT") && sql.contains("in_review"));
    let [query] = &queries[..] else { panic!("{queries:#?}") };
    match explain(&desk.authority.store, query.clone()).await {
        Reading::Steps(steps) => {
            assert!(steps.iter().any(|step| step.detail.contains("applications_taken")), "{query}");
        }
        Reading::Rows(rows) => assert_eq!(rows.get("applications"), Some(&0), "{rows:?}"),
    }
}

#[tokio::test]
async fn header_counts_up_to_999() {
    let desk = Desk::open(MANY).await;
    let page = text(desk.staff[0].get("/staff/queue").await).await;
    assert!(page.contains("待办 999+"), "{page}");
}
