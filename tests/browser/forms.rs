//! Forms in a browser: going back after a submission, and two windows with one draft.

use crate::browser::{Browser, Screen};
use crate::server::Server;
use crate::steps::{self, CANDIDATE, sign_in};

const GROUNDS: &str = "手机当时已经关机并放在监考老师指定的位置，有同场考生可以作证。";
const OTHER_GROUNDS: &str = "监考老师没有说明手机应当放在哪里，考场内也没有张贴要求。";

/// Submits an appeal against a violation. Returns the number (受理号).
async fn submit_appeal(server: &Server, phone: &Browser) -> String {
    sign_in(server, phone, CANDIDATE).await;
    steps::list(server, phone, "违纪申诉").await;
    phone.press("违纪申诉").await;
    phone.choose("撤销认定").await;
    phone.fill("申诉理由", GROUNDS).await;
    steps::submit(phone).await
}

/// Going back once leads to 核对信息, twice to the form.
#[tokio::test]
async fn going_back_shows_what_was_submitted() {
    let (server, phone) = (steps::start_demo().await, Browser::phone().await);
    let number = submit_appeal(&server, &phone).await;
    for _ in 0..2 {
        phone.client().back().await.expect("the page before");
        phone.see("提交成功").await;
        phone.see(&number).await;
        phone.see_no("需要更正").await;
    }
    steps::list(&server, &phone, "违纪申诉").await;
    phone.press("违纪申诉").await;
    phone.see(&format!("已有申请 {number}，查看")).await;
}

/// Without scripts a browser may show 核对信息 as it was. Sending it again changes nothing.
#[tokio::test]
async fn second_submission_without_scripts_shows_the_first() {
    let server = steps::start_demo().await;
    let phone = Browser::without_javascript(Screen::Phone).await;
    let number = submit_appeal(&server, &phone).await;
    phone.client().back().await.expect("the page before");
    phone.see_no("需要更正").await;
    if phone.url().await.ends_with("/review") {
        phone.press("提交申请").await;
    }
    assert_eq!(steps::confirmed_number(&phone).await, number);
}

#[tokio::test]
async fn two_windows_with_one_draft_keep_both_answers() {
    let server = steps::start_demo().await;
    let (one, two) = (steps::candidate(&server).await, steps::candidate(&server).await);
    for window in [&one, &two] {
        window.open(&format!("{}/services/violation/new", server.base)).await;
        window.see("申诉请求").await;
    }
    one.choose("撤销认定").await;
    one.fill("申诉理由", GROUNDS).await;
    one.press("存草稿").await;
    one.see("继续填写草稿").await;

    two.fill("申诉理由", OTHER_GROUNDS).await;
    two.press("下一步：核对信息").await;
    two.see("另一个窗口改过这份表单").await;
    two.see(GROUNDS).await;
    two.see(OTHER_GROUNDS).await;
    two.screenshot("form-conflict").await;
    two.within("申诉理由").choose(OTHER_GROUNDS).await;
    two.press("按选择保存").await;
    two.see("申诉请求").await;
    assert_eq!(two.value("申诉理由").await, OTHER_GROUNDS);
    steps::submit(&two).await;
}

/// Each part is saved on its own, and an error leads to its part.
async fn fills_in_parts(phone: &Browser) {
    let server = steps::start_demo().await;
    sign_in(&server, phone, CANDIDATE).await;
    phone.open(&format!("{}/services/qualification/new", server.base)).await;
    phone.see("1/4报考还差 2 项").await;
    phone.see_no("毕业院校").await;
    phone.press("3/4").await;
    phone.fill("毕业院校", "示范大学").await;
    phone.press("保存，下一部分：承诺与材料").await;
    phone.see("上传").await;
    phone.see_no("毕业院校").await;
    phone.press("下一步：核对信息").await;
    phone.see("处需要更正").await;
    assert_eq!(phone.value("毕业院校").await, "示范大学");
    phone.press("3/4").await;
    phone.see_no("与毕业证书一致").await;
}

#[tokio::test]
async fn long_form_is_saved_part_by_part() {
    fills_in_parts(&Browser::phone().await).await;
}

#[tokio::test]
async fn long_form_is_saved_part_by_part_without_scripts() {
    fills_in_parts(&Browser::without_javascript(Screen::Phone).await).await;
}
