//! 考试退费 over HTTP: amounts, accounts, and protection against double refunds.

use crate::filing::{refund, start_demo};
use crate::server::Server;

const ACCOUNT: &[(&str, &str)] = &[
    ("refund_to", "银行账户"),
    ("account_holder", "张小三"),
    ("bank", "中国工商银行"),
    ("branch", "东湖支行"),
    ("account", "6222 0210 0111 6245 702"),
];

async fn pay(server: &Server, number: &str) {
    let (reviewer, finance) = (server.signed_in("周明远").await, server.signed_in("钱文清").await);
    reviewer.decide_application(number, "approve:0", &[]).await.assert_shows("已办理：通过");
    let noted = [("paid_on", "2026-04-01"), ("transaction", "TX20260401001")];
    finance.carry_out_task(number, "fulfil", &noted, &[]).await.assert_shows("已退款");
}

#[tokio::test]
async fn amount_is_computed_by_the_server() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let forged = refund().with(&[("amount", "999999")]);
    let sent = candidate.send_form("/services/refund/new", &forged, "choose").await;
    let shown = candidate.open(&sent.location).await;
    shown.assert_shows("¥61.00");
    shown.assert_lacks("9999");
    let number = candidate.file_for_number(&forged).await;
    let detail = candidate.open(&format!("/services/refund/{number}")).await;
    detail.assert_shows("¥61.00");
    detail.assert_lacks("9999");
}

#[tokio::test]
async fn invalid_answers_are_shown_in_place() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let to_account = refund().with(ACCOUNT);
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[("reason", "疾病")], "请填写具体说明"),
        (&[("subjects", "registration-00-0")], "请选择退费科目"),
        (&[("account_holder", "李四")], "开户人必须是您本人"),
        (&[("account", "6222021001")], "请填写 12 到 19 位数字的银行账号"),
        (&[("bank", "")], "请填写开户银行"),
    ];
    for (changes, expected) in table {
        let sent = candidate.file_application(&to_account.with(changes)).await;
        assert_eq!(sent.status, 422, "{changes:?}");
        sent.assert_shows(expected);
    }
    let sent = candidate.file_application(&to_account).await;
    assert_eq!(sent.status, 422);
    sent.assert_shows("请上传银行卡照片");
    sent.assert_lacks("请再核对一遍");
    let odd = candidate.file_application(&to_account.with(&[("account", "6222021001116245703")])).await;
    odd.assert_shows("请再核对一遍；存折账号等确认无误的可以继续");
    odd.assert_lacks("处需要更正</h2><ul><li><a href=\"#f-account\"");
}

#[tokio::test]
async fn refund_can_be_edited_until_a_reviewer_takes_it() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let edit = format!("/services/refund/{number}/edit");
    let two = [("subjects", "registration-03-1")];
    let mut more = refund();
    more.answers.extend(two.map(|(name, value)| (name, value.to_owned())));
    let saved = candidate.send_form(&edit, &more, "submit").await;
    assert_eq!(saved.location, format!("/services/refund/{number}/submitted"));
    candidate.open(&format!("/services/refund/{number}")).await.assert_shows("¥122.00");
    let reviewer = server.signed_in("周明远").await;
    reviewer.submit(&format!("/staff/applications/{number}/take"), &[]).await;
    assert_eq!(candidate.step(&edit).await.location, format!("/services/refund/{number}"));
    let late = candidate.send_form(&edit, &refund(), "submit").await;
    assert_eq!(late.status, 409);
    late.assert_shows("审核员已开始审核，不能再修改");
    let typed = late.between("您填写的内容（没有保存）", "</section>");
    assert!(typed.contains("一级建造师") && typed.contains("13800138000"), "{typed}");
    assert!(!typed.contains("registration-03"), "a key is not shown: {typed}");
}

#[tokio::test]
async fn refunded_subject_is_not_refunded_again() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let second = candidate.file_application(&refund().with(&[("subjects", "registration-03-1")])).await;
    assert_eq!(second.status, 422);
    second.assert_shows(&number);
    pay(&server, &number).await;
    let detail = candidate.open(&format!("/services/refund/{number}")).await;
    detail.assert_shows("已退款");
    detail.assert_shows("TX20260401001");
    let again = candidate.file_application(&refund()).await;
    assert_eq!(again.status, 422);
    again.assert_shows("请选择退费科目");
    candidate.file_for_number(&refund().with(&[("subjects", "registration-03-1")])).await;
}

