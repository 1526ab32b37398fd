//! The matrix of permissions: who gets what from each address of the desk. The addresses are those of the table of
//! routes, so that a new one without cells fails the test.

use std::collections::BTreeSet;

use diesel::prelude::*;
use kaozheng::paths;
use kaozheng::people::candidate::Candidate;
use kaozheng::people::staff::{Kinds, Role, StaffMember};
use kaozheng::site::desk::ADDRESSES;
use kaozheng::store::schema::audit_entries::dsl as a;
use poem::test::TestResponse;

use super::authority::Authority;
use super::pages::{StaffBrowser, text};

type Form = &'static [(&'static str, &'static str)];

/// Method, address, form; what a reviewer, a reviewer of other businesses, a dispatcher, a finance clerk and an administrator get.
type RoomRow = (&'static str, &'static str, Form, [u16; 5]);

/// The rooms. A name in an address, such as an id, is one that does not exist.
const ROOMS: &[RoomRow] = &[
    ("get", paths::STAFF, &[], [303, 303, 303, 303, 303]),
    ("get", paths::QUEUE, &[], [200, 200, 200, 200, 200]),
    ("post", paths::QUEUE_NEXT, &[], [303, 303, 303, 303, 303]),
    ("post", paths::STAFF_KEYS, &[], [303, 303, 303, 303, 303]),
    ("post", paths::SAVED_VIEWS, &[("name", "退费")], [303, 303, 303, 303, 303]),
    ("post", paths::SAVED_VIEW, &[], [303, 303, 303, 303, 303]),
    ("get", paths::SEARCH, &[], [200, 200, 200, 200, 200]),
    ("post", paths::SEARCH, &[("words", "张小三")], [303, 303, 303, 303, 303]),
    ("get", paths::FOUND, &[], [404, 404, 404, 404, 404]),
    ("get", paths::FIGURES, &[], [200, 200, 200, 403, 200]),
    ("get", paths::FIGURES_TABLE, &[], [200, 200, 200, 403, 200]),
    ("get", paths::BATCHES, &[], [200, 200, 200, 200, 200]),
    ("get", paths::BATCH_KIND, &[], [403, 403, 403, 200, 200]),
    ("post", paths::BATCH_KIND, &[], [403, 403, 403, 409, 409]),
    ("get", paths::BATCH, &[], [404, 404, 404, 404, 404]),
    ("get", paths::BATCH_FILE, &[], [404, 404, 404, 404, 404]),
    ("get", paths::BATCH_LABELS, &[], [404, 404, 404, 404, 404]),
    ("get", paths::BATCH_PICKS, &[], [404, 404, 404, 404, 404]),
    ("get", paths::BATCH_TYPED, &[], [404, 404, 404, 404, 404]),
    ("post", paths::BATCH_TYPED, &[], [404, 404, 404, 404, 404]),
    ("get", paths::BATCH_DROP, &[], [404, 404, 404, 404, 404]),
    ("post", paths::BATCH_DROP, &[], [404, 404, 404, 404, 404]),
    ("get", paths::BATCH_RESULTS, &[], [404, 404, 404, 404, 404]),
    ("post", paths::BATCH_RESULTS, &[], [404, 404, 404, 404, 404]),
    ("get", paths::BATCH_RESULT, &[], [404, 404, 404, 404, 404]),
    ("post", paths::BATCH_RESULT, &[], [404, 404, 404, 404, 404]),
    ("get", paths::APPROVALS, &[], [200, 200, 200, 200, 200]),
    ("post", paths::APPROVALS, &[], [422, 422, 422, 422, 422]),
    ("get", paths::CONFIRM_APPROVALS, &[], [200, 200, 200, 200, 200]),
    ("post", paths::CONFIRM_APPROVALS, &[], [422, 422, 422, 422, 422]),
    ("get", paths::ASSIGNMENTS, &[], [403, 403, 403, 403, 200]),
    ("post", paths::ASSIGNMENTS, &[], [403, 403, 403, 403, 422]),
    ("get", paths::IDENTITIES, &[], [403, 403, 403, 403, 200]),
    ("get", paths::IDENTITY, &[], [403, 403, 403, 403, 404]),
    ("post", paths::IDENTITY, &[("decision", "join")], [403, 403, 403, 403, 404]),
    ("get", paths::STAFF_CERTIFICATES, &[], [403, 403, 403, 403, 200]),
    ("post", paths::STAFF_CERTIFICATES, &[("number", "1")], [403, 403, 403, 403, 200]),
    ("get", paths::STAFF_CERTIFICATE, &[], [403, 403, 403, 403, 404]),
    ("post", paths::STAFF_CERTIFICATE, &[], [403, 403, 403, 403, 404]),
    ("get", paths::ADMIN, &[], [403, 403, 403, 403, 200]),
    ("get", paths::RULES, &[], [403, 403, 403, 403, 200]),
    ("get", paths::RULES_OF, &[], [403, 403, 403, 403, 404]),
    ("post", paths::RULES_OF, &[], [403, 403, 403, 403, 404]),
    ("get", paths::ROSTER, &[], [403, 403, 403, 403, 200]),
    ("get", paths::NEW_ROSTER_ENTRY, &[], [403, 403, 403, 403, 200]),
    ("post", paths::NEW_ROSTER_ENTRY, &[], [403, 403, 403, 403, 422]),
    ("get", paths::ROSTER_ENTRY, &[], [403, 403, 403, 403, 404]),
    ("post", paths::ROSTER_ENTRY, &[], [403, 403, 403, 403, 404]),
    ("get", paths::LEAVE_ROSTER, &[], [403, 403, 403, 403, 404]),
    ("post", paths::LEAVE_ROSTER, &[("seen_role", "reviewer")], [403, 403, 403, 403, 404]),
    ("get", paths::EXAMS, &[], [403, 403, 403, 403, 200]),
    ("get", paths::NEW_EXAM, &[], [403, 403, 403, 403, 200]),
    ("post", paths::NEW_EXAM, &[], [403, 403, 403, 403, 422]),
    ("get", paths::EXAM, &[], [403, 403, 403, 403, 404]),
    ("post", paths::EXAM, &[("action", "exam")], [403, 403, 403, 403, 404]),
    ("get", paths::SITTING, &[], [403, 403, 403, 403, 404]),
    ("post", paths::SITTING, &[], [403, 403, 403, 403, 404]),
    ("get", paths::SUBJECT, &[], [403, 403, 403, 403, 404]),
    ("post", paths::SUBJECT, &[], [403, 403, 403, 403, 404]),
    ("get", paths::IMPORTS, &[], [403, 403, 403, 403, 200]),
    ("post", paths::IMPORTS, &[], [403, 403, 403, 403, 422]),
    ("get", paths::IMPORT, &[], [403, 403, 403, 403, 404]),
    ("post", paths::LOAD_IMPORT, &[], [403, 403, 403, 403, 404]),
    ("post", paths::CANCEL_IMPORT, &[], [403, 403, 403, 403, 404]),
    ("get", paths::REFUSED_ROWS, &[], [403, 403, 403, 403, 410]),
    ("get", paths::HOLIDAYS, &[], [403, 403, 403, 403, 200]),
    ("post", paths::HOLIDAYS, &[], [403, 403, 403, 403, 422]),
    ("post", paths::SAVE_HOLIDAYS, &[], [403, 403, 403, 403, 422]),
    ("get", paths::HOLIDAY_YEAR, &[], [403, 403, 403, 403, 404]),
    ("get", paths::TEXTS, &[], [403, 403, 403, 403, 200]),
    ("get", paths::OFFICE_TEXT, &[], [403, 403, 403, 403, 404]),
    ("post", paths::OFFICE_TEXT, &[("version", "0"), ("action", "publish")], [403, 403, 403, 403, 404]),
    ("get", paths::TEXT_VERSION, &[], [403, 403, 403, 403, 404]),
    ("get", paths::EDITED_ANNOUNCEMENTS, &[], [403, 403, 403, 403, 200]),
    ("get", paths::NEW_ANNOUNCEMENT, &[], [403, 403, 403, 403, 200]),
    ("post", paths::NEW_ANNOUNCEMENT, &[], [403, 403, 403, 403, 422]),
    ("get", paths::EDITED_ANNOUNCEMENT, &[], [403, 403, 403, 403, 404]),
    ("post", paths::EDITED_ANNOUNCEMENT, &[], [403, 403, 403, 403, 404]),
    ("get", paths::TAKE_DOWN, &[], [403, 403, 403, 403, 404]),
    ("post", paths::TAKE_DOWN, &[("version", "1")], [403, 403, 403, 403, 404]),
    ("get", paths::STAFF_AUDIT, &[], [403, 403, 403, 403, 200]),
    ("post", paths::STAFF_AUDIT, &[], [403, 403, 403, 403, 200]),
];

