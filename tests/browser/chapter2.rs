//! Manual chapter 2, 业务办理 and 业务查询, on a phone.

use crate::browser::Browser;
use crate::figures::figure;
use crate::office;
use crate::server::Server;

/// 报考资格核查 from the demo's own stories: one in most states.
async fn with_applications() -> (Server, Browser) {
    let server = office::open().await;
    let parts = &server.parts;
    kaozheng::cli::demo_data::load_applications(&parts.store, &parts.files).await.expect("applications");
    let phone = office::candidate(&server).await;
    (server, phone)
}

#[tokio::test]
async fn chapter_2_what_can_be_done_and_where_it_stands() {
    let (server, phone) = with_applications().await;
    phone.open(&server.base).await;
    phone.see("被退回，待您处理").await;
    phone.press("业务").await;
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
    phone.fill("受理号", "ZG20200101000001X").await;
    phone.press("查询").await;
    phone.see("没有符合条件的申请").await;
}
