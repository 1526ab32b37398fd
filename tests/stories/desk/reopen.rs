//! 重新办理: an administrator sends a decided case back to review, and what the decision changed is undone.

use diesel::prelude::*;
use kaozheng::casework::lifecycle::{Action, Status};
use kaozheng::people::staff::{Role, StaffMember};
use kaozheng::store::Error;
use kaozheng::store::schema::{registration_subjects, registrations, violations};
use poem::http::StatusCode;

use super::authority::Authority;
use super::pages::text;
use super::{APPROVE, Outcome};
use crate::filing::{receipt, refund, start_demo, violation};
use crate::server::{Answer, Server, Visitor};

const REJECT: &[(&str, &str)] = &[("action", "reject"), ("note", "从业年限不足")];
const WORDS: &[(&str, &str)] =
    &[("reopen_reason", "漏看了第二份年限证明"), ("reopen_told", "经复核，您的申请需要重新审核。")];

/// A case of 张小三 that 王审核 has decided, and the browsers of both and of an administrator.
struct Decided {
    authority: Authority,
    reviewer: StaffMember,
    number: String,
    administrator: StaffMember,
}

impl Decided {
    async fn by(pairs: &[(&str, &str)]) -> Decided {
        let authority = Authority::open().await;
        let reviewer = authority.reviewer("王审核", "S0000001").await;
        let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await.to_string();
        authority.take_next(&reviewer).await;
        assert!(matches!(authority.decide(&reviewer, &number, pairs).await, Outcome::Done));
        let administrator = authority.staff_member("何管理", "S0000009", Role::Administrator).await;
        Decided { authority, reviewer, number, administrator }
    }

    /// Sessions end after half an hour, so each step is a new browser's.
    async fn reopen(&self, staff: &StaffMember, words: &[(&str, &str)]) -> (StatusCode, String) {
        let desk = self.authority.browser_of(staff).await;
        let version = self.authority.application(&self.number).await.version.to_string();
        let form = [words, &[("version", &*version)]].concat();
        let answer = desk.post(&format!("/staff/applications/{}/reopen", self.number), &form).await;
        (answer.0.status(), text(answer).await)
    }
}

#[tokio::test]
async fn rejected_case_is_reviewed_again_and_the_candidate_is_told() {
    let decided = Decided::by(REJECT).await;
    let Decided { authority, reviewer, number, administrator } = &decided;
    let desk = authority.browser_of(administrator).await;
    let case = format!("/staff/applications/{number}");
    assert!(text(desk.get(&case).await).await.contains("重新办理"));
    let of_reviewer = authority.browser_of(reviewer).await;
    assert!(!text(of_reviewer.get(&case).await).await.contains("重新办理"), "for administrators");
    assert_eq!(decided.reopen(reviewer, WORDS).await.0, StatusCode::FORBIDDEN);
    let (status, page) = decided.reopen(administrator, &[WORDS[1], ("reopen_reason", "漏")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.contains("请写明重新办理的原因") && page.contains("经复核，您的申请需要重新审核。"),
        "{page}"
    );

    authority.pass_hours(24);
    assert_eq!(decided.reopen(administrator, WORDS).await.0, StatusCode::SEE_OTHER);
    let again = authority.application(number).await;
    assert_eq!((again.status, again.assignee_id, again.decided_at), (Status::Submitted, None, None));
    assert_eq!(again.due_on.map(|day| day.to_string()), Some("2026-12-01".into()), "counted anew");
    let candidate = authority.candidate("张小三", "E0000001").await;
    let own = authority.browser_of_candidate(&candidate).await;
    let own = text(own.get(&format!("/services/qualification/{number}")).await).await;
    assert!(own.contains("正在重新审核：经复核，您的申请需要重新审核。"), "{own}");
    assert!(!own.contains("漏看了") && !own.contains("申诉一次"), "{own}");
    let desk = authority.browser_of(administrator).await;
    assert!(text(desk.get(&case).await).await.contains("漏看了第二份年限证明"));

    authority.take_next(reviewer).await;
    assert!(matches!(authority.decide(reviewer, number, APPROVE).await, Outcome::Done));
    let actions: Vec<_> = authority.events(number).await.into_iter().map(|(action, _)| action).collect();
    use Action::{Approve, Reject, Reopen, Submit, Take};
    assert_eq!(actions, [Submit, Take, Reject, Reopen, Take, Approve]);
    assert!(authority.audited().await.contains(&("reopen".to_owned(), number.clone())));
}

#[tokio::test]
async fn old_page_and_undecided_case_reopen_nothing() {
    let decided = Decided::by(APPROVE).await;
    let Decided { authority, number, administrator, .. } = &decided;
    let desk = authority.browser_of(administrator).await;
    let path = format!("/staff/applications/{number}/reopen");
    let old = [WORDS, &[("version", "2")]].concat();
    desk.post(&path, &old).await.assert_status(StatusCode::CONFLICT);
    assert_eq!(decided.reopen(administrator, WORDS).await.0, StatusCode::SEE_OTHER);
    assert_eq!(
        decided.reopen(administrator, WORDS).await.0,
        StatusCode::CONFLICT,
        "it is not decided any more"
    );
    assert_eq!(authority.application(number).await.status, Status::Submitted);
}

#[tokio::test]
async fn appeal_keeps_the_decision_closed() {
    let decided = Decided::by(REJECT).await;
    let Decided { authority, number, administrator, .. } = &decided;
    let desk = authority.browser_of(administrator).await;
    let candidate = authority.candidate("张小三", "E0000001").await;
    let appeal = authority.appeal(&candidate, &number.clone().into()).await;
    let (status, page) = decided.reopen(administrator, WORDS).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        page.contains(&format!("请办理申诉 {appeal}")) && page.contains("漏看了第二份年限证明"),
        "{page}"
    );

    let colleague = authority.reviewer("赵审核", "S0000002").await;
    authority.take_next(&colleague).await;
    assert!(matches!(authority.decide(&colleague, &appeal, APPROVE).await, Outcome::Done));
    for upheld in [&**number, &*appeal] {
        let version = authority.application(upheld).await.version.to_string();
        let form = [WORDS, &[("version", &*version)]].concat();
        let refused = desk.post(&format!("/staff/applications/{upheld}/reopen"), &form).await;
        refused.assert_status(StatusCode::CONFLICT);
        assert!(text(refused).await.contains("申诉结果不能再改"));
        assert_eq!(authority.application(upheld).await.status, Status::Approved);
    }
}