/// Method, address, form; what a reviewer and then an administrator get for a case that they have taken, that a colleague has
/// taken, that nobody has taken, and for their own application. Every form has the version too.
type CaseRow = (&'static str, &'static str, Form, [u16; 4], [u16; 4]);

/// The pages of a case, which is a check of qualifications. Dispatchers, finance clerks and reviewers of other
/// businesses get 403 from all of them.
const CASES: &[CaseRow] = &[
    ("get", paths::CASE, &[], [200, 200, 200, 200], [200, 200, 200, 200]),
    ("post", paths::TAKE, &[], [409, 409, 303, 403], [409, 409, 303, 403]),
    ("get", paths::PUT_BACK, &[], [200, 200, 200, 200], [200, 200, 200, 200]),
    ("post", paths::PUT_BACK, &[], [303, 409, 409, 403], [303, 303, 409, 403]),
    ("get", paths::HAND_OVER, &[], [200, 200, 200, 200], [200, 200, 200, 200]),
    ("post", paths::HAND_OVER, &[("to", "COLLEAGUE")], [303, 409, 409, 403], [303, 409, 303, 403]),
    ("get", paths::HOLD, &[], [200, 200, 200, 200], [200, 200, 200, 200]),
    ("post", paths::HOLD, &[("hold_reason", "等单位回函")], [303, 409, 409, 403], [303, 303, 409, 403]),
    ("get", paths::RESUME, &[], [200, 200, 200, 200], [200, 200, 200, 200]),
    ("post", paths::RESUME, &[], [409, 409, 409, 403], [409, 409, 409, 403]),
    ("get", paths::NOTES, &[], [200, 200, 200, 200], [200, 200, 200, 200]),
    ("post", paths::NOTES, &[("case_note", "已电话联系")], [303, 303, 303, 403], [303, 303, 303, 403]),
    ("get", paths::MARKS, &[], [200, 200, 200, 200], [200, 200, 200, 200]),
    ("post", paths::MARKS, &[], [303, 303, 303, 303], [303, 303, 303, 303]),
    ("get", paths::REOPEN, &[], [200, 200, 200, 200], [200, 200, 200, 200]),
    (
        "post",
        paths::REOPEN,
        &[("reopen_reason", "材料核对有误，重新办理"), ("reopen_told", "经复核需要重新审核")],
        [403, 403, 403, 403],
        [409, 409, 409, 403],
    ),
    ("get", paths::UNCOVER, &[], [200, 200, 200, 200], [200, 200, 200, 200]),
    ("post", paths::UNCOVER, &[], [200, 409, 409, 403], [200, 200, 200, 403]),
    ("get", paths::AMEND, &[], [200, 200, 200, 200], [200, 200, 200, 200]),
    ("post", paths::AMEND, &[], [404, 404, 404, 404], [404, 404, 404, 404]),
    ("get", paths::DECIDE, &[], [200, 200, 200, 200], [200, 200, 200, 200]),
    (
        "post",
        paths::DECIDE,
        &[("action", "approve"), ("confirmed", "yes")],
        [303, 409, 409, 403],
        [303, 409, 409, 403],
    ),
    ("get", paths::SECOND_PAIR, &[], [200, 200, 200, 200], [200, 200, 200, 200]),
    ("post", paths::SECOND_PAIR, &[("action", "confirm")], [409, 409, 409, 403], [409, 409, 409, 403]),
    ("get", paths::TASK, &[], [200, 200, 200, 200], [200, 200, 200, 200]),
    ("post", paths::TASK, &[], [404, 404, 404, 404], [404, 404, 404, 404]),
    ("get", paths::DONE, &[], [303, 303, 303, 303], [303, 303, 303, 303]),
];

