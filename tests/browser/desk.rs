//! Keyboard use of the review desk, handing a case over, and lost materials. No single key decides a
//! case.

use crate::browser::Browser;
use crate::figures::picture;
use crate::filing::receipt;
use crate::server::Server;
use crate::steps;

/// The candidate applies for a receipt. Returns the number (受理号).
async fn file_receipt(server: &Server) -> String {
    let candidate = server.signed_in(steps::CANDIDATE).await;
    candidate.agree_to_notice("/services/receipt/notice").await;
    candidate.file_for_number(&receipt()).await
}

/// A reviewer's desktop with an application for a receipt assigned, and the number of that application.
async fn desk_with_receipt() -> (Server, Browser, String) {
    let server = steps::start_demo().await;
    let number = file_receipt(&server).await;
    let desk = steps::desk(&server, steps::REVIEWER).await;
    steps::take_next(&server, &desk).await;
    (server, desk, number)
}

/// Focuses the first element that matches a selector.
async fn focus(desk: &Browser, css: &str) {
    desk.run(&format!("document.querySelector({css:?}).focus()")).await;
}

/// Whether a dialog is open after the page has settled.
async fn dialog_is_open(desk: &Browser) -> bool {
    desk.settled().await;
    desk.run("return document.querySelector('dialog[open]') !== null").await == true
}

/// The text of the focused element.
async fn focused_text(desk: &Browser) -> String {
    desk.run("return document.activeElement.textContent").await.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn single_keys_work_only_when_enabled_and_in_the_decision_bar() {
    let (server, desk, number) = desk_with_receipt().await;
    for place in ["h1", ".desk-bar button", "textarea"] {
        focus(&desk, place).await;
        desk.key("a").await;
        assert!(!dialog_is_open(&desk).await, "off, with the focus on {place}");
    }
    assert_eq!(desk.value("补充意见").await, "a", "the key was typed");
    desk.fill("补充意见", "请核对").await;

    desk.open(&format!("{}/staff/queue", server.base)).await;
    desk.press("键盘快捷键").await;
    desk.see("已打开").await;
    picture(&desk, "desk-keys").await;
    desk.open(&format!("{}/staff/applications/{number}", server.base)).await;
    desk.see("通过 A").await;
    for place in
        ["h1", "textarea", ".desk-mark summary", ".desk-queue a", ".viewer-tools a, .viewer-tools button"]
    {
        focus(&desk, place).await;
        desk.key("a").await;
        assert!(!dialog_is_open(&desk).await, "with the focus on {place}");
    }
    desk.run("document.activeElement.blur()").await;
    desk.key("a").await;
    assert!(!dialog_is_open(&desk).await, "with the focus nowhere");

    focus(&desk, ".desk-bar button").await;
    desk.run(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true, repeat: true }));
         document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true, ctrlKey: true }))",
    )
    .await;
    assert!(!dialog_is_open(&desk).await, "neither held down nor with a modifier");
    desk.fill("补充意见", "").await;
    focus(&desk, ".desk-bar button").await;
    desk.key("a").await;
    desk.see("确认通过？").await;
    assert_eq!(focused_text(&desk).await, "返回修改", "the safe choice has the focus");
    picture(&desk, "desk-confirm-key").await;
    desk.key("j").await;
    desk.key("a").await;
    desk.see("确认通过？").await;
    desk.key("Enter").await;
    desk.see_no("确认通过？").await;
    desk.see("审核中").await;
    focus(&desk, ".desk-bar button").await;
    desk.key("a").await;
    desk.press("确认通过").await;
    desk.see("已办理：通过").await;
}

#[tokio::test]
async fn enter_in_a_field_asks_to_press_a_button() {
    let (_server, desk, _) = desk_with_receipt().await;
    steps::mark(&desk, "备注", "请核对备注").await;
    focus(&desk, "details[open] input").await;
    desk.key("Enter").await;
    desk.see("请按退回").await;
    assert!(!dialog_is_open(&desk).await);
    assert_eq!(desk.value("标注：备注").await, "请核对备注");
}

#[tokio::test]
async fn administrator_hands_a_case_over() {
    let (server, desk, number) = desk_with_receipt().await;
    let manager = steps::desk(&server, "何静").await;
    manager.open(&format!("{}/staff/applications/{number}", server.base)).await;
    manager.see("放回后，周明远不能再办理").await;
    picture(&manager, "desk-hand-over").await;
    manager.choose("阿力木").await;
    manager.press("转交").await;
    manager.see("转交其他工作人员办理").await;
    manager.see("阿力木·吐尔逊正在办理").await;
    steps::mark(&desk, "备注", "请核对备注").await;
    desk.press("退回并标注").await;
    desk.see("这件申请现在由阿力木·吐尔逊办理").await;
    desk.see("请核对备注").await;
    picture(&desk, "desk-overtaken").await;
}

#[tokio::test]
async fn lost_material_is_shown_before_the_decision() {
    let server = steps::start_demo().await;
    let number = file_receipt(&server).await;
    std::fs::remove_dir_all(server.folder().join("uploads")).expect("the uploads");
    let phone = Browser::phone().await;
    steps::sign_in(&server, &phone, "何静").await;
    steps::take_next(&server, &phone).await;
    phone.see("有 1 份材料打不开（缴费凭证），请退回让考生重新上传。").await;
    picture(&phone, "desk-lost").await;
    phone.press("通过").await;
    phone.see("没有看到这些材料就作出决定").await;
    picture(&phone, "desk-lost-confirm").await;
    phone.press("返回修改").await;
    phone.see("转交给").await;
    phone.run("document.querySelector('[name=to]').scrollIntoView()").await;
    picture(&phone, "desk-hand-over-phone").await;
    let own = steps::candidate(&server).await;
    own.open(&format!("{}/services/receipt/{number}", server.base)).await;
    own.see("有 1 份材料打不开：缴费凭证").await;
    picture(&own, "detail-lost").await;
}
