//! Days that cannot be are refused on the page of a case too.

use super::approved;
use crate::filing::{mailing, receipt, refund, reissue, start_demo};

#[tokio::test]
async fn task_is_not_carried_out_before_the_approval() {
    let server = start_demo().await;
    let (finance, reviewer) = (server.signed_in("钱文清").await, server.signed_in("阿力木").await);
    let paid = approved(&server, "张小三", &refund()).await;
    let printed = approved(&server, "张小三", &reissue()).await;
    server.signed_in("张小三").await.agree_to_notice("/services/receipt/notice").await;
    let issued = approved(&server, "陳大文", &receipt_of_chen(&server).await).await;
    for day in ["1999-01-01", "2026-03-31"] {
        let refund = [("paid_on", day), ("transaction", "TX1234")];
        let page = finance.carry_out_task(&paid, "fulfil", &refund, &[]).await;
        assert_eq!(page.status, 422, "{day}");
        page.assert_shows("退款日期不能早于审核通过的日期（2026-04-01）");
        let reissue = [("print_number", "SF02999999"), ("issued_on", day)];
        let page = reviewer.carry_out_task(&printed, "fulfil", &reissue, &[]).await;
        page.assert_shows("签发日期不能早于审核通过的日期（2026-04-01）");
        let receipt = [
            ("receipt_code", "44060125"),
            ("receipt_number", "0012345678"),
            ("check_code", "a1b2c3"),
            ("issued_on", day),
        ];
        let page = finance.carry_out_task(&issued, "fulfil", &receipt, &["receipt_file"]).await;
        page.assert_shows("开票日期不能早于审核通过的日期（2026-04-01）");
    }
    server.advance(24 * 3600);
    let finance = server.signed_in("钱文清").await;
    let late = [("paid_on", "2026-04-03"), ("transaction", "TX1234")];
    finance.carry_out_task(&paid, "fulfil", &late, &[]).await.assert_shows("退款日期不能晚于今天");
    let right = [("paid_on", "2026-04-01"), ("transaction", "TX1234")];
    finance.carry_out_task(&paid, "fulfil", &right, &[]).await.assert_shows("已退款");
}

async fn receipt_of_chen(server: &crate::server::Server) -> crate::filing::Filing {
    server.signed_in("陳大文").await.agree_to_notice("/services/receipt/notice").await;
    receipt().with(&[
        ("sitting", "sitting-03-2"),
        ("registrations", "registration-12"),
        ("title", "陳大文"),
        ("email", "chen@example.com"),
    ])
}

#[tokio::test]
async fn parcel_is_posted_after_the_application_and_signed_for_after_that() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let path = "/certificates/certificate-00/mailing";
    let form = candidate.agree_to_notice(&format!("{path}/notice")).await.location;
    let saved = candidate.send_form(&form, &mailing(), "submit").await;
    let number = candidate.open(&saved.location).await.number();
    server.advance(24 * 3600);
    let dispatcher = server.signed_in("邮小川").await;
    dispatcher.submit(&format!("/staff/applications/{number}/take"), &[]).await;
    let posted = |day| [("posted_by", "EMS 到付"), ("tracking_number", "EA123456789CN"), ("posted_on", day)];
    let page = dispatcher.carry_out_task(&number, "approve", &posted("2026-03-31"), &[]).await;
    page.assert_shows("寄出日期不能早于申请日期（2026-04-01）");
    dispatcher.carry_out_task(&number, "approve", &posted("2026-04-02"), &[]).await.assert_shows("已寄出");
    let early = dispatcher.carry_out_task(&number, "fulfil", &[("signed_on", "2026-04-01")], &[]).await;
    early.assert_shows("签收日期不能早于寄出日期（2026-04-02）");
    dispatcher
        .carry_out_task(&number, "fulfil", &[("signed_on", "2026-04-02")], &[])
        .await
        .assert_shows("已签收");
}
