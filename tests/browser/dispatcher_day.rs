//! A day of the dispatcher: pack a batch, print its papers, and enter the tracking numbers.

use std::fs;

use crate::browser::Browser;
use crate::figures::picture;
use crate::filing::mailing;
use crate::server::{Server, Visitor};
use crate::steps::{self, CANDIDATE, DISPATCHER};

/// Applies for the posting of a certificate. Returns the number.
async fn apply(candidate: &Visitor, certificate: &str) -> String {
    let path = format!("/certificates/{certificate}/mailing");
    let form = candidate.agree_to_notice(&format!("{path}/notice")).await.location;
    let saved = candidate.send_form(&form, &mailing(), "submit").await;
    candidate.open(&saved.location).await.number()
}

/// The dispatcher's tablet, with a batch of two postings. Also their numbers.
async fn packed(server: &Server) -> (Browser, String, String) {
    let first = apply(&server.signed_in(CANDIDATE).await, "certificate-00").await;
    let second = apply(&server.signed_in("陳大文").await, "certificate-04").await;
    let dispatcher = Browser::phone().await;
    steps::sign_in(server, &dispatcher, DISPATCHER).await;
    dispatcher.open(&format!("{}/staff/batches", server.base)).await;
    dispatcher.press("批量邮寄").await;
    dispatcher.see("等待的申请，共 2 件").await;
    picture(&dispatcher, "bulk-mailings").await;
    dispatcher.press("把选中的做成一批").await;
    dispatcher.see("等待结果 2 件").await;
    (dispatcher, first, second)
}

#[tokio::test]
async fn parcels_are_packed_labelled_and_tracked() {
    let server = steps::start_demo().await;
    let (dispatcher, first, second) = packed(&server).await;
    let batch = dispatcher.url().await;
    let label = "return fetch(document.querySelector('main a[href$=\"/labels/a4\"]').href)
        .then(file => file.headers.get('content-type'))";
    assert_eq!(dispatcher.run(label).await, "application/pdf");
    dispatcher.press("拣货单").await;
    dispatcher.see("张小三").await;
    dispatcher.see("共 2 件").await;
    picture(&dispatcher, "bulk-picks").await;

    dispatcher.open(&batch).await;
    let today = steps::today(&server);
    let text = format!(
        "受理号,承运快递,快递单号,寄出日期\n{first},,EA123456789CN,{today}\n{second},,EA123456790CN,1999-01-01\n"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("单号.csv");
    fs::write(&file, text).expect("the carrier's file");
    dispatcher.attach("结果文件（CSV 或 XLSX）", &file).await;
    dispatcher.press("检查文件").await;
    dispatcher.see("1 行不能登记").await;
    dispatcher.see("寄出日期不能早于申请日期").await;
    picture(&dispatcher, "bulk-wrong-row").await;
    dispatcher.press("确认登记 1 件").await;
    dispatcher.see("等待结果 1 件，已登记 1 件").await;

    dispatcher.press("逐件填写").await;
    dispatcher.fill("快递单号", "ea 123456790 cn").await;
    dispatcher.fill("寄出日期", &today).await;
    picture(&dispatcher, "bulk-typed").await;
    dispatcher.press("核对").await;
    dispatcher.see("EA123456790CN").await;
    dispatcher.press("确认登记 1 件").await;
    dispatcher.see("已登记 2 件").await;

    let phone = steps::candidate(&server).await;
    phone.open(&format!("{}/certificates/certificate-00/mailing", server.base)).await;
    phone.see("已寄出").await;
}
