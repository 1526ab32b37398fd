//! What lists of a candidate cost, and that they show the same after an update of the program.

use std::collections::BTreeMap;

use chrono::Days;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use kaozheng::business::ALL;
use kaozheng::casework::answers::Answers;
use kaozheng::casework::{list_facts, number};
use kaozheng::demo::sandbox::people::PEOPLE;
use kaozheng::store::schema::{application_events as e, applications as a, candidates, certificates as c};
use kaozheng::store::{Conn, Store, Tx};
use kaozheng::web::Failure;

use crate::authority_records::replace_certificates;
use crate::commands::migrate;
use crate::filing::start_demo;
use crate::server::Visitor;
use crate::statements::Statements;

/// A page that lists something.
struct ListPage {
    path: &'static str,
    /// Who opens it.
    visitor: &'static str,
    /// Inserts a number of items.
    insert: fn(&mut Tx, usize) -> Result<(), Failure>,
    /// Is on the page more often with more items.
    item: &'static str,
    /// Most statements, besides those that tell who asks.
    most: usize,
    /// By which SQLite finds the items.
    index: &'static str,
}

const CARD: &str = "<article class=\"card\"";

/// A list of cards of applications.
const fn list(
    path: &'static str,
    insert: fn(&mut Tx, usize) -> Result<(), Failure>,
    most: usize,
) -> ListPage {
    ListPage { path, visitor: NAME, insert, item: CARD, most, index: "applications_listed" }
}

/// Every list of a candidate. A new list gets a row.
const PAGES: &[ListPage] = &[
    // One of them reads how long a draft is kept, and one counts the messages.
    ListPage { item: "被退回", ..list("/", qualifications, 7) },
    ListPage {
        item: "3<span class=\"hidden\"> 项待处理",
        index: "applications_state",
        ..list("/services", qualifications, 1)
    },
    list("/progress", qualifications, 1),
    list("/progress?kind=refund&status=returned&period=year", refunds, 1),
    list("/services/qualification", qualifications, 3),
    list("/services/refund", refunds, 4),
    ListPage { item: "申请邮寄", ..list("/services/reissue", reissues, 3) },
    list("/services/receipt", |tx, count| insert(tx, "receipt", count), 3),
    list("/services/integrity", |tx, count| insert(tx, "integrity", count), 3),
    list("/services/violation", |tx, count| insert(tx, "violation", count), 4),
    list("/services/correction", |tx, count| insert(tx, "correction", count), 2),
    list("/services/mailing", |tx, count| insert(tx, "mailing", count), 2),
    list("/services/appeal", |tx, count| insert(tx, "appeal", count), 2),
    ListPage {
        index: "certificates_holder_hash",
        ..list("/certificates", |tx, count| replace_certificates(tx, NAME, count), 1)
    },
];

/// A candidate with records of every kind.
const NAME: &str = "张小三";

const STATES: [&str; 7] =
    ["returned", "completed", "rejected", "submitted", "in_review", "approved", "withdrawn"];

/// Tables with few rows, which may be read whole.
const SMALL: [&str; 3] = ["announcements", "holiday_years", "refund_rules"];

fn qualifications(tx: &mut Tx, count: usize) -> Result<(), Failure> {
    insert(tx, "qualification", count)
}

fn refunds(tx: &mut Tx, count: usize) -> Result<(), Failure> {
    insert(tx, "refund", count)
}

/// Begins with a completed one, which links to the posting.
fn reissues(tx: &mut Tx, count: usize) -> Result<(), Failure> {
    insert(tx, "reissue", count + 1)
}

