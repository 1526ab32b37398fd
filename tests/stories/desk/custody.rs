//! Who has a case: nobody keeps one that they do not decide any more.

use diesel::prelude::*;
use kaozheng::casework::lifecycle::{Action, Status};
use kaozheng::casework::{assignment, decision, roster};
use kaozheng::people::staff::{Role, StaffMember};
use kaozheng::store::schema::{application_events, audit_entries, staff};
use poem::http::StatusCode;

use super::http::{Desk, text};
use super::office::{Office, document};
use super::{APPROVE, Outcome};

impl Office {
    async fn leaves(&self, passport: &'static str) -> Option<usize> {
        self.write(move |tx| Ok(roster::remove(tx, &document(passport))?)).await.expect("a change")
    }

    async fn becomes(&self, name: &'static str, passport: &'static str, role: Role) -> usize {
        self.write(move |tx| Ok(roster::add(tx, name, &document(passport), role)?)).await.expect("a change")
    }

    /// Action, target and whether it was done at the command line.
    async fn noted(&self, action: &'static str) -> Vec<(String, bool)> {
        use audit_entries::dsl as a;
        let rows = a::audit_entries.filter(a::action.eq(action)).order(a::id);
        let rows = rows.select((a::target, a::staff_id.is_null()));
        self.write(move |tx| Ok(rows.load(tx.conn)?)).await.expect("the audit")
    }

    async fn is_free(&self, number: &str) -> bool {
        let application = self.application(number).await;
        application.status == Status::Submitted && application.assignee_id.is_none()
    }
}

/// A case that 王审核 has taken, of 张小三.
async fn taken(office: &Office) -> (StaffMember, String) {
    let reviewer = office.reviewer("王审核", "S0000001").await;
    let number = office.applies(&office.candidate("张小三", "E0000001").await).await;
    assert_eq!(office.takes_next(&reviewer).await.as_ref(), Some(&number));
    (reviewer, number)
}

/// 张小三's browser.
async fn applicant(office: &Office) -> Desk {
    let candidate = office.candidate("张小三", "E0000001").await.id;
    let nobody = StaffMember { id: "gone".into(), name: String::new(), role: Role::Reviewer, candidate };
    office.desk_of(&nobody).await
}

#[tokio::test]
async fn who_leaves_the_roster_leaves_their_cases_behind() {
    let office = Office::open().await;
    let (reviewer, number) = taken(&office).await;
    let colleague = office.reviewer("赵审核", "S0000002").await;
    assert_eq!(office.leaves("S0000001").await, Some(1));
    assert!(office.is_free(&number).await);
    assert_eq!(office.noted("roster_remove").await, [(reviewer.id, true)], "by the command line");
    assert_eq!(office.leaves("S0000001").await, None, "they are not on it any more");

    let own = text(applicant(&office).await.get(&format!("/services/qualification/{number}")).await).await;
    assert!(own.contains("退回待审核队列") && own.contains("撤销申请"), "{own}");
    assert!(!own.contains("名单"), "the roster is not the candidate's business");
    let seen = office.desk_of(&colleague).await.get(&format!("/staff/applications/{number}")).await;
    assert!(text(seen).await.contains("领取人已不在名单上，或不再办理这类申请"));

    let mine = number.clone();
    let withdrawn = office.write(move |tx| {
        let application = kaozheng::casework::business::Application::by_number(tx, &mine)?;
        Ok(decision::withdraw(tx, &application)?)
    });
    withdrawn.await.expect("the candidate can withdraw it again");
    assert_eq!(office.application(&number).await.status, Status::Withdrawn);
}

#[tokio::test]
async fn another_role_that_does_not_decide_the_kind_frees_too() {
    let office = Office::open().await;
    let (reviewer, number) = taken(&office).await;
    assert_eq!(office.becomes("王审核", "S0000001", Role::Administrator).await, 0);
    assert_eq!(office.application(&number).await.assignee_id, Some(reviewer.id.clone()), "still decides it");
    assert_eq!(office.becomes("王审核", "S0000001", Role::Finance).await, 1);
    assert!(office.is_free(&number).await);
    assert_eq!(office.noted("roster_add:finance").await, [(reviewer.id, true)]);
}

