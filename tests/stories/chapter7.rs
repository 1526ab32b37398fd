//! Manual chapter 7, 票据申领, told over HTTP: notice, title, and one receipt for each registration.

use crate::filing::{authority, receipt};

const NOTICE: &str = "/services/receipt/notice";

#[tokio::test]
async fn step_7_1_the_notice_comes_first_and_is_kept() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    assert_eq!(candidate.step("/services/receipt/new").await.location, NOTICE);
    assert_eq!(candidate.fills_in("/services/receipt/new", &receipt(), "review").await.location, NOTICE);
    assert_eq!(candidate.agrees(NOTICE).await.location, "/services/receipt/new");
    let number = candidate.filed(&receipt()).await;
    let detail = candidate.open(&format!("/services/receipt/{number}")).await;
    detail.tells("¥244.00");
    detail.tells("2026-04-01 09:30 已阅读并同意须知");
    detail.tells("z****@example.com");
    detail.tells_nothing_of("zhang@example.com");
    assert_eq!(candidate.step("/services/receipt/new").await.location, NOTICE, "the next one agrees anew");
}

#[tokio::test]
async fn step_7_1_wrong_answers_are_told_in_place() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    candidate.agrees(NOTICE).await;
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
    for (changes, told) in table {
        let sent = candidate.files(&receipt().with(changes)).await;
        assert_eq!(sent.status, 422, "{changes:?}");
        sent.tells(told);
    }
}

#[tokio::test]
async fn step_7_2_issued_once_and_handed_over() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    candidate.agrees(NOTICE).await;
    let number = candidate.filed(&receipt()).await;
    let renamed = receipt().with(&[
        ("title_type", "单位"),
        ("title", "示范建设工程有限公司"),
        ("credit_code", "91440300708461136t"),
    ]);
    candidate.fills_in(&format!("/services/receipt/{number}/edit"), &renamed, "submit").await;
    candidate.open(&format!("/services/receipt/{number}")).await.tells("91440300708461136T");
    let (reviewer, finance) = (server.signed_in("周明远").await, server.signed_in("钱文清").await);
    reviewer.decides(&number, "approve:0", &[]).await;
    let noted = [
        ("receipt_code", "44030126"),
        ("receipt_number", "0001234567"),
        ("check_code", "a1b2c3"),
        ("issued_on", "2026-04-01"),
    ];
    let missing = finance.carries_out(&number, "fulfil", &noted, &[]).await;
    assert_eq!(missing.status, 422);
    missing.tells("请上传电子票据");
    missing.tells("0001234567");
    finance.carries_out(&number, "fulfil", &noted, &["receipt_file"]).await.tells("已开具");
    let detail = candidate.open(&format!("/services/receipt/{number}")).await;
    detail.tells("0001234567");
    let file = detail.between("href=\"/files/", "\"").to_owned();
    let given = candidate.step(&format!("/files/{file}")).await;
    assert_eq!((given.status, &given.body[..5]), (200, "%PDF-"));
    assert_eq!(server.signed_in("陳大文").await.step(&format!("/files/{file}")).await.status, 404);
    candidate.agrees(NOTICE).await;
    let again = candidate.files(&receipt()).await;
    assert_eq!(again.status, 422, "one receipt for a registration");
}