#[test]
fn every_address_of_the_desk_has_cells() {
    let rooms = ROOMS.iter().map(|(method, path, ..)| (*path, *method));
    let known: BTreeSet<_> = rooms.chain(CASES.iter().map(|(method, path, ..)| (*path, *method))).collect();
    let all = ADDRESSES.iter().flat_map(|(path, methods)| methods.iter().map(move |method| (*path, *method)));
    let without: Vec<_> = all.filter(|address| !known.contains(address)).collect();
    assert!(without.is_empty(), "add rows to the matrix for {without:#?}");

    let routes = include_str!("../../../src/site.rs");
    assert!(!routes.contains("staff::"), "routes of the desk belong into src/site/desk.rs");
}

/// The candidates of all cases.
const NAME: &str = "张小三";
const PASSPORT: &str = "E7654321";

/// What nobody sees who is refused.
const PERSONAL: &[&str] = &[NAME, "张*三", PASSPORT, "13800138000", "示范大学"];

struct Office {
    authority: Authority,
    reviewer: StaffMember,
    limited: StaffMember,
    dispatcher: StaffMember,
    finance: StaffMember,
    administrator: StaffMember,
    colleague: StaffMember,
}

impl Office {
    async fn open() -> Office {
        let authority = Authority::open().await;
        let limited = authority.reviewer("限审核", "S0000002").await;
        let id = limited.id.clone();
        let change = authority.write(move |tx| {
            use kaozheng::store::schema::staff::dsl as s;
            diesel::update(s::staff.find(id)).set(s::kinds.eq("refund")).execute(tx.conn)?;
            Ok(())
        });
        change.await.expect("a limit");
        let limited = StaffMember { kinds: Kinds::parse("refund"), ..limited };
        Office {
            reviewer: authority.reviewer("王审核", "S0000001").await,
            limited,
            dispatcher: authority.staff_member("邮小川", "S0000003", Role::Dispatcher).await,
            finance: authority.staff_member("钱文清", "S0000004", Role::Finance).await,
            administrator: authority.staff_member("何静", "S0000005", Role::Administrator).await,
            colleague: authority.reviewer("赵审核", "S0000006").await,
            authority,
        }
    }