#[tokio::test]
async fn a_case_that_an_older_program_left_stuck_is_freed() {
    let office = Office::open().await;
    let (_, number) = taken(&office).await;
    let free = async || office.write(|tx| Ok(assignment::free_stuck(tx)?)).await.expect("a sweep");
    assert_eq!(free().await, 0);
    let gone = diesel::update(staff::table).set(staff::active.eq(false));
    office.write(move |tx| Ok(gone.execute(tx.conn)?)).await.expect("a change");
    assert_eq!(free().await, 1);
    assert!(office.is_free(&number).await);
    assert_eq!(free().await, 0, "once");
}

#[tokio::test]
async fn an_administrator_frees_any_case() {
    let office = Office::open().await;
    let (reviewer, number) = taken(&office).await;
    let administrator = office.member("何管理", "S0000009", Role::Administrator).await;
    let colleague = office.desk_of(&office.reviewer("赵审核", "S0000002").await).await;
    let desk = office.desk_of(&administrator).await;
    let case = format!("/staff/applications/{number}");
    let page = text(desk.get(&case).await).await;
    assert!(page.contains("放回后，王审核不能再办理") && page.contains("转交给"), "{page}");
    assert!(!text(colleague.get(&case).await).await.contains("转交给"), "only for administrators");

    let put_back = format!("{case}/put-back");
    colleague.post(&put_back, &[("version", "2")]).await.assert_status(StatusCode::CONFLICT);
    desk.post(&put_back, &[("version", "1")]).await.assert_status(StatusCode::CONFLICT);
    assert!(!office.is_free(&number).await, "neither a colleague nor an old page");
    desk.post(&put_back, &[("version", "2")]).await.assert_status(StatusCode::SEE_OTHER);
    assert!(office.is_free(&number).await);

    // Their page is still open; what they type on it is not lost.
    let typed = [("version", "2"), ("action", "return"), ("mark:years", "请核对年限")];
    let taker = office.desk_of(&reviewer).await;
    let late = taker.post(&format!("{case}/decide"), &typed).await;
    late.assert_status(StatusCode::CONFLICT);
    let late = text(late).await;
    for shown in ["这件申请已被放回，现在没有人领取", "操作没有生效", "请核对年限", "领取"]
    {
        assert!(late.contains(shown), "{shown} in\n{late}");
    }
    let late = text(taker.post(&put_back, &typed).await).await;
    assert!(late.contains("这件申请已被放回") && late.contains("请核对年限"), "{late}");

    // Taken again in another window, it can go on from the old one.
    taker.post(&format!("{case}/take"), &[]).await.assert_status(StatusCode::SEE_OTHER);
    let again = text(taker.post(&format!("{case}/decide"), &typed).await).await;
    assert!(again.contains("在您打开以后有变动") && again.contains("value=\"请核对年限\""), "{again}");
    assert!(again.contains("name=\"version\" value=\"4\""));
}

