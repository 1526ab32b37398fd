//! 考试退费 (manual chapter 5): a candidate on a phone, a reviewer and finance on desktops.

use crate::browser::{Browser, Screen};
use crate::figures::{figure, picture};
use crate::pictures::Pictures;
use crate::server::Server;
use crate::steps::{self, CANDIDATE, FINANCE, REVIEWER, choose_and_update, sign_in};

/// Figures 5.1 to 5.1.2.
async fn apply(server: &Server, phone: &Browser, pictures: &Pictures) -> String {
    steps::list(server, phone, "考试退费").await;
    phone.see("还没有申请").await;
    figure(phone, "5.1").await;
    phone.press("申请考试退费").await;
    phone.see("已缴费的报名").await;
    figure(phone, "5.1.1").await;
    choose_and_update(phone, "退费科目", "建设工程经济 ¥61.00").await;
    phone.see("退费金额 ¥61.00").await;
    choose_and_update(phone, "退费原因", "疾病").await;
    choose_and_update(phone, "退款方式", "银行账户").await;
    phone.fill("开户人姓名", "李四").await;
    phone.fill("开户银行", "中国工商银行").await;
    phone.fill("开户支行", "东湖支行").await;
    phone.fill("银行账号", "6222 0210 0111 6245 702").await;
    phone.attach("缴费凭证", &pictures.pdf()).await;
    phone.attach("银行卡照片", &pictures.id_card_front()).await;
    phone.press("下一步：核对信息").await;
    phone.see("开户人必须是您本人").await;
    phone.see("请填写具体说明").await;
    picture(phone, "refund-errors").await;
    phone.fill("开户人姓名", "张小三").await;
    phone.fill("具体说明", "住院手术，无法参加考试").await;
    let number = steps::submit(phone).await;
    figure(phone, "5.1.2").await;
    number
}

/// Figures 5.2.1 and 5.2.2. A refund can be edited until a reviewer takes it.
async fn edit(server: &Server, phone: &Browser) {
    steps::list(server, phone, "考试退费").await;
    phone.press("修改").await;
    phone.see("修改考试退费").await;
    assert_eq!(phone.value("具体说明").await, "住院手术，无法参加考试");
    figure(phone, "5.2.1").await;
    choose_and_update(phone, "退费科目", "建设工程项目管理 ¥61.00").await;
    phone.see("退费金额 ¥122.00").await;
    phone.press("保存修改").await;
    steps::confirmed_number(phone).await;
    figure(phone, "5.2.2").await;
}

/// Figures 5.3.1 and 5.3.2.
async fn view_detail(server: &Server, phone: &Browser) {
    steps::list(server, phone, "考试退费").await;
    figure(phone, "5.3.1").await;
    phone.press("详情").await;
    phone.see("¥122.00").await;
    phone.see("****5702").await;
    phone.see_no("6222021001116245702").await;
    figure(phone, "5.3.2").await;
}

async fn refund(server: &Server, number: &str, phone: &Browser, reviewer: &Browser, finance: &Browser) {
    steps::approve_next(server, reviewer).await;
    phone.open(&format!("{}/services/refund", server.base)).await;
    phone.see("待退款").await;
    steps::open_task(server, finance, number).await;
    finance.see("6222021001116245702").await;
    finance.fill("失败原因", "账号与户名不符，银行退回").await;
    steps::record_task(finance, "登记退款失败").await;
    finance.see("已办理：退款失败").await;
    phone.open(&server.base).await;
    phone.see("考试退费退款失败").await;
    phone.press("去修改").await;
    phone.see("审核意见：账号与户名不符，银行退回").await;
    picture(phone, "refund-failed").await;
    phone.fill("银行账号", "6222021001116245710").await;
    phone.press("保存修改并重新提交").await;
    steps::confirmed_number(phone).await;
    steps::approve_next(server, reviewer).await;
    steps::open_task(server, finance, number).await;
    finance.fill("退款日期", &steps::today(server)).await;
    finance.fill("交易流水号", "TX20260401001").await;
    picture(finance, "desk-refund").await;
    steps::record_task(finance, "登记已退款").await;
    finance.see("已办理：已退款").await;
    phone.open(&format!("{}/services/refund/{number}", server.base)).await;
    phone.see("已退款").await;
    phone.see("TX20260401001").await;
    picture(phone, "refund-done").await;
}

async fn all_figures(server: &Server, phone: &Browser, reviewer: &Browser, finance: &Browser) {
    let pictures = Pictures::new();
    let number = apply(server, phone, &pictures).await;
    edit(server, phone).await;
    view_detail(server, phone).await;
    refund(server, &number, phone, reviewer, finance).await;
}

#[tokio::test]
async fn refund_is_approved_and_paid() {
    let server = steps::start_demo().await;
    let phone = steps::candidate(&server).await;
    let (reviewer, finance) = (steps::desk(&server, REVIEWER).await, steps::desk(&server, FINANCE).await);
    all_figures(&server, &phone, &reviewer, &finance).await;
}

#[tokio::test]
async fn refund_works_without_scripts() {
    let server = steps::start_demo().await;
    let phone = Browser::without_javascript(Screen::Phone).await;
    sign_in(&server, &phone, CANDIDATE).await;
    let (reviewer, finance) = (steps::desk(&server, REVIEWER).await, steps::desk(&server, FINANCE).await);
    all_figures(&server, &phone, &reviewer, &finance).await;
}
