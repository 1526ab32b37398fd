//! A day of finance: refunds of several candidates go to the bank as one file, and its answer comes back.

use std::fs;

use crate::browser::Browser;
use crate::figures::picture;
use crate::filing::refund;
use crate::server::Server;
use crate::steps::{self, CANDIDATE, FINANCE, REVIEWER};

/// Refunds of two candidates that wait for their approval.
async fn file_refunds(server: &Server) -> (String, String) {
    let first = server.signed_in(CANDIDATE).await.file_for_number(&refund()).await;
    let other =
        [("registration", "registration-05"), ("subjects", "registration-05-0"), ("phone", "+85291234567")];
    (first, server.signed_in("陳大文").await.file_for_number(&refund().with(&other)).await)
}

/// The reviewer approves both at once.
async fn approve_both(server: &Server, reviewer: &Browser) {
    reviewer.open(&format!("{}/staff/batches", server.base)).await;
    reviewer.press("批量通过").await;
    reviewer.choose("张*三").await;
    reviewer.choose("陳*文").await;
    reviewer.press("下一步：核对").await;
    reviewer.see("将通过 2 件").await;
    picture(reviewer, "bulk-approval").await;
    reviewer.press("确认通过 2 件").await;
    reviewer.see("2 件已办理").await;
}

#[tokio::test]
async fn refunds_go_to_the_bank_and_one_comes_back_failed() {
    let server = steps::start_demo().await;
    let (paid, failed) = file_refunds(&server).await;
    approve_both(&server, &steps::desk(&server, REVIEWER).await).await;

    let finance = steps::desk(&server, FINANCE).await;
    finance.open(&format!("{}/staff/queue", server.base)).await;
    finance.press("批量办理").await;
    finance.press("批量退款").await;
    finance.see("等待的申请，共 2 件").await;
    picture(&finance, "bulk-refunds").await;
    finance.press("把选中的做成一批").await;
    finance.see("等待结果 2 件").await;
    picture(&finance, "bulk-batch").await;

    let script =
        "return fetch(document.querySelector('main a[href$=\"/file\"]').href).then(file => file.text())";
    let file = finance.run(script).await;
    let file = file.as_str().expect("the file for the bank").to_owned();
    let today = steps::today(&server);
    let answer: Vec<String> = file
        .lines()
        .map(|line| match line {
            paid_line if paid_line.contains(&paid) => {
                paid_line.replace(",,,,", &format!(",成功,{today},TX20260401001,"))
            }
            line if line.contains(&failed) => line.replace(",,,,", ",失败,,,账号已注销"),
            header => header.to_owned(),
        })
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let result = folder.path().join("银行返回.csv");
    fs::write(&result, answer.join("\r\n")).expect("the bank's answer");

    finance.attach("结果文件（CSV 或 XLSX）", &result).await;
    finance.press("检查文件").await;
    finance.see("将登记 2 件").await;
    finance.see("退款失败 1 件").await;
    picture(&finance, "bulk-preview").await;
    finance.press("确认登记 2 件").await;
    finance.see("已登记 1 件，未办成 1 件").await;
    picture(&finance, "bulk-applied").await;

    let phone = steps::candidate(&server).await;
    phone.open(&format!("{}/services/refund/{paid}", server.base)).await;
    phone.see("已退款").await;
    phone.see("TX20260401001").await;
    let other = Browser::phone().await;
    steps::sign_in(&server, &other, "陳大文").await;
    other.see("考试退费退款失败").await;
    other.press("去修改").await;
    other.see("账号已注销").await;
}
