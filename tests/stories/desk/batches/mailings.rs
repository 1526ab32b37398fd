//! Postings: packing a batch, its papers, and tracking numbers that come back.

use reqwest::Method;

use super::{audited, state};
use crate::filing::{mailing, start_demo};
use crate::server::{Server, Visitor};

/// Applies for the posting of a certificate. Returns the number.
async fn apply(candidate: &Visitor, certificate: &str) -> String {
    let mailing_path = format!("/certificates/{certificate}/mailing");
    let form = candidate.agree_to_notice(&format!("{mailing_path}/notice")).await.location;
    let saved = candidate.send_form(&form, &mailing(), "submit").await;
    candidate.open(&saved.location).await.number()
}

/// Two postings in a batch of the dispatcher.
async fn packed(server: &Server) -> (Visitor, String, String, String) {
    let first = apply(&server.signed_in("张小三").await, "certificate-00").await;
    let second = apply(&server.signed_in("陳大文").await, "certificate-04").await;
    let dispatcher = server.signed_in("邮小川").await;
    let batch = dispatcher.make_batch("mailings", &[&first, &second]).await;
    (dispatcher, batch, first, second)
}

#[tokio::test]
async fn batch_takes_its_postings_so_that_no_address_changes() {
    let server = start_demo().await;
    let (_, _, first, second) = packed(&server).await;
    for number in [&first, &second] {
        assert_eq!(state(&server, number).await.0, "in_review");
    }
    let edit = "/certificates/certificate-00/mailing/edit";
    let late = server.signed_in("张小三").await.send_form(edit, &mailing(), "submit").await;
    assert_eq!(late.status, 409);
    late.assert_shows("邮寄员已开始打包，不能再修改");
}

#[tokio::test]
async fn withdrawn_posting_is_left_out() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let first = apply(&candidate, "certificate-00").await;
    let second = apply(&server.signed_in("陳大文").await, "certificate-04").await;
    let dispatcher = server.signed_in("邮小川").await;
    dispatcher.open("/staff/batches/mailings").await.assert_shows(&first);
    candidate.submit("/certificates/certificate-00/mailing/cancel", &[("confirm", "yes")]).await;
    let batch = dispatcher.make_batch("mailings", &[&first, &second]).await;
    let page = dispatcher.open(&batch).await;
    page.assert_shows("等待结果 1 件");
    page.assert_lacks(&first);
}

#[tokio::test]
async fn pick_list_and_labels_show_what_is_posted_where() {
    let server = start_demo().await;
    let (dispatcher, batch, first, second) = packed(&server).await;
    let picks = dispatcher.open(&format!("{batch}/picks")).await;
    for words in ["张小三", "陳大文", "印制号", &first] {
        picks.assert_shows(words);
    }
    let file = dispatcher.open(&format!("{batch}/file")).await;
    for words in ["收件人", "东湖路 8 号 1 栋 302 房", "EMS 到付", &second] {
        assert!(file.body.contains(words), "{words}");
    }
    for sheet in ["a4", "roll"] {
        let path = format!("{batch}/labels/{sheet}");
        let answer = dispatcher.request(Method::GET, &path).send().await.expect("an answer");
        assert_eq!(answer.headers()["content-type"], "application/pdf");
        assert_eq!(answer.headers()["cache-control"], "private, no-store");
        let bytes = answer.bytes().await.expect("a body");
        assert!(bytes.starts_with(b"%PDF") && bytes.len() < 200_000, "{sheet}: {} bytes", bytes.len());
    }
    assert_eq!(dispatcher.open(&format!("{batch}/labels/a3")).await.status, 404);
    for action in ["pick_list", "export_mailing"] {
        assert_eq!(audited(&server, action, &first).await, 1, "{action}");
    }
    assert_eq!(audited(&server, "export_labels", &first).await, 2);
}

#[tokio::test]
async fn tracking_numbers_are_imported_and_shown_to_candidates() {
    let server = start_demo().await;
    let (dispatcher, batch, first, second) = packed(&server).await;
    let text = format!(
        "受理号,承运快递,快递单号,寄出日期\n{first},,EA123456789CN,2026-04-01\n{second},顺丰到付,SF1234567890,2026年4月1日\n"
    );
    let preview = dispatcher.upload_result(&batch, "单号.csv", text).await;
    preview.assert_shows("已寄出 2 件");
    dispatcher.confirm_result(&preview).await.assert_shows("已登记 2 件");
    let own = server.signed_in("张小三").await.open("/certificates/certificate-00/mailing").await;
    own.assert_shows("已寄出");
    assert!(own.body.contains("EA123456789CN"), "{}", own.body);
    own.assert_shows("EMS 到付");
    assert_eq!(state(&server, &second).await.1, "已寄出");
}

#[tokio::test]
async fn parcel_of_a_colleague_and_impossible_days_are_refused() {
    let server = start_demo().await;
    let (dispatcher, batch, first, second) = packed(&server).await;
    let rows =
        |day: &str, number: &str| format!("受理号,承运快递,快递单号,寄出日期\n{number},,{number},{day}\n");
    let table: &[(&str, &str)] = &[
        ("1999-12-31", "寄出日期不能早于申请日期（2026-04-01）"),
        ("2026-03-31", "寄出日期不能早于申请日期"),
        ("2026-04-02", "寄出日期不能晚于今天"),
    ];
    for (day, problem) in table {
        dispatcher.upload_result(&batch, "a.csv", rows(day, &first)).await.assert_shows(problem);
    }
    let manager = server.signed_in("何静").await;
    manager
        .upload_result(&batch, "a.csv", rows("2026-04-01", &first))
        .await
        .assert_shows("由邮小川打包，请由本人登记");

    // An administrator puts it back, and the candidate moves house.
    let case = manager.open(&format!("/staff/applications/{first}")).await;
    let version = case.between("name=\"version\" value=\"", "\"").to_owned();
    manager.submit(&format!("/staff/applications/{first}/put-back"), &[("version", &version)]).await;
    let changed = dispatcher.upload_result(&batch, "a.csv", rows("2026-04-01", &first)).await;
    changed.assert_shows("做成批次后有变动，现在是“待邮寄”");
    let file = dispatcher.open(&format!("{batch}/file")).await;
    assert!(!file.body.contains(&first) && file.body.contains(&second), "its label would be wrong");
}
