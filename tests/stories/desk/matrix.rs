//! The matrix of permissions: who gets what from each address of the desk. The addresses are those of the table of
//! routes, so that a new one without cells fails the test.

mod cells;

use std::collections::BTreeSet;

use diesel::prelude::*;
use kaozheng::paths;
use kaozheng::people::candidate::Candidate;
use kaozheng::people::staff::{Kinds, Role, StaffMember};
use kaozheng::site::desk::ADDRESSES;
use kaozheng::store::schema::audit_entries::dsl as a;
use poem::test::TestResponse;

use self::cells::{CASES, ROOMS};
use super::authority::Authority;
use super::pages::{StaffBrowser, text};

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
