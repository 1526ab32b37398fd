//! Assignment: an application is never assigned to somebody who may not decide it.

use diesel::prelude::*;
use kaozheng::casework::lifecycle::{Action, Status};
use kaozheng::casework::number::ApplicationNumber;
use kaozheng::casework::{assignment, decision, roster};
use kaozheng::people::staff::{Duty, Kinds, Role, StaffMember};
use kaozheng::store::schema::{application_events, audit_entries, staff};
use poem::http::StatusCode;

use super::authority::{Authority, document};
use super::pages::{StaffBrowser, text};
use super::{APPROVE, Outcome};

impl Authority {
    async fn remove_from_roster(&self, passport: &'static str) -> Option<usize> {
        self.write(move |tx| Ok(roster::remove(tx, &document(passport))?)).await.expect("a change")
    }

    async fn put_on_roster(&self, name: &'static str, passport: &'static str, role: Role) -> usize {
        let duty = Duty { role, kinds: Kinds::default() };
        self.write(move |tx| Ok(roster::add(tx, name, &document(passport), &duty)?)).await.expect("a change")
    }

    /// Target of each audit entry of an action, and whether it was done on the command line.
    async fn audited_action(&self, action: &'static str) -> Vec<(String, bool)> {
        use audit_entries::dsl as a;
        let rows = a::audit_entries.filter(a::action.eq(action)).order(a::id);
        let rows = rows.select((a::target, a::staff_id.is_null()));
        self.write(move |tx| Ok(rows.load(tx.conn)?)).await.expect("the audit")
    }

    async fn count_in_review(&self) -> usize {
        use kaozheng::store::schema::applications::dsl as a;
        let in_review = a::applications.filter(a::status.eq("in_review")).count();
        let count: i64 = self.write(move |tx| Ok(in_review.get_result(tx.conn)?)).await.expect("a count");
        count as usize
    }

    async fn is_unassigned(&self, number: &str) -> bool {
        let application = self.application(number).await;
        application.status == Status::Submitted && application.assignee_id.is_none()
    }
}

/// An application of 张小三 that is assigned to 王审核.
async fn assigned(authority: &Authority) -> (StaffMember, ApplicationNumber) {
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    assert_eq!(authority.take_next(&reviewer).await.as_ref(), Some(&number));
    (reviewer, number)
}

/// A browser in which 张小三 is signed in.
async fn applicant_browser(authority: &Authority) -> StaffBrowser {
    let candidate = authority.candidate("张小三", "E0000001").await.id;
    let nobody = StaffMember {
        id: "gone".into(),
        name: String::new(),
        role: Role::Reviewer,
        kinds: Kinds::default(),
        candidate,
    };
    authority.browser_of(&nobody).await
}

#[tokio::test]
async fn leaving_the_roster_unassigns_applications() {
    let authority = Authority::open().await;
    let (reviewer, number) = assigned(&authority).await;
    let colleague = authority.reviewer("赵审核", "S0000002").await;
    assert_eq!(authority.remove_from_roster("S0000001").await, Some(1));
    assert!(authority.is_unassigned(&number).await);
    assert_eq!(authority.audited_action("roster_remove").await, [(reviewer.id, true)], "by the command line");
    assert_eq!(authority.remove_from_roster("S0000001").await, None, "they are not on it any more");

    let own =
        text(applicant_browser(&authority).await.get(&format!("/services/qualification/{number}")).await)
            .await;
    assert!(own.contains("退回待审核队列") && own.contains("撤销申请"), "{own}");
    assert!(!own.contains("名单"), "the roster is not the candidate's business");
    let seen = authority.browser_of(&colleague).await.get(&format!("/staff/applications/{number}")).await;
    assert!(text(seen).await.contains("领取人已不在名单上，或不再办理这类申请"));

    let mine = number.clone();
    let withdrawn = authority.write(move |tx| {
        let application = kaozheng::casework::business::Application::by_number(tx, &mine)?;
        Ok(decision::withdraw(tx, &application)?)
    });
    withdrawn.await.expect("the candidate can withdraw it again");
    assert_eq!(authority.application(&number).await.status, Status::Withdrawn);
}

