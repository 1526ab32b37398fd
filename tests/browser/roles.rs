//! A look at a case by each role: a finance clerk, a dispatcher and a reviewer, and the candidate who asks who it was.

use crate::filing::{mailing, refund};
use crate::steps;

#[tokio::test]
async fn finance_clerk_finds_the_sum_and_no_documents() {
    let server = steps::start_demo().await;
    let number = server.signed_in(steps::CANDIDATE).await.file_for_number(&refund()).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.decide_application(&number, "approve:0", &[]).await;

    let desk = steps::desk(&server, steps::FINANCE).await;
    desk.open(&format!("{}/staff/applications/{number}", server.base)).await;
    desk.see("¥61.00").await;
    desk.see("登记已退款").await;
    let text = desk.text().await;
    for hidden in ["申请人", "证件号码", "缴费凭证", "失信与违纪", "该考生有"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
}

#[tokio::test]
async fn dispatcher_finds_the_address_and_no_documents() {
    let server = steps::start_demo().await;
    let candidate = server.signed_in(steps::CANDIDATE).await;
    let agreed = candidate.agree_to_notice("/certificates/certificate-00/mailing/notice").await;
    candidate.send_form(&agreed.location, &mailing(), "submit").await;

    let desk = steps::desk(&server, steps::DISPATCHER).await;
    desk.open(&format!("{}/staff/queue", server.base)).await;
    desk.press("张*三").await;
    desk.see("收件地址").await;
    let text = desk.text().await;
    for hidden in ["申请人", "证件号码", "失信与违纪", "该考生有"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
}

#[tokio::test]
async fn reviewer_uncovers_a_number_and_the_candidate_sees_it() {
    let server = steps::start_demo().await;
    let candidate = server.signed_in(steps::CANDIDATE).await;
    candidate.file_for_number(&refund()).await;
    let desk = steps::desk(&server, steps::REVIEWER).await;
    steps::take_next(&server, &desk).await;
    desk.see("440***********2616").await;
    desk.fill("补充意见", "正在核对").await;
    desk.press("显示完整号码").await;
    desk.see("440300199003072616").await;
    assert_eq!(desk.value("补充意见").await, "正在核对", "nothing typed is lost");
    let seen = candidate.open("/me/views").await;
    seen.assert_shows("显示完整证件号码");
    seen.assert_shows("审核员");
}
