//! A reviewer's day: take a case, write marks, leave and come back, hold, hand over, return, next.

use crate::browser::Browser;
use crate::figures::picture;
use crate::filing::{receipt, refund};
use crate::server::Server;
use crate::steps;

/// 张小三 applies for a receipt and for a refund. Returns the numbers (受理号).
async fn file_two(server: &Server) -> [String; 2] {
    let candidate = server.signed_in(steps::CANDIDATE).await;
    candidate.agree_to_notice("/services/receipt/notice").await;
    [candidate.file_for_number(&receipt()).await, candidate.file_for_number(&refund()).await]
}

/// Waits until the page says that what was typed is saved.
async fn saved(desk: &Browser) {
    desk.see("批注已保存").await;
    desk.settled().await;
}

#[tokio::test]
async fn reviewer_works_through_a_day() {
    let server = steps::start_demo().await;
    let [first, second] = file_two(&server).await;
    let case = |number: &str| format!("{}/staff/applications/{number}", server.base);
    let desk = steps::desk(&server, steps::REVIEWER).await;
    steps::take_next(&server, &desk).await;
    desk.see(&first).await;

    // What is typed survives a reload and a link.
    steps::mark(&desk, "备注", "请核对备注").await;
    saved(&desk).await;
    desk.open(&case(&first)).await;
    assert_eq!(desk.value("标注：备注").await, "请核对备注");
    desk.fill("添加备注（考生看不到）", "已电话联系考生").await;
    desk.press("添加备注").await;
    desk.see("已电话联系考生").await;
    assert_eq!(desk.value("标注：备注").await, "请核对备注", "a note keeps the marks");
    picture(&desk, "desk-notes").await;

    // On hold until the answer of another office comes.
    desk.fill("暂缓原因（考生看不到）", "等财政局回函").await;
    desk.press("暂缓").await;
    desk.see("暂缓办理中").await;
    desk.see("等财政局回函").await;
    desk.see_no("退回并标注").await;
    picture(&desk, "desk-held").await;
    let phone = steps::candidate(&server).await;
    phone.open(&format!("{}/services/receipt/{first}", server.base)).await;
    phone.see("办理期限暂停计算").await;
    phone.see_no("等财政局回函").await;
    desk.press("恢复办理").await;
    desk.see("退回并标注").await;
    assert_eq!(desk.value("标注：备注").await, "请核对备注", "the marks are still there");

    // The next case is handed to a colleague, who sees the word.
    desk.press("下一件").await;
    desk.see(&second).await;
    desk.choose("阿力木").await;
    desk.fill("附言（选填，考生看不到）", "考生要求尽快办理").await;
    desk.press("转交").await;
    desk.see("阿力木·吐尔逊正在办理").await;
    let colleague = steps::desk(&server, steps::COLLEAGUE).await;
    colleague.open(&format!("{}/staff/queue?status=mine", server.base)).await;
    colleague.see("转交给阿力木·吐尔逊：考生要求尽快办理").await;
    picture(&colleague, "desk-word").await;

    // Back to the first one, which is returned.
    desk.open(&case(&first)).await;
    assert_eq!(desk.value("标注：备注").await, "请核对备注");
    desk.press("退回并标注").await;
    desk.press("确认退回").await;
    desk.see("已退回，标注 1 处").await;
    desk.press("下一件").await;
    desk.see("目前没有可以领取的申请").await;
}

#[tokio::test]
async fn marks_are_saved_by_a_button_without_scripts() {
    let server = steps::start_demo().await;
    let [first, _] = file_two(&server).await;
    let desk = Browser::without_javascript(crate::browser::Screen::Desktop).await;
    steps::sign_in(&server, &desk, steps::REVIEWER).await;
    steps::take_next(&server, &desk).await;
    steps::mark(&desk, "备注", "请核对备注").await;
    desk.press("保存批注").await;
    saved(&desk).await;
    desk.open(&format!("{}/staff/applications/{first}", server.base)).await;
    assert_eq!(desk.value("标注：备注").await, "请核对备注");
}

#[tokio::test]
async fn administrator_frees_several_cases() {
    let server = steps::start_demo().await;
    file_two(&server).await;
    let desk = steps::desk(&server, steps::REVIEWER).await;
    steps::take_next(&server, &desk).await;
    steps::take_next(&server, &desk).await;
    let manager = Browser::phone().await;
    steps::sign_in(&server, &manager, "何静").await;
    manager.open(&format!("{}/staff/assignments", server.base)).await;
    manager.see("全部 2 件").await;
    manager.choose("票据申领").await;
    manager.choose("考试退费").await;
    picture(&manager, "assignments-phone").await;
    manager.press("放回待审核").await;
    manager.see("2 件已办理").await;
    manager.see("没有已领取的申请").await;
}