#[tokio::test]
async fn change_to_a_role_without_the_permission_unassigns_applications() {
    let authority = Authority::open().await;
    authority.staff_member("何管理", "S0000009", Role::Administrator).await;
    let (reviewer, number) = assigned(&authority).await;
    assert_eq!(authority.put_on_roster("王审核", "S0000001", Role::Administrator).await, 0);
    assert_eq!(
        authority.application(&number).await.assignee_id,
        Some(reviewer.id.clone()),
        "still decides it"
    );
    assert_eq!(authority.put_on_roster("王审核", "S0000001", Role::Finance).await, 1);
    assert!(authority.is_unassigned(&number).await);
    assert_eq!(authority.audited_action("roster_add:finance").await, [(reviewer.id, true)]);
}

#[tokio::test]
async fn assignment_left_by_an_older_program_is_removed() {
    let authority = Authority::open().await;
    let (_, number) = assigned(&authority).await;
    let free = async || assignment::unassign_all_unreviewable(&authority.store).await.expect("a sweep");
    assert_eq!(free().await, 0);
    let gone = diesel::update(staff::table).set(staff::active.eq(false));
    authority.write(move |tx| Ok(gone.execute(tx.conn)?)).await.expect("a change");
    assert_eq!(free().await, 1);
    assert!(authority.is_unassigned(&number).await);
    assert_eq!(free().await, 0, "once");
}

/// More than one transaction of the sweep puts back.
#[tokio::test]
async fn many_applications_of_somebody_who_left_are_put_back() {
    let authority = Authority::open().await;
    let (reviewer, first) = assigned(&authority).await;
    authority.add_many(&first, &reviewer.id, 0, 1500).await;
    let given = reviewer.id.clone();
    let give = authority.write(move |tx| {
        use kaozheng::store::schema::applications::dsl as a;
        let nobodys = a::applications.filter(a::status.eq("in_review")).filter(a::assignee_id.is_null());
        diesel::update(nobodys).set(a::assignee_id.eq(given)).execute(tx.conn)?;
        Ok(())
    });
    give.await.expect("a change");
    let taken = authority.count_in_review().await;
    assert!(taken > 250, "{taken}");
    let gone = diesel::update(staff::table).set(staff::active.eq(false));
    authority.write(move |tx| Ok(gone.execute(tx.conn)?)).await.expect("a change");
    let freed = assignment::unassign_all_unreviewable(&authority.store).await.expect("a sweep");
    assert_eq!((freed, authority.count_in_review().await), (taken, 0));
}

#[tokio::test]
async fn administrator_unassigns_any_application() {
    let authority = Authority::open().await;
    let (reviewer, number) = assigned(&authority).await;
    let administrator = authority.staff_member("何管理", "S0000009", Role::Administrator).await;
    let colleague = authority.browser_of(&authority.reviewer("赵审核", "S0000002").await).await;
    let desk = authority.browser_of(&administrator).await;
    let case = format!("/staff/applications/{number}");
    let page = text(desk.get(&case).await).await;
    assert!(page.contains("放回后，王审核不能再办理") && page.contains("转交给"), "{page}");
    assert!(!text(colleague.get(&case).await).await.contains("转交给"), "only for administrators");

    let put_back = format!("{case}/put-back");
    colleague.post(&put_back, &[("version", "2")]).await.assert_status(StatusCode::CONFLICT);
    desk.post(&put_back, &[("version", "1")]).await.assert_status(StatusCode::CONFLICT);
    assert!(!authority.is_unassigned(&number).await, "neither a colleague nor an old page");
    desk.post(&put_back, &[("version", "2")]).await.assert_status(StatusCode::SEE_OTHER);
    assert!(authority.is_unassigned(&number).await);

    // The former reviewer's page is still open. Its input is not lost.
    let typed = [("version", "2"), ("action", "return"), ("mark:years", "请核对年限")];
    let taker = authority.browser_of(&reviewer).await;
    let late = taker.post(&format!("{case}/decide"), &typed).await;
    late.assert_status(StatusCode::CONFLICT);
    let late = text(late).await;
    for shown in ["这件申请已被放回，现在没有人领取", "操作没有生效", "请核对年限", "领取"]
    {
        assert!(late.contains(shown), "{shown} in\n{late}");
    }
    let late = text(taker.post(&put_back, &typed).await).await;
    assert!(late.contains("这件申请已被放回") && late.contains("请核对年限"), "{late}");

    // After taking it again in another window, the old page works too.
    taker.post(&format!("{case}/take"), &[]).await.assert_status(StatusCode::SEE_OTHER);
    let again = text(taker.post(&format!("{case}/decide"), &typed).await).await;
    assert!(again.contains("在您打开以后有变动") && again.contains("value=\"请核对年限\""), "{again}");
    assert!(again.contains("name=\"version\" value=\"4\""));
}