/// Replaces the candidate's applications by a draft and `count` submitted ones in every state. A rejected one has an
/// appeal.
fn insert(tx: &mut Tx, slug: &str, count: usize) -> Result<(), Failure> {
    let own = candidates::table.filter(candidates::name.eq(NAME));
    let (candidate, holder): (String, String) =
        own.select((candidates::id, candidates::document_hash)).first(tx.conn)?;
    diesel::delete(a::table.filter(a::candidate_id.eq(&candidate))).execute(tx.conn)?;
    let certificate: String =
        c::table.filter(c::holder_hash.eq(holder)).order(c::id).select(c::id).first(tx.conn)?;
    let mut by_post = Answers::default();
    by_post.set("collect_by", "邮寄");
    let prefix = ALL.find(slug).expect("a business").prefix;
    let number = |prefix: &str, tx: &Tx, at| {
        Some(number::format(prefix, &tx.today(), u32::try_from(at).expect("few")))
    };
    let row = |tx: &Tx, id: &str, (kind, parent): (&str, &str), subject: &str, status: &str| {
        (
            a::id.eq(id.to_owned()),
            a::kind.eq(kind.to_owned()),
            a::candidate_id.eq(candidate.clone()),
            a::parent_id.eq(parent.to_owned()),
            a::subject.eq(subject.to_owned()),
            a::title.eq(format!("{status} {subject}")),
            a::summary.eq("一级 · 建筑工程"),
            a::status.eq(status.to_owned()),
            a::version.eq(1),
            a::round.eq(1),
            a::created_at.eq(tx.now),
            a::updated_at.eq(tx.now),
        )
    };
    let draft = row(tx, &tx.id(), (slug, ""), "", "draft");
    diesel::insert_into(a::table).values(draft).execute(tx.conn)?;
    for at in 0..count {
        let status = STATES[at % STATES.len()];
        let subject = if status == "completed" { certificate.clone() } else { format!("subject-{at}") };
        let id = tx.id();
        let application = row(tx, &id, (slug, ""), &subject, status);
        let submitted = (
            a::number.eq(number(prefix, tx, at)),
            a::form.eq(Some(by_post.seal(tx.vault)?)),
            a::submitted_at.eq(Some(tx.now)),
            a::decided_at.eq(Some(tx.now)),
            a::due_on.eq(tx.today().checked_sub_days(Days::new(at as u64))),
        );
        diesel::insert_into(a::table).values((application, submitted)).execute(tx.conn)?;
        if status == "rejected" {
            let appeal = row(tx, &tx.id(), ("appeal", &id), &id, "submitted");
            let submitted = (a::number.eq(number("ZZ", tx, at)), a::submitted_at.eq(Some(tx.now)));
            diesel::insert_into(a::table).values((appeal, submitted)).execute(tx.conn)?;
        }
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// SQLite's plan of a statement. Empty on PostgreSQL, whose plan depends on the number of rows.
async fn plan(store: &Store, sql: &str) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    let steps = move |tx: &mut Tx| match tx.conn {
        Conn::Sqlite(conn) => diesel::sql_query(explain).load::<Step>(conn).map_err(Failure::from),
        Conn::Postgres(_) => Ok(Vec::new()),
    };
    store.read(steps).await.expect("a plan").into_iter().map(|step| step.detail).collect()
}

fn reads_whole_table(step: &str) -> bool {
    let Some(table) = step.strip_prefix("SCAN ") else { return false };
    let is_table = !table.starts_with('(') && table != "CONSTANT ROW";
    is_table && !SMALL.iter().any(|small| table.starts_with(small))
}

#[tokio::test]
async fn every_list_takes_the_same_few_statements_however_long_it_is() {
    let (server, statements) = Statements::of_server(start_demo()).await;
    let store = &server.parts.store;
    for page in PAGES {
        let visitor = server.signed_in(page.visitor).await;
        let mut opened = Vec::new();
        for count in [1, 20] {
            let insert = page.insert;
            store.write(move |tx| insert(tx, count)).await.expect("items");
            list_facts::fill(store).await.expect("facts");
            opened.push(statements.of_page(&visitor, page.path).await);
        }
        let [(few, few_run), (many, many_run)] = &opened[..] else { unreachable!() };
        assert_eq!((few.status, many.status), (200, 200), "{}", page.path);
        let (few, many) = (few.body.matches(page.item).count(), many.body.matches(page.item).count());
        assert!(few < many, "{} shows {few} and {many}", page.path);
        assert_eq!(few_run, many_run, "{}", page.path);
        assert!(many_run.len() <= page.most, "{} takes {many_run:#?}", page.path);
        let mut steps = Vec::new();
        for sql in many_run {
            assert!(statements.stays_prepared(sql), "{} prepares each time: {sql}", page.path);
            assert!(!sql.contains("form") && !sql.contains("content"), "{} reads a form: {sql}", page.path);
            steps.extend(plan(store, sql).await);
        }
        assert!(!steps.iter().any(|step| reads_whole_table(step)), "{}: {steps:#?}", page.path);
        let by_index = steps.iter().any(|step| step.contains(page.index));
        assert!(by_index || steps.is_empty(), "{}: {steps:#?}", page.path);
    }
}

#[tokio::test]
async fn first_page_shows_the_most_urgent_returns_and_the_last_submissions() {
    let server = start_demo().await;
    let insert = |tx: &mut Tx| {
        refunds(tx, 7 * 25)?;
        let others = a::table.filter(a::status.ne_all(["returned", "draft"]));
        diesel::delete(others).execute(tx.conn)?;
        Ok::<_, Failure>(())
    };
    server.parts.store.write(insert).await.expect("applications");
    let page = server.signed_in(NAME).await.open("/").await;
    // One in seven was returned, each due earlier than the one before.
    let returned: Vec<&str> =
        page.body.split("<p>returned ").skip(1).map(|rest| rest.split('：').next().unwrap()).collect();
    let expected: Vec<String> = (5..25).rev().map(|at| format!("subject-{}", at * 7)).collect();
    assert_eq!(returned, expected);
    let recent: Vec<&str> =
        page.body.split(" · returned ").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(recent, ["subject-168", "subject-161", "subject-154"]);
    page.assert_shows("考试退费草稿");
}

/// The lists of every candidate of the demo.
async fn lists(visitors: &[Visitor]) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    for (at, visitor) in visitors.iter().enumerate() {
        let services = ALL.iter().map(|business| format!("/services/{}", business.slug));
        for path in services.chain(["/".to_owned(), "/progress".to_owned()]) {
            let page = visitor.open(&path).await;
            assert_eq!(page.status, 200, "{path}");
            pages.insert(format!("{at}{path}"), page.between("<main", "</main>").to_owned());
        }
    }
    pages
}

