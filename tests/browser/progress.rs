//! 业务办理 and 业务查询 (manual chapter 2) on a phone.

use crate::browser::Browser;
use crate::figures::figure;
use crate::filing::refund;
use crate::server::Server;
use crate::steps::{self, CANDIDATE};

/// A server with the demo's applications of 报考资格核查, one in most states.
async fn with_applications() -> (Server, Browser) {
    let server = steps::start_demo().await;
    server.load_applications().await;
    let phone = steps::candidate(&server).await;
    (server, phone)
}

#[tokio::test]
async fn services_and_progress_show_what_is_open() {
    let (server, phone) = with_applications().await;
    phone.open(&server.base).await;
    phone.see("被退回").await;
    phone.press("业务").await;
    phone.see("业务查询 1 项待处理").await;
    for business in [
        "报考资格在线核查",
        "证书管理",
        "考试退费",
        "证书补发",
        "票据申领",
        "失信人员",
        "违纪申诉",
        "信息修改",
        "业务查询",
    ] {
        phone.see(business).await;
    }
    figure(&phone, "2.1").await;
    phone.press("业务查询").await;
    phone.see("审核退回").await;
    phone.see("审核不通过").await;
    phone.see("办结时间").await;
    figure(&phone, "2.2").await;
    phone.press("筛选和查找").await;
    phone.within("办理结果").choose("审核通过").await;
    phone.press("查询").await;
    phone.see("经济专业技术资格").await;
    phone.see_no("监理工程师").await;
    let address = phone.url().await;
    assert!(address.ends_with("/progress?status=approved"), "{address}");
    phone.fill("受理号", "ZG20200101000001X").await;
    phone.press("查询").await;
    phone.see("没有符合条件的申请").await;
}

/// Withdraws one application more than a page holds. Returns their numbers, oldest first.
async fn with_more_than_a_page(server: &Server) -> Vec<String> {
    let visitor = server.signed_in(CANDIDATE).await;
    let mut numbers = Vec::new();
    for _ in 0..21 {
        let number = visitor.file_for_number(&refund()).await;
        let withdrawn = visitor.submit(&format!("/services/refund/{number}/withdraw"), &[]).await;
        withdrawn.assert_shows("已撤销");
        numbers.push(number);
    }
    numbers
}

#[tokio::test]
async fn long_list_continues_and_a_number_is_found() {
    let server = steps::start_demo().await;
    let numbers = with_more_than_a_page(&server).await;
    let phone = steps::candidate(&server).await;
    phone.open(&format!("{}/progress", server.base)).await;
    phone.see(&numbers[20]).await;
    phone.see(&numbers[1]).await;
    phone.see_no(&numbers[0]).await;
    phone.press("加载更多").await;
    phone.see(&numbers[0]).await;
    phone.see(&numbers[20]).await;
    phone.see_no("加载更多").await;
    phone.press("筛选和查找").await;
    phone.fill("受理号", &format!(" {}", numbers[7].to_lowercase())).await;
    phone.press("查询").await;
    phone.see_no(&numbers[8]).await;
    phone.see(&numbers[7]).await;
}