    fn staff(&self) -> [&StaffMember; 5] {
        [&self.reviewer, &self.limited, &self.dispatcher, &self.finance, &self.administrator]
    }

    async fn own_candidate(&self, staff: &StaffMember) -> Candidate {
        let id = staff.candidate.clone();
        let read = self.authority.write(move |tx| Ok(Candidate::load(tx, &id)?.expect("a candidate")));
        read.await.expect("a candidate")
    }

    /// An application of a new candidate, assigned to `taker`.
    async fn case(&self, at: usize, taker: Option<&StaffMember>) -> String {
        let candidate = self.authority.candidate(NAME, &format!("E7{at:06}")).await;
        let number = self.authority.apply(&candidate).await;
        if let Some(taker) = taker.cloned() {
            let number = number.clone();
            let taken = self.authority.write(move |tx| {
                let application = kaozheng::casework::business::Application::by_number(tx, &number)?;
                Ok(kaozheng::casework::assignment::take(tx, &taker, &application)?)
            });
            taken.await.expect("an assignment");
        }
        number.to_string()
    }

    /// Puts a case back, so that it does not fill up what one person may have taken.
    async fn release(&self, number: &str) {
        use kaozheng::store::schema::applications::dsl as n;
        let row = n::applications.filter(n::number.eq(number.to_owned())).filter(n::status.eq("in_review"));
        let released = self.authority.write(move |tx| {
            let free = (n::status.eq("submitted"), n::assignee_id.eq(None::<String>));
            diesel::update(row).set(free).execute(tx.conn)?;
            Ok(())
        });
        released.await.expect("a release");
    }

    async fn send(
        &self,
        desk: &StaffBrowser,
        method: &str,
        path: &str,
        form: &[(&str, &str)],
    ) -> TestResponse {
        match method {
            "get" => desk.get(path).await,
            _ => desk.post(path, form).await,
        }
    }

    /// Whether the audit has an entry of this staff member about an application.
    async fn is_audited(&self, staff: &StaffMember, number: &str) -> bool {
        let rows = a::audit_entries.filter(a::staff_id.eq(staff.id.clone())).select(a::target);
        let targets: Vec<String> =
            self.authority.write(move |tx| Ok(rows.load(tx.conn)?)).await.expect("the audit");
        targets.iter().any(|target| target.contains(number))
    }
}

/// The address of a pattern with a value for each name.
fn address(pattern: &str, number: &str) -> String {
    let fill = |part: &str| match part.strip_prefix(':') {
        Some("number") => number.to_owned(),
        Some("action") => "fulfil".to_owned(),
        Some("table") => "kind".to_owned(),
        Some("kind") => "refunds".to_owned(),
        Some(_) => "00000000000000000000000000".to_owned(),
        None => part.to_owned(),
    };
    pattern.split('/').map(fill).collect::<Vec<_>>().join("/")
}

async fn cell(response: TestResponse) -> (u16, String) {
    let status = response.0.status().as_u16();
    (status, text(response).await)
}

fn assert_shows_nothing(page: &str, what: &str) {
    for data in PERSONAL {
        assert!(!page.contains(data), "{what} shows {data}: {page}");
    }
}