#[tokio::test]
async fn an_administrator_hands_a_case_to_who_may_decide_it() {
    let office = Office::open().await;
    let (reviewer, number) = taken(&office).await;
    let administrator = office.member("何管理", "S0000009", Role::Administrator).await;
    let colleague = office.reviewer("赵审核", "S0000002").await;
    let finance = office.member("钱财务", "S0000003", Role::Finance).await;
    // The applicant is on the roster as well.
    let applicant = office.member("张小三", "E0000001", Role::Reviewer).await;
    let desk = office.desk_of(&administrator).await;
    let case = format!("/staff/applications/{number}");
    let page = text(desk.get(&case).await).await;
    let offers = |member: &StaffMember| page.contains(&format!("<option value=\"{}\"", member.id));
    assert!(offers(&colleague) && offers(&administrator), "{page}");
    assert!(!offers(&finance) && !offers(&applicant) && !offers(&reviewer), "{page}");

    let path = format!("{case}/hand-over");
    let to = async |desk: &Desk, member: &StaffMember, version| {
        let form = [("version", version), ("to", &*member.id), ("word", "请优先办理")];
        desk.post(&path, &form).await.0.status()
    };
    for refused in [&finance, &applicant, &reviewer] {
        assert_eq!(to(&desk, refused, "2").await, StatusCode::CONFLICT, "{}", refused.name);
    }
    assert_eq!(to(&desk, &colleague, "1").await, StatusCode::CONFLICT, "an old page");
    let not_theirs = office.desk_of(&colleague).await;
    assert_eq!(to(&not_theirs, &colleague, "2").await, StatusCode::FORBIDDEN);
    assert_eq!(office.application(&number).await.assignee_id, Some(reviewer.id.clone()));
    assert_eq!(to(&desk, &colleague, "2").await, StatusCode::SEE_OTHER);
    assert_eq!(office.application(&number).await.assignee_id, Some(colleague.id.clone()));

    let page = text(not_theirs.get(&case).await).await;
    assert!(page.contains("转交给赵审核：请优先办理") && page.contains("mark:years"), "{page}");
    let own = self::applicant(&office).await;
    let own = text(own.get(&format!("/services/qualification/{number}")).await).await;
    assert!(own.contains("转交其他工作人员办理") && !own.contains("请优先办理"), "{own}");
    assert!(office.decides(&reviewer, &number, APPROVE).await.is_conflict(), "it is not theirs any more");
    assert!(matches!(office.decides(&colleague, &number, APPROVE).await, Outcome::Done));
    let actions: Vec<_> = office.events(&number).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, [Action::Submit, Action::Take, Action::HandOver, Action::Approve]);
}

/// The number of a check that 王审核 returned once, and an administrator rejected; and the appeal.
async fn appealed(office: &Office, administrator: &StaffMember) -> (StaffMember, String) {
    let (reviewer, number) = taken(office).await;
    let returned = [("action", "return"), ("mark:years", "请核对年限")];
    assert!(matches!(office.decides(&reviewer, &number, &returned).await, Outcome::Done));
    let candidate = office.candidate("张小三", "E0000001").await;
    office.submits(&candidate, kaozheng::casework::sheet::Which::Edit(number.clone()), "5").await;
    assert_eq!(office.takes_next(administrator).await.as_ref(), Some(&number));
    let rejected = [("action", "reject"), ("note", "从业年限不足")];
    assert!(matches!(office.decides(administrator, &number, &rejected).await, Outcome::Done));
    (reviewer, office.appeals(&candidate, &number).await)
}

#[tokio::test]
async fn nobody_gets_the_appeal_against_what_they_decided() {
    let office = Office::open().await;
    let administrator = office.member("何管理", "S0000009", Role::Administrator).await;
    let (reviewer, appeal) = appealed(&office, &administrator).await;
    let case = format!("/staff/applications/{appeal}");
    // Both rounds count, and the role does not.
    for who in [&reviewer, &administrator] {
        assert_eq!(office.takes_next(who).await, None, "{}", who.name);
        let desk = office.desk_of(who).await;
        let page = text(desk.get(&case).await).await;
        assert!(page.contains("您办理过被申诉的申请") && !page.contains("/take\""), "{page}");
        let refused = desk.post(&format!("{case}/take"), &[]).await;
        refused.assert_status(StatusCode::FORBIDDEN);
        assert!(text(refused).await.contains("须由其他工作人员办理"));
        let none = text(desk.get("/staff/queue?none=1").await).await;
        assert!(none.contains("对您办理过的申请的申诉"));
    }
    let other = office.member("林管理", "S0000008", Role::Administrator).await;
    let desk = office.desk_of(&other).await;
    let page = text(desk.get(&case).await).await;
    for refused in [&reviewer, &administrator] {
        assert!(!page.contains(&format!("<option value=\"{}\"", refused.id)), "{}", refused.name);
    }
    let form = [("version", "1"), ("to", &*reviewer.id)];
    desk.post(&format!("{case}/hand-over"), &form).await.assert_status(StatusCode::CONFLICT);
    assert_eq!(office.takes_next(&other).await.as_ref(), Some(&appeal));
    assert!(matches!(office.decides(&other, &appeal, APPROVE).await, Outcome::Done));
}