#[tokio::test]
async fn failed_payment_is_corrected_and_retried() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let mut filing = refund().with(ACCOUNT);
    filing.slots = &["payment_proof", "bank_card"];
    let number = candidate.file_for_number(&filing).await;
    let (reviewer, finance) = (server.signed_in("周明远").await, server.signed_in("钱文清").await);
    reviewer.decide_application(&number, "approve:0", &[]).await;
    candidate.open("/services/refund").await.assert_shows("待退款");
    let task = format!("/staff/applications/{number}/tasks/fulfil");
    let noted = [("version", "3"), ("paid_on", "2026-04-01"), ("transaction", "TX01")];
    let refused = reviewer.submit(&task, &noted).await;
    assert_eq!(refused.status, 403, "paying is not the work of a reviewer");
    finance.open("/staff/queue?status=todo").await.assert_shows(&number);
    let case = finance.open(&format!("/staff/applications/{number}")).await.body;
    let place = |text: &str| case.find(text).unwrap_or_else(|| panic!("no {text} in\n{case}"));
    assert!(place("6222021001116245702") < place("<h2>登记已退款</h2>"), "the account stands first");
    assert!(
        place("<h2>登记退款失败</h2>") < place("<h2>办理过程</h2>"),
        "what is to be done before what was"
    );
    finance
        .carry_out_task(&number, "fail", &[("failure", "账号与户名不符，银行退回")], &[])
        .await
        .assert_shows("退款失败");
    candidate.open("/").await.assert_shows("考试退费退款失败");
    let edit = format!("/services/refund/{number}/edit");
    candidate.open(&edit).await.assert_shows("审核意见：账号与户名不符，银行退回");
    let mended = filing.with(&[("account", "6222021001116245710")]);
    candidate.send_form(&edit, &mended, "submit").await;
    candidate.open(&format!("/services/refund/{number}")).await.assert_shows("待审核");
    pay(&server, &number).await;
    let detail = candidate.open(&format!("/services/refund/{number}")).await;
    detail.assert_shows("****5710");
    detail.assert_lacks("6222021001116245710");
}

#[tokio::test]
async fn refund_near_the_exam_is_not_offered_and_the_reason_shown() {
    let server = start_demo().await;
    server.advance(110 * 24 * 60 * 60);
    let candidate = server.signed_in("张小三").await;
    let list = candidate.open("/services/refund").await;
    list.assert_shows("离开考还有 15 天以上的报名可以申请");
    list.assert_lacks("/services/refund/new");
    let late = candidate.file_application(&refund()).await;
    assert_eq!(late.status, 422);
    server
        .signed_in("DUPONT MARIE")
        .await
        .open("/services/refund")
        .await
        .assert_shows("您没有可以退费的报名");
}

/// No account was asked for, so the mark is on the payment method.
#[tokio::test]
async fn failed_payment_to_the_original_channel_asks_for_no_account() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let (reviewer, finance) = (server.signed_in("周明远").await, server.signed_in("钱文清").await);
    reviewer.decide_application(&number, "approve:0", &[]).await;
    finance
        .carry_out_task(&number, "fail", &[("failure", "原支付卡已注销")], &[])
        .await
        .assert_shows("退款失败");
    let (path, edit) = (format!("/services/refund/{number}"), format!("/services/refund/{number}/edit"));
    for page in ["/", "/services/refund", &path, &edit] {
        let page = candidate.open(page).await;
        page.assert_shows("退款方式");
        page.assert_lacks("银行账号");
    }
    let form = candidate.open(&edit).await;
    form.assert_shows("href=\"#f-refund_to\"");
    form.assert_shows("审核意见：原支付卡已注销");
    let same = candidate.send_form(&edit, &refund(), "submit").await;
    assert_eq!(same.location, format!("{path}/submitted"), "the way it was paid can be tried again");

    reviewer.decide_application(&number, "approve:0", &[]).await;
    finance.carry_out_task(&number, "fail", &[("failure", "原支付卡已注销")], &[]).await;
    let mut to_account = refund().with(ACCOUNT);
    to_account.slots = &["payment_proof", "bank_card"];
    let other = candidate.send_form(&edit, &to_account, "submit").await;
    assert_eq!(other.location, format!("{path}/submitted"), "{}", other.body);
    candidate.open(&path).await.assert_shows("****5702");
}

/// The account was wrong. The candidate switches the payment method, which hides the account.
#[tokio::test]
async fn mark_on_a_hidden_question_links_to_the_one_that_hides_it() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let mut filing = refund().with(ACCOUNT);
    filing.slots = &["payment_proof", "bank_card"];
    let number = candidate.file_for_number(&filing).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.decide_application(&number, "return", &[("mark:account", "账号与银行卡不一致")]).await;
    let edit = format!("/services/refund/{number}/edit");
    candidate.open(&edit).await.assert_shows("href=\"#f-account\"");
    candidate.send_form(&edit, &refund(), "draft").await;
    let form = candidate.open(&edit).await;
    form.assert_shows("href=\"#f-refund_to\"");
    form.assert_lacks("#f-account");
    form.assert_lacks("银行账号");
}
