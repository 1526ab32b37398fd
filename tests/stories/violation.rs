//! 违纪申诉 over HTTP: the deadline, one appeal per violation, and its outcome.

use crate::filing::{start_demo, violation};

#[tokio::test]
async fn remaining_time_is_shown_and_a_late_appeal_refused_with_its_deadline() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let list = candidate.open("/services/violation").await;
    list.assert_shows("还剩 7 天，2026-04-08 截止申诉");
    list.assert_shows("拟处理决定");
    server.advance(8 * 24 * 60 * 60);
    let candidate = server.signed_in("张小三").await;
    candidate.open("/services/violation").await.assert_shows("申诉期限已于 2026-04-08 截止");
    let late = candidate.file_application(&violation()).await;
    assert_eq!(late.status, 422);
    late.assert_shows("申诉期限已于 2026-04-08 截止，不能再提交");
    server.signed_in("DUPONT MARIE").await.open("/services/violation").await.assert_shows("您没有违纪记录");
}

#[tokio::test]
async fn appeal_submitted_in_time_can_be_corrected_later() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&violation()).await;
    let edit = format!("/services/violation/{number}/edit");
    let lighter = violation().with(&[("request", "减轻处理")]);
    candidate.send_form(&edit, &lighter, "submit").await;
    candidate.open(&format!("/services/violation/{number}")).await.assert_shows("减轻处理");
    let reviewer = server.signed_in("周明远").await;
    reviewer.decide_application(&number, "return", &[("mark:grounds", "请说明证人姓名")]).await;
    server.advance(9 * 24 * 60 * 60);
    let candidate = server.signed_in("张小三").await;
    let sent = candidate.send_form(&edit, &lighter, "submit").await;
    assert_eq!(sent.location, format!("/services/violation/{number}/submitted"));
}

#[tokio::test]
async fn outcome_is_shown_and_final() {
    for (action, expected) in [("approve:0", "申诉成立"), ("approve:1", "部分成立"), ("reject", "申诉不成立")]
    {
        let server = start_demo().await;
        let candidate = server.signed_in("张小三").await;
        let number = candidate.file_for_number(&violation()).await;
        let reviewer = server.signed_in("周明远").await;
        let page =
            reviewer.decide_application(&number, action, &[("note", "经复核监控录像，决定如上。")]).await;
        page.assert_shows(&format!("已办理：{expected}"));
        let detail = candidate.open(&format!("/services/violation/{number}")).await;
        detail.assert_shows(expected);
        detail.assert_shows("经复核监控录像");
        candidate.open("/services/violation").await.assert_shows(expected);
        let again = candidate.file_application(&violation()).await;
        assert_eq!(again.status, 422, "{action}");
        again.assert_shows("不能再次申诉");
    }
}

/// The periods of 行政复议 and 行政诉讼 begin when the candidate confirms that they have the decision.
#[tokio::test]
async fn decision_is_read_served_and_printed() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&violation()).await;
    let (detail, decision) =
        (format!("/services/violation/{number}"), format!("/services/violation/{number}/decision"));
    assert_eq!(candidate.open(&decision).await.status, 404, "nothing is decided");
    assert_eq!(candidate.submit(&decision, &[("served", "yes")]).await.status, 404);

    let reason = "经核查，原认定的事实清楚、证据充分。";
    server.signed_in("周明远").await.decide_application(&number, "reject", &[("note", reason)]).await;
    candidate.open(&detail).await.assert_shows("处理决定书");
    let page = candidate.open(&decision).await;
    for shown in [
        "违纪违规行为处理决定书",
        "张小三",
        "申诉不成立",
        reason,
        "自签收之日起60 日内",
        "六个月内",
        "确认签收",
    ] {
        page.assert_shows(shown);
    }
    page.assert_lacks("最迟");
    page.assert_lacks("440300199003072616");
    assert_eq!(server.signed_in("林美玲").await.open(&decision).await.status, 404);
    assert_eq!(server.signed_in("林美玲").await.submit(&decision, &[("served", "yes")]).await.status, 404);

    for _ in 0..2 {
        assert_eq!(candidate.submit_step(&decision, &[("served", "yes")]).await.location, decision);
    }
    let page = candidate.open(&decision).await;
    for shown in ["签收时间", "2026-04-01 09:30", "最迟 2026-06-01", "最迟 2026-10-08"] {
        page.assert_shows(shown);
    }
    page.assert_lacks("确认签收");
    let timeline = candidate.open(&detail).await;
    assert_eq!(timeline.body.matches("签收处理决定").count(), 1, "confirming twice is one event");
}