#[tokio::test]
async fn who_took_such_an_appeal_before_can_only_put_it_back() {
    let office = Office::open().await;
    let administrator = office.member("何管理", "S0000009", Role::Administrator).await;
    let (reviewer, appeal) = appealed(&office, &administrator).await;
    let other = office.reviewer("赵审核", "S0000002").await;
    office.takes_next(&other).await;
    let (to, id) = (reviewer.id.clone(), office.application(&appeal).await.id);
    office
        .write(move |tx| {
            use kaozheng::store::schema::applications::dsl as a;
            diesel::update(a::applications.find(id)).set(a::assignee_id.eq(to)).execute(tx.conn)?;
            Ok(())
        })
        .await
        .expect("as an older program left it");
    let refused = office.decides(&reviewer, &appeal, APPROVE).await;
    assert!(matches!(refused, Outcome::Failed(kaozheng::web::Failure::Forbidden(_))), "{refused:?}");
    let desk = office.desk_of(&reviewer).await;
    let case = format!("/staff/applications/{appeal}");
    let page = text(desk.get(&case).await).await;
    assert!(page.contains("您不能办理这件申诉") && page.contains("放回"), "{page}");
    desk.post(&format!("{case}/put-back"), &[("version", "2")]).await.assert_status(StatusCode::SEE_OTHER);
    assert!(office.is_free(&appeal).await);
}

#[tokio::test]
async fn a_new_entry_of_the_roster_is_still_the_same_person() {
    let office = Office::open().await;
    let (reviewer, number) = taken(&office).await;
    office.decides(&reviewer, &number, &[("action", "reject"), ("note", "从业年限不足")]).await;
    let appeal = office.appeals(&office.candidate("张小三", "E0000001").await, &number).await;
    // Their passport was replaced, and they were put on the roster with the new one.
    let candidate = reviewer.candidate.clone();
    office
        .write(move |tx| {
            use kaozheng::people::candidate::holder;
            use kaozheng::people::document::DocumentType;
            use kaozheng::store::schema::{candidates, former_documents::dsl as f};
            let hash = |number: &str| holder(tx.vault, DocumentType::Passport, number);
            let (old, new) = (hash("S0000001"), hash("S0000077"));
            let row = (f::document_hash.eq(old), f::candidate_id.eq(&candidate), f::replaced_at.eq(tx.now));
            diesel::insert_into(f::former_documents).values(row).execute(tx.conn)?;
            let person = diesel::update(candidates::table.find(&candidate));
            person.set(candidates::document_hash.eq(new)).execute(tx.conn)?;
            Ok(())
        })
        .await
        .expect("a correction");
    let again = office.member("王审核（新）", "S0000077", Role::Reviewer).await;
    assert_ne!(again.id, reviewer.id);
    assert_eq!(office.takes_next(&again).await, None);
    let taken = office.desk_of(&again).await.post(&format!("/staff/applications/{appeal}/take"), &[]).await;
    taken.assert_status(StatusCode::FORBIDDEN);
    let events: i64 = office
        .write(|tx| {
            use application_events::dsl as e;
            Ok(e::application_events.filter(e::action.eq("take")).count().get_result(tx.conn)?)
        })
        .await
        .expect("a count");
    assert_eq!(events, 1, "only the first case was ever taken");
}