const DOWN: [&str; 2] = [
    include_str!("../../migrations/sqlite/2026-11-29-000013_list_facts/down.sql"),
    include_str!("../../migrations/postgres/2026-11-29-000013_list_facts/down.sql"),
];

/// Makes the database what version 0.1.0 would have left.
fn undo_migration(tx: &mut Tx) -> Result<(), Failure> {
    let [sqlite, postgres] = DOWN;
    tx.conn.batch_execute(if matches!(tx.conn, Conn::Sqlite(_)) { sqlite } else { postgres })?;
    let forget = "DELETE FROM __diesel_schema_migrations WHERE version = '20261129000013'";
    assert_eq!(diesel::sql_query(forget).execute(tx.conn)?, 1);
    Ok(())
}

#[tokio::test]
async fn lists_show_the_same_after_an_update_from_a_version_without_their_facts() {
    let server = start_demo().await;
    server.load_applications().await;
    let mut visitors = Vec::new();
    for person in PEOPLE {
        visitors.push(server.signed_in(person.name).await);
    }
    let before = lists(&visitors).await;
    let all: String = before.values().map(String::as_str).collect();
    for shown in ["处需要修改：缴费凭证", "处需要修改：银行账号", "查看邮寄信息"] {
        assert!(all.contains(shown), "the demo lacks {shown}");
    }
    let store = &server.parts.store;
    store.write(undo_migration).await.expect("the migration is undone");
    assert_eq!(store.migrate().await.expect("an update"), 1);
    assert_eq!(lists(&visitors).await, before, "before the facts are filled");
    let returned = a::table.filter(a::status.eq("returned")).filter(a::list_facts.is_null()).count();
    let missing = move |tx: &mut Tx| Ok::<i64, Failure>(returned.get_result(tx.conn)?);
    assert!(store.read(missing).await.expect("a count") > 0);
    migrate(&server.parts.settings.database_url);
    assert_eq!(store.read(missing).await.expect("a count"), 0);
    assert_eq!(lists(&visitors).await, before, "after the facts were filled");
    assert_eq!(list_facts::fill(store).await.expect("no facts"), 0);
}

/// During an update, version 0.1.0 may return an application that has facts of an earlier return.
#[tokio::test]
async fn outdated_facts_are_not_shown() {
    let server = start_demo().await;
    server.load_applications().await;
    let candidate = server.signed_in(PEOPLE[1].name).await;
    let before = candidate.open("/services/refund").await;
    before.assert_shows("处需要修改：缴费凭证");
    let outdated = |tx: &mut Tx| {
        let facts = r#"{"version":0,"marked":["reason"],"by_post":false}"#;
        Ok::<_, Failure>(diesel::update(a::table).set(a::list_facts.eq(facts)).execute(tx.conn)?)
    };
    server.parts.store.write(outdated).await.expect("outdated facts");
    let after = candidate.open("/services/refund").await;
    assert_eq!(after.between("<main", "</main>"), before.between("<main", "</main>"));
}

/// The rest of the lists, and the update itself, do not depend on one damaged row.
#[tokio::test]
async fn application_that_cannot_be_decrypted_does_not_stop_the_update() {
    let server = start_demo().await;
    server.load_applications().await;
    let damage = |tx: &mut Tx| {
        let returned = a::table.filter(a::status.eq("returned"));
        let returned: Vec<String> = returned.order(a::id).select(a::id).load(tx.conn)?;
        diesel::update(a::table).set(a::list_facts.eq(None::<String>)).execute(tx.conn)?;
        let damaged = e::table.filter(e::application_id.eq(&returned[0]));
        diesel::update(damaged).set(e::content.eq("damaged")).execute(tx.conn)?;
        Ok::<_, Failure>(returned)
    };
    let store = &server.parts.store;
    let returned = store.write(damage).await.expect("a damaged event");
    let filled = list_facts::fill(store).await.expect("an end");
    assert!(filled >= returned.len() - 1, "{filled}");
    let missing = |tx: &mut Tx| {
        let missing = a::table.filter(a::status.eq("returned")).filter(a::list_facts.is_null());
        Ok::<_, Failure>(missing.select(a::id).load::<String>(tx.conn)?)
    };
    assert_eq!(store.read(missing).await.expect("keys"), returned[..1]);
}