#[tokio::test]
async fn visitors_and_candidates_get_nothing_of_the_desk() {
    let office = Office::open().await;
    let number = office.case(1, Some(&office.reviewer)).await;
    let candidate = office.authority.candidate("李四", "E8000001").await.id;
    let nobody = StaffMember { id: "gone".into(), candidate, ..office.reviewer.clone() };
    let signed_in = office.authority.browser_of(&nobody).await;
    let visitor = office.authority.browser_of(&nobody).await.signed_out();
    for (pattern, methods) in ADDRESSES {
        for method in *methods {
            let path = address(pattern, &number);
            let form = [("version", "1"), ("action", "approve")];
            let (status, page) = cell(office.send(&visitor, method, &path, &form).await).await;
            let to_login = if *method == "get" && *pattern != paths::STAFF { 303 } else { 401 };
            assert!(
                // 404: a name in the address cannot be one of the desk's.
                [to_login, 404].contains(&status) || (*pattern == paths::STAFF && status == 303),
                "{method} {path}: {status}"
            );
            assert_shows_nothing(&page, &path);
            let (status, page) = cell(office.send(&signed_in, method, &path, &form).await).await;
            assert!(
                [403, 404].contains(&status) || (*pattern == paths::STAFF && status == 303),
                "{method} {path}: {status}"
            );
            assert_shows_nothing(&page, &path);
        }
    }
}

#[tokio::test]
async fn rooms_open_to_the_roles_of_the_matrix() {
    let office = Office::open().await;
    let mut found = vec![[0; 5]; ROOMS.len()];
    for (at, staff) in office.staff().into_iter().enumerate() {
        let desk = office.authority.browser_of(staff).await;
        for (row, (method, pattern, form, _)) in ROOMS.iter().enumerate() {
            let path = address(pattern, "");
            let (status, page) = cell(office.send(&desk, method, &path, form).await).await;
            found[row][at] = status;
            if status == 403 {
                assert_shows_nothing(&page, &path);
            }
        }
    }
    let wrong = ROOMS.iter().zip(&found).filter(|((.., expected), found)| expected != *found);
    let wrong: Vec<_> =
        wrong.map(|((method, path, _, expected), found)| (method, path, expected, found)).collect();
    assert!(wrong.is_empty(), "address, expected and found:\n{wrong:#?}");
}

#[tokio::test]
async fn other_roles_get_nothing_of_a_case() {
    let office = Office::open().await;
    let number = office.case(1, Some(&office.reviewer)).await;
    for staff in [&office.limited, &office.dispatcher, &office.finance] {
        let desk = office.authority.browser_of(staff).await;
        for (method, pattern, form, ..) in CASES {
            let form: Vec<_> = form.iter().copied().chain([("version", "2")]).collect();
            let path = address(pattern, &number);
            let (status, page) = cell(office.send(&desk, method, &path, &form).await).await;
            assert!(
                status == 403 || (status == 404 && pattern.ends_with(":action")) || *pattern == paths::MARKS,
                "{method} {path} for {}: {status}",
                staff.name
            );
            assert_shows_nothing(&page, &path);
        }
        assert!(office.is_audited(staff, &number).await, "the attempt of {} is on record", staff.name);
    }
}

#[tokio::test]
async fn cases_open_by_role_and_by_who_has_taken_them() {
    let office = Office::open().await;
    let mut at = 0;
    let mut wrong = Vec::new();
    for (staff, is_administrator) in [(&office.reviewer, false), (&office.administrator, true)] {
        let desk = office.authority.browser_of(staff).await;
        let own = office.authority.apply(&office.own_candidate(staff).await).await.to_string();
        for (method, pattern, form, of_reviewer, of_administrator) in CASES {
            let expected = if is_administrator { of_administrator } else { of_reviewer };
            for (situation, expected) in expected.iter().enumerate() {
                at += 1;
                let number = match situation {
                    0 => office.case(at, Some(staff)).await,
                    1 => office.case(at, Some(&office.colleague)).await,
                    2 => office.case(at, None).await,
                    _ => own.clone(),
                };
                let version = office.authority.application(&number).await.version.to_string();
                let to = if situation == 1 { &office.limited.id } else { &office.colleague.id };
                let fill = |(name, value): &(&'static str, &'static str)| {
                    (*name, if *value == "COLLEAGUE" { &**to } else { *value })
                };
                let form: Vec<_> = form.iter().map(fill).chain([("version", &*version)]).collect();
                let path = address(pattern, &number);
                let (status, page) = cell(office.send(&desk, method, &path, &form).await).await;
                if status != *expected {
                    wrong.push(format!(
                        "{method} {pattern} for {} in situation {situation}: {status}, not {expected}",
                        staff.name
                    ));
                }
                if page.contains(NAME) {
                    assert!(
                        office.is_audited(staff, &number).await,
                        "{method} {path} shows data without an entry"
                    );
                }
                if [401, 403, 404].contains(&status) {
                    assert_shows_nothing(&page, &path);
                }
                office.release(&number).await;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