#[tokio::test]
async fn administrator_hands_over_to_an_eligible_colleague() {
    let authority = Authority::open().await;
    let (reviewer, number) = assigned(&authority).await;
    let administrator = authority.staff_member("何管理", "S0000009", Role::Administrator).await;
    let colleague = authority.reviewer("赵审核", "S0000002").await;
    let finance = authority.staff_member("钱财务", "S0000003", Role::Finance).await;
    // The applicant is on the roster too.
    let applicant = authority.staff_member("张小三", "E0000001", Role::Reviewer).await;
    let desk = authority.browser_of(&administrator).await;
    let case = format!("/staff/applications/{number}");
    let page = text(desk.get(&case).await).await;
    let offers = |member: &StaffMember| page.contains(&format!("<option value=\"{}\"", member.id));
    assert!(offers(&colleague) && offers(&administrator), "{page}");
    assert!(!offers(&finance) && !offers(&applicant) && !offers(&reviewer), "{page}");

    let path = format!("{case}/hand-over");
    let to = async |desk: &StaffBrowser, member: &StaffMember, version| {
        let form = [("version", version), ("to", &*member.id), ("word", "请优先办理")];
        desk.post(&path, &form).await.0.status()
    };
    for refused in [&finance, &applicant, &reviewer] {
        assert_eq!(to(&desk, refused, "2").await, StatusCode::CONFLICT, "{}", refused.name);
    }
    assert_eq!(to(&desk, &colleague, "1").await, StatusCode::CONFLICT, "an old page");
    let not_theirs = authority.browser_of(&colleague).await;
    assert_eq!(to(&not_theirs, &colleague, "2").await, StatusCode::CONFLICT, "a colleague");
    assert_eq!(authority.application(&number).await.assignee_id, Some(reviewer.id.clone()));
    assert_eq!(to(&desk, &colleague, "2").await, StatusCode::SEE_OTHER);
    assert_eq!(authority.application(&number).await.assignee_id, Some(colleague.id.clone()));

    let page = text(not_theirs.get(&case).await).await;
    assert!(page.contains("转交给赵审核：请优先办理") && page.contains("mark:years"), "{page}");
    let own = self::applicant_browser(&authority).await;
    let own = text(own.get(&format!("/services/qualification/{number}")).await).await;
    assert!(own.contains("转交其他工作人员办理") && !own.contains("请优先办理"), "{own}");
    assert!(authority.decide(&reviewer, &number, APPROVE).await.is_conflict(), "it is not theirs any more");
    assert!(matches!(authority.decide(&colleague, &number, APPROVE).await, Outcome::Done));
    let actions: Vec<_> = authority.events(&number).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, [Action::Submit, Action::Take, Action::HandOver, Action::Approve]);
}

/// A check that 王审核 returned and an administrator rejected, with its appeal. Returns 王审核 and the
/// appeal's number.
async fn appealed(authority: &Authority, administrator: &StaffMember) -> (StaffMember, ApplicationNumber) {
    let (reviewer, number) = assigned(authority).await;
    let returned = [("action", "return"), ("mark:years", "请核对年限")];
    assert!(matches!(authority.decide(&reviewer, &number, &returned).await, Outcome::Done));
    let candidate = authority.candidate("张小三", "E0000001").await;
    authority.submit(&candidate, kaozheng::casework::sheet::FormTarget::Edit(number.clone()), "5").await;
    assert_eq!(authority.take_next(administrator).await.as_ref(), Some(&number));
    let rejected = [("action", "reject"), ("note", "从业年限不足")];
    assert!(matches!(authority.decide(administrator, &number, &rejected).await, Outcome::Done));
    (reviewer, authority.appeal(&candidate, &number).await)
}

