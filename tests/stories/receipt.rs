//! 票据申领 over HTTP: notice, title, and one receipt per registration.

use crate::filing::{receipt, start_demo};

const NOTICE: &str = "/services/receipt/notice";

#[tokio::test]
async fn notice_precedes_the_form_and_is_remembered() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    assert_eq!(candidate.step("/services/receipt/new").await.location, NOTICE);
    assert_eq!(candidate.send_form("/services/receipt/new", &receipt(), "review").await.location, NOTICE);
    assert_eq!(candidate.agree_to_notice(NOTICE).await.location, "/services/receipt/new");
    let number = candidate.file_for_number(&receipt()).await;
    let detail = candidate.open(&format!("/services/receipt/{number}")).await;
    detail.assert_shows("¥244.00");
    detail.assert_shows("2026-04-01 09:30 已阅读并同意须知");
    detail.assert_shows("z****@example.com");
    detail.assert_lacks("zhang@example.com");
    let next = candidate.open_new_form("receipt").await;
    assert!(next.url.ends_with(NOTICE), "the next one agrees anew");
}

#[tokio::test]
async fn invalid_answers_are_shown_in_place() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    candidate.agree_to_notice(NOTICE).await;
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[("title_type", "单位")], "请填写统一社会信用代码"),
        (
            &[("title_type", "单位"), ("credit_code", "91440300708461136A")],
            "统一社会信用代码有误，请逐位核对",
        ),
        (&[("email", "zhang@example")], "请填写电子邮箱，例如"),
        (&[("receive_by", "手机短信"), ("phone", "123")], "请填写 11 位手机号"),
        (&[("registrations", "registration-00")], "请选择已缴费的报名"),
    ];
    for (changes, expected) in table {
        let sent = candidate.file_application(&receipt().with(changes)).await;
        assert_eq!(sent.status, 422, "{changes:?}");
        sent.assert_shows(expected);
    }
}

#[tokio::test]
async fn receipt_is_issued_once_and_downloaded() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    candidate.agree_to_notice(NOTICE).await;
    let number = candidate.file_for_number(&receipt()).await;
    let renamed = receipt().with(&[
        ("title_type", "单位"),
        ("title", "示范建设工程有限公司"),
        ("credit_code", "91440300708461136t"),
    ]);
    candidate.send_form(&format!("/services/receipt/{number}/edit"), &renamed, "submit").await;
    candidate.open(&format!("/services/receipt/{number}")).await.assert_shows("91440300708461136T");
    let (reviewer, finance) = (server.signed_in("周明远").await, server.signed_in("钱文清").await);
    reviewer.decide_application(&number, "approve:0", &[]).await;
    let noted = [
        ("receipt_code", "44030126"),
        ("receipt_number", "0001234567"),
        ("check_code", "a1b2c3"),
        ("issued_on", "2026-04-01"),
    ];
    let missing = finance.carry_out_task(&number, "fulfil", &noted, &[]).await;
    assert_eq!(missing.status, 422);
    missing.assert_shows("请上传电子票据");
    missing.assert_shows("0001234567");
    finance.carry_out_task(&number, "fulfil", &noted, &["receipt_file"]).await.assert_shows("已开具");
    let detail = candidate.open(&format!("/services/receipt/{number}")).await;
    detail.assert_shows("0001234567");
    let file = detail.between("href=\"/files/", "\"").to_owned();
    let given = candidate.step(&format!("/files/{file}")).await;
    assert_eq!((given.status, &given.body[..5]), (200, "%PDF-"));
    assert_eq!(server.signed_in("陳大文").await.step(&format!("/files/{file}")).await.status, 404);
    candidate.agree_to_notice(NOTICE).await;
    let again = candidate.file_application(&receipt()).await;
    assert_eq!(again.status, 422, "one receipt for a registration");
}
