//! Decisions need a confirmation.

use kaozheng::casework::lifecycle::Status;
use poem::http::StatusCode;

use super::authority::Authority;
use super::pages::text;
use crate::filing::{refund, start_demo};

/// The button's value, the sent fields, and the resulting status.
type Verdict = (&'static str, &'static [(&'static str, &'static str)], Status);

const VERDICTS: &[Verdict] = &[
    ("确认通过", &[("action", "approve:0"), ("note", "祝考试顺利")], Status::Approved),
    ("确认退回", &[("action", "return"), ("mark:years", "请核对年限")], Status::Returned),
    ("确认不通过", &[("action", "reject"), ("note", "从业年限不足")], Status::Rejected),
];

#[tokio::test]
async fn decision_takes_effect_when_confirmed() {
    for (label, pressed, status) in VERDICTS {
        let authority = Authority::open().await;
        let reviewer = authority.reviewer("王审核", "S0000001").await;
        let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
        authority.take_next(&reviewer).await;
        let desk = authority.browser_of(&reviewer).await;
        let decide = format!("/staff/applications/{number}/decide");
        let sent = [&[("version", "2")], *pressed].concat();
        let typed = pressed[1].1;

        let page = desk.post(&decide, &sent).await;
        page.assert_status_is_ok();
        let page = text(page).await;
        for shown in [label, "返回修改", "张小三", &*number, typed, "name=\"confirmed\" value=\"yes\""]
        {
            assert!(page.contains(shown), "{shown} in\n{page}");
        }
        assert!(page.find("返回修改") < page.find(&format!(">{label}<")), "the safe choice comes first");

        let dialog = desk.post_by_script(&decide, &sent).await;
        dialog.assert_header("hx-retarget", "#confirming");
        dialog.assert_header("hx-push-url", "false");
        let dialog = text(dialog).await;
        assert!(
            dialog.starts_with("<dialog") && dialog.contains(label) && dialog.contains(typed),
            "{dialog}"
        );

        let back = desk.post(&decide, &[&sent[..], &[("confirmed", "no")]].concat()).await;
        back.assert_status_is_ok();
        let back = text(back).await;
        assert!(back.contains(typed) && back.contains("mark:years"), "what was typed is there: {back}");
        assert_eq!(authority.application(&number).await.status, Status::InReview, "nothing is decided yet");

        let done = desk.post(&decide, &[&sent[..], &[("confirmed", "yes")]].concat()).await;
        done.assert_status(StatusCode::SEE_OTHER);
        assert_eq!(authority.application(&number).await.status, *status);
    }
}

#[tokio::test]
async fn enter_in_a_field_decides_nothing() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    authority.take_next(&reviewer).await;
    let desk = authority.browser_of(&reviewer).await;
    let decide = format!("/staff/applications/{number}/decide");
    let sent = [("version", "2"), ("action", "stay"), ("note", "年限"), ("confirmed", "yes")];
    let page = desk.post(&decide, &sent).await;
    page.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(page).await.contains(">年限</textarea>"));
    assert_eq!(authority.application(&number).await.status, Status::InReview);
}

#[tokio::test]
async fn single_keys_are_off_until_a_staff_member_enables_them() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    authority.take_next(&reviewer).await;
    let case = format!("/staff/applications/{number}");
    let desk = authority.browser_of(&reviewer).await;
    for path in [&*case, "/staff/queue"] {
        let page = text(desk.get(path).await).await;
        for sign in ["data-key", "aria-keyshortcuts", "<kbd"] {
            assert!(!page.contains(sign), "{sign} at {path}");
        }
    }
    let queue = text(desk.get("/staff/queue").await).await;
    assert!(
        queue.contains("name=\"on\" value=\"yes\"") && queue.contains("aria-pressed=\"false\""),
        "{queue}"
    );

    desk.post("/staff/keys", &[("on", "yes")]).await.assert_status(StatusCode::SEE_OTHER);
    let page = text(desk.get(&case).await).await;
    assert!(page.contains("desk-bar\" data-keys") && page.contains("data-key=\"A\""), "{page}");
    let queue = text(desk.get("/staff/queue").await).await;
    assert!(!queue.contains("data-key=") && queue.contains("已打开"), "the queue has no keys");

    let again = authority.browser_of(&reviewer).await;
    assert!(text(again.get(&case).await).await.contains("data-keys"), "in every session of theirs");
    let colleague = authority.browser_of(&authority.reviewer("赵审核", "S0000002").await).await;
    assert!(!text(colleague.get(&case).await).await.contains("data-keys"), "the setting is per staff member");
    desk.post("/staff/keys", &[("on", "no")]).await.assert_status(StatusCode::SEE_OTHER);
    assert!(!text(desk.get(&case).await).await.contains("data-keys"));
}

#[tokio::test]
async fn task_is_confirmed_in_its_form() {
    let server = start_demo().await;
    let number = server.signed_in("张小三").await.file_for_number(&refund()).await;
    server
        .signed_in("周明远")
        .await
        .decide_application(&number, "approve:0", &[])
        .await
        .assert_shows("已办理：通过");
    let finance = server.signed_in("钱文清").await;
    let case = format!("/staff/applications/{number}");
    let version = finance.open(&case).await.between("name=\"version\" value=\"", "\"").to_owned();
    let noted = [("version", &*version), ("paid_on", "2026-04-01"), ("transaction", "TK20260401000123")];
    let asked = finance.submit(&format!("{case}/tasks/fulfil"), &noted).await;
    assert_eq!(asked.status, 422);
    asked.assert_shows("请核对后勾选");
    asked.assert_shows("value=\"TK20260401000123\"");
    finance.open(&case).await.assert_shows("待退款");
    let confirmed = [&noted[..], &[("confirmed", "yes")]].concat();
    finance.submit(&format!("{case}/tasks/fulfil"), &confirmed).await.assert_shows("已退款");
}

#[tokio::test]
async fn task_of_an_application_assigned_to_a_colleague_is_refused() {
    use crate::filing::mailing;
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let list = "/certificates/certificate-00/mailing";
    candidate.agree_to_notice(&format!("{list}/notice")).await;
    let posted = candidate.send_form(&format!("{list}/edit"), &mailing(), "submit").await;
    let number = candidate.open(&posted.location).await.number();
    let case = format!("/staff/applications/{number}");
    let dispatcher = server.signed_in("邮小川").await;
    let page = dispatcher.submit(&format!("{case}/take"), &[]).await;
    let version = page.between("name=\"version\" value=\"", "\"").to_owned();
    let noted = [
        ("version", &*version),
        ("posted_by", "EMS 到付"),
        ("tracking_number", "EB123456789CN"),
        ("posted_on", "2026-04-01"),
        ("confirmed", "yes"),
    ];
    let other = server.signed_in("何静").await.submit(&format!("{case}/tasks/approve"), &noted).await;
    assert_eq!(other.status, 409, "{}", other.body);
    other.assert_shows("这件申请现在由邮小川办理");
}