#[tokio::test]
async fn second_application_keeps_the_first_closed() {
    let decided = Decided::by(REJECT).await;
    let candidate = decided.authority.candidate("张小三", "E0000001").await;
    let second = decided.authority.apply(&candidate).await;
    let (status, page) = decided.reopen(&decided.administrator, WORDS).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains(&format!("考生已就同一事项另外提交 {second}")), "{page}");
}

/// The administrator of the demo reopens a case.
async fn reopen(server: &Server, number: &str) -> Answer {
    let manager: Visitor = server.signed_in("何静").await;
    let case = format!("/staff/applications/{number}");
    let page = manager.open(&case).await;
    let version = page.between("name=\"version\" value=\"", "\"").to_owned();
    let form = [WORDS, &[("version", &*version)]].concat();
    manager.submit(&format!("{case}/reopen"), &form).await
}

#[tokio::test]
async fn reopened_refund_and_receipt_give_back_what_they_tied() {
    let server = start_demo().await;
    let (candidate, reviewer) = (server.signed_in("张小三").await, server.signed_in("周明远").await);
    candidate.agree_to_notice("/services/receipt/notice").await;
    for filing in [refund(), receipt()] {
        let number = candidate.file_for_number(&filing).await;
        reviewer.decide_application(&number, "approve:0", &[]).await.assert_shows("已办理：通过");
        reopen(&server, &number).await.assert_shows("待审核");
        let tied = server.parts.store.read::<_, Error, _>(|tx| {
            let subjects =
                registration_subjects::table.filter(registration_subjects::refund_id.is_not_null());
            let receipts = registrations::table.filter(registrations::receipt_id.is_not_null());
            let subjects: i64 = subjects.count().get_result(tx.conn)?;
            Ok(subjects + receipts.count().get_result::<i64>(tx.conn)?)
        });
        assert_eq!(tied.await.expect("a count"), 0, "{}", filing.business);
        // It can be approved again.
        reviewer.decide_application(&number, "approve:0", &[]).await.assert_shows("已办理：通过");
        reopen(&server, &number).await.assert_shows("待审核");
    }
}

#[tokio::test]
async fn reopened_plea_has_no_outcome() {
    let server = start_demo().await;
    let (candidate, reviewer) = (server.signed_in("张小三").await, server.signed_in("周明远").await);
    let number = candidate.file_for_number(&violation()).await;
    reviewer.decide_application(&number, "reject", &[("note", "原认定的事实清楚")]).await;
    let outcome = async || {
        let read = server.parts.store.read::<_, Error, _>(|tx| {
            let settled = violations::table.filter(violations::outcome.ne(""));
            Ok(settled.count().get_result::<i64>(tx.conn)?)
        });
        read.await.expect("a count")
    };
    let before = outcome().await;
    reopen(&server, &number).await.assert_shows("待审核");
    assert_eq!(outcome().await, before - 1);
}

#[tokio::test]
async fn applied_correction_and_paid_refund_stay_as_they_are() {
    let server = start_demo().await;
    let (candidate, reviewer) = (server.signed_in("张小三").await, server.signed_in("周明远").await);
    candidate.agree_to_notice("/services/correction/notice").await;
    let correction = crate::filing::correction();
    let number = candidate.file_for_number(&correction).await;
    reviewer.decide_application(&number, "approve:0", &[]).await.assert_shows("已办理：通过");
    let refused = reopen(&server, &number).await;
    assert_eq!(refused.status, 409);
    refused.assert_shows("信息已按申请修改，不能自动改回");

    let number = candidate.file_for_number(&refund()).await;
    reviewer.decide_application(&number, "approve:0", &[]).await;
    let noted = [("paid_on", "2026-04-01"), ("transaction", "TX01")];
    server.signed_in("钱文清").await.carry_out_task(&number, "fulfil", &noted, &[]).await;
    assert_eq!(reopen(&server, &number).await.status, 409);
    let manager = server.signed_in("何静").await.open(&format!("/staff/applications/{number}")).await;
    manager.assert_shows("已经办结的申请不能重新审核；登记有误的，请更正登记");
}
