//! 证书管理 (manual chapter 4): a holder on a phone, the dispatcher on a desktop.

use crate::browser::{Browser, Screen};
use crate::figures::{figure, picture};
use crate::server::Server;
use crate::steps::{self, CANDIDATE, DISPATCHER, Posting, sign_in};

const POSTING: Posting = Posting {
    list: "/certificates",
    apply: ["4.1.1", "4.1.2", "4.1.3"],
    edit: ["4.2.1", "4.2.2", "4.2.3", "4.2.4"],
    cancel: ["4.3.1", "4.3.2"],
};

/// Figures 4.1 to 4.3.2, then 4.4.1 and 4.4.2.
async fn all_figures(server: &Server, phone: &Browser, desk: &Browser) {
    phone.open(&format!("{}/services", server.base)).await;
    phone.press("证书管理").await;
    phone.see("您名下的证书").await;
    phone.see("可领取").await;
    figure(phone, "4.1").await;
    POSTING.apply_edit_and_cancel(server, phone).await;
    phone.open(&format!("{}/certificates", server.base)).await;
    figure(phone, "4.4.1").await;
    phone.within("二级建造师").press("证书详情").await;
    phone.see("证书印制号").await;
    phone.see("440***********2616").await;
    phone.see("生成核验链接").await;
    figure(phone, "4.4.2").await;
    POSTING.apply_for_posting(server, phone).await;
    dispatch(server, desk).await;
    phone.open(&format!("{}/certificates", server.base)).await;
    phone.press("查看邮寄信息").await;
    phone.see("SF1234567890123").await;
    phone.see("已签收").await;
    phone.see_no("撤销邮寄").await;
    picture(phone, "mailing-delivered").await;
}

/// The dispatcher packs, posts and delivers the certificate.
async fn dispatch(server: &Server, desk: &Browser) {
    steps::take_next(server, desk).await;
    desk.see("打包中").await;
    desk.see("东湖路 8 号 1 栋 302 房").await;
    picture(desk, "desk-mailing").await;
    desk.press("登记寄出").await;
    desk.see("请填写快递单号").await;
    desk.within("承运快递").choose("顺丰到付").await;
    desk.fill("快递单号", "sf 1234567890123").await;
    desk.fill("寄出日期", &steps::today(server)).await;
    steps::record_task(desk, "登记寄出").await;
    desk.see("已办理：已寄出").await;
    desk.press("查看这件申请").await;
    desk.fill("签收日期", &steps::today(server)).await;
    steps::record_task(desk, "登记签收").await;
    desk.see("已办理：已签收").await;
}

#[tokio::test]
async fn certificate_is_posted_and_signed_for() {
    let server = steps::start_demo().await;
    let (phone, desk) = (steps::candidate(&server).await, steps::desk(&server, DISPATCHER).await);
    all_figures(&server, &phone, &desk).await;
}

#[tokio::test]
async fn certificates_work_without_scripts() {
    let server = steps::start_demo().await;
    let phone = Browser::without_javascript(Screen::Phone).await;
    let desk = Browser::without_javascript(Screen::Desktop).await;
    sign_in(&server, &phone, CANDIDATE).await;
    sign_in(&server, &desk, DISPATCHER).await;
    all_figures(&server, &phone, &desk).await;
}

/// On a slow phone, a candidate may choose before the page has settled.
#[tokio::test]
async fn city_chosen_at_once_is_registered() {
    let server = steps::start_demo().await;
    let phone = steps::candidate(&server).await;
    phone.open(&format!("{}/certificates", server.base)).await;
    phone.press("申请邮寄").await;
    phone.press("我已阅读并同意").await;
    phone.see("收件地址").await;
    phone.run(PICK_AT_ONCE).await;
    phone.within("省级").choose("广东省").await;
    phone.within("区县").choose("南山区").await;
}

const PICK_AT_ONCE: &str = "new MutationObserver((_, watch) => {
    const city = [...document.querySelectorAll('option')].find((option) => option.text === '深圳市');
    if (!city) return;
    watch.disconnect();
    city.selected = true;
    city.closest('select').dispatchEvent(new Event('change', { bubbles: true }));
}).observe(document.body, { childList: true, subtree: true })";