#[tokio::test]
async fn appeal_is_never_assigned_to_an_earlier_decider() {
    let authority = Authority::open().await;
    let administrator = authority.staff_member("何管理", "S0000009", Role::Administrator).await;
    let (reviewer, appeal) = appealed(&authority, &administrator).await;
    let case = format!("/staff/applications/{appeal}");
    // Both rounds of review count, whatever the role.
    for who in [&reviewer, &administrator] {
        assert_eq!(authority.take_next(who).await, None, "{}", who.name);
        let desk = authority.browser_of(who).await;
        let page = text(desk.get(&case).await).await;
        assert!(page.contains("您办理过被申诉的申请") && !page.contains("/take\""), "{page}");
        let refused = desk.post(&format!("{case}/take"), &[]).await;
        refused.assert_status(StatusCode::FORBIDDEN);
        assert!(text(refused).await.contains("须由其他工作人员办理"));
        let none = text(desk.get("/staff/queue?none=1").await).await;
        assert!(none.contains("对您办理过的申请的申诉"));
    }
    let other = authority.staff_member("林管理", "S0000008", Role::Administrator).await;
    let desk = authority.browser_of(&other).await;
    let page = text(desk.get(&case).await).await;
    for refused in [&reviewer, &administrator] {
        assert!(!page.contains(&format!("<option value=\"{}\"", refused.id)), "{}", refused.name);
    }
    let form = [("version", "1"), ("to", &*reviewer.id)];
    desk.post(&format!("{case}/hand-over"), &form).await.assert_status(StatusCode::CONFLICT);
    assert_eq!(authority.take_next(&other).await.as_ref(), Some(&appeal));
    assert!(matches!(authority.decide(&other, &appeal, APPROVE).await, Outcome::Done));
}

#[tokio::test]
async fn earlier_decider_of_an_appeal_can_only_put_it_back() {
    let authority = Authority::open().await;
    let administrator = authority.staff_member("何管理", "S0000009", Role::Administrator).await;
    let (reviewer, appeal) = appealed(&authority, &administrator).await;
    let other = authority.reviewer("赵审核", "S0000002").await;
    authority.take_next(&other).await;
    let (to, id) = (reviewer.id.clone(), authority.application(&appeal).await.id);
    authority
        .write(move |tx| {
            use kaozheng::store::schema::applications::dsl as a;
            diesel::update(a::applications.find(id)).set(a::assignee_id.eq(to)).execute(tx.conn)?;
            Ok(())
        })
        .await
        .expect("as an older program left it");
    let refused = authority.decide(&reviewer, &appeal, APPROVE).await;
    assert!(matches!(refused, Outcome::Failed(kaozheng::web::Failure::Forbidden(_))), "{refused:?}");
    let desk = authority.browser_of(&reviewer).await;
    let case = format!("/staff/applications/{appeal}");
    let page = text(desk.get(&case).await).await;
    assert!(page.contains("您不能办理这件申诉") && page.contains("放回"), "{page}");
    desk.post(&format!("{case}/put-back"), &[("version", "2")]).await.assert_status(StatusCode::SEE_OTHER);
    assert!(authority.is_unassigned(&appeal).await);
}

#[tokio::test]
async fn replaced_roster_record_is_still_the_same_person() {
    let authority = Authority::open().await;
    let (reviewer, number) = assigned(&authority).await;
    authority.decide(&reviewer, &number, &[("action", "reject"), ("note", "从业年限不足")]).await;
    let appeal = authority.appeal(&authority.candidate("张小三", "E0000001").await, &number).await;
    // The reviewer's passport was replaced, and the roster has the new one.
    let candidate = reviewer.candidate.clone();
    authority
        .write(move |tx| {
            use kaozheng::people::document::DocumentType;
            use kaozheng::people::holder_hash::holder;
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
    let again = authority.staff_member("王审核（新）", "S0000077", Role::Reviewer).await;
    assert_ne!(again.id, reviewer.id);
    assert_eq!(authority.take_next(&again).await, None);
    let taken =
        authority.browser_of(&again).await.post(&format!("/staff/applications/{appeal}/take"), &[]).await;
    taken.assert_status(StatusCode::FORBIDDEN);
    let events: i64 = authority
        .write(|tx| {
            use application_events::dsl as e;
            Ok(e::application_events.filter(e::action.eq("take")).count().get_result(tx.conn)?)
        })
        .await
        .expect("a count");
    assert_eq!(events, 1, "only the first case was ever taken");
}
