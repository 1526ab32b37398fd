//! Manual chapter 4, 证书管理, whole: a holder at a phone, the dispatcher at a desk.

use crate::browser::{Browser, Screen};
use crate::figures::{figure, picture};
use crate::office::{self, CANDIDATE, DISPATCHER, Posting, sign_in};
use crate::server::Server;

const POSTING: Posting = Posting {
    list: "/certificates",
    apply: ["4.1.1", "4.1.2", "4.1.3"],
    edit: ["4.2.1", "4.2.2", "4.2.3", "4.2.4"],
    cancel: ["4.3.1", "4.3.2"],
};

/// 图4.1–4.3.2, then 图4.4.1 and 4.4.2.
async fn the_whole_chapter(server: &Server, phone: &Browser, desk: &Browser) {
    phone.open(&format!("{}/services", server.base)).await;
    phone.press("证书管理").await;
    phone.see("您名下的证书").await;
    phone.see("可领取").await;
    figure(phone, "4.1").await;
    POSTING.story(server, phone).await;
    phone.open(&format!("{}/certificates", server.base)).await;
    figure(phone, "4.4.1").await;
    phone.within("二级建造师").press("证书详情").await;
    phone.see("证书印制号").await;
    phone.see("440***********2616").await;
    phone.see("生成核验链接").await;
    figure(phone, "4.4.2").await;
    POSTING.applies(server, phone).await;
    post_it(server, desk).await;
    phone.open(&format!("{}/certificates", server.base)).await;
    phone.press("查看邮寄信息").await;
    phone.see("SF1234567890123").await;
    phone.see("已签收").await;
    phone.see_no("撤销邮寄").await;
    picture(phone, "mailing-delivered").await;
}

/// Packed, posted and delivered.
async fn post_it(server: &Server, desk: &Browser) {
    office::take_next(server, desk).await;
    desk.see("打包中").await;
    desk.see("东湖路 8 号 1 栋 302 房").await;
    picture(desk, "desk-mailing").await;
    desk.press("登记寄出").await;
    desk.see("请填写快递单号").await;
    desk.within("承运快递").choose("顺丰到付").await;
    desk.fill("快递单号", "sf 1234567890123").await;
    desk.fill("寄出日期", &office::today(server)).await;
    office::register(desk, "登记寄出").await;
    desk.see("已办理：已寄出").await;
    desk.press("查看这件申请").await;
    desk.fill("签收日期", &office::today(server)).await;
    office::register(desk, "登记签收").await;
    desk.see("已办理：已签收").await;
}

#[tokio::test]
async fn chapter_4_from_the_list_to_the_signature() {
    let server = office::open().await;
    let (phone, desk) = (office::candidate(&server).await, office::desk(&server, DISPATCHER).await);
    the_whole_chapter(&server, &phone, &desk).await;
}

#[tokio::test]
async fn chapter_4_without_javascript() {
    let server = office::open().await;
    let phone = Browser::without_javascript(Screen::Phone).await;
    let desk = Browser::without_javascript(Screen::Desktop).await;
    sign_in(&server, &phone, CANDIDATE).await;
    sign_in(&server, &desk, DISPATCHER).await;
    the_whole_chapter(&server, &phone, &desk).await;
}

/// On a slow phone one may pick before the page has come to rest.
#[tokio::test]
async fn step_4_1_a_city_picked_the_moment_it_is_offered_is_heard() {
    let server = office::open().await;
    let phone = office::candidate(&server).await;
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
