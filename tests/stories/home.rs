//! The first page of a candidate: every period that runs, the first to end first.

use crate::applicant::{LIST, form};
use crate::filing::{mailing, refund, start_demo, violation};
use crate::server::{Answer, Server, Visitor};

const DAY: i64 = 24 * 60 * 60;

/// The titles of the banners under 待您处理, in their order.
fn waiting(page: &Answer) -> Vec<&str> {
    let Some((_, rest)) = page.body.split_once("<h2>待您处理</h2>") else { return Vec::new() };
    let part = rest.split("<h2>业务办理</h2>").next().unwrap_or_default();
    let banners = part.split("data-tone=\"warn\"><h2>").skip(1);
    banners.map(|banner| banner.split("</h2>").next().unwrap_or_default()).collect()
}

async fn reject(server: &Server, candidate: &Visitor) -> String {
    let number = candidate.apply_for_number(&candidate.sitting_of("一级建造师").await).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.decide_application(&number, "reject", &[("note", "从事专业工作年限不足。")]).await;
    number
}

async fn return_refund(server: &Server, candidate: &Visitor) -> String {
    let number = candidate.file_for_number(&refund()).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.decide_application(&number, "return", &[("mark:payment_proof", "看不清金额")]).await;
    number
}

#[tokio::test]
async fn every_running_period_is_listed_by_its_last_day() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    assert_eq!(waiting(&candidate.open("/").await), ["可以提出违纪申诉"]);
    return_refund(&server, &candidate).await;
    let rejected = reject(&server, &candidate).await;
    let page = candidate.open("/").await;
    assert_eq!(waiting(&page), ["可以提出违纪申诉", "考试退费被退回", "报考资格在线核查不通过，可以申诉"]);
    page.assert_shows("陈述申辩期限到 2026-04-08 为止，还剩 7 天");
    page.assert_shows("请在 2026-04-09 前重新提交");
    page.assert_shows("到 2026-05-06 为止，还剩 35 天");
    page.assert_shows(&format!("{LIST}/{rejected}/appeal"));
    server.advance(7 * DAY);
    let candidate = server.signed_in("张小三").await;
    candidate.open("/").await.assert_shows("到 2026-04-08 为止，今天是最后一天");
    server.advance(DAY);
    let candidate = server.signed_in("张小三").await;
    assert_eq!(
        waiting(&candidate.open("/").await),
        ["考试退费被退回，即将逾期", "报考资格在线核查不通过，可以申诉"]
    );
    server.advance(27 * DAY);
    let candidate = server.signed_in("张小三").await;
    candidate.open("/").await.assert_shows("到 2026-05-06 为止，今天是最后一天");
    server.advance(DAY);
    let candidate = server.signed_in("张小三").await;
    // A late correction is still accepted.
    assert_eq!(waiting(&candidate.open("/").await), ["考试退费被退回，即将逾期"]);
    assert_eq!(waiting(&server.signed_in("陳大文").await.open("/").await), [""; 0], "another candidate");
}

#[tokio::test]
async fn period_is_over_with_the_application_it_is_for() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let rejected = reject(&server, &candidate).await;
    assert_eq!(waiting(&candidate.open("/").await).len(), 2);
    let reason = ("reason", "社保记录缺少在外地缴纳的部分");
    let path = format!("{LIST}/{rejected}/appeal");
    candidate.submit(&path, &[("action", "draft"), reason]).await;
    candidate.open("/").await.assert_shows("继续填写申诉");
    candidate.submit(&path, &[("action", "submit"), reason, ("phone", "13800138000")]).await;
    assert_eq!(waiting(&candidate.open("/").await), ["可以提出违纪申诉"]);
    let number = candidate.file_for_number(&violation()).await;
    assert_eq!(waiting(&candidate.open("/").await), [""; 0]);
    candidate.submit(&format!("/services/violation/{number}/withdraw"), &[("confirm", "yes")]).await;
    assert_eq!(waiting(&candidate.open("/").await), ["可以提出违纪申诉"]);
    let number = candidate.file_for_number(&violation()).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.decide_application(&number, "reject", &[("note", "经核查，证据充分。")]).await;
    assert_eq!(waiting(&candidate.open("/").await), [""; 0], "a violation is appealed against once");
}

#[tokio::test]
async fn old_draft_is_announced_a_week_before_its_deletion() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let sitting = candidate.sitting_of("一级建造师").await;
    candidate.upload(&format!("{LIST}/new"), form(&sitting, "draft", &[])).await;
    candidate.agree_to_notice("/certificates/certificate-00/mailing/notice").await;
    candidate.send_form("/certificates/certificate-00/mailing/edit", &mailing(), "draft").await;
    server.advance(22 * DAY);
    let candidate = server.signed_in("张小三").await;
    let page = candidate.open("/").await;
    assert_eq!(waiting(&page), [""; 0]);
    page.assert_shows("报考资格在线核查草稿");
    server.advance(DAY);
    let candidate = server.signed_in("张小三").await;
    let page = candidate.open("/").await;
    let mut titles = waiting(&page);
    titles.sort_unstable();
    assert_eq!(titles, ["报考资格在线核查草稿即将删除", "证书邮寄草稿即将删除"]);
    page.assert_shows("将于 2026-05-01 删除");
    page.assert_shows("href=\"/certificates/certificate-00/mailing/notice\"");
    // A change of the draft puts the deletion off.
    candidate.upload(&format!("{LIST}/new"), form(&sitting, "draft", &[("years", "7")])).await;
    assert_eq!(waiting(&candidate.open("/").await), ["证书邮寄草稿即将删除"]);
}
