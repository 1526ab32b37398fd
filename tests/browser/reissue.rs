//! 证书补发 (manual chapter 6): returned, resubmitted, reprinted and posted.

use crate::browser::Browser;
use crate::figures::figure;
use crate::pictures::Pictures;
use crate::server::Server;
use crate::steps::{self, Posting, REVIEWER};

const POSTING: Posting = Posting {
    list: "/services/reissue",
    apply: ["6.3.1", "6.3.2", "6.3.3"],
    edit: ["6.4.1", "6.4.2", "6.4.3", "6.4.4"],
    cancel: ["6.5.1", "6.5.2"],
};

/// Figures 6.1 to 6.1.2.
async fn apply(server: &Server, phone: &Browser, pictures: &Pictures) -> String {
    steps::list(server, phone, "证书补发").await;
    phone.see("还没有申请").await;
    figure(phone, "6.1").await;
    phone.press("申请证书补发").await;
    phone.see("补发原因").await;
    figure(phone, "6.1.1").await;
    phone.choose("印制号 SF02000000").await;
    phone.choose("损毁").await;
    phone.see("损毁证书照片").await;
    phone.choose("遗失").await;
    phone.see_no("损毁证书照片").await;
    phone.fill("情况说明", "搬家时遗失，多方寻找未果").await;
    phone.within("领取方式").choose("邮寄").await;
    phone.attach("身份证件", &pictures.id_card_front()).await;
    phone.attach("近期白底证件照", &pictures.diploma()).await;
    phone.see("证件照应为竖版").await;
    phone.attach("近期白底证件照", &pictures.portrait()).await;
    phone.attach("遗失声明", &pictures.pdf()).await;
    let number = steps::submit(phone).await;
    figure(phone, "6.1.2").await;
    number
}

/// Figures 6.2.1 and 6.2.2. A reissue can be edited only after it was returned.
async fn resubmit(server: &Server, phone: &Browser, pictures: &Pictures) {
    steps::list(server, phone, "证书补发").await;
    phone.see("审核退回").await;
    phone.press("修改").await;
    phone.see("审核意见：请写明证书管理号").await;
    figure(phone, "6.2.1").await;
    phone.attach("更换：遗失声明", &pictures.id_card_back()).await;
    phone.see("身份证反面.jpg").await;
    phone.press("保存修改并重新提交").await;
    steps::confirmed_number(phone).await;
    figure(phone, "6.2.2").await;
}

async fn reprint(server: &Server, desk: &Browser, number: &str) {
    steps::approve_next(server, desk).await;
    desk.press("返回待办").await;
    desk.see("待审核的都办完了").await;
    desk.press("查看待办结").await;
    desk.press("张*三").await;
    desk.see(number).await;
    desk.fill("新证书印制号", "SF02999999").await;
    desk.fill("签发日期", &steps::today(server)).await;
    steps::record_task(desk, "登记新证书").await;
    desk.see("已办理：已补发").await;
}

#[tokio::test]
async fn lost_certificate_is_reissued_and_posted() {
    let server = steps::start_demo().await;
    let (phone, desk) = (steps::candidate(&server).await, steps::desk(&server, REVIEWER).await);
    let pictures = Pictures::new();
    let number = apply(&server, &phone, &pictures).await;
    steps::return_next(&server, &desk, "遗失声明", "请写明证书管理号").await;
    resubmit(&server, &phone, &pictures).await;
    reprint(&server, &desk, &number).await;
    POSTING.apply_edit_and_cancel(&server, &phone).await;
    phone.open(&format!("{}/certificates/certificate-00", server.base)).await;
    phone.see("SF02999999").await;
}
