//! The lists of the queue show what one plain statement finds, in the same order, page by page.

use diesel::prelude::*;
use diesel::sql_types::Text;
use kaozheng::people::staff::{Role, StaffMember};
use kaozheng::web::Failure;

use super::authority::Authority;
use super::pages::{StaffBrowser, next_page, text};

const BY_DUE_DAY: &str = "coalesce(due_on, '9999-12-31'), submitted_at, id";
const LATEST_FIRST: &str = "updated_at DESC, id DESC";

/// Part, condition, order.
const PARTS: [(&str, &str, &str); 7] = [
    ("submitted", "status = 'submitted'", BY_DUE_DAY),
    ("in_review", "status = 'in_review'", BY_DUE_DAY),
    ("mine", "status = 'in_review' AND assignee_id IS NOT NULL", BY_DUE_DAY),
    ("held", "status = 'in_review' AND held_at IS NOT NULL", BY_DUE_DAY),
    ("todo", "status = 'approved' AND kind IN ('refund', 'reissue', 'receipt', 'mailing')", BY_DUE_DAY),
    ("returned", "status = 'returned'", BY_DUE_DAY),
    ("decided", "status IN ('returned', 'rejected', 'approved', 'completed')", LATEST_FIRST),
];

/// By first submission, and of decided applications by their last change. `STAFF` and `AGED` are filled in below.
const AGED: &str = "AGED";
const A_WEEK_OLD: &str = "submitted_at <= '2026-11-16 01:00:00'";
const OLDEST_FIRST: &str = "submitted_at, id";

/// Filter, condition.
const FILTERS: [(&str, &str); 11] = [
    ("", "1 = 1"),
    ("&kind=refund", "kind = 'refund'"),
    ("&q=考试+1", "title LIKE '%考试 1%'"),
    ("&q=考试", "title LIKE '%考试%'"),
    ("&q=考试+1&kind=receipt", "title LIKE '%考试 1%' AND kind = 'receipt'"),
    ("&exam=考试+1", "title LIKE '考试 1 · %'"),
    ("&exam=考试+1+·+2026-11&kind=refund", "title = '考试 1 · 2026-11' AND kind = 'refund'"),
    ("&time=7", AGED),
    ("&time=7&exam=考试+1+·+2026-11", "(AGED) AND title = '考试 1 · 2026-11'"),
    ("&taker=STAFF", "assignee_id IS NOT NULL"),
    ("&taker=STAFF&exam=考试+1&time=7", "assignee_id IS NOT NULL AND title LIKE '考试 1 · %' AND AGED"),
];

#[derive(QueryableByName)]
struct Numbered {
    #[diesel(sql_type = Text)]
    number: String,
}

impl Authority {
    async fn numbers(&self, condition: String, order: &'static str) -> Vec<String> {
        let sql = format!("SELECT number FROM applications WHERE {condition} ORDER BY {order}");
        let rows = self.write(move |tx| Ok(diesel::sql_query(sql).load::<Numbered>(tx.conn)?)).await;
        rows.expect("rows").into_iter().map(|row| row.number).collect()
    }

    async fn execute(&self, sql: &'static str) {
        let done = self.write(move |tx| Ok::<_, Failure>(diesel::sql_query(sql).execute(tx.conn)?)).await;
        done.expect("a statement");
    }
}

fn numbers_on(page: &str) -> Vec<String> {
    let links = page.split("href=\"/staff/applications/").skip(1);
    links.filter_map(|link| Some(link.split_once('"')?.0.to_owned())).collect()
}

/// The numbers on all pages of a list.
async fn followed(desk: &StaffBrowser, path: String) -> Vec<String> {
    let (mut next, mut shown) = (Some(path), Vec::new());
    while let Some(path) = next {
        let page = text(desk.get(&path).await).await;
        let numbers = numbers_on(&page);
        assert!(numbers.len() <= 20, "{path}");
        shown.extend(numbers);
        next = next_page(&page);
    }
    shown
}

/// An administrator, who has taken half of the applications in review.
async fn administrator(many: usize) -> (Authority, StaffMember) {
    let authority = Authority::open().await;
    let administrator = authority.staff_member("管理员", "S0000001", Role::Administrator).await;
    let first = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    authority.add_many(&first, &administrator.id, 0, many).await;
    // Some are due on no day.
    authority.execute("UPDATE applications SET due_on = NULL WHERE id LIKE 'many%7'").await;
    (authority, administrator)
}

#[tokio::test]
async fn pages_of_a_list_together_show_everything_once() {
    let (authority, administrator) = administrator(600).await;
    let desk = authority.browser_of(&administrator).await;
    for (part, of_part, order) in PARTS {
        for (filter, of_filter) in FILTERS {
            let is_by_age = of_filter.contains(AGED) && part != "decided";
            let aged = if is_by_age { A_WEEK_OLD } else { "updated_at <= '2026-11-16 01:00:00'" };
            let condition = format!("{of_part} AND {}", of_filter.replace(AGED, aged));
            let expected = authority.numbers(condition, if is_by_age { OLDEST_FIRST } else { order }).await;
            let filter = filter.replace("STAFF", &administrator.id);
            let shown = followed(&desk, format!("/staff/queue?status={part}{filter}")).await;
            assert_eq!(shown, expected, "{part}{filter}");
        }
    }
}

#[tokio::test]
async fn title_is_found_among_more_titles_than_a_search_walks_over() {
    let (authority, administrator) = administrator(1_500).await;
    authority.execute("UPDATE applications SET title = title || id WHERE id LIKE 'many%'").await;
    let desk = authority.browser_of(&administrator).await;
    for words in ["000018", "many", "没有"] {
        let condition = format!("status = 'submitted' AND title LIKE '%{words}%'");
        let expected = authority.numbers(condition, BY_DUE_DAY).await;
        let shown = followed(&desk, format!("/staff/queue?q={words}")).await;
        assert_eq!(shown, expected, "{words}");
    }
}

#[tokio::test]
async fn next_page_leaves_nothing_out_when_others_are_taken_meanwhile() {
    let (authority, administrator) = administrator(200).await;
    let desk = authority.browser_of(&administrator).await;
    let all = authority.numbers("status = 'submitted'".to_owned(), BY_DUE_DAY).await;
    let first = text(desk.get("/staff/queue").await).await;
    authority.set_most_taken(200).await;
    for number in &all[..20] {
        assert_eq!(authority.take_next(&administrator).await.as_deref(), Some(&**number));
    }
    let rest = followed(&desk, next_page(&first).expect("a second page")).await;
    assert_eq!(rest, all[20..]);
    for nonsense in ["1", "2026-04-01_x_y"] {
        let page = text(desk.get(&format!("/staff/queue?after={nonsense}")).await).await;
        assert_eq!(numbers_on(&page), rest[..20], "{nonsense} means the first page");
    }
}
