//! A day of an administrator: finds a case by name, number and document, saves a view and looks at the figures.

use crate::browser::Browser;
use crate::figures::picture;
use crate::filing::receipt;
use crate::steps;

/// The document of 张小三 in the demo.
const DOCUMENT: &str = "440300199003072616";

#[tokio::test]
async fn administrator_finds_a_case_saves_a_view_and_reads_the_figures() {
    let server = steps::start_demo().await;
    let candidate = server.signed_in(steps::CANDIDATE).await;
    candidate.agree_to_notice("/services/receipt/notice").await;
    let number = candidate.file_for_number(&receipt()).await;
    let phone = Browser::phone().await;
    steps::sign_in(&server, &phone, "何静").await;

    for words in [&*number, steps::CANDIDATE, DOCUMENT] {
        phone.open(&format!("{}/staff/search", server.base)).await;
        phone.fill("受理号、证件号码或姓名", words).await;
        phone.run("document.querySelector('main form').requestSubmit()").await;
        phone.see(&number).await;
        assert!(!phone.url().await.contains(&number), "the address does not have what was typed");
    }
    picture(&phone, "desk-found").await;
    phone.press("票据申领").await;
    phone.see("领取").await;
    phone.run("history.back()").await;
    phone.see("在全部状态的申请中找").await;
    phone.see(&number).await;

    let desk = steps::desk(&server, "何静").await;
    desk.open(&format!("{}/staff/queue", server.base)).await;
    desk.choose("票据申领").await;
    desk.press("筛选").await;
    desk.see("票据申领").await;
    picture(&desk, "desk-filters").await;
    desk.press("存为常用筛选").await;
    desk.fill("名称", "待开票据").await;
    desk.press("保存").await;
    desk.see("待开票据").await;
    desk.open(&format!("{}/staff/queue", server.base)).await;
    desk.press("待开票据").await;
    desk.settled().await;
    assert!(desk.url().await.contains("kind=receipt"));
    picture(&desk, "desk-views").await;
    phone.open(&format!("{}/staff/queue?kind=receipt", server.base)).await;
    picture(&phone, "desk-views-phone").await;

    desk.open(&format!("{}/staff/figures", server.base)).await;
    desk.see("各业务待办").await;
    picture(&desk, "desk-figures").await;
    phone.open(&format!("{}/staff/figures", server.base)).await;
    phone.see("每日办理").await;
    picture(&phone, "desk-figures-phone").await;
}
